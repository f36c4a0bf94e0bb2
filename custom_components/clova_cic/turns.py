"""The one place that ties the stages of an Assist run to one CIC dialog.

Assist calls speech-to-text, agent and text-to-speech one by one and tells none
of them which run it is. What holds them together here: a context variable, set
where a run's stages share a task; the run's conversation id; and the chat log,
which shows when somebody else has answered. The states of a turn are in turn.py.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterable, Coroutine
from contextvars import Context, copy_context
import logging
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from homeassistant.components import stt
from homeassistant.components.conversation.chat_log import async_subscribe_chat_logs
from homeassistant.components.conversation.const import ChatLogEventType
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import chat_session

from .answer import Answer
from .assistants import Transcripts
from .between_turns import LastDialogs, Question, Questions, remember
from .cic import CicError, Exchange
from .cic.errors import DialogCancelledError, TooLongToRepeatError
from .const import CONF_HELD_TIMEOUT, CONF_RECOGNISE_FOR_OTHERS
from .failures import Phrase, ReplacedError, phrase
from .hearing import Hearing
from .microphone import NotPcmError
from .occurrences import Occurrence
from .origin import UNASKED, Origin
from .overhearing import Overhearing
from .requests import Requests
from .run import RUN, Run, current_turn
from .speech_reports import Telling
from .turn import CLAIMABLE, CUT_SHORT, UNCLAIMED, Outcome, Record, State, Turn
from .unheard import Unheard, may_be_unheard

if TYPE_CHECKING:
    from .coordinator import CicConfigEntry, CicCoordinator

_LOGGER = logging.getLogger(__name__)

# A slow sentence trigger may be at work; nothing slower is worth a held upload. Seconds.
HELD_FOR = 30.0
# Assist prepares the agent in the step in which it begins to listen; a note older than this is another run's. Seconds.
PREPARED_FOR = 5.0
MOST_RECENT = 20


class Turns:
    """The turns of one entry."""

    def __init__(
        self, hass: HomeAssistant, entry: CicConfigEntry, coordinator: CicCoordinator
    ) -> None:
        """Watch the chat logs until shut down."""
        self.hass = hass
        self.coordinator = coordinator
        self._entry = entry
        self._open: dict[Turn, asyncio.TimerHandle | None] = {}
        self._prepared: OrderedDict[str, float] = OrderedDict()
        self._questions = Questions()
        self._requests = Requests(coordinator, self._questions, self.spawn)
        self._last = LastDialogs(coordinator.drop_dialog)
        coordinator.satellite_of = self._last.satellite_of
        self._hearings: dict[str, Hearing] = {}
        self._unheard: WeakSet[Unheard] = WeakSet()
        self._overhearing = Overhearing(hass)
        self._transcripts = Transcripts(hass, entry)
        self._recent: deque[Record] = deque(maxlen=MOST_RECENT)
        self._unsubscribe = async_subscribe_chat_logs(hass, self._chat_log_changed)

    # What the entities call

    @callback
    def agent_prepared(self) -> None:
        """Remember that this run's agent is ours: Assist prepares it before it listens."""
        if session := chat_session.current_session.get():
            remember(self._prepared, session.conversation_id, self.hass.loop.time())

    @callback
    def voice_prepared(self) -> None:
        """Remember that this run ends in our text-to-speech: Assist asks it first how it takes text.

        That may be long before anything is said: a run can wait for its wake word. And it
        is asked again in the task that loads the sound, which is not the run's own.
        """
        session, run = chat_session.current_session.get(), RUN.get()
        if session is None:
            return
        voice = (self, session.conversation_id)
        if run is None or run.voice != voice:
            Run.here().voice = voice

    async def listen(self, language: str, stream: AsyncIterable[bytes]) -> stt.SpeechResult:
        """Send speech up until the cloud has heard enough; return what it recognised.

        The turn stays open, with its closing boundary held, for the agent to claim.
        """
        session = chat_session.current_session.get()
        conversation_id = None if session is None else session.conversation_id
        ours = self._is_ours(conversation_id)
        if not ours and not self._entry.options.get(CONF_RECOGNISE_FOR_OTHERS, True):
            _LOGGER.warning("Speech was not sent: the run's agent is not this entry's")
            return stt.SpeechResult(None, stt.SpeechResultState.ERROR)
        turn = self._begin(conversation_id, spoken=True)
        self._overhearing.begin(turn)
        try:
            turn.text = await self._requests.speak(turn, language, stream, ours=ours)
            if ours and turn.dialog is not None:
                self._transcripts.heard(turn.dialog)
        except (CicError, HomeAssistantError, NotPcmError) as err:
            self._not_recognised(turn, err, ours=ours)
        except asyncio.CancelledError:
            turn.close(Outcome.CANCELLED)
            raise
        except Exception as err:  # the stream is the satellite's, and may raise anything
            _LOGGER.exception("Unexpected error while listening")
            self._not_recognised(turn, err, ours=ours)
        if turn.state is State.CLOSED:
            return stt.SpeechResult(None, stt.SpeechResultState.ERROR)
        if turn.state is State.LISTENING:
            turn.move(State.HELD)
        if turn.text is None:
            turn.text_stands_in = True
            turn.text = await phrase(self.hass, language, Phrase.STAND_IN_TRANSCRIPT)
        turn.mark("text")
        if turn in self._open:
            held_for = self._entry.options.get(CONF_HELD_TIMEOUT, HELD_FOR)
            self._open[turn] = self.hass.loop.call_later(held_for, _expire, turn)
        return stt.SpeechResult(turn.text, stt.SpeechResultState.SUCCESS)

    async def claim(self, text: str, conversation_id: str, satellite_id: str | None) -> Turn:
        """Return the turn this text belongs to, now the agent's; a new one where there is none.

        Its answer is coming, or its error says why there is none. It takes the place
        of the last one in the same conversation or at the same satellite.
        """
        turn = current_turn()
        if turn is None or not turn.belongs_to(self, conversation_id) or turn.text != text:
            turn = await self._begin_text(text, conversation_id)
        elif turn.text_stands_in and turn.state is State.CLOSED:
            # Nobody has said the stand-in: it must not go up as if somebody had.
            turn.error = turn.error or DialogCancelledError("the turn is over")
            return turn
        elif turn.state not in CLAIMABLE:
            turn = await self._begin_text(text, conversation_id)
        if turn.state is not State.CLOSED:  # the entry may have been unloaded meanwhile
            self._overhearing.place(turn, satellite_id)
            self._take_place(turn, conversation_id, satellite_id)
            turn.begin_answer()
            self._tell(turn.recognized())
        return turn

    def ask_again(self, turn: Turn) -> bool:
        """Tell whether the cloud asks back, and remember its question.

        What broke off or was replaced has asked nobody.
        """
        expect = None if turn.answer is None else turn.answer.expect_speech
        if expect is None or turn.dialog is None or turn.conversation_id is None:
            return False
        if turn.record.outcome is not Outcome.ANSWERED:
            return False
        question = Question(
            dialog_request_id=turn.dialog.dialog_request_id,
            expect=expect,
            asked_at=self.hass.loop.time(),
            hearing=turn.hearing,
        )
        self._questions.ask(turn.conversation_id, question)
        return True

    def turn_to_play(self) -> Turn | None:
        """Return the turn whose sound this run plays, or None where text is to be spoken."""
        turn = self._turn_here()
        return turn if turn is not None and turn.take_sound() else None

    def turn_to_speak(self) -> Turn | None:
        """Return the turn whose text this run speaks as it is written, or None where it is another's."""
        turn = self._turn_here()
        return turn if turn is not None and turn.text_streams else None

    def _turn_here(self) -> Turn | None:
        turn, session = current_turn(), chat_session.current_session.get()
        if turn is None or session is None:
            return None
        return turn if turn.belongs_to(self, session.conversation_id) else None

    async def async_shutdown(self) -> None:
        """Cancel what is open."""
        self._unsubscribe()
        for turn in list(self._open):
            turn.close(Outcome.CANCELLED)
        for hearing in self._hearings.values():
            hearing.stop()
        for unheard in list(self._unheard):
            unheard.drop()
        self._overhearing.stop()

    @property
    def recent(self) -> list[dict[str, Any]]:
        """The latest turns that are over, for diagnostics."""
        return [record.as_dict() for record in self._recent]

    # What turns call

    def answer_of(
        self,
        exchange: Exchange,
        origin: Origin = UNASKED,
        *,
        wants_sound: bool = True,
        keeps_sound: bool = False,
    ) -> Answer:
        """Return a reader of an answer; orders in it go where the downchannel's go."""
        return Answer(
            exchange,
            wants_sound=wants_sound,
            keeps_sound=keeps_sound,
            on_speech=self.coordinator.observe_directive,
            on_other=lambda directive: self.coordinator.handle_directive(
                directive, exchange.attachment, origin
            ),
        )

    def spawn[T](self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run something for as long as the entry is loaded, outside of any run.

        A directive may have automations speak: what they say is not this run's answer.
        """
        return _outside_of_runs().run(
            self._entry.async_create_background_task, self.hass, work, f"clova_cic {name}"
        )

    def note(self, error: Exception | None) -> None:
        """Keep an error for diagnostics; a refused token has the user asked for another."""
        if isinstance(error, TooLongToRepeatError) and isinstance(error.__cause__, CicError):
            error = error.__cause__
        if isinstance(error, CicError) and not isinstance(error, DialogCancelledError):
            self.coordinator.note_error(error)

    @callback
    def closed(self, turn: Turn) -> None:
        """Forget a turn but for what diagnostics may know of it."""
        expiry = self._open.pop(turn, None)
        if expiry is not None:
            expiry.cancel()
        if turn.hearing is not None and turn.record.outcome in CUT_SHORT:
            turn.hearing.stop()
        self._overhearing.closed(turn)
        if turn.unheard is not None:
            turn.unheard.closed()
        self._recent.append(turn.record)
        self._tell(turn.answered())

    def _tell(self, occurrence: Occurrence | None) -> None:
        """Tell automations, outside of any run: what one of them says is not the answer's."""
        if occurrence is not None:
            _outside_of_runs().run(self.coordinator.occurrences.tell, occurrence)

    # Beginning

    @callback
    def _take_place(self, turn: Turn, conversation_id: str, satellite_id: str | None) -> None:
        """Make a turn the last one of its conversation and satellite; what it replaces is over."""
        self._follow_sound(turn, conversation_id, satellite_id)
        dialog_request_id = None if turn.dialog is None else turn.dialog.dialog_request_id
        turn.origin = Origin(satellite_id=satellite_id, dialog_request_id=dialog_request_id)
        if dialog_request_id is None:
            return
        if not turn.wants_sound and may_be_unheard(self.hass, satellite_id):
            turn.unheard = Unheard(self.hass, turn, self.coordinator.announcer)
            self._unheard.add(turn.unheard)
        replaced = self._last.begin(dialog_request_id, conversation_id, satellite_id)
        for other in list(self._open):
            if other.dialog is not None and other.dialog.dialog_request_id in replaced:
                other.error = ReplacedError()
                other.close(Outcome.REPLACED)

    @callback
    def _follow_sound(self, turn: Turn, conversation_id: str, satellite_id: str | None) -> None:
        """Learn when the sound of a turn is over; the one before at the same place is."""
        record, overheard = turn.record, turn.overheard

        def heard(at: float) -> None:
            record.mark("heard", at)
            if overheard is not None:
                overheard.end_at(at)

        telling = Telling(
            self.coordinator.speech,
            place=satellite_id or conversation_id,
            listener_tells=satellite_id is not None,
        )
        turn.hearing = Hearing(self.hass, satellite_id, heard, telling)
        if satellite_id is not None:
            before = self._hearings.get(satellite_id)
            if before is not None:
                before.stop()
            self._hearings[satellite_id] = turn.hearing

    def _begin(self, conversation_id: str | None, *, spoken: bool) -> Turn:
        """Open a turn in this run; one that an earlier run of the same task left open is over.

        Who speaks or types in a conversation listens to its last answer no longer; a satellite tells by itself.
        """
        run = Run.here()
        if run.turn is not None:
            run.turn.answered_elsewhere()
        if conversation_id is not None:
            self.coordinator.speech.interrupt(conversation_id)
        turn = run.turn = Turn(self, conversation_id, spoken=spoken)
        turn.wants_sound = run.voice == (self, conversation_id)
        self._open[turn] = None
        return turn

    def _is_ours(self, conversation_id: str | None) -> bool:
        """Tell, once, whether our agent follows in this run."""
        if conversation_id is None:
            return False
        prepared = self._prepared.pop(conversation_id, None)
        return prepared is not None and self.hass.loop.time() - prepared < PREPARED_FOR

    @callback
    def _not_recognised(self, turn: Turn, error: Exception, *, ours: bool) -> None:
        """Let our agent say what went wrong where it follows; else report Assist's own error."""
        if turn.state is State.CLOSED:
            return
        turn.error = error
        self.note(error)
        _LOGGER.warning("Speech was not recognised: %s", error)
        if not ours:
            turn.close(Outcome.FAILED)
            return
        dialog, turn.dialog = turn.dialog, None
        if dialog is not None:
            dialog.cancel()
        if turn.state is State.LISTENING:
            turn.move(State.FAILED)

    async def _begin_text(self, text: str, conversation_id: str) -> Turn:
        """Open a typed turn; what fails is kept for the agent to say."""
        turn = self._begin(conversation_id, spoken=False)
        turn.text = text
        try:
            await self._requests.type(turn, text)
        except (CicError, HomeAssistantError) as err:
            turn.error = err
            self.note(err)
        if turn.state is State.LISTENING:
            turn.move(State.FAILED if turn.dialog is None else State.COMMITTED)
        return turn

    @callback
    def _chat_log_changed(
        self, conversation_id: str, event: ChatLogEventType, data: dict[str, Any]
    ) -> None:
        """Give up the held turns of a conversation in which somebody has answered."""
        if event is not ChatLogEventType.CONTENT_ADDED:
            return
        content = data["content"]
        # A tool call is an attempt: where it fails, Assist asks our agent after all.
        if content.get("role") != "assistant" or not content.get("content"):
            return
        for turn in list(self._open):
            if turn.conversation_id == conversation_id and turn.state in CLAIMABLE:
                turn.answered_elsewhere()


def _outside_of_runs() -> Context:
    """Return the context of here without the run: what is begun in it belongs to none."""
    context = copy_context()
    context.run(RUN.set, None)
    return context


def _expire(turn: Turn) -> None:
    """Give up a turn whose agent has not come."""
    if turn.state in UNCLAIMED:
        turn.close(Outcome.EXPIRED)
