"""One request of a user: the states it passes, and what is owed in each.

    state      moved by                        to         owed then
    LISTENING  StopCapture with a text, or
               with one in part before it      HELD       the text to Assist; the closing boundary is held
               no text, our agent follows      COMMITTED  the boundary; a stand-in to Assist
               failure, our agent follows      FAILED     a stand-in to Assist
               failure, or nothing to return   CLOSED     an error to Assist; the upload is reset
    HELD       the agent's claim               CLAIMED    the boundary
    COMMITTED  the agent's claim               CLAIMED    -
    FAILED     the agent's claim               CLAIMED    the reason, spoken
    HELD, COMMITTED, FAILED: somebody else's
               answer, the run's end, 30 s     CLOSED     the request is reset; held, the cloud has done nothing
    CLAIMED    the answer's end                CLOSED     -
    any        a cancelled run, unloading      CLOSED     the request is reset
    CLAIMED    the next dialog in its
               conversation or satellite       CLOSED     the request is reset; the reason, spoken

A typed turn begins COMMITTED, or FAILED where nothing could be sent. What makes a
turn move, as far as it is Assist's doing, is in turns.py.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol

from homeassistant.core import callback

from .answer import Answer
from .cic import Dialog, Exchange, Mark
from .hearing import Hearing
from .occurrences import Kind, Occurrence
from .origin import UNASKED, Origin
from .playback.attention import Speaking
from .speech_reports import LATEST_WORD


class State(Enum):
    """Where a turn is; the table is in the module's docstring."""

    LISTENING = auto()
    HELD = auto()
    COMMITTED = auto()
    FAILED = auto()
    CLAIMED = auto()
    CLOSED = auto()


CLAIMABLE = frozenset({State.HELD, State.COMMITTED, State.FAILED})
UNCLAIMED = CLAIMABLE | {State.LISTENING}
MOVES = {
    State.LISTENING: CLAIMABLE | {State.CLOSED},
    State.HELD: frozenset({State.CLAIMED, State.CLOSED}),
    State.COMMITTED: frozenset({State.CLAIMED, State.CLOSED}),
    State.FAILED: frozenset({State.CLAIMED, State.CLOSED}),
    State.CLAIMED: frozenset({State.CLOSED}),
    State.CLOSED: frozenset[State](),
}


class Outcome(Enum):
    """How a turn ended, for diagnostics."""

    ANSWERED = "answered"
    ELSEWHERE = "answered elsewhere"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    REPLACED = "replaced"


# Nobody listens to the answers of these any more.
CUT_SHORT = frozenset({Outcome.CANCELLED, Outcome.REPLACED})
# Those who asked have an answer, or hear why there is none.
TOLD = frozenset({Outcome.ANSWERED, Outcome.FAILED})


class Owner(Protocol):
    """What a turn asks of the turns it belongs to."""

    def answer_of(
        self, exchange: Exchange, origin: Origin, *, wants_sound: bool, keeps_sound: bool
    ) -> Answer:
        """Return a reader of an answer."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run something for as long as the entry is loaded, outside of any run."""

    def note(self, error: Exception | None) -> None:
        """Keep an error for diagnostics."""

    def closed(self, turn: Turn) -> None:
        """Forget a turn but for its record."""


class Unheard(Protocol):
    """Who keeps a sound until it shows whether anybody speaks the answer (unheard.py)."""

    def closed(self) -> None:
        """Learn that the turn is over."""

    def drop(self) -> None:
        """Let go of the sound."""


@dataclass(slots=True, kw_only=True)
class Record:
    """What may be known of a turn afterwards: no word of it, and no sound. Times are the loop's."""

    spoken: bool
    began: float
    outcome: Outcome | None = None
    error: str | None = None
    sound_bytes: int = 0
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, name: str, at: float) -> None:
        """Keep the first time something happened."""
        self.marks.setdefault(name, at)

    def as_dict(self) -> dict[str, Any]:
        """Return it for diagnostics, marks in milliseconds from the beginning and in their order."""
        times = sorted(self.marks.items(), key=lambda item: item[1])
        return {
            "spoken": self.spoken,
            "outcome": None if self.outcome is None else self.outcome.value,
            "error": self.error,
            "sound_bytes": self.sound_bytes,
            "marks": {name: round((at - self.began) * 1000, 1) for name, at in times},
        }


class Turn:
    """One request of a user, through whatever stages of Assist it passes."""

    def __init__(self, turns: Owner, conversation_id: str | None, *, spoken: bool) -> None:
        """Begin now."""
        self._turns = turns
        self._loop = asyncio.get_running_loop()
        self.record = Record(spoken=spoken, began=self._loop.time())
        self.conversation_id = conversation_id
        self.state = State.LISTENING
        self.text: str | None = None
        """What speech-to-text returned, by which the agent knows its turn."""
        self.text_stands_in = False
        """Whether that is a stand-in, which nobody has said."""
        self.dialog: Dialog | None = None
        self.answer: Answer | None = None
        self.wants_sound = False
        """Whether our text-to-speech follows; nobody else can play the answer's sound."""
        self.origin: Origin = UNASKED
        """Where it was said."""
        self.hearing: Hearing | None = None
        """Tells when the answer's sound is over."""
        self.overheard: Speaking | None = None
        """The focus it has where no satellite says where it is spoken."""
        self.beside: Speaking | None = None
        """The focus it has beside its satellite."""
        self.unheard: Unheard | None = None
        """Keeps the answer's sound where its satellite may have no voice for it."""
        self.error: Exception | None = None
        """Why there is no answer, or only part of one."""
        self.text_streams = False
        """Whether text-to-speech takes the text as it is written: such sound is not kept by Assist."""
        self.returned = asyncio.Event()
        """Set when the agent has returned: the run's last events are out with the same step."""
        self.sound_seconds = 0.0
        """How long what has been given plays: to the end of its last sound."""
        self._sound_taken = False

    @property
    def sound_began(self) -> float | None:
        """When the first of the sound was given to its listener, by the loop's clock."""
        return self.record.marks.get("first_sound")

    @property
    def failure(self) -> Exception | None:
        """Why there is nothing to tell; what came before a failure is told."""
        answer = self.answer
        if answer is not None and (answer.text or answer.has_sound):
            return None
        return self.error if answer is None else self.error or answer.error

    def mark(self, name: str) -> None:
        """Keep the first time something happened."""
        self.record.mark(name, self._loop.time())

    def recognized(self) -> Occurrence | None:
        """Return what was said, once the agent has the turn; None where nothing was recognised."""
        if not self.record.spoken or self.dialog is None:
            return None
        return Occurrence(
            kind=Kind.SPEECH,
            type="recognized",
            data=self._origin(),
            words={"text": None if self.text_stands_in else self.text},
        )

    def answered(self) -> Occurrence | None:
        """Return what the agent was answered, or that it was not; None where nobody is told."""
        if self.record.outcome not in TOLD or "claim" not in self.record.marks:
            return None
        return Occurrence(
            kind=Kind.ANSWER,
            type="answered",
            data={**self._origin(), "success": self.record.outcome is Outcome.ANSWERED},
            words={"text": "" if self.answer is None else self.answer.text},
        )

    def _origin(self) -> dict[str, Any]:
        return {
            "satellite_id": self.origin.satellite_id,
            "dialog_request_id": self.origin.dialog_request_id,
        }

    def move(self, state: State) -> None:
        """Enter a state; RuntimeError where the table has no such move."""
        if state not in MOVES[self.state]:
            raise RuntimeError(f"a turn cannot go from {self.state.name} to {state.name}")
        self.state = state

    def belongs_to(self, turns: Owner, conversation_id: str | None) -> bool:
        """Tell whether this is a turn of that entry and conversation."""
        return self._turns is turns and self.conversation_id == conversation_id

    @callback
    def commit(self) -> None:
        """Let the cloud act, before anybody has claimed the turn."""
        if self.dialog is not None and self.state is State.LISTENING:
            self.move(State.COMMITTED)
            self.dialog.end_audio()
            self.dialog.commit()

    @callback
    def begin_answer(self) -> None:
        """Make the turn the agent's: the cloud may act."""
        self.mark("claim")
        self.move(State.CLAIMED)
        if self.dialog is None:
            self.close(Outcome.FAILED)
            return
        self.dialog.commit()
        self.answer = self._turns.answer_of(
            self.dialog,
            self.origin,
            wants_sound=self.wants_sound,
            keeps_sound=self.unheard is not None,
        )
        self._turns.spawn(self._read(self.answer), "answer")

    async def _read(self, answer: Answer) -> None:
        outcome = Outcome.CANCELLED
        try:
            await answer.run()
            outcome = Outcome.ANSWERED if answer.error is None else Outcome.FAILED
        finally:
            self.error = self.error or answer.error
            self._turns.note(answer.error)
            self.close(outcome)

    @callback
    def close(self, outcome: Outcome) -> None:
        """End the turn; a request that still runs is reset. The first call counts."""
        if self.state is State.CLOSED:
            return
        self.move(State.CLOSED)
        record = self.record
        record.outcome = outcome
        record.error = None if self.error is None else type(self.error).__name__
        if self.dialog is not None:
            self.dialog.cancel()
            for mark in (Mark.STOP_CAPTURE, Mark.FIRST_DIRECTIVE, Mark.DONE):
                if mark in self.dialog.marks:
                    record.mark(mark, self.dialog.marks[mark])
        self._turns.closed(self)

    @callback
    def answered_elsewhere(self) -> None:
        """Give up a turn that somebody else has answered: the cloud shall not act."""
        if self.state in UNCLAIMED:
            self.close(Outcome.ELSEWHERE)

    @callback
    def sound_given_out(self) -> None:
        """Let the end of the sound be known: all of it is with the listener."""
        if self.hearing is not None and self.sound_began is not None:
            self.hearing.given_out(self.sound_began, self.sound_seconds)
            if self.beside is not None:
                # some satellites never leave `responding`, and some begin only now
                self.beside.end_by(self._loop.time() + self.sound_seconds + LATEST_WORD)

    def take_sound(self) -> bool:
        """Tell, once, whether this turn's sound is to be played."""
        if self._sound_taken or self.answer is None or not self.answer.has_sound:
            return False
        self._sound_taken = True
        return True
