"""One user turn: speech or text up, recognised text and the answer down.

What CIC recognises while the upload is open comes on the downchannel, with the
turn's dialogRequestId (SpeechRecognizer); the client hands it in here.
"""

import asyncio
from collections.abc import Awaitable, Callable
import logging

from .attachments import Attachment
from .connection import ResponseHead, Stream
from .errors import CicError, MessageError, NotProcessedError, TooLongToRepeatError
from .exchange import Exchange, Mark
from .interfaces import read
from .interfaces.speech_recognizer import NAMESPACE, KeepRecording, ShowRecognizedText, StopCapture
from .interfaces.speech_synthesizer import Speak
from .messages import Directive
from .upload import SpeechUpload

_LOGGER = logging.getLogger(__name__)

# Finding a connection to send a dialog on once more, in seconds: nobody waits longer for a word.
REPEAT_TIMEOUT = 10.0
# A cloud that recognises for longer after the last sound has forgotten its user, in seconds.
LONGEST_RECOGNITION = 60.0
# What CIC answers before it looks at what was said: the token, or the downchannel (CIC_API).
NOT_LOOKED_AT = frozenset({401, 412})
# As receivers read them: without insisting on case.
_ABOUT_CAPTURE = frozenset(
    f"{NAMESPACE}.{kind.__name__}".lower()
    for kind in (StopCapture, ShowRecognizedText, KeepRecording)
)


def about_capture(directive: Directive) -> object | None:
    """Return a directive's content if it concerns nothing but speech that is going up."""
    if directive.header.full_name.lower() not in _ABOUT_CAPTURE:
        return None
    try:
        return read(directive)
    except MessageError:
        return None  # whoever reads the directive meets the same error, and reports it


# Opens the stream on which a dialog goes up once more, after the error that it met.
type Repeat = Callable[[Dialog, CicError], Awaitable[Stream]]


class Dialog(Exchange):
    """An exchange with a dialogRequestId; spoken ones have an upload.

    It goes up once more, the same bytes with the same ids, where CIC has certainly
    not acted on it and its owner knows how: nobody who reads it notices.
    """

    def __init__(
        self,
        stream: Stream,
        dialog_request_id: str,
        upload: SpeechUpload | None,
        *,
        on_malformed: Callable[[str], None],
        on_capture: Callable[[Directive], None],
        on_leave: Callable[[Dialog], None],
        repeat: Repeat | None,
        answer_timeout: float | None = None,
    ) -> None:
        """Own the stream of a Recognize; without an upload the request is complete.

        on_capture is told what concerns the capture, and is not read as the answer;
        on_leave, when the dialog gives that stream up for another.
        """
        self._upload = upload
        self._on_capture = on_capture
        self._on_leave = on_leave
        self._repeat = repeat
        self._repeating: asyncio.Task[None] | None = None
        self._capture = asyncio.Event()
        self._beside: dict[str, Attachment] = {}
        self.dialog_request_id = dialog_request_id
        self.looks_for_client = False
        """Whether it is on no connection now, and waits for one to go up on once more."""
        self.recognized_text: str | None = None
        """The transcript, where the server sends it: as far as it is known, and final at the end of capture."""
        self.recognising_at: float | None = None
        """When the server last said that it still recognises, by the loop's clock."""
        self._is_final = False
        super().__init__(stream, on_malformed=on_malformed, answer_timeout=answer_timeout)
        if upload is None:
            self.uploaded()

    @property
    def capture_stopped(self) -> bool:
        """True once more sound would not be heard."""
        return self._capture.is_set()

    async def write(self, sound: bytes) -> None:
        """Send sound (16 kHz 16-bit mono little endian); waits while 200 ms lie unsent."""
        if self._upload is not None:
            await self._upload.write(sound)

    def end_audio(self) -> None:
        """Say that the microphone has no more."""
        if self._upload is not None:
            self._upload.end()
            self._check_uploaded()

    def commit(self) -> None:
        """Send the closing boundary once the sound is up: CIC shall act."""
        if self._upload is not None and not self.done:
            self._upload.commit()
            self._check_uploaded()

    async def wait_captured(self) -> None:
        """Wait until more sound would not be heard, whatever the reason; raises nothing."""
        await self._capture.wait()

    async def wait_capture_stopped(self) -> str | None:
        """Wait for StopCapture, or for an answer without one; return the transcript if known.

        Where no final one came, that is the last partial one.
        Raises what the dialog failed with.
        """
        await self._capture.wait()
        if self._error is not None and Mark.STOP_CAPTURE not in self.marks:
            raise self._error
        return self.recognized_text

    def deliver(
        self, directive: Directive, beside: Callable[[str], Attachment] | None = None
    ) -> None:
        """Take a directive; what concerns the capture acts at once and is not queued.

        beside returns a binary part of where it came, if that is not the answer.
        """
        match about_capture(directive):
            case StopCapture(recognized_text=text):
                self._stop_capture(text)
            case ShowRecognizedText(text=text):
                self._go_on_recognising(text)
            case KeepRecording():
                self._go_on_recognising(None)
            case _:
                if beside is not None:
                    self._look_beside(directive, beside)
                super().deliver(directive)
                return
        self._on_capture(directive)

    def _look_beside(self, directive: Directive, beside: Callable[[str], Attachment]) -> None:
        """Remember where the sound is that a directive of the downchannel names."""
        try:
            content = read(directive)
            if isinstance(content, Speak) and content.content_id is not None:
                self._beside[content.content_id] = beside(content.content_id)
        except CicError as err:
            _LOGGER.debug("No sound beside %s: %s", directive.header.full_name, err)

    def attachment(self, content_id: str) -> Attachment:
        """Return the binary part of that Content-ID, come or still to come."""
        return self._beside.get(content_id) or super().attachment(content_id)

    def on_head(self, head: ResponseHead) -> None:
        """Forget what was kept for a repetition, once CIC has taken the request."""
        if self._upload is not None and 200 <= head.status < 300:
            self._upload.release()
        super().on_head(head)

    def _stop_capture(self, text: str | None) -> None:
        if not self.done:
            self._mark(Mark.STOP_CAPTURE)
            if text is not None and not self._is_final:
                self.recognized_text, self._is_final = text, True
            if self._upload is not None:
                self._upload.stop()
                self._check_uploaded()
            self._capture.set()

    def _go_on_recognising(self, text: str | None) -> None:
        """Take what is recognised so far: whoever waits for the rest, or for the answer, goes on waiting."""
        if self.done:
            return
        if text and not self._is_final:
            self.recognized_text = text
        now = self.recognising_at = self._loop.time()
        if now < self.marks.get(Mark.UPLOADED, now) + LONGEST_RECOGNITION:
            self._wait_again()

    def _check_uploaded(self) -> None:
        if self._upload is not None and self._upload.complete:
            self.uploaded()

    def _give_up(self, error: CicError) -> None:
        """Send the dialog once more if that is safe and nobody has done it yet; else fail."""
        repeat, self._repeat = self._repeat, None
        if repeat is None or not self._was_refused(error):
            self.fail(error)
        elif self._upload is not None and self._upload.too_long:
            too_long = TooLongToRepeatError("the speech was refused, and is too long to repeat")
            too_long.__cause__ = error
            self.fail(too_long)
        else:
            self._start_over(repeat, error)

    def _was_refused(self, error: CicError) -> bool:
        """Tell whether CIC has certainly not acted on the request (RFC 9113, 8.7; CIC_API)."""
        if Mark.FIRST_DIRECTIVE in self.marks:
            return False  # whatever the stream says: it has been answered on the downchannel
        return self._status in NOT_LOOKED_AT or (
            not self._status and isinstance(error, NotProcessedError)
        )

    def _start_over(self, repeat: Repeat, error: CicError) -> None:
        _LOGGER.debug("A dialog goes up once more: %s", error)
        self._stream.sink = None
        self._stream.cancel()
        self._stop_timer()
        self.marks.pop(Mark.UPLOADED, None)
        if self._upload is not None:
            self._upload.suspend()
        self._on_leave(self)
        self.looks_for_client = True
        self._repeating = self._loop.create_task(
            self._send_again(repeat, error), name="CIC dialog, once more"
        )

    async def _send_again(self, repeat: Repeat, error: CicError) -> None:
        try:
            async with asyncio.timeout(REPEAT_TIMEOUT):
                stream = await repeat(self, error)
        except CicError as err:
            self.fail(err)
            return
        except asyncio.CancelledError:
            self.fail(error)  # where whoever was asked was cancelled, and not the dialog
            raise
        except Exception:  # noqa: BLE001  the owner's, for which there is no other connection
            self.fail(error)
            return
        self.looks_for_client = False
        self._read_from(stream)
        if self._upload is None:
            self.uploaded()
        else:
            self._check_uploaded()
            await self._upload.repeat(stream)

    def _finish(self, error: CicError | None) -> None:
        super()._finish(error)
        if self._upload is not None:
            self._upload.abandon()
        if self._repeating is not None:
            self._repeating.cancel()
        self._capture.set()
