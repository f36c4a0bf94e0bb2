"""One warm httpx AsyncClient with HTTP/2."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic_ns

import httpx

from . import bodies
from .peer import HOST, Peer


class Httpx:
    """The same work as ours, with httpx."""

    def __init__(self, peer: Peer, *, listening: bool = True) -> None:
        """Open nothing yet. Listening: with an open downchannel, as CIC demands."""
        self._base = f"https://{HOST}:{peer.http_port}/v1"
        self._client = httpx.AsyncClient(http2=True, verify=peer.tls("h2"), timeout=None)
        self._listening = listening
        self._ready = asyncio.Event()

    async def open(self) -> None:
        """Connect, and wait for the downchannel's first bytes if there is one."""
        if self._listening:
            self._downchannel = asyncio.create_task(self._listen())
            await self._ready.wait()

    async def close(self) -> None:
        """End the downchannel, then the connection."""
        if self._listening:
            self._downchannel.cancel()
            with suppress(asyncio.CancelledError):
                await self._downchannel
        await self._client.aclose()

    async def event(self) -> None:
        """Send an event and read the directives of its answer."""
        await self._post(*bodies.event_request(bodies.event("Echo", {})))

    async def answer(self, chunks: int, pause: float) -> float:
        """Speak; return seconds from the last chunk to the answer's first directive."""
        headers, pieces = bodies.speech_request(chunks)
        sent = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal sent
            for piece in pieces[:-1]:
                yield piece
                await asyncio.sleep(pause)
            sent = monotonic_ns()
            yield pieces[-1]

        return (await self._post(headers, body()) - sent) / 1e9

    async def download(self, size: int) -> None:
        """Read an answer of so many bytes."""
        async with self._client.stream("GET", f"{self._base}/bytes/{size}") as response:
            async for _ in response.aiter_raw():
                pass

    async def _post(
        self, headers: list[tuple[str, str]], body: bytes | AsyncIterator[bytes]
    ) -> int:
        """Return when the first directive was in hand; read the others too."""
        first = 0
        url = f"{self._base}/events"
        async with self._client.stream("POST", url, headers=headers, content=body) as response:
            read = bodies.reader(response.headers["content-type"])
            async for data in response.aiter_raw():
                if read(data) and not first:
                    first = monotonic_ns()
        return first

    async def _listen(self) -> None:
        url, headers = f"{self._base}/directives", bodies.IDENTITY.headers()
        async with self._client.stream("GET", url, headers=headers) as response:
            async for _ in response.aiter_raw():
                self._ready.set()
