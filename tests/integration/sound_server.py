"""A web server for sounds: slow, broken or hostile as a test wants it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import CIMultiDictProxy

PIECE = 8192

type Body = bytes | Callable[[web.Request, web.StreamResponse], Awaitable[None]]


@dataclass
class Page:
    """What is at a path; a body that is a function writes itself."""

    body: Body = b""
    content_type: str = "audio/mpeg"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = False
    """Parts are given to whoever asks, if an If-Range names the ETag among the headers."""


@dataclass
class SoundServer:
    """Serves the pages a test gives it, and remembers who asked how."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    spelled: list[str] = field(default_factory=list)
    """The same letter for letter, and what follows a question mark."""
    headers: list[CIMultiDictProxy[str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Paths whose reader went before the end."""

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def add(self, path: str, body: Body = b"", **more: Any) -> str:
        """Put something at a path; return its address."""
        self.pages[path] = Page(body, **more)
        return self.url(path)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(request.path)
        self.spelled.append(request.raw_path)
        self.headers.append(request.headers)
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404, text="<html>nothing here</html>")
        headers = {"Content-Type": page.content_type, **page.headers}
        if isinstance(page.body, bytes) and page.ranges:
            return ranged(request, page.body, headers)
        if isinstance(page.body, bytes):
            return web.Response(status=page.status, body=page.body, headers=headers)
        response = web.StreamResponse(status=page.status, headers=headers)
        await response.prepare(request)
        try:
            await page.body(request, response)
        except ConnectionError, asyncio.CancelledError:
            self.left.append(request.path)
            raise
        return response


def ranged(request: web.Request, body: bytes, headers: dict[str, str]) -> web.Response:
    """Return the part of a body that is asked for, by aiohttp's reading of the field."""
    headers = {**headers, "Accept-Ranges": "bytes"}
    if request.headers.get("If-Range", headers.get("ETag")) != headers.get("ETag"):
        return web.Response(body=body, headers=headers)
    start, stop, _ = request.http_range.indices(len(body))
    if start >= len(body):
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
    if "Range" not in request.headers:
        return web.Response(body=body, headers=headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
    return web.Response(status=206, body=body[start:stop], headers=headers)


@asynccontextmanager
async def sound_server(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[SoundServer]:
    """Run one on this machine."""
    server = SoundServer()
    app = web.Application()
    app.router.add_get("/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def held(first: bytes, rest: bytes, release: asyncio.Event) -> Body:
    """Return a body whose rest is sent when a test says so."""

    async def write(_: web.Request, response: web.StreamResponse) -> None:
        await response.write(first)
        await release.wait()
        await response.write(rest)

    return write


def endless(chunk: bytes, pause: float = 0) -> Body:
    """Return a body that never ends; a pause, in seconds, makes it a live one."""

    async def write(_: web.Request, response: web.StreamResponse) -> None:
        while True:
            for start in range(0, len(chunk), PIECE):
                await response.write(chunk[start : start + PIECE])
                await asyncio.sleep(pause)

    return write


def truncated(chunk: bytes, breaking: asyncio.Event) -> Body:
    """Return a body that breaks off when a test says so; the page says it is longer."""

    async def write(request: web.Request, response: web.StreamResponse) -> None:
        await response.write(chunk)
        await breaking.wait()
        assert request.transport is not None
        request.transport.close()

    return write
