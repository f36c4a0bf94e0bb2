"""What goes up for a turn: speech while it is said, or a text. A question of the cloud's is answered by it."""

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine
import logging
from typing import TYPE_CHECKING, Any, Final

from homeassistant.exceptions import HomeAssistantError

from .between_turns import Question, Questions
from .cic import CicError, Client, Dialog
from .cic.errors import DialogCancelledError
from .cic.interfaces import speech_recognizer, text_recognizer
from .const import DOMAIN
from .microphone import pump, wait_late
from .turn import State, Turn

if TYPE_CHECKING:
    from .coordinator import CicCoordinator

_LOGGER = logging.getLogger(__name__)

# Speech longer than this is not a command, in seconds. Assist's own limit is 15.
LONGEST_SPEECH: Final = 60.0

type Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Requests:
    """Opens the dialogs of one entry's turns."""

    def __init__(self, coordinator: CicCoordinator, questions: Questions, spawn: Spawn) -> None:
        """Answer these questions; spawn runs something outside of any run."""
        self._coordinator = coordinator
        self._questions = questions
        self._spawn = spawn

    async def type(self, turn: Turn, text: str) -> None:
        """Open the dialog of a typed turn. Raises CicError or HomeAssistantError."""
        question = self._question(turn)
        client = await self._client(turn)
        turn.dialog = client.recognize_text(
            text_recognizer.Recognize(text=text, answering=question.expect if question else None),
            dialog_request_id=self._dialog_request_id(question),
            again=self._again,
        )

    async def speak(
        self, turn: Turn, language: str, stream: AsyncIterable[bytes], *, ours: bool
    ) -> str | None:
        """Open the dialog of a turn and pump the sound; return the transcript, if the cloud sends one.

        Without our agent there must be one. Raises CicError, HomeAssistantError, and whatever the stream does.
        """
        client = await self._client(turn)
        question = self._question(turn) if ours else None
        turn.dialog = dialog = client.recognize(
            speech_recognizer.Recognize(
                lang=language,
                device_uuid=self._coordinator.device_uuid,
                answering=question.expect if question else None,
            ),
            dialog_request_id=self._dialog_request_id(question),
            hold=True,
            again=self._again,
        )
        await self._hear(turn, dialog, stream, ours=ours)
        turn.mark("speech_end")
        stopped = dialog.capture_stopped
        text = await dialog.wait_capture_stopped() if stopped else dialog.recognized_text
        if text is None and ours:
            turn.commit()
        elif text is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_transcript")
        return text

    async def _hear(
        self, turn: Turn, dialog: Dialog, stream: AsyncIterable[bytes], *, ours: bool
    ) -> None:
        """Write the stream to the dialog until the cloud has heard enough, or there is no more."""
        microphone = self._spawn(
            pump(stream, dialog, lambda: turn.mark("speech_end")), "microphone"
        )
        heard = self._spawn(dialog.wait_captured(), "end of speech")
        try:
            await asyncio.wait(
                {microphone, heard}, timeout=LONGEST_SPEECH, return_when=asyncio.FIRST_COMPLETED
            )
            if not heard.done():
                if microphone.done():
                    microphone.result()
                microphone.cancel()
                dialog.end_audio()
                if ours:
                    turn.commit()
                await wait_late(dialog, heard)
        finally:
            microphone.cancel()
            heard.cancel()

    def _question(self, turn: Turn) -> Question | None:
        """Return the question that a turn answers."""
        now = asyncio.get_running_loop().time()
        return self._questions.answer(turn.conversation_id, now)

    def _dialog_request_id(self, question: Question | None) -> str:
        return self._coordinator.new_id() if question is None else question.dialog_request_id

    async def _client(self, turn: Turn) -> Client:
        """Return the client, unless the turn is over by the time there is one."""
        client = await self._coordinator.async_client()
        if turn.state is State.CLOSED:
            raise DialogCancelledError("the turn is over")
        return client

    async def _again(self, error: CicError) -> Client:
        """Return the client to repeat a request on that CIC has not looked at."""
        _LOGGER.debug("A request goes up once more: %s", error)
        return await self._coordinator.async_client()
