"""An answer that is pulled: kept until it is read, at most a window of it."""

from collections import deque
from typing import Self

from .fields import Fields, ResponseHead
from .streams import Body, Link, Receive, Stream

# Below this many bytes a chunk joins the one before it: a window filled with
# one-byte frames would otherwise cost forty times its size in objects.
SMALL_CHUNK = 256
JOINED_CHUNK = 4096


def append_chunk(chunks: deque[bytes], data: bytes) -> None:
    """Add bytes to what waits for a reader."""
    if len(data) < SMALL_CHUNK and chunks and len(chunks[-1]) < JOINED_CHUNK:
        chunks[-1] += data
    else:
        chunks.append(data)


class PulledStream(Stream):
    """A stream that is its own sink, for one reader. Made by Connection.request()."""

    __slots__ = ("_chunks", "_head")

    def __init__(self, link: Link, fields: Fields, body: Body, *, window: int) -> None:
        """Begin with nothing to read."""
        super().__init__(link, fields, body, window=window)
        self._head: ResponseHead | None = None
        self._chunks: deque[bytes] = deque()
        self.sink = self

    @property
    def headers_received(self) -> bool:
        """Whether head() returns at once."""
        return self._head is not None

    async def head(self) -> ResponseHead:
        """Return the answer's head, which may come while the body still goes up.

        Raises what __anext__ raises, or what the body iterable raised.
        """
        while self._head is None:
            if self._error is not None:
                raise self._error
            await self._changed()
        return self._head

    def __aiter__(self) -> Self:
        """Iterate over the answer's body."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next chunk, at the latest when a frame is complete.

        StopAsyncIteration is a clean end. StreamResetError with error_code 0 is the
        peer's RST_STREAM(NO_ERROR) instead of END_STREAM: whether the answer is
        complete only its content tells (RFC 9113, 8.1). Else TruncatedResponseError,
        MalformedResponseError, ConnectionLostError or NotProcessedError; all after
        the bytes that did arrive.
        """
        if chunk := await self.read_some():
            return chunk
        raise StopAsyncIteration

    async def read_some(self) -> bytes:
        """Return the next chunk, b"" at the clean end; errors as in __anext__."""
        while not self._chunks:
            if self._receive is Receive.ENDED:
                return b""
            if self._error is not None:
                raise self._error
            await self._changed()
        chunk = self._chunks.popleft()
        self.taken(len(chunk))
        return chunk

    def cancel(self) -> None:
        """Give the stream up, and what has not been read of it."""
        super().cancel()
        self._chunks.clear()

    # What the stream tells (streams.Sink).

    def on_head(self, head: ResponseHead) -> None:
        """Keep the head."""
        self._head = head
        self._wake()

    def on_data(self, data: bytes) -> None:
        """Keep some of the body."""
        append_chunk(self._chunks, data)
        self._wake()

    def on_end(self) -> None:
        """Leave the rest to the reader, whom the stream has woken."""

    def on_failure(self, error: BaseException) -> None:
        """Leave the error to the reader, whom the stream has woken."""
