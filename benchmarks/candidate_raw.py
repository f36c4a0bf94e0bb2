"""The floor: an asyncio.Protocol over TLS that moves the same bytes, without HTTP/2."""

import asyncio
from collections.abc import Callable
import json
import re
import ssl
from time import monotonic_ns

from . import bodies
from .peer import HOST, Peer

_SENT = re.compile(rb'"sent":"(\d+)"')


class Raw(asyncio.Protocol):
    """A connection that counts bytes."""

    def __init__(self, peer: Peer, context: ssl.SSLContext | None = None) -> None:
        """Open nothing yet; connections may share a context."""
        self._peer = peer
        self._context = context or peer.tls()
        self._take: Callable[[bytes], None] = len

    async def open(self) -> None:
        """Connect, and exchange something once."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            lambda: self, HOST, self._peer.raw_port, ssl=self._context
        )
        self._transport = transport
        await self._send([bytes(1500)], 0)

    async def close(self) -> None:
        """Drop the connection."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hand on what was read."""
        self._take(data)

    async def answer(self, chunks: int, pause: float) -> float:
        """Return seconds from the last write to the whole answer."""
        return await self._send(bodies.speech_request(chunks)[1], pause)

    async def speak(self, chunks: int, pause: float) -> None:
        """Send sound, one chunk after another."""
        await self._send(bodies.speech_request(chunks)[1], pause)

    async def directives(self, count: int, interval: float) -> list[float]:
        """Take pushes, interval seconds apart; return seconds each was on its way."""
        buffer, delays, done = bytearray(), [], asyncio.get_running_loop().create_future()

        def take(data: bytes) -> None:
            buffer.extend(data)
            while len(buffer) >= self._peer.push_bytes:
                delays.append((monotonic_ns() - int(_SENT.search(buffer)[1])) / 1e9)
                del buffer[: self._peer.push_bytes]
            if len(delays) == count:
                done.set_result(delays)

        self._ask(take, count=count, interval=interval * 1000)
        return await done

    async def _send(self, pieces: list[bytes], pause: float) -> float:
        left, done = self._peer.answer_bytes, asyncio.get_running_loop().create_future()

        def take(data: bytes) -> None:
            nonlocal left
            left -= len(data)
            if not left:
                done.set_result(None)

        self._ask(take, up=sum(map(len, pieces)))
        for piece in pieces[:-1]:
            self._transport.write(piece)
            await asyncio.sleep(pause)
        sent = monotonic_ns()
        self._transport.write(pieces[-1])
        await done
        return (monotonic_ns() - sent) / 1e9

    def _ask(self, take: Callable[[bytes], None], **request: float) -> None:
        self._take = take
        self._transport.write(json.dumps(request).encode() + b"\n")
