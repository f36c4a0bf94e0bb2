"""Many streams on one connection: ids, windows, what waits, and what each frame means to them."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)

from .errors import (
    ConnectionLostError,
    MalformedResponseError,
    NotProcessedError,
    StreamResetError,
    TruncatedResponseError,
)
from .fields import Fields, check_field, response_head
from .h2_overrides import H2Client, MessageRejected
from .streams import Body, Stream
from .wire import Wire

# Streams at a time, whatever more the peer allows: each may hold a full stream window.
MAX_STREAMS = 100
# Requests waiting for one of those; more means that nothing moves any more.
MAX_QUEUED_REQUESTS = 64


class Multiplexer:
    """The streams of one connection. Every stream it does not hold has ended."""

    def __init__(
        self, h2: H2Client, wire: Wire, *, stream_window: int, on_idle: Callable[[], None]
    ) -> None:
        """Take the window of each stream in bytes; on_idle is called when the last one is over."""
        self._h2 = h2
        self._wire = wire
        self._window = stream_window
        self._on_idle = on_idle
        self._streams: dict[int, Stream] = {}
        self._queued: deque[Stream] = deque()
        self._blocked: dict[Stream, None] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.handlers: dict[type[Event], Callable[[Any], None]] = {
            DataReceived: self._on_data,
            MessageRejected: self._on_rejected,
            InformationalResponseReceived: self._on_informational,
            ResponseReceived: self._on_response,
            StreamEnded: self._on_ended,
            StreamReset: self._on_reset,
            TrailersReceived: self._on_trailers,
            WindowUpdated: self._on_window,
        }

    @property
    def idle(self) -> bool:
        """Whether no stream is open."""
        return not self._streams

    def request[S: Stream](self, kind: type[S], fields: Fields, body: Body) -> S:
        """Open a stream now or when the peer has room; NotProcessedError when too many wait."""
        if len(self._queued) >= MAX_QUEUED_REQUESTS:
            raise NotProcessedError("too many requests wait for a stream")
        stream = kind(self, fields, body, window=self._window)
        self._queued.append(stream)
        self.open_queued()
        return stream

    def fail_all(self, text: str) -> None:
        """End every stream: the connection is gone."""
        streams, self._streams = self._streams, {}
        self._blocked.clear()
        for stream in streams.values():
            stream.failed(ConnectionLostError(text))
        self._refuse_queued(text)

    def refuse_above(self, last_stream_id: int) -> None:
        """End what the peer's GOAWAY says it has not looked at (RFC 9113, 6.8)."""
        self._refuse_queued("the peer takes no new requests")
        for stream_id in [key for key in self._streams if key > last_stream_id]:
            if stream := self._streams.get(stream_id):
                stream.failed(NotProcessedError("above the last stream of GOAWAY"))
                self._forget(stream_id)

    # What a stream asks for (streams.Link).

    @property
    def writable(self) -> bool:
        """Whether the transport takes more body bytes."""
        return self._wire.writable

    def push(self, stream: Stream) -> None:
        """Send what windows and transport allow of the stream's outbox."""
        self._send_body(stream)
        if stream.uploading and (stream.outbox or not self._wire.writable):
            self._blocked[stream] = None
        else:
            self._blocked.pop(stream, None)

    def push_now(self, stream: Stream) -> None:
        """Push, and write at once: speech comes piece by piece, with nothing to wait for.

        A step of the loop for each piece is a third of what it costs.
        """
        self._wire.holds = True
        try:
            self.push(stream)
        finally:
            self._wire.holds = False
        self._wire.flush()

    def credit(self, stream: Stream, size: int) -> None:
        """Open the stream's receive window by size bytes."""
        if not self._h2.is_over(stream.id):
            self._h2.increment_flow_control_window(size, stream.id)
            self._wire.flush_soon()

    def reset(self, stream: Stream, error_code: int) -> None:
        """Send RST_STREAM, or withdraw a stream that is still queued."""
        if stream.id in self._streams:
            self._reset(stream, error_code)
            self._forget(stream.id)
        elif stream in self._queued:
            self._queued.remove(stream)

    def adopt(self, task: asyncio.Task[None]) -> None:
        """Keep an upload's task until it is done."""
        if not task.done():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    # Requests going up.

    def open_queued(self) -> None:
        """Open what waits, as far as MAX_CONCURRENT_STREAMS allows (RFC 9113, 5.1.2)."""
        limit = min(MAX_STREAMS, self._h2.remote_settings.max_concurrent_streams)
        while self._queued and len(self._streams) < limit:
            stream = self._queued.popleft()
            stream_id = self._h2.open_stream(stream.fields, ends=not stream.has_body)
            self._streams[stream_id] = stream
            self._wire.flush_soon()
            stream.opened(stream_id)

    def _send_body(self, stream: Stream) -> None:
        data, h2 = stream.outbox, self._h2
        while data and self._wire.writable:
            size = min(len(data), h2.room(stream.id))
            if size <= 0:
                break
            if size < len(data):
                data = memoryview(data)
            piece, data = data[:size], data[size:]
            ends = stream.outbox_ends and not data
            h2.send_body(stream.id, piece, ends=ends)
            stream.outbox = data
            self._wire.wrote(size)
            if ends:
                stream.upload_done()
        if stream.uploading and stream.outbox_ends and not data:
            h2.send_body(stream.id, b"", ends=True)
            self._wire.flush_soon()
            stream.upload_done()

    def push_blocked(self) -> None:
        """Try again, the smallest remainder first: an event must not wait behind a file."""
        for stream in sorted(self._blocked, key=lambda stream: len(stream.outbox)):
            self.push(stream)
            if stream not in self._blocked:
                stream.room_made()

    def _forget(self, stream_id: int) -> None:
        """Free the place of a stream that is over."""
        stream = self._streams.pop(stream_id, None)
        if stream is not None:
            self._blocked.pop(stream, None)
        self.open_queued()
        if not self._streams:
            self._on_idle()

    def _refuse_queued(self, text: str) -> None:
        while self._queued:
            self._queued.popleft().failed(NotProcessedError(text))

    # What the frames mean.

    def _on_window(self, event: WindowUpdated) -> None:
        if self._blocked:
            self.push_blocked()

    def _on_response(self, event: ResponseReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        try:
            stream.received_head(response_head(event.headers))
        except MalformedResponseError as error:
            self._fail(stream, error)

    def _on_informational(self, event: InformationalResponseReceived) -> None:
        """Check a head that says nothing here: it is part of the message (RFC 9113, 8.1)."""
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        try:
            response_head(event.headers)
        except MalformedResponseError as error:
            self._fail(stream, error)

    def _on_trailers(self, event: TrailersReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        try:
            for name, value in event.headers:
                check_field(name, value)
        except MalformedResponseError as error:
            self._fail(stream, error)

    def _on_data(self, event: DataReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is not None:
            stream.received_data(event.data, event.flow_controlled_length)

    def _on_ended(self, event: StreamEnded) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        if stream.uploading:  # answered before it was asked in full (RFC 9113, 8.1)
            self._reset(stream, ErrorCodes.NO_ERROR)
        stream.received_end()
        self._forget(stream.id)

    def _on_reset(self, event: StreamReset) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        if event.error_code == ErrorCodes.REFUSED_STREAM:
            stream.failed(NotProcessedError("the peer refused the stream"))
        else:
            stream.failed(StreamResetError(int(event.error_code), remote=event.remote_reset))
        self._forget(stream.id)

    def _on_rejected(self, event: MessageRejected) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        kind = TruncatedResponseError if event.truncated else MalformedResponseError
        stream.failed(kind(f"the answer breaks HTTP/2: {event.reason}"))
        self._forget(stream.id)

    def _fail(self, stream: Stream, error: MalformedResponseError) -> None:
        """End a stream for a message error (RFC 9113, 8.1.1)."""
        self._reset(stream, ErrorCodes.PROTOCOL_ERROR)
        stream.failed(error)
        self._forget(stream.id)

    def _reset(self, stream: Stream, error_code: int) -> None:
        """Send RST_STREAM, unless a frame whose events are still being handled has ended it."""
        if not self._h2.is_over(stream.id):
            self._h2.reset_stream(stream.id, error_code)
            self._wire.flush_soon()
