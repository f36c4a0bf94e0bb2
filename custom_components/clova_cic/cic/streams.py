"""One request and its answer on a connection: two independent halves (RFC 9113, 5.1).

The connection writes both halves (the methods below the public ones). The answer
goes straight on to the stream's one sink, within the step of the loop that read it;
the request comes from one uploader.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable
from enum import Enum
import logging
from typing import Protocol

from h2.errors import ErrorCodes

from .errors import LimitExceededError, StreamResetError
from .fields import Fields, ResponseHead

_LOGGER = logging.getLogger(__name__)

# A share of the window taken by the sink is one WINDOW_UPDATE.
_CREDIT_SHARE = 4
# Empty DATA frames in a row before the stream is given up: they carry nothing and cost no window.
MAX_EMPTY_FRAMES = 1000


class Pushed(Enum):
    """The kind of body that its owner sends piece by piece, with Stream.send."""

    PUSHED = "pushed"


PUSHED = Pushed.PUSHED

type Body = AsyncIterable[bytes] | bytes | Pushed | None


class Receive(Enum):
    """What of the answer has arrived."""

    HEAD = "head"
    BODY = "body"
    ENDED = "ended"
    FAILED = "failed"


_OVER = frozenset({Receive.ENDED, Receive.FAILED})


class Send(Enum):
    """How far the request has gone up."""

    QUEUED = "queued"
    OPEN = "open"
    DONE = "done"
    STOPPED = "stopped"


class Sink(Protocol):
    """Who takes an answer, while it arrives and without waiting.

    It may cancel this stream, or any other, from within. Whatever it raises ends
    this stream alone, and comes back to it as the failure.
    """

    def on_head(self, head: ResponseHead) -> None:
        """Take the final response's head."""

    def on_data(self, data: bytes) -> None:
        """Take some of the body; Stream.taken opens the window for more."""

    def on_end(self) -> None:
        """Take the clean end. Nothing follows."""

    def on_failure(self, error: BaseException) -> None:
        """Take what the answer broke off with. Nothing follows."""


class Link(Protocol):
    """What a stream asks of its connection."""

    @property
    def writable(self) -> bool:
        """Whether the transport takes more body bytes."""

    def push(self, stream: Stream) -> None:
        """Send what windows and transport allow of the stream's outbox."""

    def push_now(self, stream: Stream) -> None:
        """Push, and write at once."""

    def credit(self, stream: Stream, size: int) -> None:
        """Open the stream's receive window by size bytes."""

    def reset(self, stream: Stream, error_code: int) -> None:
        """Send RST_STREAM, or withdraw a stream that is still queued."""

    def adopt(self, task: asyncio.Task[None]) -> None:
        """Keep an upload's task until it is done."""


class Stream:
    """One request and its answer. Made by Connection.stream()."""

    __slots__ = (
        "_body",
        "_empty_frames",
        "_error",
        "_link",
        "_receive",
        "_room",
        "_send",
        "_task",
        "_uncredited",
        "_waiters",
        "fields",
        "id",
        "outbox",
        "outbox_ends",
        "sink",
        "window",
    )

    def __init__(self, link: Link, fields: Fields, body: Body, *, window: int) -> None:
        """Take the checked fields, and the window in bytes: what may arrive and not be taken."""
        self.id = 0
        self.fields = fields
        self.outbox: bytes | memoryview = b""
        self.outbox_ends = False
        self.window = window
        self.sink: Sink | None = None
        """Set by whoever made the request, before the loop goes on; None once all is told."""
        self._link = link
        self._body: AsyncIterator[bytes] | bytes | Pushed | None = (
            body if body is None or isinstance(body, bytes | Pushed) else aiter(body)
        )
        self._receive = Receive.HEAD
        self._send = Send.QUEUED
        self._uncredited = 0
        self._empty_frames = 0
        self._error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def over(self) -> bool:
        """Whether nothing more of the answer will come."""
        return self._receive in _OVER

    @property
    def uploaded(self) -> bool:
        """Whether the whole body and END_STREAM were handed over.

        False for good when the answer was complete first: the rest is then not sent.
        """
        return self._send is Send.DONE

    @property
    def uploading(self) -> bool:
        """Whether the request is open and its END_STREAM is still owed."""
        return self._send is Send.OPEN

    @property
    def has_body(self) -> bool:
        """Whether anything follows the request's HEADERS."""
        return self._body is not None and self._body != b""

    def taken(self, size: int) -> None:
        """Give so much of the window back, in steps: the sink holds it no longer."""
        self._uncredited += size
        if self._uncredited * _CREDIT_SHARE >= self.window and self._receive is Receive.BODY:
            self._link.credit(self, self._uncredited)
            self._uncredited = 0

    async def wait_uploaded(self) -> None:
        """Return when the body and END_STREAM are with the transport, or no longer wanted.

        The latter is an answer that was complete first (see uploaded). Raises what
        ended the stream otherwise.
        """
        while self._send in {Send.QUEUED, Send.OPEN}:
            await self._changed()
        if self._error is not None and self._send is Send.STOPPED:
            raise self._error

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Add to a body that is PUSHED; end completes the request.

        What windows and transport do not take yet is kept: wait_sent before sending
        more. Once the answer is complete nothing more is wanted, and nothing sent.
        """
        if self._send in {Send.DONE, Send.STOPPED} or self.outbox_ends:
            return
        self.outbox = bytes(self.outbox) + data if self.outbox else data
        self.outbox_ends = end
        if self.uploading:
            self._link.push_now(self)

    @property
    def sent(self) -> bool:
        """Whether wait_sent returns at once."""
        if self._send is Send.QUEUED:
            return not self.outbox
        return self._send is not Send.OPEN or (not self.outbox and self._link.writable)

    async def wait_sent(self) -> None:
        """Return when the transport has taken what was sent, or nothing more is wanted."""
        while not self.sent:
            await self._wait_for_room()

    def cancel(self) -> None:
        """Give the stream up: one RST_STREAM(CANCEL) unless it is over.

        Idempotent. A sink that has not heard of the end yet gets StreamResetError(CANCEL).
        """
        if self._receive is not Receive.FAILED:
            self._abort(StreamResetError(ErrorCodes.CANCEL, remote=False), ErrorCodes.CANCEL)

    # What the connection tells the stream.

    def opened(self, stream_id: int) -> None:
        """HEADERS are out: the body may follow."""
        self.id = stream_id
        body, self._body = self._body, None
        if body is None or body == b"":
            self.upload_done()
            return
        self._send = Send.OPEN
        if isinstance(body, Pushed):
            self._link.push(self)
            self.room_made()
            return
        if isinstance(body, bytes):
            self.outbox, self.outbox_ends = body, True
            self._link.push(self)
            return
        self._task = asyncio.Task(
            self._upload(body), loop=asyncio.get_running_loop(), eager_start=True
        )
        self._link.adopt(self._task)

    def received_head(self, head: ResponseHead) -> None:
        """Take the final response's head."""
        self._receive = Receive.BODY
        if self.sink is not None:
            self._tell(self.sink.on_head, head)

    def received_data(self, data: bytes, window_bytes: int) -> None:
        """Take one DATA frame; window_bytes counts its padding (RFC 9113, 6.1)."""
        if padding := window_bytes - len(data):
            self.taken(padding)
        if not data:
            self._received_nothing()
            return
        self._empty_frames = 0
        if self.sink is not None:
            self._tell(self.sink.on_data, data)

    def received_end(self) -> None:
        """End the answer cleanly; what is left of the upload is not wanted."""
        self._receive = Receive.ENDED
        self._stop_upload()
        self._wake()
        sink, self.sink = self.sink, None
        if sink is not None:
            self._guarded(sink.on_end)

    def failed(self, error: BaseException) -> None:
        """End both halves."""
        if self._receive not in _OVER:
            self._receive = Receive.FAILED
            self._error = error
        self._stop_upload()
        self._wake()
        self._tell_failure(error)

    def room_made(self) -> None:
        """Let the upload go on."""
        room, self._room = self._room, None
        if room is not None:
            room.set_result(None)

    def upload_done(self) -> None:
        """END_STREAM is with the transport."""
        self._send = Send.DONE
        self._wake()

    def _abort(self, error: BaseException, error_code: int) -> None:
        """Fail from this side."""
        over = self._receive in _OVER and not self.uploading
        self._receive = Receive.FAILED
        self._error = error
        self._stop_upload()
        if not over:
            self._link.reset(self, error_code)
        self._wake()
        self._tell_failure(error)

    def _tell[T](self, tell: Callable[[T], None], what: T) -> None:
        """Hand something to the sink; what it raises ends this stream and no other."""
        try:
            tell(what)
        except Exception as error:
            _LOGGER.exception("Reading an answer failed")
            self._abort(error, ErrorCodes.CANCEL)

    def _tell_failure(self, error: BaseException) -> None:
        sink, self.sink = self.sink, None
        if sink is not None:
            self._guarded(lambda: sink.on_failure(error))

    def _guarded(self, tell: Callable[[], None]) -> None:
        """Tell the sink the last thing it hears; what it raises helps nobody any more."""
        try:
            tell()
        except Exception:
            _LOGGER.exception("Ending an answer failed")

    def _received_nothing(self) -> None:
        self._empty_frames += 1
        if self._empty_frames > MAX_EMPTY_FRAMES:
            error = LimitExceededError("too many empty DATA frames")
            self._abort(error, ErrorCodes.ENHANCE_YOUR_CALM)

    async def _upload(self, body: AsyncIterator[bytes]) -> None:
        """Pull the body, one chunk at a time, each only when the one before it is gone."""
        try:
            async for chunk in body:
                await self._offer(chunk)
                if not self.uploading:
                    return
            self.outbox_ends = True
            self._link.push(self)
        except asyncio.CancelledError:
            if self.uploading:  # not by us: the body was cancelled from within, or the loop ends
                self._abort(StreamResetError(ErrorCodes.CANCEL, remote=False), ErrorCodes.CANCEL)
            raise
        except Exception as error:  # noqa: BLE001  the body is the caller's and may raise anything
            if self.uploading:
                self._abort(error, ErrorCodes.CANCEL)
        finally:
            await _close(body)

    async def _offer(self, chunk: bytes) -> None:
        if not chunk or not self.uploading:
            return
        self.outbox = chunk
        while self.uploading:
            self._link.push(self)
            if not self.outbox and self._link.writable:
                return
            await self._wait_for_room()

    async def _wait_for_room(self) -> None:
        """Wait for room_made; several may, and one that gives up takes nobody along."""
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._room)

    def _stop_upload(self) -> None:
        if self._send in {Send.DONE, Send.STOPPED}:
            return
        self._send = Send.STOPPED
        self._body = None
        self.outbox = b""
        self.room_made()
        if self._task is not None:
            self._task.cancel()

    async def _changed(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


async def _close(iterator: AsyncIterator[bytes]) -> None:
    """Let a generator run its finally blocks now rather than when it is collected."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        await close()
