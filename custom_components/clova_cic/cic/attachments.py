"""Binary parts of a response, read while they arrive.

A directive names a part by its Content-ID, and the part may come before the
directive, after it, or never (CIC_API, SpeechSynthesizer). So either side makes
the attachment and the other finds it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from .errors import AttachmentMissingError, CicError, DialogCancelledError, LimitExceededError
from .pulled import append_chunk

# A few seconds of speech are 50 kB; 4 MiB holds minutes of it unread, and bounds a turn's memory,
# with what an open window still lets in.
TURN_BOUND = 4 * 1024 * 1024
# One answer names a handful of sounds; more than this is a broken or hostile server.
MOST_ATTACHMENTS = 64


def _nothing() -> None:
    """Tell nobody."""


class Attachment:
    """One binary part as an async iterator of bytes, for one reader."""

    def __init__(
        self,
        content_id: str,
        on_taken: Callable[[int], None],
        arrival_timeout: float | None = None,
    ) -> None:
        """Report every byte that leaves the buffer to on_taken."""
        self.content_id = content_id
        self._on_taken = on_taken
        self._arrival_timeout = arrival_timeout
        self._chunks: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self._discarded = False
        self._error: CicError | None = None
        self.begun = False

    @property
    def ended(self) -> bool:
        """True once nothing more will arrive."""
        return self._ended

    def __aiter__(self) -> Self:
        """Read what has arrived and what will."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes; raises what the response ended with if it ended badly."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            await self._wait()
        chunk = self._chunks.popleft()
        self._on_taken(len(chunk))
        return chunk

    async def _wait(self) -> None:
        self._arrived.clear()
        if self.begun or self._arrival_timeout is None:
            await self._arrived.wait()
            return
        try:
            async with asyncio.timeout(self._arrival_timeout):
                await self._arrived.wait()
        except TimeoutError:
            self.end(_missing())

    def discard(self) -> None:
        """Drop what has arrived and what will: nobody is going to read it."""
        self._discarded = True
        dropped = sum(map(len, self._chunks))
        self._chunks.clear()
        if dropped:
            self._on_taken(dropped)

    def abandon(self, error: CicError) -> None:
        """Drop what has arrived, and let a late reader know why."""
        if self._chunks or not self._ended:
            self._ended = True
            self._error = error
            self._arrived.set()
        self.discard()

    def feed(self, data: bytes) -> int:
        """Take bytes of the part; return how many of them are now buffered."""
        if self._discarded or self._ended:
            return 0
        append_chunk(self._chunks, data)
        self._arrived.set()
        return len(data)

    def end(self, error: CicError | None = None) -> None:
        """Say that nothing more will arrive. The first call counts."""
        if not self._ended:
            self._ended = True
            self._error = error
            self._arrived.set()


class Attachments:
    """The attachments of one response, with one bound for what nobody has read."""

    def __init__(
        self,
        *,
        bound: int = TURN_BOUND,
        on_taken: Callable[[], None] = _nothing,
        arrival_timeout: float | None = None,
    ) -> None:
        """Take the bound in bytes; on_taken is told when some of them were read or dropped.

        Where the response has no end, a part has arrival_timeout seconds to begin in.
        """
        self._bound = max(bound, 1)
        self._on_taken = on_taken
        self._arrival_timeout = arrival_timeout
        self._buffered = 0
        self._by_id: dict[str, Attachment] = {}
        self._error: CicError | None = None
        self._closed = False

    def get(self, content_id: str) -> Attachment:
        """Return the attachment of that Content-ID, whether or not it has come."""
        attachment = self._by_id.get(content_id)
        if attachment is None:
            if len(self._by_id) >= MOST_ATTACHMENTS:
                raise LimitExceededError(f"more than {MOST_ATTACHMENTS} attachments")
            attachment = self._by_id[content_id] = Attachment(
                content_id, self._taken, self._arrival_timeout
            )
            if self._closed:
                attachment.end(self._error or _missing())
        return attachment

    def begin(self, content_id: str) -> Attachment:
        """Return the attachment whose part begins now."""
        attachment = self.get(content_id)
        attachment.begun = True
        return attachment

    def trim(self, most: int) -> None:
        """Give up the oldest beyond most, or beyond the bound: a channel without end stays small."""
        while self._by_id and (len(self._by_id) > most or self.full):
            oldest = self._by_id.pop(next(iter(self._by_id)))
            oldest.abandon(LimitExceededError("the sound was not taken in time"))

    def feed(self, attachment: Attachment, data: bytes) -> None:
        """Buffer bytes of a part for its reader."""
        self._buffered += attachment.feed(data)

    @property
    def buffered(self) -> int:
        """Bytes that have arrived and nobody has read."""
        return self._buffered

    @property
    def full(self) -> bool:
        """True while the bound is reached."""
        return self._buffered >= self._bound

    def close(self, error: CicError | None = None) -> None:
        """End every attachment: the response is over, and nobody waits for room in it."""
        self._closed = True
        self._on_taken = _nothing
        self._error = error
        for attachment in self._by_id.values():
            if isinstance(error, DialogCancelledError):
                attachment.abandon(error)
            else:
                attachment.end(error or (None if attachment.begun else _missing()))

    def _taken(self, size: int) -> None:
        self._buffered -= size
        self._on_taken()


def _missing() -> AttachmentMissingError:
    return AttachmentMissingError("a part that a directive names has not come")
