"""The body of a Recognize: metadata at once, then sound, then a boundary that may be held."""

import asyncio
from collections.abc import AsyncIterator

from .multipart import MultipartWriter

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
    """One spoken request's body, filled while it is being sent.

    The closing boundary is the commit: CIC executes only a complete upload.
    """

    def __init__(self, writer: MultipartWriter, metadata: bytes, *, hold: bool) -> None:
        """With hold, everything but the closing boundary goes up by itself."""
        self._writer = writer
        self._metadata = metadata
        self._pending = bytearray()
        self._ended = False
        self._stopped = False
        self._committed = not hold
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def complete(self) -> bool:
        """True once nothing is missing any more but the sending."""
        return self._committed and (self._ended or self._stopped)

    async def write(self, sound: bytes) -> None:
        """Add sound of any length; waits while 200 ms lie unsent. After stop it is dropped."""
        rest = memoryview(sound)
        while rest:
            await self._room.wait()
            if self._stopped or self._ended:
                return
            taken = rest[: CHUNK_BYTES - len(self._pending)]
            self._pending += taken
            rest = rest[len(taken) :]
            if len(self._pending) == CHUNK_BYTES:
                self._room.clear()
                self._changed.set()

    def end(self) -> None:
        """Say that the microphone has no more."""
        self._ended = True
        self._wake()

    def stop(self) -> None:
        """Send no more sound: CIC has heard enough."""
        self._stopped = True
        self._pending.clear()
        self._wake()

    def commit(self) -> None:
        """Let the closing boundary go as soon as the sound is up."""
        self._committed = True
        self._changed.set()

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the request's body."""
        yield self._writer.part(METADATA_HEADERS, self._metadata)
        while chunk := await self._next_chunk():
            yield self._writer.part(AUDIO_HEADERS, chunk)
        while not self._committed:
            await self._wait()
        yield self._writer.close()

    def _wake(self) -> None:
        self._room.set()
        self._changed.set()

    async def _wait(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _next_chunk(self) -> bytes:
        """Return 200 ms of sound, or what is left, or nothing once there is no more."""
        while len(self._pending) < CHUNK_BYTES and not (self._ended or self._stopped):
            await self._wait()
        chunk = bytes(self._pending)
        self._pending.clear()
        self._room.set()
        return chunk
