"""The body of a Recognize: metadata at once, then sound, then a boundary that may be held."""

from .multipart import MultipartWriter
from .streams import Stream

# 200 ms of 16 kHz, 16-bit mono: what CIC asks for (Send_Event), and the most that waits here.
CHUNK_BYTES = 6400

METADATA_HEADERS = (
    ("Content-Disposition", 'form-data; name="metadata"'),
    ("Content-Type", "application/json; charset=UTF-8"),
)
AUDIO_HEADERS = (
    ("Content-Disposition", 'form-data; name="audio"'),
    ("Content-Type", "application/octet-stream"),
)


class SpeechUpload:
    """One spoken request's body, sent as it is spoken.

    The closing boundary is the commit: CIC executes only a complete upload.
    """

    def __init__(
        self, stream: Stream, writer: MultipartWriter, metadata: bytes, *, hold: bool
    ) -> None:
        """Send the metadata; with hold, everything but the closing boundary follows by itself."""
        self._stream = stream
        self._writer = writer
        self._pending = bytearray()
        self._ended = False
        self._stopped = False
        self._committed = not hold
        stream.send(writer.part(METADATA_HEADERS, metadata))

    @property
    def complete(self) -> bool:
        """True once nothing is missing any more."""
        return self._committed and (self._ended or self._stopped)

    async def write(self, sound: bytes) -> None:
        """Add sound of any length; waits while 200 ms lie unsent. After stop it is dropped."""
        rest = memoryview(sound)
        while rest:
            if not self._stream.sent:
                await self._stream.wait_sent()
            if self._stopped or self._ended:
                return
            taken = rest[: CHUNK_BYTES - len(self._pending)]
            self._pending += taken
            rest = rest[len(taken) :]
            if len(self._pending) == CHUNK_BYTES:
                self._send_pending()

    def end(self) -> None:
        """Say that the microphone has no more."""
        if not (self._ended or self._stopped):
            self._ended = True
            if self._pending:
                self._send_pending()
            self._close_if_complete()

    def stop(self) -> None:
        """Send no more sound: CIC has heard enough."""
        if not (self._ended or self._stopped):
            self._stopped = True
            self._pending.clear()
            self._close_if_complete()

    def commit(self) -> None:
        """Let the closing boundary go as soon as the sound is up."""
        if not self._committed:
            self._committed = True
            self._close_if_complete()

    def _send_pending(self) -> None:
        self._stream.send(self._writer.part(AUDIO_HEADERS, bytes(self._pending)))
        self._pending.clear()

    def _close_if_complete(self) -> None:
        if self.complete:
            self._stream.send(self._writer.close(), end=True)
