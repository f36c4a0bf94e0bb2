"""One TLS connection that speaks HTTP/2 (RFC 9113): streams, windows, PING, GOAWAY.

Knows bytes, not CIC. All of it runs in the event loop that opened it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial
import logging
import ssl
from typing import Any, Self

from h2.errors import ErrorCodes
from h2.events import Event, PingAckReceived, RemoteSettingsChanged
from h2.exceptions import ProtocolError

from .dialling import connect_error, dial
from .errors import (
    CicError,
    ConnectionLostError,
    NotHttp2Error,
    NotProcessedError,
    SilentPeerError,
    UnreachableError,
)
from .fields import ResponseHead, request_fields
from .h2_overrides import GoAwayReceived, H2Client
from .multiplexer import Multiplexer
from .pulled import PulledStream
from .streams import Body, Stream
from .wire import Heartbeat, Wire

__all__ = [
    "ENHANCE_YOUR_CALM",
    "NO_ERROR",
    "Connection",
    "ConnectionSettings",
    "ResponseHead",
    "Stream",
]

_LOGGER = logging.getLogger(__name__)

NO_ERROR = int(ErrorCodes.NO_ERROR)
ENHANCE_YOUR_CALM = int(ErrorCodes.ENHANCE_YOUR_CALM)


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
            on_writable=self._writable,
            on_lost=self._lost,
        )
        self._heartbeat = Heartbeat(
            interval=settings.ping_interval,
            timeout=settings.ping_timeout,
            send=self._send_ping,
            on_silence=self._silent,
        )
        self._streams = Multiplexer(
            self._h2, self._wire, stream_window=settings.stream_window, on_idle=self._idle
        )
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            **self._streams.handlers,
            GoAwayReceived: self._on_goaway,
            PingAckReceived: self._on_ping_ack,
            RemoteSettingsChanged: self._on_settings,
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
                connect = partial(
                    asyncio.get_running_loop().create_connection,
                    lambda: self._wire,
                    host,
                    port,
                    ssl=ssl_context,
                    server_hostname=name,
                    ssl_shutdown_timeout=settings.close_timeout,
                )
                await dial(self._wire, connect, settings.connect_timeout)
                await self._ready.wait()
        except (OSError, UnicodeError) as error:
            self._abort(None)
            raise connect_error(error) from error
        except asyncio.CancelledError:
            self._abort(None)
            raise
        if self._reason is not None:
            raise self._reason
        _LOGGER.debug("Connected to %s", self._authority)
        return self

    @property
    def peer(self) -> tuple[str, int] | None:
        """The numeric address and port at the other end, while there is one."""
        transport = self._wire.transport
        name = None if transport is None else transport.get_extra_info("peername")
        return None if name is None else (name[0], name[1])

    @property
    def authority(self) -> str:
        """Host and port as in :authority (RFC 9113, 8.3.1)."""
        return self._authority

    @property
    def accepts_requests(self) -> bool:
        """False after GOAWAY or loss, and when close() was called."""
        return self._state is _State.OPEN

    @property
    def reason(self) -> CicError | None:
        """Why the connection has ended; None while it has not, and where it was closed from here."""
        return self._reason

    @property
    def goaway_code(self) -> int | None:
        """Error code of the last GOAWAY received (RFC 9113, 7), None without one."""
        return self._goaway_code

    def stream(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        body: Body = None,
    ) -> Stream:
        """Send a request, or queue it while the peer's MAX_CONCURRENT_STREAMS is reached.

        The answer goes to the sink that the caller sets before the loop goes on.
        Raises ValueError for a field HTTP/2 forbids and NotProcessedError where no
        request may start: after GOAWAY, loss or close(), or with too many queued.
        """
        return self._start(Stream, method, path, headers, body)

    def request(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        body: Body = None,
    ) -> PulledStream:
        """Do the same, and let the caller pull the answer."""
        return self._start(PulledStream, method, path, headers, body)

    def _start[S: Stream](
        self,
        kind: type[S],
        method: str,
        path: str,
        headers: Iterable[tuple[str, str]],
        body: Body,
    ) -> S:
        fields = request_fields(method, self._authority, path, tuple(headers))
        if self._state is not _State.OPEN:
            raise NotProcessedError(f"connection is {self._state.value}")
        return self._streams.request(kind, fields, body)

    async def ping(self) -> float:
        """Return the round trip of a PING in seconds; ConnectionLostError."""
        elapsed = None if self._state is _State.CLOSED else await self._heartbeat.measure()
        if elapsed is None:
            raise ConnectionLostError(str(self._reason or "connection closed"))
        return elapsed

    def probe(self) -> None:
        """Send the next PING now: a peer that is gone is then noticed within ping_timeout."""
        if self._state is not _State.CLOSED:
            self._heartbeat.hurry()

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
                if tasks := self._streams.tasks - {asyncio.current_task()}:
                    await asyncio.wait(tasks)
        except TimeoutError:
            _LOGGER.debug("%s did not close in time", self._authority)
            self._wire.abort()
            await self._wire.gone.wait()
        finally:
            self._wire.abort()

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

    def _writable(self) -> None:
        self._streams.push_blocked()

    def _idle(self) -> None:
        """Leave a connection that takes nothing new once its last stream is over."""
        if self._state is _State.DRAINING and self._streams.idle:
            self._close()

    def _lost(self, exc: Exception | None) -> None:
        text = "connection closed by the peer" if exc is None else f"connection lost: {exc}"
        opening = self._state is _State.OPENING
        self._end(UnreachableError(text) if opening else ConnectionLostError(text))

    def _silent(self) -> None:
        self._abort(SilentPeerError(f"no answer to PING within {self._settings.ping_timeout} s"))

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
        self._streams.fail_all(text)
        self._ready.set()
        self._closing.set()

    # What the frames mean.

    def _on_settings(self, event: RemoteSettingsChanged) -> None:
        if self._state is _State.OPENING:
            self._state = _State.OPEN
            self._heartbeat.start()
            self._ready.set()
        self._streams.open_queued()
        self._streams.push_blocked()

    def _on_ping_ack(self, event: PingAckReceived) -> None:
        self._heartbeat.acknowledged(event.ping_data)

    def _on_goaway(self, event: GoAwayReceived) -> None:
        _LOGGER.debug(
            "%s says GOAWAY, last stream %d, error code %d",
            self._authority,
            event.last_stream_id,
            event.error_code,
        )
        self._goaway_code = event.error_code
        self._state = _State.DRAINING
        self._streams.refuse_above(event.last_stream_id)
        self._closing.set()
        self._idle()


def _authority(name: str, port: int) -> str:
    """RFC 9110, 4.2.2 and 4.2.3: no default port, brackets around IPv6."""
    name = f"[{name}]" if ":" in name else name
    return name if port == 443 else f"{name}:{port}"
