"""The one place that ties the stages of an Assist run to one CIC dialog.

Assist calls speech-to-text, agent and text-to-speech one by one and tells none
of them which run it is. What holds them together here: a context variable, set
where a run's stages share a task; the run's conversation id; and the chat log,
which shows when somebody else has answered.

    state      moved by                        to         owed then
    LISTENING  StopCapture with a text         HELD       the text to Assist; the closing boundary is held
               no text, our agent follows      COMMITTED  the boundary; a stand-in to Assist
               failure, our agent follows      FAILED     a stand-in to Assist
               failure, or nothing to return   CLOSED     an error to Assist; the upload is reset
    HELD       the agent's claim               CLAIMED    the boundary
               somebody else's answer, the
               run's end, TTS, 30 s            CLOSED     the upload is reset: the cloud has done nothing
    COMMITTED  the agent's claim               CLAIMED    -
               the run's end, TTS, 30 s        CLOSED     the answer is reset
    FAILED     the agent's claim               CLAIMED    the reason, spoken
    CLAIMED    the answer's end                CLOSED     -
               a cancelled run                 CLOSED     the answer is reset
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto
import logging
from typing import TYPE_CHECKING, Any

from homeassistant.components import conversation, stt
from homeassistant.components.conversation.chat_log import async_subscribe_chat_logs
from homeassistant.components.conversation.const import ChatLogEventType
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import chat_session

from .answer import Answer
from .cic import CicError, Dialog, Mark
from .cic.errors import DialogCancelledError
from .cic.interfaces import speech_recognizer, text_recognizer
from .cic.interfaces.speech_recognizer import ExpectSpeech
from .failures import phrase
from .microphone import NotPcmError, pump

if TYPE_CHECKING:
    from .coordinator import CicConfigEntry, CicCoordinator

_LOGGER = logging.getLogger(__name__)

# A slow sentence trigger may be at work; nothing slower is worth a held upload. Seconds.
HELD_FOR = 30.0
# Where Assist's audio ended first: from the boundary to a late transcript, in seconds.
LATE_TEXT = 5.0
# Speech longer than this is not a command, in seconds. Assist's own limit is 15.
LONGEST_SPEECH = 60.0
# Between a question of the cloud and the end of its sound, in seconds; the cloud's own timeout comes on top.
QUESTION_SOUND = 30.0
# Conversations whose run has been announced, or whose question is open: a household has few.
MOST_CONVERSATIONS = 64
MOST_RECENT = 20


class State(Enum):
    """Where a turn is; the table is in the module's docstring."""

    LISTENING = auto()
    HELD = auto()
    COMMITTED = auto()
    FAILED = auto()
    CLAIMED = auto()
    CLOSED = auto()


UNCLAIMED = frozenset({State.LISTENING, State.HELD, State.COMMITTED, State.FAILED})
CLAIMABLE = frozenset({State.HELD, State.COMMITTED, State.FAILED})


class Outcome(Enum):
    """How a turn ended, for diagnostics."""

    ANSWERED = "answered"
    ELSEWHERE = "answered elsewhere"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An ExpectSpeech that waits for its answer."""

    dialog_request_id: str
    expect: ExpectSpeech
    until: float


class Turn:
    """One request of a user, through whatever stages of Assist it passes."""

    def __init__(self, turns: Turns, conversation_id: str | None, *, spoken: bool) -> None:
        """Begin now."""
        self.owner = turns
        self._loop = turns.hass.loop
        self._began = self._loop.time()
        self._marks: dict[str, float] = {}
        self.conversation_id = conversation_id
        self.spoken = spoken
        self.state = State.LISTENING
        self.text: str | None = None
        """What speech-to-text returned, by which the agent knows its turn."""
        self.dialog: Dialog | None = None
        self.answer: Answer | None = None
        self.error: Exception | None = None
        self.outcome: Outcome | None = None
        self.returned = asyncio.Event()
        """Set when the agent has returned: the run's last events are out with the same step."""
        self.sound_bytes = 0
        self._sound_taken = False

    def mark(self, name: str, at: float | None = None) -> None:
        """Keep the first time something happened."""
        self._marks.setdefault(name, self._loop.time() if at is None else at)

    @callback
    def claim(self) -> None:
        """Make the turn the agent's: the cloud may act."""
        self.mark("claim")
        self.state = State.CLAIMED
        self.owner.unwatch(self)
        if self.dialog is None:
            self.close(Outcome.FAILED)
            return
        self.dialog.commit()
        coordinator, dialog = self.owner.coordinator, self.dialog
        self.answer = Answer(
            dialog,
            on_speech=coordinator.observe_directive,
            on_other=lambda directive: coordinator.handle_directive(directive, dialog.attachment),
        )
        self.owner.spawn(self._read(self.answer), "answer")

    async def _read(self, answer: Answer) -> None:
        await answer.run()
        self.owner.note(answer.error)
        self.close(Outcome.ANSWERED if answer.error is None else Outcome.FAILED)

    @property
    def failure(self) -> Exception | None:
        """Why there is no answer, or only part of one."""
        return self.error if self.answer is None else self.answer.error

    @callback
    def close(self, outcome: Outcome) -> None:
        """End the turn; a dialog that still runs is reset. The first call counts."""
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self.owner.unwatch(self)
        self.outcome = outcome
        if self.dialog is not None:
            self.dialog.cancel()
        self.owner.record(self)

    @callback
    def answered_elsewhere(self) -> None:
        """Give up a turn that somebody else has answered: the cloud shall not act."""
        if self.state in UNCLAIMED:
            self.close(Outcome.ELSEWHERE)

    @callback
    def run_ended(self, *, cancelled: bool) -> None:
        """React to the end of the run's task."""
        if self.state in UNCLAIMED:
            self.close(Outcome.CANCELLED if cancelled else Outcome.ELSEWHERE)
        elif cancelled:
            self.close(Outcome.CANCELLED)

    def take_sound(self) -> bool:
        """Tell, once, whether this turn's sound is to be played."""
        if self._sound_taken or self.answer is None or not self.answer.has_sound:
            return False
        self._sound_taken = True
        return True

    def as_diagnostics(self) -> dict[str, Any]:
        """Return what may be known of a turn: no word of it, and no sound."""
        return {
            "spoken": self.spoken,
            "outcome": None if self.outcome is None else self.outcome.value,
            "error": None if self.failure is None else type(self.failure).__name__,
            "sound_bytes": self.sound_bytes,
            "marks": self._milliseconds(),
        }

    def _milliseconds(self) -> dict[str, float]:
        """Return the marks, counted from the turn's beginning, in their order."""
        times = dict(self._marks)
        if self.dialog is not None:
            for mark in (Mark.STOP_CAPTURE, Mark.FIRST_DIRECTIVE, Mark.DONE):
                if mark in self.dialog.marks:
                    times[mark] = self.dialog.marks[mark]
        return {
            name: round((at - self._began) * 1000, 1)
            for name, at in sorted(times.items(), key=lambda item: item[1])
        }


TURN: ContextVar[Turn | None] = ContextVar("clova_cic_turn", default=None)


class Turns:
    """The turns of one entry."""

    def __init__(
        self, hass: HomeAssistant, entry: CicConfigEntry, coordinator: CicCoordinator
    ) -> None:
        """Watch the chat logs until shut down."""
        self.hass = hass
        self.coordinator = coordinator
        self._entry = entry
        self._unclaimed: dict[Turn, asyncio.TimerHandle | None] = {}
        self._prepared: OrderedDict[str, None] = OrderedDict()
        self._questions: OrderedDict[str, Question] = OrderedDict()
        self._recent: deque[Turn] = deque(maxlen=MOST_RECENT)
        self._unsubscribe = async_subscribe_chat_logs(hass, self._chat_log_changed)

    # What the entities call

    @callback
    def agent_prepared(self) -> None:
        """Remember that this run's agent is ours: Assist prepares it before it listens."""
        session = chat_session.current_session.get()
        if session is not None:
            _put(self._prepared, session.conversation_id, None)

    async def listen(self, language: str, stream: AsyncIterable[bytes]) -> stt.SpeechResult:
        """Send speech up until the cloud has heard enough; return what it recognised.

        The turn stays open, with its closing boundary held, for the agent to claim.
        """
        session = chat_session.current_session.get()
        conversation_id = None if session is None else session.conversation_id
        ours = conversation_id is not None and conversation_id in self._prepared
        if conversation_id is not None:
            self._prepared.pop(conversation_id, None)
        turn = Turn(self, conversation_id, spoken=True)
        TURN.set(turn)
        self._watch(turn)
        try:
            text = await self._recognise(turn, language, stream, ours=ours)
        except (CicError, HomeAssistantError, NotPcmError) as err:
            return await self._not_recognised(turn, err, ours=ours)
        except asyncio.CancelledError:
            turn.close(Outcome.CANCELLED)
            raise
        if text:
            turn.state = State.HELD if turn.state is State.LISTENING else turn.state
        elif ours:
            text = await phrase(self.hass, language, "stand_in_transcript")
        else:
            turn.close(Outcome.FAILED)
            _LOGGER.warning("Nothing to return: the cloud sent no transcript of what was said")
            return stt.SpeechResult(None, stt.SpeechResultState.ERROR)
        turn.text = text
        turn.mark("text")
        self._expire(turn)
        return stt.SpeechResult(text, stt.SpeechResultState.SUCCESS)

    async def claim(self, user_input: conversation.ConversationInput) -> Turn:
        """Return the turn this text belongs to, now the agent's; a new one where there is none.

        Its answer is coming, or its error says why there is none.
        """
        turn = TURN.get()
        if (
            turn is None
            or turn.owner is not self
            or turn.state not in CLAIMABLE
            or turn.conversation_id != user_input.conversation_id
            or turn.text != user_input.text
        ):
            turn = await self._begin_text(user_input)
        turn.claim()
        return turn

    def ask_again(self, turn: Turn) -> bool:
        """Tell whether the cloud asks back, and remember its question."""
        expect = None if turn.answer is None else turn.answer.expect_speech
        if expect is None or turn.dialog is None or turn.conversation_id is None:
            return False
        seconds = QUESTION_SOUND + expect.timeout_in_milliseconds / 1000
        question = Question(
            dialog_request_id=turn.dialog.dialog_request_id,
            expect=expect,
            until=self.hass.loop.time() + seconds,
        )
        _put(self._questions, turn.conversation_id, question)
        return True

    def turn_to_play(self) -> Turn | None:
        """Return the turn whose sound this run plays, or None where text is to be spoken."""
        turn, session = TURN.get(), chat_session.current_session.get()
        if turn is None:
            return None
        turn.answered_elsewhere()
        if session is None or session.conversation_id != turn.conversation_id:
            return None
        return turn if turn.owner is self and turn.take_sound() else None

    async def async_shutdown(self) -> None:
        """Cancel what is open."""
        self._unsubscribe()
        for turn in list(self._unclaimed):
            turn.close(Outcome.CANCELLED)

    # What turns call

    def spawn[T](self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run something for as long as the entry is loaded."""
        return self._entry.async_create_background_task(self.hass, work, f"clova_cic {name}")

    def note(self, error: Exception | None) -> None:
        """Keep an error for diagnostics; a refused token has the user asked for another."""
        if isinstance(error, CicError) and not isinstance(error, DialogCancelledError):
            self.coordinator.note_error(error)

    @callback
    def unwatch(self, turn: Turn) -> None:
        """Stop the clocks of an unclaimed turn."""
        timer = self._unclaimed.pop(turn, None)
        if timer is not None:
            timer.cancel()

    @callback
    def record(self, turn: Turn) -> None:
        """Keep a turn that has ended, for diagnostics."""
        self._recent.append(turn)

    @property
    def active(self) -> int:
        """How many turns nobody has claimed yet."""
        return len(self._unclaimed)

    @property
    def recent(self) -> list[dict[str, Any]]:
        """The latest turns, for diagnostics."""
        return [turn.as_diagnostics() for turn in self._recent]

    # Listening

    async def _recognise(
        self, turn: Turn, language: str, stream: AsyncIterable[bytes], *, ours: bool
    ) -> str | None:
        """Open the dialog and pump the sound; return the transcript, if the cloud sends one."""
        client = await self.coordinator.async_client()
        question = self._question_for(turn.conversation_id)
        turn.dialog = dialog = client.recognize(
            speech_recognizer.Recognize(
                lang=language,
                device_uuid=self.coordinator.device_uuid,
                speech_id=question.expect.expect_speech_id if question else None,
                explicit=question.expect.explicit if question else None,
            ),
            dialog_request_id=(
                question.dialog_request_id if question else self.coordinator.new_id()
            ),
            hold=True,
        )
        microphone = self.spawn(pump(stream, dialog, lambda: turn.mark("speech_end")), "microphone")
        heard = self.spawn(dialog.wait_capture_stopped(), "end of speech")
        try:
            await asyncio.wait(
                {microphone, heard}, timeout=LONGEST_SPEECH, return_when=asyncio.FIRST_COMPLETED
            )
            if not dialog.capture_stopped:
                if microphone.done():
                    microphone.result()
                await self._hear_late(turn, dialog, heard, ours=ours)
        finally:
            microphone.cancel()
            heard.cancel()
        dialog.end_audio()
        text = await dialog.wait_capture_stopped() if dialog.capture_stopped else None
        turn.mark("speech_end")
        if text is None and ours and turn.state is State.LISTENING:
            dialog.commit()
            turn.state = State.COMMITTED
        return text

    async def _hear_late(
        self, turn: Turn, dialog: Dialog, heard: asyncio.Task[str | None], *, ours: bool
    ) -> None:
        """Assist's audio is over and the cloud has not found its end: commit, and wait a little."""
        if ours:
            dialog.commit()
            turn.state = State.COMMITTED
        await asyncio.wait({heard}, timeout=LATE_TEXT)

    async def _not_recognised(
        self, turn: Turn, error: Exception, *, ours: bool
    ) -> stt.SpeechResult:
        """Let our agent say what went wrong where it follows; else report Assist's own error."""
        if turn.state is State.CLOSED:
            return stt.SpeechResult(None, stt.SpeechResultState.ERROR)
        turn.error = error
        self.note(error)
        _LOGGER.warning("Speech was not recognised: %s", error)
        if not ours:
            turn.close(Outcome.FAILED)
            return stt.SpeechResult(None, stt.SpeechResultState.ERROR)
        if turn.dialog is not None:
            turn.dialog.cancel()
            turn.dialog = None
        turn.state = State.FAILED
        turn.text = await phrase(self.hass, self.coordinator.language, "stand_in_transcript")
        self._expire(turn)
        return stt.SpeechResult(turn.text, stt.SpeechResultState.SUCCESS)

    async def _begin_text(self, user_input: conversation.ConversationInput) -> Turn:
        """Open a typed turn; what fails is kept for the agent to say."""
        turn = Turn(self, user_input.conversation_id, spoken=False)
        turn.text = user_input.text
        TURN.set(turn)
        question = self._question_for(turn.conversation_id)
        try:
            client = await self.coordinator.async_client()
            turn.dialog = client.recognize_text(
                text_recognizer.Recognize(
                    text=user_input.text,
                    speech_id=question.expect.expect_speech_id if question else None,
                    explicit=question.expect.explicit if question else None,
                ),
                dialog_request_id=(
                    question.dialog_request_id if question else self.coordinator.new_id()
                ),
            )
        except (CicError, HomeAssistantError) as err:
            turn.error = err
        return turn

    def _question_for(self, conversation_id: str | None) -> Question | None:
        """Take the question this conversation is to answer, if its time is not over."""
        if conversation_id is None:
            return None
        question = self._questions.pop(conversation_id, None)
        if question is None or self.hass.loop.time() > question.until:
            return None
        return question

    # Watching for the ways a run can go on without us

    def _watch(self, turn: Turn) -> None:
        self._unclaimed[turn] = None
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(lambda run: turn.run_ended(cancelled=run.cancelled()))

    def _expire(self, turn: Turn) -> None:
        if turn in self._unclaimed:
            self._unclaimed[turn] = self.hass.loop.call_later(HELD_FOR, turn.close, Outcome.EXPIRED)

    @callback
    def _chat_log_changed(
        self, conversation_id: str, event: ChatLogEventType, data: dict[str, Any]
    ) -> None:
        """Give up the held turns of a conversation in which somebody has answered."""
        if event is not ChatLogEventType.CONTENT_ADDED:
            return
        if data["content"].get("role") != "assistant":
            return
        for turn in list(self._unclaimed):
            if turn.conversation_id == conversation_id and turn.state is not State.LISTENING:
                turn.answered_elsewhere()


def _put[T](table: OrderedDict[str, T], key: str, value: T) -> None:
    """Put into a table that forgets its oldest entry beyond a bound."""
    table[key] = value
    table.move_to_end(key)
    while len(table) > MOST_CONVERSATIONS:
        table.popitem(last=False)
