"""One TLS connection that speaks HTTP/2 (RFC 9113): streams, windows, PING, GOAWAY.

Knows bytes, not CIC. All of it runs in the event loop that opened it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
import logging
import ssl
from typing import Any, Self

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    PingAckReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError

from .errors import (
    CertificateError,
    CicError,
    ConnectError,
    ConnectionLostError,
    MalformedResponseError,
    NotHttp2Error,
    NotProcessedError,
    StreamResetError,
    TruncatedResponseError,
    UnreachableError,
)
from .fields import ResponseHead, check_field, request_fields, response_head
from .h2_overrides import GoAwayReceived, H2Client, MessageRejected
from .streams import Body, Stream
from .wire import Heartbeat, Wire

__all__ = ["Connection", "ConnectionSettings", "ResponseHead", "Stream"]

_LOGGER = logging.getLogger(__name__)

# Streams at a time, whatever more the peer allows: each may hold a full stream window.
MAX_STREAMS = 100
# Requests waiting for one of those; more means that nothing moves any more.
MAX_QUEUED_REQUESTS = 64
# A share of the stream window taken by the reader is one WINDOW_UPDATE.
_CREDIT_SHARE = 4
# Before a second address of a host is tried beside the first (RFC 8305, 5), in seconds.
_HAPPY_EYEBALLS_DELAY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Bounds of one connection: seconds and bytes."""

    # TCP, TLS and the first SETTINGS together: a phone network needs two or three seconds.
    connect_timeout: float = 10.0
    # CIC asks for one PING each minute.
    ping_interval: float = 60.0
    # Longer than any queue on the way; a dead peer is noticed within 70 s.
    ping_timeout: float = 10.0
    # GOAWAY, close_notify and FIN; a peer that is gone answers none of them.
    close_timeout: float = 2.0
    # What one reader that stops may hold, and what a barge-in wastes: a minute of MP3.
    stream_window: int = 1024 * 1024
    # Given back on arrival, so it bounds only what is in flight: sixteen full streams.
    connection_window: int = 16 * 1024 * 1024


class _State(Enum):
    OPENING = "opening"
    OPEN = "open"
    DRAINING = "draining"  # GOAWAY received: streams go on, no new ones
    CLOSED = "closed"


class Connection:
    """One HTTP/2 connection as a client. Made by open()."""

    def __init__(self, authority: str, settings: ConnectionSettings) -> None:
        """Use open()."""
        self._authority = authority
        self._settings = settings
        self._state = _State.OPENING
        self._reason: CicError | None = None
        self._goaway_code: int | None = None
        self._h2 = H2Client(
            stream_window=settings.stream_window, connection_window=settings.connection_window
        )
        self._wire = Wire(
            self._h2,
            on_made=self._made,
            on_data=self._received,
            on_writable=self._push_blocked,
            on_lost=self._lost,
        )
        self._heartbeat = Heartbeat(
            interval=settings.ping_interval,
            timeout=settings.ping_timeout,
            send=self._send_ping,
            on_silence=self._silent,
        )
        self._streams: dict[int, Stream] = {}
        self._queued: deque[Stream] = deque()
        self._blocked: dict[Stream, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            DataReceived: self._on_data,
            GoAwayReceived: self._on_goaway,
            MessageRejected: self._on_rejected,
            PingAckReceived: self._on_ping_ack,
            RemoteSettingsChanged: self._on_settings,
            ResponseReceived: self._on_response,
            StreamEnded: self._on_ended,
            StreamReset: self._on_reset,
            TrailersReceived: self._on_trailers,
            WindowUpdated: self._on_window,
        }

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        *,
        ssl_context: ssl.SSLContext,
        settings: ConnectionSettings | None = None,
        server_hostname: str | None = None,
    ) -> Self:
        """Connect and wait for the peer's first SETTINGS.

        The context must offer ALPN "h2" and nothing else. server_hostname replaces
        host in certificate check and :authority. Raises UnreachableError,
        CertificateError or NotHttp2Error.
        """
        settings = settings or ConnectionSettings()
        name = server_hostname or host
        self = cls(_authority(name, port), settings)
        try:
            async with asyncio.timeout(settings.connect_timeout):
                await asyncio.get_running_loop().create_connection(
                    lambda: self._wire,
                    host,
                    port,
                    ssl=ssl_context,
                    server_hostname=name,
                    ssl_shutdown_timeout=settings.close_timeout,
                    happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY,
                )
                await self._ready.wait()
        except (OSError, UnicodeError) as error:
            self._abort(None)
            raise _connect_error(error) from error
        except asyncio.CancelledError:
            self._abort(None)
            raise
        if self._reason is not None:
            raise self._reason
        _LOGGER.debug("Connected to %s", self._authority)
        return self

    @property
    def authority(self) -> str:
        """Host and port as in :authority (RFC 9113, 8.3.1)."""
        return self._authority

    @property
    def accepts_requests(self) -> bool:
        """False after GOAWAY or loss, and when close() was called."""
        return self._state is _State.OPEN

    @property
    def goaway_code(self) -> int | None:
        """Error code of the last GOAWAY received (RFC 9113, 7), None without one."""
        return self._goaway_code

    def request(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        body: Body = None,
    ) -> Stream:
        """Send a request, or queue it while the peer's MAX_CONCURRENT_STREAMS is reached.

        Raises ValueError for a field HTTP/2 forbids and NotProcessedError where no
        request may start: after GOAWAY, loss or close(), or with too many queued.
        """
        fields = request_fields(method, self._authority, path, headers)
        if self._state is not _State.OPEN:
            raise NotProcessedError(f"connection is {self._state.value}")
        if len(self._queued) >= MAX_QUEUED_REQUESTS:
            raise NotProcessedError("too many requests wait for a stream")
        stream = Stream(
            self, fields, body, credit_step=self._settings.stream_window // _CREDIT_SHARE
        )
        self._queued.append(stream)
        self._open_queued()
        return stream

    async def ping(self) -> float:
        """Return the round trip of a PING in seconds; ConnectionLostError."""
        elapsed = None if self._state is _State.CLOSED else await self._heartbeat.measure()
        if elapsed is None:
            raise ConnectionLostError(str(self._reason or "connection closed"))
        return elapsed

    async def wait_closing(self) -> None:
        """Return as soon as no new request may start: GOAWAY, loss or close()."""
        await self._closing.wait()

    async def wait_closed(self) -> CicError | None:
        """Return when the socket is closed: why, or None when it was closed from here.

        The latter includes a connection that has drained after GOAWAY.
        """
        await self._wire.gone.wait()
        return self._reason

    async def close(self) -> None:
        """Say GOAWAY and close; every stream fails. Takes close_timeout at most."""
        self._close()
        try:
            async with asyncio.timeout(self._settings.close_timeout):
                await self._wire.gone.wait()
                if tasks := self._tasks - {asyncio.current_task()}:
                    await asyncio.wait(tasks)
        except TimeoutError:
            _LOGGER.debug("%s did not close in time", self._authority)
        finally:
            self._wire.abort()

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

    def credit(self, stream: Stream, size: int) -> None:
        """Open the stream's receive window by size bytes."""
        if self._state is not _State.CLOSED:
            self._h2.increment_flow_control_window(size, stream.id)
            self._wire.flush_soon()

    def reset(self, stream: Stream, error_code: int) -> None:
        """Send RST_STREAM, or withdraw a stream that is still queued."""
        if self._state is _State.CLOSED:
            return
        if stream.id:
            self._h2.reset_stream(stream.id, error_code)
            self._wire.flush_soon()
            self._forget(stream.id)
        else:
            self._queued.remove(stream)

    def adopt(self, task: asyncio.Task[None]) -> None:
        """Keep an upload's task until it is done."""
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # Requests going up.

    def _open_queued(self) -> None:
        limit = min(MAX_STREAMS, self._h2.remote_settings.max_concurrent_streams)
        while self._queued and self._state is _State.OPEN and len(self._streams) < limit:
            stream = self._queued.popleft()
            stream_id = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, stream.fields, end_stream=not stream.has_body)
            self._streams[stream_id] = stream
            self._wire.flush_soon()
            stream.opened(stream_id)

    def _send_body(self, stream: Stream) -> None:
        data, h2 = stream.outbox, self._h2
        while data and self._wire.writable:
            window = h2.local_flow_control_window(stream.id)
            size = min(len(data), window, h2.max_outbound_frame_size)
            if size <= 0:
                break
            if size < len(data):
                data = memoryview(data)
            piece, data = data[:size], data[size:]
            ends = stream.outbox_ends and not data
            h2.send_data(stream.id, piece, end_stream=ends)
            stream.outbox = data
            self._wire.wrote(size)
            if ends:
                stream.upload_done()
        if stream.uploading and stream.outbox_ends and not data:
            h2.end_stream(stream.id)
            self._wire.flush_soon()
            stream.upload_done()

    def _push_blocked(self) -> None:
        """Try again, the smallest remainder first: an event must not wait behind a file."""
        if self._state is _State.CLOSED:
            return
        for stream in sorted(self._blocked, key=lambda stream: len(stream.outbox)):
            self.push(stream)
            if stream not in self._blocked:
                stream.room_made()

    def _forget(self, stream_id: int) -> None:
        """Free the place of a stream that is over."""
        stream = self._streams.pop(stream_id, None)
        if stream is not None:
            self._blocked.pop(stream, None)
        self._open_queued()
        if self._state is _State.DRAINING and not self._streams:
            self._close()

    # What the transport tells.

    def _made(self) -> None:
        assert self._wire.transport is not None
        tls = self._wire.transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            self._abort(NotHttp2Error("the peer did not select HTTP/2 (ALPN)"))
            return
        self._h2.initiate_connection()
        self._wire.flush()

    def _received(self, data: bytes) -> None:
        if self._is_closed():
            return
        try:
            for event in self._h2.events(data):
                if handler := self._handlers.get(type(event)):
                    handler(event)
                if self._is_closed():
                    return
        except ProtocolError as error:
            self._broken(error)
        self._wire.flush()
        if self._wire.overfull:
            self._abort(ConnectionLostError("the peer does not read"))

    def _is_closed(self) -> bool:
        return self._state is _State.CLOSED

    def _broken(self, error: ProtocolError) -> None:
        """End a connection whose peer broke HTTP/2; GOAWAY is queued (RFC 9113, 5.4.1)."""
        text = f"the peer broke HTTP/2: {type(error).__name__}"
        if self._state is _State.OPENING:
            self._end(NotHttp2Error(text))
        else:
            self._end(ConnectionLostError(text))
        self._wire.flush()
        self._wire.close()

    def _lost(self, exc: Exception | None) -> None:
        text = "connection closed by the peer" if exc is None else f"connection lost: {exc}"
        opening = self._state is _State.OPENING
        self._end(UnreachableError(text) if opening else ConnectionLostError(text))

    def _silent(self) -> None:
        self._abort(
            ConnectionLostError(f"no answer to PING within {self._settings.ping_timeout} s")
        )

    def _send_ping(self, payload: bytes) -> None:
        self._h2.ping(payload)
        self._wire.flush_soon()

    def _abort(self, reason: CicError | None) -> None:
        self._end(reason)
        self._wire.abort()

    def _close(self) -> None:
        if self._state is not _State.CLOSED:
            self._h2.close_connection()
            self._end(None)
            self._wire.flush()
        self._wire.close()

    def _end(self, reason: CicError | None) -> None:
        """Enter CLOSED: everything that waits is told, once."""
        if self._state is _State.CLOSED:
            return
        self._state = _State.CLOSED
        self._reason = reason
        _LOGGER.debug("Connection to %s ends: %s", self._authority, reason or "closed")
        self._heartbeat.stop()
        text = str(reason or "connection closed")
        for stream in self._streams.values():
            stream.failed(ConnectionLostError(text))
        self._streams.clear()
        self._blocked.clear()
        self._refuse_queued(text)
        self._ready.set()
        self._closing.set()

    def _refuse_queued(self, text: str) -> None:
        while self._queued:
            self._queued.popleft().failed(NotProcessedError(text))

    # What the frames mean.

    def _on_settings(self, event: RemoteSettingsChanged) -> None:
        if self._state is _State.OPENING:
            self._state = _State.OPEN
            self._heartbeat.start()
            self._ready.set()
        self._open_queued()
        self._push_blocked()

    def _on_window(self, event: WindowUpdated) -> None:
        if self._blocked:
            self._push_blocked()

    def _on_ping_ack(self, event: PingAckReceived) -> None:
        self._heartbeat.acknowledged(event.ping_data)

    def _on_response(self, event: ResponseReceived) -> None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return
        try:
            stream.received_head(response_head(event.headers))
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
            self._h2.reset_stream(stream.id, ErrorCodes.NO_ERROR)
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

    def _on_goaway(self, event: GoAwayReceived) -> None:
        _LOGGER.debug(
            "%s says GOAWAY, last stream %d, error code %d",
            self._authority,
            event.last_stream_id,
            event.error_code,
        )
        self._goaway_code = event.error_code
        if self._state is _State.OPENING:
            self._abort(UnreachableError("the peer said GOAWAY before anything was asked"))
            return
        self._state = _State.DRAINING
        self._refuse_queued("the peer takes no new requests")
        for stream_id in [key for key in self._streams if key > event.last_stream_id]:
            self._streams[stream_id].failed(NotProcessedError("above the last stream of GOAWAY"))
            self._forget(stream_id)
        self._closing.set()
        if not self._streams:
            self._close()

    def _fail(self, stream: Stream, error: MalformedResponseError) -> None:
        """End a stream for a message error (RFC 9113, 8.1.1)."""
        with suppress(ProtocolError):  # over on both sides already
            self._h2.reset_stream(stream.id, ErrorCodes.PROTOCOL_ERROR)
        stream.failed(error)
        self._forget(stream.id)


def _authority(name: str, port: int) -> str:
    """RFC 9110, 4.2.2 and 4.2.3: no default port, brackets around IPv6."""
    name = f"[{name}]" if ":" in name else name
    return name if port == 443 else f"{name}:{port}"


def _connect_error(error: OSError | UnicodeError) -> ConnectError:
    match error:
        case ssl.SSLCertVerificationError():
            return CertificateError(error.verify_message)
        case ssl.SSLError():
            return NotHttp2Error(f"TLS handshake failed: {error.reason or type(error).__name__}")
        case TimeoutError():
            return UnreachableError("no answer in time")
        case _:
            return UnreachableError(str(error) or type(error).__name__)
