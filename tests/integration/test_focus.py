"""Who may sound: the rules of interruption, and that nothing gets stuck."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
import pytest

from custom_components.clova_cic.playback.focus import Claim, Focus, Grant, Kind

FOREGROUND, DUCKED, HELD, LOST = Grant.FOREGROUND, Grant.DUCKED, Grant.HELD, Grant.LOST


@dataclass(eq=False)
class Asker:
    """One that wants to sound, and what it was told."""

    focus: Focus
    kind: Kind
    exclusive: bool = False
    beside: bool = False
    then: Callable[[Grant], object] = lambda grant: None
    told: list[Grant] = field(default_factory=list)
    claim: Claim = field(init=False)

    def __post_init__(self) -> None:
        self.claim = self.focus.request(
            self.kind, self._changed, exclusive=self.exclusive, beside=self.beside
        )
        self.told.insert(0, self.claim.grant)

    def _changed(self, grant: Grant) -> None:
        self.told.append(grant)
        self.then(grant)

    def release(self) -> None:
        """Let go, and know it: nobody tells."""
        self.claim.release()
        if self.told[-1] is not LOST:
            self.told.append(LOST)

    @property
    def grant(self) -> Grant:
        assert self.told[-1] is self.claim.grant
        return self.told[-1]


@pytest.mark.parametrize(
    ("asks", "holds", "then"),
    [
        (Kind.DIALOG, Kind.DIALOG, (FOREGROUND, LOST)),
        (Kind.DIALOG, Kind.ALERT, (FOREGROUND, HELD)),
        (Kind.DIALOG, Kind.NOTIFICATION, (FOREGROUND, HELD)),
        (Kind.DIALOG, Kind.CONTENT, (FOREGROUND, HELD)),
        (Kind.ALERT, Kind.DIALOG, (FOREGROUND, HELD)),
        (Kind.ALERT, Kind.ALERT, (FOREGROUND, LOST)),
        (Kind.ALERT, Kind.NOTIFICATION, (FOREGROUND, HELD)),
        (Kind.ALERT, Kind.CONTENT, (FOREGROUND, HELD)),
        (Kind.NOTIFICATION, Kind.DIALOG, (HELD, FOREGROUND)),
        (Kind.NOTIFICATION, Kind.ALERT, (HELD, FOREGROUND)),
        (Kind.NOTIFICATION, Kind.NOTIFICATION, (HELD, FOREGROUND)),
        (Kind.NOTIFICATION, Kind.CONTENT, (FOREGROUND, HELD)),
        (Kind.CONTENT, Kind.DIALOG, (HELD, FOREGROUND)),
        (Kind.CONTENT, Kind.ALERT, (HELD, FOREGROUND)),
        (Kind.CONTENT, Kind.NOTIFICATION, (HELD, FOREGROUND)),
        (Kind.CONTENT, Kind.CONTENT, (FOREGROUND, LOST)),
    ],
)
def test_who_asks_and_who_holds(asks: Kind, holds: Kind, then: tuple[Grant, Grant]) -> None:
    """Every pair of kinds; then the one that waits has its turn."""
    focus = Focus(lambda: True)
    holder = Asker(focus, holds, exclusive=True)
    asker = Asker(focus, asks, exclusive=True)
    assert (asker.grant, holder.grant) == then
    foreground, other = (asker, holder) if asker.grant is FOREGROUND else (holder, asker)
    foreground.claim.release()
    assert other.grant is (LOST if LOST in then else FOREGROUND)


@pytest.mark.parametrize(
    ("can_duck", "how", "grant", "lowered"),
    [
        (True, {"beside": True}, DUCKED, True),
        (False, {"beside": True}, HELD, False),
        (True, {"beside": True, "exclusive": True}, HELD, False),
        (True, {"exclusive": True}, HELD, False),
        (True, {}, DUCKED, False),  # the player mixes by itself
        (False, {}, DUCKED, False),
    ],
)
def test_content_under_speech(can_duck: bool, how: dict, grant: Grant, lowered: bool) -> None:
    focus = Focus(lambda: can_duck)
    music = Asker(focus, Kind.CONTENT, exclusive=True)
    speech = Asker(focus, Kind.DIALOG, **how)
    assert (music.grant, focus.lowered) == (grant, lowered)
    assert focus.foreground is Kind.DIALOG
    speech.claim.release()
    assert (music.grant, focus.lowered) == (FOREGROUND, False)
    assert music.told == [FOREGROUND, grant, FOREGROUND]


def test_content_asked_for_in_a_dialog_waits_for_its_end() -> None:
    """It has not sounded yet, so there is nothing to go on softly with."""
    focus = Focus(lambda: True)
    dialog = Asker(focus, Kind.DIALOG, beside=True)
    music = Asker(focus, Kind.CONTENT)
    assert (music.grant, focus.lowered) == (HELD, False)
    dialog.claim.release()
    assert music.grant is FOREGROUND


def test_an_announcement_within_a_satellites_dialog() -> None:
    """What the satellite says cannot be silenced: it has the focus again behind the announcement."""
    focus = Focus(lambda: True)
    music = Asker(focus, Kind.CONTENT)
    dialog = Asker(focus, Kind.DIALOG, beside=True)
    speech = Asker(focus, Kind.DIALOG, exclusive=True)
    assert [one.grant for one in (music, dialog, speech)] == [HELD, DUCKED, FOREGROUND]
    speech.claim.release()
    assert [one.grant for one in (music, dialog)] == [DUCKED, FOREGROUND]
    dialog.claim.release()
    assert music.grant is FOREGROUND


def test_who_speaks_into_an_announcement_ends_it() -> None:
    focus = Focus(lambda: True)
    speech = Asker(focus, Kind.DIALOG, exclusive=True)
    dialog = Asker(focus, Kind.DIALOG, beside=True)
    assert (speech.grant, dialog.grant) == (LOST, FOREGROUND)


def test_an_announcement_is_not_mixed_with_the_next() -> None:
    """Players mix announcements with content, not with each other."""
    focus = Focus(lambda: True)
    music = Asker(focus, Kind.CONTENT)
    notification = Asker(focus, Kind.NOTIFICATION)
    alert = Asker(focus, Kind.ALERT)
    assert [one.grant for one in (music, notification, alert)] == [DUCKED, HELD, FOREGROUND]


def test_notifications_have_their_turns_in_order() -> None:
    focus = Focus(lambda: True)
    askers = [Asker(focus, Kind.NOTIFICATION) for _ in range(3)]
    alarm = Asker(focus, Kind.ALERT)
    assert [one.grant for one in askers] == [HELD, HELD, HELD]
    alarm.claim.release()
    for place, asker in enumerate(askers):
        assert asker.grant is FOREGROUND
        assert {one.grant for one in askers[place + 1 :]} <= {HELD}
        asker.claim.release()


def test_who_must_be_quiet_is_told_first() -> None:
    focus = Focus(lambda: True)
    order: list[Grant] = []
    Asker(focus, Kind.CONTENT, then=order.append)
    Asker(focus, Kind.NOTIFICATION, exclusive=True, then=order.append)
    alert = Asker(focus, Kind.ALERT)
    order.clear()
    alert.claim.release()
    assert order == [HELD, FOREGROUND]


def test_one_that_fails_does_not_keep_the_others_from_being_told(caplog) -> None:
    def fail(grant: Grant) -> None:
        raise RuntimeError("of its own")

    focus = Focus(lambda: True)
    music = Asker(focus, Kind.CONTENT)
    failing = Asker(focus, Kind.NOTIFICATION, then=fail)
    alert = Asker(focus, Kind.ALERT, exclusive=True)
    assert (music.grant, failing.grant) == (HELD, HELD)
    alert.claim.release()
    assert "Unexpected error" in caplog.text
    failing.claim.release()
    assert music.grant is FOREGROUND


def test_who_is_told_asks_at_once() -> None:
    """A player that lost its place takes it back, and is lost to the third."""
    focus = Focus(lambda: True)
    again: list[Asker] = []

    def ask_again(grant: Grant) -> None:
        if grant is LOST and not again:
            again.append(Asker(focus, Kind.CONTENT))

    first = Asker(focus, Kind.CONTENT, then=ask_again)
    second = Asker(focus, Kind.CONTENT)
    assert [first.grant, second.claim.grant, again[0].grant] == [LOST, LOST, FOREGROUND]
    assert second.told == [LOST]  # by what its request returned


def test_who_watches_sees_every_change() -> None:
    focus = Focus(lambda: True)
    seen: list[Kind | None] = []
    unwatch = focus.watch(lambda: seen.append(focus.foreground))
    music = Asker(focus, Kind.CONTENT)
    dialog = Asker(focus, Kind.DIALOG)
    dialog.claim.release()
    dialog.claim.release()
    assert focus.has(Kind.CONTENT) and not focus.has(Kind.DIALOG)
    unwatch()
    unwatch()
    music.claim.release()
    assert seen == [Kind.CONTENT, Kind.DIALOG, Kind.CONTENT]


class FocusMachine(RuleBasedStateMachine):
    """Any order of asking and releasing, also from within what others are told."""

    askers = Bundle("askers")

    def __init__(self) -> None:
        super().__init__()
        self.can_duck = True
        self.focus = Focus(lambda: self.can_duck)
        self.all: list[Asker] = []
        self.reactions = 0

    @rule(
        target=askers,
        kind=st.sampled_from(Kind),
        exclusive=st.booleans(),
        beside=st.booleans(),
        reaction=st.sampled_from(["nothing", "release", "ask", "raise"]),
    )
    def ask(self, kind: Kind, exclusive: bool, beside: bool, reaction: str) -> Asker:
        left = 1

        def react(grant: Grant) -> None:
            nonlocal left
            if not left or reaction == "nothing":
                return
            left -= 1
            self.reactions += 1
            match reaction:
                case "release":
                    asker.release()
                case "ask":
                    self.all.append(Asker(self.focus, kind))
                case "raise":
                    raise RuntimeError("of its own")

        asker = Asker(self.focus, kind, exclusive, beside, react)
        self.all.append(asker)
        return asker

    @rule(asker=consumes(askers))
    def release(self, asker: Asker) -> None:
        before, reactions = self.focus.foreground, self.reactions
        was_foreground = asker.claim.grant is FOREGROUND
        told = len(asker.told)
        asker.claim.release()
        asker.claim.release()
        assert len(asker.told) == told, "who released is told nothing"
        asker.release()
        if not was_foreground and self.reactions == reactions:
            assert self.focus.foreground is before

    @rule(can_duck=st.booleans())
    def change_output(self, can_duck: bool) -> None:
        self.can_duck = can_duck

    @property
    def live(self) -> list[Asker]:
        return [one for one in self.all if one.claim.grant is not LOST]

    @invariant()
    def one_sounds(self) -> None:
        grants = [one.claim.grant for one in self.all]
        assert grants.count(FOREGROUND) == (1 if self.live else 0)

    @invariant()
    def everybody_knows(self) -> None:
        for one in self.all:
            assert one.told[-1] is one.claim.grant
            assert LOST not in one.told[:-1], "what is lost gets nothing again"

    @invariant()
    def exclusive_means_alone(self) -> None:
        sounding = [one for one in self.live if one.claim.grant is not HELD and not one.beside]
        foreground = [one for one in sounding if one.claim.grant is FOREGROUND and one.exclusive]
        assert not foreground or len(sounding) == 1

    def teardown(self) -> None:
        """Nothing is stuck: whoever is left has its turn."""
        while live := self.live:
            (holder,) = [one for one in live if one.claim.grant is FOREGROUND]
            holder.release()
        assert self.focus.foreground is None and not self.focus.lowered


TestAnyOrder = FocusMachine.TestCase
