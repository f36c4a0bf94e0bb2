"""Sound read ahead of whoever plays it, up to a bound."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
import logging
from typing import Any, Final, Self

from ...cic import CicError
from ...cic.errors import DialogCancelledError

_LOGGER = logging.getLogger(__name__)

# Half a minute at 128 kbit/s: longer than any network takes to breathe.
READ_AHEAD: Final = 512 * 1024
# An answer's sound is minutes at most; a source that trickles is given up after this, in seconds.
LONGEST_READING: Final = 600.0

type Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class SoundError(Exception):
    """A sound that is not part of its answer cannot be had; the text holds no address."""


class ReadAhead:
    """An async iterator over the bytes of a source, which are fetched before they are asked for."""

    def __init__(self, source: AsyncGenerator[bytes], spawn: Spawn) -> None:
        """Begin to read now."""
        self._source = source
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False
        self._error: SoundError | CicError | None = DialogCancelledError("the sound is given up")
        self._task = spawn(self._read(), "sound")

    def __aiter__(self) -> Self:
        """Read what is here and what comes."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes; after the last, raises SoundError where the source ended badly."""
        while not self._chunks:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        self._room.set()
        return chunk

    def give_up(self) -> None:
        """Stop reading; whoever reads on gets DialogCancelledError behind what is here."""
        self._task.cancel()

    async def aclose(self) -> None:
        """Stop reading; when this returns, the source has let go of everything."""
        self.give_up()
        await asyncio.wait({self._task})

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_READING), aclosing(self._source) as source:
                async for chunk in source:
                    await self._put(chunk)
            self._error = None
        except SoundError as err:
            self._error = err
        except TimeoutError:
            self._error = SoundError("it takes too long")
        except Exception:
            _LOGGER.exception("Unexpected error reading a sound")
            self._error = SoundError("unexpected error")
        finally:
            self._ended = True
            self._arrived.set()

    async def _put(self, chunk: bytes) -> None:
        """Keep bytes for the reader; return when there is room for more."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._arrived.set()
        while self._size >= READ_AHEAD:
            self._room.clear()
            await self._room.wait()
