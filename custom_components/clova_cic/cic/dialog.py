"""One user turn: speech or text up, recognised text and the answer down.

What CIC recognises while the upload is open comes on the downchannel, with the
turn's dialogRequestId (SpeechRecognizer); the client hands it in here.
"""

import asyncio
from collections.abc import Callable

from .connection import Stream
from .errors import CicError, MessageError
from .exchange import Exchange, Mark
from .interfaces import read
from .interfaces.speech_recognizer import NAMESPACE, KeepRecording, ShowRecognizedText, StopCapture
from .messages import Directive
from .upload import SpeechUpload

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


class Dialog(Exchange):
    """An exchange with a dialogRequestId; spoken ones have an upload."""

    def __init__(
        self,
        stream: Stream,
        dialog_request_id: str,
        upload: SpeechUpload | None,
        *,
        on_malformed: Callable[[str], None],
    ) -> None:
        """Own the stream of a Recognize; without an upload the request is complete."""
        self._upload = upload
        self._capture = asyncio.Event()
        self.dialog_request_id = dialog_request_id
        self.recognized_text: str | None = None
        """The final transcript, where the server sends it."""
        super().__init__(stream, on_malformed=on_malformed)
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

        Raises what the dialog failed with.
        """
        await self._capture.wait()
        if self._error is not None and Mark.STOP_CAPTURE not in self.marks:
            raise self._error
        return self.recognized_text

    def deliver(self, directive: Directive) -> None:
        """Take a directive; what concerns the capture acts at once and is not queued."""
        match about_capture(directive):
            case StopCapture(recognized_text=text):
                self._stop_capture(text)
            case ShowRecognizedText() | KeepRecording():
                pass  # nobody asks for half a sentence, and the upload has no deadline to prolong
            case _:
                super().deliver(directive)

    def _stop_capture(self, text: str | None) -> None:
        if not self.done:
            self._mark(Mark.STOP_CAPTURE)
            self.recognized_text = text or self.recognized_text
            if self._upload is not None:
                self._upload.stop()
                self._check_uploaded()
            self._capture.set()

    def _check_uploaded(self) -> None:
        if self._upload is not None and self._upload.complete:
            self.uploaded()

    def _finish(self, error: CicError | None) -> None:
        super()._finish(error)
        if self._upload is not None:
            self._upload.stop()
        self._capture.set()
