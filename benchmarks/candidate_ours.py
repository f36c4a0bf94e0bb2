"""The library: its public Client, and its Connection where only bytes are moved."""

import asyncio
from collections.abc import Callable
import re
import ssl
from time import monotonic_ns
from uuid import uuid4

from . import bodies
from .library import cic, connection
from .peer import HOST, Peer

_STAMP = re.compile(rb"\d{20}")


class Ours:
    """A client on one connection."""

    def __init__(
        self, peer: Peer, context: ssl.SSLContext | None = None, *, counted: bool = False
    ) -> None:
        """Open nothing yet; connections may share a context. Counted: resets are counted."""
        self._endpoint = cic.Endpoint(
            host=HOST,
            port=peer.counting_port if counted else peer.http_port,
            ssl_context=context or peer.tls("h2"),
        )
        self._pushed: Callable[[cic.Directive], None] = lambda directive: None

    async def open(self) -> None:
        """Connect; the downchannel is open then."""
        callbacks = cic.Callbacks(
            context=lambda: bodies.CONTEXT,
            directive=lambda client, directive: self._pushed(directive),
            malformed=_fail,
        )
        self._client = await cic.Client.connect(self._endpoint, bodies.IDENTITY, callbacks)

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def event(self) -> None:
        """Send an event and read the directives of its answer."""
        await self._ask("Echo")

    async def count(self, what: str) -> int:
        """Return how many requests, or resets, the server has seen since it started."""
        counted: int = (await self._ask("Count"))[0].payload[what]
        return counted

    async def answer(self, chunks: int, pause: float) -> float:
        """Speak; return seconds from the last chunk to the answer's first directive."""
        dialog = self._recognize()
        for _ in range(chunks - 1):
            await dialog.write(bodies.CHUNK)
            await asyncio.sleep(pause)
        sent = monotonic_ns()
        await dialog.write(bodies.CHUNK)
        dialog.end_audio()
        dialog.commit()
        first = 0
        async for _ in dialog.directives():
            first = first or monotonic_ns()
        return (first - sent) / 1e9

    async def speak(self, chunks: int, pause: float) -> None:
        """Send sound, one chunk after another."""
        await self.answer(chunks, pause)

    async def command(self) -> None:
        """Give a spoken command as Assist does: held, ended by StopCapture, then committed."""
        dialog = self._recognize("capture", hold=True)
        while not dialog.capture_stopped:
            await dialog.write(bodies.CHUNK)
            await asyncio.sleep(0.005)
        await dialog.wait_capture_stopped()
        dialog.commit()
        async for _ in dialog.directives():
            pass

    async def directives(self, count: int, interval: float) -> list[float]:
        """Take pushes, interval seconds apart; return seconds each was on its way."""
        delays: list[float] = []
        done = asyncio.Event()

        def take(directive: cic.Directive) -> None:
            delays.append((monotonic_ns() - int(directive.payload["sent"])) / 1e9)
            if len(delays) == count:
                done.set()

        self._pushed = take
        await self._ask("Push", count=count, interval=interval * 1000)
        await done.wait()
        return delays

    async def first_sound(self, delay: float) -> float:
        """Return seconds from the write of a sound's first bytes to its reader."""
        exchange = self._client.send(bodies.event("Sound", {"delay": delay * 1000}))
        first = await anext(exchange.attachment("sound"))
        arrived = monotonic_ns()
        exchange.cancel()
        stamp = _STAMP.match(first)
        assert stamp is not None
        return (arrived - int(stamp[0])) / 1e9

    async def abandon(self, size: int) -> None:
        """Ask for a sound of so many bytes and give it up at the first."""
        exchange = self._client.send(bodies.event("Big", {"size": size}))
        await anext(exchange.attachment("sound"))
        exchange.cancel()

    async def _ask(self, name: str, **payload: float) -> list[cic.Directive]:
        exchange = self._client.send(bodies.event(name, payload))
        return [directive async for directive in exchange.directives()]

    def _recognize(self, device: str = "bench", *, hold: bool = False) -> cic.Dialog:
        return self._client.recognize(
            bodies.recognize(device), dialog_request_id=str(uuid4()), hold=hold
        )


class OurConnection:
    """A bare connection: bytes, without a downchannel."""

    def __init__(self, peer: Peer) -> None:
        """Open nothing yet."""
        self._peer = peer

    async def open(self) -> None:
        """Connect."""
        self._connection = await connection.Connection.open(
            HOST, self._peer.http_port, ssl_context=self._peer.tls("h2")
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()

    async def download(self, size: int) -> None:
        """Read an answer of so many bytes."""
        async for _ in self._connection.request("GET", f"/v1/bytes/{size}", ()):
            pass


def _fail(reason: str) -> None:
    raise AssertionError(reason)
