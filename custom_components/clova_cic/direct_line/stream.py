"""The stream of 3.0: a WebSocket on which the service sends activities as they come."""

import asyncio
from collections.abc import Callable
import contextlib
from typing import Any, Final

import aiohttp

from .documents import decode
from .errors import AddressError, DirectLineError, MalformedError, TooLargeError, UnreachableError
from .exchange import MOST_PAGE
from .pace import Timing
from .service import Service

# For a stream to open, in seconds: whoever waits for an answer waits for that too, where a
# firewall swallows it, and polling brings the same.
OPEN_PATIENCE: Final = 5.0
# For the service to agree to the end of a stream, in seconds: nothing is lost without that.
CLOSE_PATIENCE: Final = 1.0
# The reason the service gives where another socket has taken the conversation.
_COLLISION: Final = "collision"


class StreamEndedError(UnreachableError):
    """The stream has ended; the conversation goes on without it."""

    def __init__(self, *, collision: bool = False) -> None:
        """Keep whether another reader has taken it: then it is not to be fought for."""
        super().__init__("the stream has ended")
        self.collision = collision


class Stream:
    """One open stream. Its address authorises by itself: nothing else goes there."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take an open socket."""
        self._socket = socket

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, url: str, *, plain: bool) -> Stream:
        """Open a stream, without encryption only where `plain`; UnreachableError, AddressError."""
        allowed = ("wss://", "https://", "ws://", "http://") if plain else ("wss://", "https://")
        if not url.casefold().startswith(allowed):
            raise AddressError("the stream is not encrypted")
        try:
            async with asyncio.timeout(OPEN_PATIENCE):
                socket = await session.ws_connect(url, max_msg_size=MOST_PAGE)
        except aiohttp.ClientError, TimeoutError, OSError, RuntimeError, ValueError:
            raise StreamEndedError from None  # the cause tells the address, which authorises
        return cls(socket)

    async def receive(self, within: float) -> Any:
        """Return the next document; None where none came in time, or one that is to be ignored.

        Raises StreamEndedError, and TooLargeError for more than an answer may have.
        """
        try:
            message = await self._socket.receive(timeout=within)
        except TimeoutError:
            return None
        match message.type:
            case aiohttp.WSMsgType.TEXT if message.data:
                try:
                    return decode(message.data)
                except MalformedError:
                    return None  # the activities after it are not its fault
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                return None  # an empty frame keeps the connection alive
        if self._socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            raise TooLargeError(f"the answer has more than {MOST_PAGE} bytes")
        reason = message.extra if isinstance(message.extra, str) else ""
        raise StreamEndedError(collision=_COLLISION in reason.casefold())

    async def keep_alive(self) -> None:
        """Send an empty frame; StreamEndedError."""
        try:
            await self._socket.send_str("")
        except (aiohttp.ClientError, OSError) as err:
            raise StreamEndedError from err

    async def close(self) -> None:
        """Close it, without waiting for the service to agree for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE):
                await self._socket.close()


class Streams:
    """Opens the stream of a conversation again and again, and never in haste."""

    def __init__(
        self,
        service: Service,
        conversation_id: str,
        url: str | None,
        *,
        timing: Timing,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
    ) -> None:
        """Take the address of the first, where the start of the conversation gave one."""
        self._service = service
        self._id = conversation_id
        self._url = url
        self._url_until = clock() + timing.stream_url
        self._timing = timing
        self._clock = clock
        self._uniform = uniform
        self._opened_at = 0.0
        self._open_at = 0.0
        self._failures = 0
        self.stream: Stream | None = None
        """The stream that is open."""

    @property
    def opens_in(self) -> float:
        """Seconds until one is to be opened, not below zero; infinite where none is to be."""
        return max(0.0, self._open_at - self._clock())

    async def open(self, watermark: str | None) -> None:
        """Open one, or plan when to try again: without one, polling tells what is wrong."""
        try:
            url = await self._next_url(watermark)
            if url is None:
                self._open_at = float("inf")
                return
            plain = self._service.base.scheme == "http"
            self.stream = await Stream.open(self._service.session, url, plain=plain)
            self._opened_at = self._clock()
        except DirectLineError:
            self._plan()

    async def lost(self, *, collision: bool = False) -> None:
        """Let go of the stream. One that another reader has taken is not taken back."""
        stream, self.stream = self.stream, None
        if self._clock() - self._opened_at >= self._timing.stream_good:
            self._failures = 0
        self._plan()
        if collision:
            self._open_at = float("inf")
        if stream is not None:
            await stream.close()

    async def _next_url(self, watermark: str | None) -> str | None:
        """Return the address of the next stream; None where the version has none."""
        url, self._url = self._url, None
        if url is not None and self._clock() < self._url_until:
            return url
        ask = self._service.dialect.reconnect(self._id, watermark)
        if ask is None:
            return None
        grant = self._service.dialect.grant((await self._service.ask(ask)).body)
        self._service.tokens.granted(grant)
        if grant.stream_url is None:
            raise MalformedError("the conversation has no stream")
        return grant.stream_url

    def _plan(self) -> None:
        longest = self._timing.worst_stream_pause
        pause = self._uniform(*self._timing.stream_pause) * 2 ** min(self._failures, 10)
        self._open_at = self._clock() + min(longest, pause)
        self._failures += 1
