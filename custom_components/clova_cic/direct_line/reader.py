"""What a bot says, in order and once: over the stream while there is one, by polling meanwhile."""

import asyncio
from collections import deque
from collections.abc import Callable
import contextlib
from typing import Final, Self

from .dialect import Page
from .documents import decode
from .errors import (
    DirectLineError,
    MalformedError,
    ServiceError,
    TooManyRequestsError,
    UnreachableError,
)
from .messages import Incoming, Kind
from .pace import Pace, Timing
from .seen import Seen
from .service import Service
from .stream import Stream, StreamEndedError, Streams
from .tokens import Grant

# Answers nobody can read, one after the other, until the conversation is given up: some minutes
# of a gateway's error page, with the pauses between.
MOST_MALFORMED: Final = 12
# Pages that repeat what is known, read one after the other at once: a watermark that has gone back
# leads through them to what is new, and one that goes round and round may not keep anybody busy.
MOST_KNOWN: Final = 100


class Reader:
    """An iterator over a conversation. Nothing is read while nobody asks; what was read is kept.

    One way is open at a time, and the watermark leads from one to the next. A read that is
    cancelled has taken nothing.
    """

    def __init__(
        self,
        service: Service,
        conversation_id: str,
        grant: Grant,
        *,
        pace: Pace,
        timing: Timing,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
    ) -> None:
        """Begin at the conversation's beginning."""
        self._service = service
        self._id = conversation_id
        self._pace = pace
        self._timing = timing
        self._clock = clock
        self._streams = Streams(
            service, conversation_id, grant.stream_url, timing=timing, clock=clock, uniform=uniform
        )
        self._keep_alive_at = 0.0
        self._watermark: str | None = None
        self._seen = Seen()
        self._waiting: deque[Incoming] = deque()
        self._stirred = asyncio.Event()
        self._malformed = 0
        self._known = 0
        self.ended = False
        """Whether nothing more will come than what has been read."""

    def __aiter__(self) -> Self:
        """Return itself: there is one reader."""
        return self

    async def __anext__(self) -> Incoming:
        """Return the next activity."""
        while not self._waiting:
            if self.ended:
                await self._streams.lost()
                raise StopAsyncIteration
            await self._advance()
        return self._waiting.popleft()

    def stir(self) -> None:
        """Look again at what is due: a message was sent, or is about to be."""
        self._pace.sent()
        self._stirred.set()

    async def close(self) -> None:
        """End; what was read and not taken is forgotten."""
        self.ended = True
        self._waiting.clear()
        self._stirred.set()
        await self._streams.lost()

    async def _advance(self) -> None:
        """Do what is due next, or wait until something is."""
        await self._service.renew(self._id)
        if self._streams.stream is None and not self._streams.opens_in:
            await self._streams.open(self._watermark)
        if self.ended:
            return  # it was closed meanwhile
        if (stream := self._streams.stream) is not None:
            await self._listen(stream)
        else:
            await self._poll()

    async def _poll(self) -> None:
        self._stirred.clear()
        if not (pause := min(self._pace.read_in, self._streams.opens_in)):
            await self._read()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._stirred.wait()

    async def _listen(self, stream: Stream) -> None:
        """Wait for a frame; a stream that is silent for long is looked behind."""
        if not self._pace.look_in:
            if await self._read():
                await self._streams.lost()  # it is deaf: that should have come over it
            return
        try:
            document = await stream.receive(min(self._pace.look_in, self._timing.deaf))
            if self._clock() >= self._keep_alive_at:
                self._keep_alive_at = self._clock() + self._timing.keep_alive
                await stream.keep_alive()
        except StreamEndedError as err:
            await self._streams.lost(collision=err.collision)
            return
        except DirectLineError:
            self.ended = True
            raise
        if isinstance(document, dict) and self._service.dialect.messages in document:
            if self._take(self._service.dialect.page(document)):
                self._pace.heard()

    async def _read(self) -> bool:
        """Read a page; return whether it brought something new. A failure is for later, or for good."""
        dialect = self._service.dialect
        try:
            reply = await self._service.ask(dialect.read(self._id, self._watermark))
            page = dialect.page(decode(reply.body)) if reply.body else Page()
        except DirectLineError as err:
            self._malformed += isinstance(err, MalformedError)
            if self._malformed == MOST_MALFORMED or not _passes(err):
                self.ended = True
                raise
            self._pace.failed(err.retry_after if isinstance(err, TooManyRequestsError) else 0.0)
            return False
        self._malformed = 0
        before = self._watermark
        new = self._take(page)
        self._known = 0 if new or not page.activities else self._known + 1
        goes_on = 0 < self._known <= MOST_KNOWN and self._watermark != before
        self._pace.read(new=new, more=goes_on)
        return new

    def _take(self, page: Page) -> bool:
        """Keep what is new of a page, and only then go on from its end."""
        dialect, new = self._service.dialect, False
        for raw in page.activities:
            if not self._seen.is_new(raw):
                continue
            new = True
            if not dialect.is_own(raw):
                incoming = dialect.incoming(raw)
                self._waiting.append(incoming)
                self.ended = self.ended or incoming.kind is Kind.END_OF_CONVERSATION
        if page.watermark is not None:
            self._watermark = page.watermark
        return new


def _passes(err: DirectLineError) -> bool:
    """Tell whether a read may do better later."""
    match err:
        case UnreachableError() | MalformedError() | TooManyRequestsError():
            return True
        case ServiceError():
            return err.status >= 500 or err.status == 408
    return False
