"""Below the connection: the transport's writing side, and the PING clock."""

import asyncio
from collections.abc import Callable
import socket
from typing import cast

from .h2_overrides import H2Client

# The transport's write buffer: 2 s of speech. asyncio's own 512 KiB for TLS would be 16 s.
WRITE_BUFFER = 64 * 1024
# Answers to a peer that sends and does not read (PING, SETTINGS) pile up no further than this.
MAX_WRITE_BACKLOG = 1024 * 1024
# Options set where the platform has them: a network that vanishes in mid-upload is noticed
# after 30 s (milliseconds, RFC 5482), and address translators with short memories (seconds) are fed.
SOCKET_OPTIONS = {"TCP_USER_TIMEOUT": 30_000, "TCP_KEEPIDLE": 45}


class Wire(asyncio.Protocol):
    """The transport: one write per step of the loop, and whether it takes more."""

    def __init__(
        self,
        h2: H2Client,
        *,
        on_made: Callable[[], None],
        on_data: Callable[[bytes], None],
        on_writable: Callable[[], None],
        on_lost: Callable[[Exception | None], None],
    ) -> None:
        """Take the queue to write from and whom to tell."""
        self._h2 = h2
        self._loop = asyncio.get_running_loop()
        self._on_made = on_made
        self._on_data = on_data
        self._on_writable = on_writable
        self._on_lost = on_lost
        self._scheduled = False
        self._unflushed = 0
        self.holds = False
        """Whether whoever queues will flush by itself in the same step."""
        self.transport: asyncio.Transport | None = None
        self.writable = True
        self.gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; the TLS handshake is over."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER)
        _watch(transport.get_extra_info("socket"))
        self._on_made()

    def data_received(self, data: bytes) -> None:
        """Hand on what was read."""
        self._on_data(data)

    def pause_writing(self) -> None:
        """Stop taking body bytes."""
        self.writable = False

    def resume_writing(self) -> None:
        """Take body bytes again."""
        self.writable = True
        self._on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the socket is closed."""
        self.gone.set()
        self._on_lost(exc)

    def wrote(self, size: int) -> None:
        """Account for body bytes; a buffer's worth goes at once, so that pausing is noticed."""
        self._unflushed += size
        if self._unflushed >= WRITE_BUFFER:
            self.flush()
        else:
            self.flush_soon()

    def flush_soon(self) -> None:
        """Write at the end of this step of the loop, all in one TLS record."""
        if not (self._scheduled or self.holds):
            self._scheduled = True
            self._loop.call_soon(self._flush_scheduled)

    def _flush_scheduled(self) -> None:
        self._scheduled = False
        self.flush()

    def flush(self) -> None:
        """Write what is queued."""
        self._unflushed = 0
        data = self._h2.data_to_send()
        if data and self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    @property
    def overfull(self) -> bool:
        """Whether the peer has stopped reading while it makes us write."""
        return (
            not self.writable
            and self.transport is not None
            and self.transport.get_write_buffer_size() > MAX_WRITE_BACKLOG
        )

    def close(self) -> None:
        """Start an orderly end, which the transport bounds itself."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Drop the socket."""
        if self.transport is not None:
            self.transport.abort()


class Heartbeat:
    """One PING per interval with a deadline; one outstanding, one timer."""

    def __init__(
        self,
        *,
        interval: float,
        timeout: float,
        send: Callable[[bytes], None],
        on_silence: Callable[[], None],
    ) -> None:
        """Take seconds; send is given a PING's eight bytes, on_silence called when none return."""
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        self._timeout = timeout
        self._send = send
        self._on_silence = on_silence
        self._count = 0
        self._sent_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[asyncio.Future[float | None]] = []

    def start(self) -> None:
        """Arm the timer for the next PING."""
        self._arm(self._interval, self._beat)

    def stop(self) -> None:
        """Send no more; whoever waits gets None."""
        if self._timer is not None:
            self._timer.cancel()
        self._answer(None)

    async def measure(self) -> float | None:
        """Return the round trip in seconds, None when the connection ended first."""
        self.hurry()
        waiter: asyncio.Future[float | None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            return await waiter
        finally:
            self._waiters.remove(waiter)

    def hurry(self) -> None:
        """Send the next PING now, unless the answer to one is waited for."""
        if self._sent_at is None:
            self._beat()

    def acknowledged(self, payload: bytes) -> None:
        """Take a PING's ACK; one that is not ours does not count (RFC 9113, 6.7)."""
        if self._sent_at is None or payload != self._payload():
            return
        elapsed, self._sent_at = self._loop.time() - self._sent_at, None
        self._answer(elapsed)
        self.start()

    def _beat(self) -> None:
        self._count += 1
        self._sent_at = self._loop.time()
        self._send(self._payload())
        self._arm(self._timeout, self._on_silence)

    def _payload(self) -> bytes:
        return self._count.to_bytes(8)

    def _arm(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay, callback)

    def _answer(self, elapsed: float | None) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(elapsed)


def _watch(sock: socket.socket) -> None:
    """Let the kernel watch the peer too: PING alone takes a minute."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SOCKET_OPTIONS.items():
        if (option := getattr(socket, name, None)) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
