"""Who may sound on one output (Design/UI/Audio: the rules of interruption).

Whoever asks takes the foreground where its kind asks at least as loudly as the
holder's kind keeps; else it waits. What the foreground is taken from comes back
when it is free again, but for one of its own kind, whose place is gone:

    asks / holds   DIALOG     ALERT      NOTIFICATION   CONTENT
    DIALOG         replaces   takes      takes          takes
    ALERT          takes      replaces   takes          takes
    NOTIFICATION   waits      waits      waits          takes
    CONTENT        waits      waits      waits          replaces

Two rows are quieter than the documents, which have new content and notifications
sound while a user speaks: the answer's words come first here. What sounds beside
the output, as a satellite's dialog does, is replaced by nobody: it cannot be
silenced here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
import logging
from typing import Final

_LOGGER = logging.getLogger(__name__)


class Kind(Enum):
    """What wants to sound."""

    DIALOG = auto()
    """Speech of a user or of the cloud (SpeechRecognizer, SpeechSynthesizer)."""
    ALERT = auto()
    NOTIFICATION = auto()
    CONTENT = auto()
    """Music, news, podcasts (AudioPlayer)."""


class Grant(Enum):
    """What a claim may do now."""

    FOREGROUND = auto()
    """It may sound."""
    DUCKED = auto()
    """It goes on softly, and comes back."""
    HELD = auto()
    """It must be silent now, and comes back: or waits for its turn."""
    LOST = auto()
    """Its place is taken for good."""


@dataclass(frozen=True, slots=True)
class Priority:
    """How much a kind weighs when it asks, and when it holds the foreground."""

    ask: int
    keep: int


PRIORITIES: Final = {
    Kind.DIALOG: Priority(ask=3, keep=3),
    Kind.ALERT: Priority(ask=3, keep=3),
    Kind.NOTIFICATION: Priority(ask=1, keep=2),
    Kind.CONTENT: Priority(ask=0, keep=0),
}


class Claim:
    """One that sounds, or wants to. Made by Focus.request."""

    def __init__(
        self,
        focus: Focus,
        kind: Kind,
        changed: Callable[[Grant], None],
        *,
        exclusive: bool,
        beside: bool,
    ) -> None:
        """Wait; the focus decides."""
        self._focus = focus
        self.kind = kind
        self.exclusive = exclusive
        self.beside = beside
        self.grant = Grant.HELD
        """What it may do now; LOST too when released."""
        self.sounded = False
        """Whether it ever had the foreground: what never sounded has nothing to go on with."""
        self.told: Grant | None = None
        """What the asker knows; None until the request has returned."""
        self.changed = changed

    def release(self) -> None:
        """Give it back; again or when lost, nothing happens. The asker is told nothing any more."""
        self.told = self.grant = Grant.LOST
        self._focus.forget(self)

    def takes_from(self, holder: Claim) -> bool:
        """Tell whether this takes the foreground from an earlier one."""
        return PRIORITIES[self.kind].ask >= PRIORITIES[holder.kind].keep

    def replaces(self, earlier: Claim) -> bool:
        """Tell whether an earlier one has lost its place to this."""
        return self.kind is earlier.kind and not earlier.beside and self.takes_from(earlier)


class Focus:
    """The claims on one output."""

    def __init__(self, can_duck: Callable[[], bool] = lambda: False) -> None:
        """Nobody sounds. can_duck tells whether the output can be lowered now."""
        self.can_duck = can_duck
        self._claims: list[Claim] = []
        self._lost: list[Claim] = []
        self._watchers: list[Callable[[], None]] = []
        self._telling = False

    def request(
        self,
        kind: Kind,
        changed: Callable[[Grant], None],
        *,
        exclusive: bool = False,
        beside: bool = False,
    ) -> Claim:
        """Return a claim with its grant; changed is told of every later one.

        exclusive: nothing else may sound on the output meanwhile, not even softly.
        beside: it does not sound on the output but near it, so what does is lowered;
        without it and not exclusive, the player itself mixes it with what it plays.
        Both changed and watchers may ask and release; so the grant may be LOST already.
        """
        claim = Claim(self, kind, changed, exclusive=exclusive, beside=beside)
        for earlier in [one for one in self._claims if claim.replaces(one)]:
            earlier.grant = Grant.LOST
            self._claims.remove(earlier)
            self._lost.append(earlier)
        self._claims.append(claim)
        self._settle()
        if claim.told is None:
            claim.told = claim.grant
        return claim

    def forget(self, claim: Claim) -> None:
        """Let a claim go: what it interrupted comes back."""
        if claim in self._claims:
            self._claims.remove(claim)
            self._settle()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call watcher after every change; returns what ends that."""
        self._watchers.append(watcher)

        def unwatch() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return unwatch

    def has(self, kind: Kind) -> bool:
        """Tell whether one of that kind sounds here or waits."""
        return any(claim.kind is kind for claim in self._claims)

    @property
    def foreground(self) -> Kind | None:
        """The kind of what may sound."""
        return next((one.kind for one in self._claims if one.grant is Grant.FOREGROUND), None)

    @property
    def lowered(self) -> bool:
        """Whether the output's volume is to be down: something goes on softly under what sounds beside it."""
        return any(one.beside and one.grant is Grant.FOREGROUND for one in self._claims) and any(
            not one.beside and one.grant is Grant.DUCKED for one in self._claims
        )

    def _settle(self) -> None:
        """Decide for all, then tell those it changes; they may ask and release meanwhile."""
        self._decide()
        if self._telling:
            return
        self._telling = True
        try:
            while (claim := self._next_untold()) is not None:
                claim.told = claim.grant
                _call(claim.changed, claim.grant)
        finally:
            self._telling = False
            self._lost.clear()
        for watcher in list(self._watchers):
            _call(watcher)

    def _decide(self) -> None:
        """Grant what each claim may do."""
        above: list[Claim] = []
        for claim in _by_rank(self._claims):
            if not above:
                claim.grant, claim.sounded = Grant.FOREGROUND, True
            elif self._goes_on(claim, above):
                claim.grant = Grant.DUCKED
            else:
                claim.grant = Grant.HELD
                continue
            above.append(claim)

    def _goes_on(self, claim: Claim, above: list[Claim]) -> bool:
        """Tell whether a claim goes on softly under those that sound and come before it."""
        if claim.beside:
            return True  # it sounds whatever is said here
        if not claim.sounded or any(one.exclusive for one in above):
            return False
        if claim.kind is not Kind.CONTENT and not all(one.beside for one in above):
            return False  # a player announces one thing at a time
        return self.can_duck() or not any(one.beside for one in above)

    def _next_untold(self) -> Claim | None:
        """Return one that does not know its grant: who must be quieter first."""
        untold = (one for one in (*self._lost, *self._claims) if one.told not in (None, one.grant))
        return min(untold, key=lambda one: one.grant is Grant.FOREGROUND, default=None)


def _by_rank(claims: list[Claim]) -> list[Claim]:
    """Return claims, given in the order they asked, in the order they have the foreground."""
    ranked, rest = [], list(claims)
    while rest:
        holder = rest[0]
        for claim in rest[1:]:
            if claim.takes_from(holder):
                holder = claim
        ranked.append(holder)
        rest.remove(holder)
    return ranked


def _call[*Arguments](function: Callable[[*Arguments], None], *arguments: *Arguments) -> None:
    """Call one of many: what it raises must not keep the others from being told."""
    try:
        function(*arguments)
    except Exception:
        _LOGGER.exception("Unexpected error of one that sounds")
