"""The body of a Recognize: metadata at once, then sound, then a boundary that may be held."""

import asyncio

from .multipart import MultipartWriter
from .streams import Stream

# 200 ms of 16 kHz, 16-bit mono: what CIC asks for (Send_Event), and the most that waits here.
CHUNK_BYTES = 6400
# What is kept of an utterance until its answer begins: 10 s, longer than nearly all commands.
KEPT_BYTES = 320_000

METADATA_HEADERS = (
    ("Content-Disposition", 'form-data; name="metadata"'),
    ("Content-Type", "application/json; charset=UTF-8"),
)
AUDIO_HEADERS = (
    ("Content-Disposition", 'form-data; name="audio"'),
    ("Content-Type", "application/octet-stream"),
)


class SpeechUpload:
    """One spoken request's body, sent as it is spoken, and once more if it was not taken.

    The closing boundary is the commit: CIC executes only a complete upload.
    """

    def __init__(
        self, stream: Stream, writer: MultipartWriter, metadata: bytes, *, hold: bool, keep: bool
    ) -> None:
        """Send the metadata; with hold, everything but the closing boundary follows by itself.

        With keep, repeat() can send it all again.
        """
        self._stream = stream
        self._begin = writer.part(METADATA_HEADERS, metadata)
        self._audio = writer.part(AUDIO_HEADERS)
        self._end = writer.close()
        self._pending = bytearray()
        self._kept: list[bytes] | None = [] if keep else None
        self._room = KEPT_BYTES
        self._ended = False
        self._stopped = False
        self._committed = not hold
        # Clear while there is no stream, or one that has to catch up.
        self._live = asyncio.Event()
        self._live.set()
        stream.send(self._begin)

    @property
    def complete(self) -> bool:
        """True once nothing is missing any more."""
        return self._committed and (self._ended or self._stopped)

    @property
    def too_long(self) -> bool:
        """True once there is more sound than is kept."""
        return self._room < 0

    async def write(self, sound: bytes) -> None:
        """Add sound of any length; waits while 200 ms lie unsent. After stop it is dropped."""
        start = 0
        while start < len(sound):
            while not (self._stream.sent and self._live.is_set()):
                await self._stream.wait_sent()
                await self._live.wait()
            if self._stopped or self._ended:
                return
            taken = sound[start : start + CHUNK_BYTES - len(self._pending)]
            start += len(taken)
            self._pending += taken
            if len(self._pending) == CHUNK_BYTES:
                self._send_pending()

    def end(self) -> None:
        """Say that the microphone has no more."""
        if not (self._ended or self._stopped):
            self._ended = True
            self._catch_up()

    def stop(self) -> None:
        """Send no more sound: CIC has heard enough."""
        if not (self._ended or self._stopped):
            self._stopped = True
            self._pending.clear()
            self._catch_up()

    def commit(self) -> None:
        """Let the closing boundary go as soon as the sound is up."""
        if not self._committed:
            self._committed = True
            self._catch_up()

    def abandon(self) -> None:
        """Send nothing more, and keep nothing: the dialog is over."""
        self._stopped = True
        self._pending.clear()
        self.release()
        self._live.set()

    def release(self) -> None:
        """Keep nothing any more: CIC has taken the request."""
        self._kept = None

    def suspend(self) -> None:
        """Hold back what is written until repeat(): the stream has been refused."""
        self._live.clear()

    async def repeat(self, stream: Stream) -> None:
        """Send what has been sent once more, on another stream, as fast as that takes it."""
        self._stream = stream
        kept, self._kept = self._kept or [], None
        stream.send(self._begin)
        for chunk in kept:
            await stream.wait_sent()
            stream.send(self._audio + chunk)
        self._live.set()
        self._catch_up()

    def _catch_up(self) -> None:
        """Send what is due at the end, unless what is before it has not been sent."""
        if not self._live.is_set():
            return
        if self._ended and self._pending:
            self._send_pending()
        if self.complete:
            self._stream.send(self._end, end=True)

    def _send_pending(self) -> None:
        chunk = bytes(self._pending)
        self._pending.clear()
        self._keep(chunk)
        self._stream.send(self._audio + chunk)

    def _keep(self, chunk: bytes) -> None:
        if self._kept is None:
            return
        self._room -= len(chunk)
        if self.too_long:
            self._kept = None
        else:
            self._kept.append(chunk)
