"""HTTP/1.1 for players: GET and HEAD, Range (RFC 9110 14), one request after the other on a connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
import logging
import re

from cic_server.journal import Journal
from cic_server.order.reasons import Reason
from cic_server.user_agent import USER_AGENT

from .library import Found, Library, Missing

_LOGGER = logging.getLogger(__name__)

# A request's head; no player sends more than some hundred bytes.
MAX_HEAD_BYTES = 16 << 10
# Seconds a connection may wait for its next request.
IDLE_SECONDS = 60.0
# Seconds a player may leave what was sent to it unread: as long as somebody pauses.
UNREAD_SECONDS = 3_600.0
# Written at once; a player that goes away in the middle is noticed in between.
WRITE_BYTES = 32 << 10
# Characters of a header in the log.
MAX_LOGGED_HEADER = 200
# Eighteen digits are more bytes than there are; Python refuses to read some thousands.
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request's head."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether another request may follow."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer; `shown` is what of the content goes out (nothing to HEAD)."""

    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)
    shown: bytes = b""


class BadRequestError(Exception):
    """What came is no request."""


class MediaListener:
    """Serves a library, and writes down who fetched what."""

    def __init__(
        self, library: Library, journal: Journal, mark: Callable[[str | None, str, Reason], None]
    ) -> None:
        """Have `mark` told of illegal fetches: whose, where, why."""
        self._library = library
        self._journal = journal
        self._mark = mark

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen for the length of a with block; yields the port. Raises OSError."""
        connections: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            connections.add(task)
            task.add_done_callback(connections.discard)

        server = await asyncio.start_server(accept, host, port, limit=MAX_HEAD_BYTES)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tuple(connections):
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._serve_one(reader, writer):
                pass
        except OSError, TimeoutError, asyncio.IncompleteReadError:
            pass  # the player has gone, or says nothing
        except Exception as err:  # noqa: BLE001 - one player must not end the service
            _LOGGER.error("Serving a player failed: %s", type(err).__name__)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer a request; tell whether another may follow."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                asked = parse_head(await reader.readuntil(b"\r\n\r\n"))
        except asyncio.LimitOverrunError, BadRequestError:
            await _send(writer, Reply(status=HTTPStatus.BAD_REQUEST), keep=False)
            return False
        await _send(writer, await self._answer(asked), keep=asked.keeps_alive)
        return asked.keeps_alive

    async def _answer(self, asked: Asked) -> Reply:
        if asked.method not in ("GET", "HEAD"):
            reply = Reply(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
            self._note(asked, reply, None)
            return reply
        found = await self._library.find(asked.path.partition("?")[0])
        wrong = _what_is_wrong(asked, found)
        if isinstance(found, Missing):
            reply = Reply(status=HTTPStatus(found.value))
        elif wrong == Reason.MEDIA_AGENT:
            reply = Reply(status=HTTPStatus.FORBIDDEN)
        else:
            reply = _reply(asked, found)
        client = found.client if isinstance(found, Found) else None
        self._note(asked, reply, client)
        if wrong is not None:
            self._mark(client, asked.path, wrong)
        return reply

    def _note(self, asked: Asked, reply: Reply, client: str | None) -> None:
        self._journal.add(
            "media",
            client=client,
            method=asked.method,
            path=asked.path[:MAX_LOGGED_HEADER],
            range=asked.headers.get("range", "")[:MAX_LOGGED_HEADER] or None,
            user_agent=asked.headers.get("user-agent", "")[:MAX_LOGGED_HEADER] or None,
            authorization="authorization" in asked.headers,
            status=reply.status.value,
            bytes=len(reply.shown),
        )


def _what_is_wrong(asked: Asked, found: Found | Missing) -> Reason | None:
    if "authorization" in asked.headers:
        return Reason.MEDIA_TOKEN
    agent = asked.headers.get("user-agent", "")
    if isinstance(found, Found) and found.needs_agent and not USER_AGENT.fullmatch(agent):
        return Reason.MEDIA_AGENT
    return None


def parse_head(head: bytes) -> Asked:
    """Return a request's head; raises BadRequestError."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadRequestError  # a body, which nothing here takes
    return Asked(method=words[0], path=words[1], headers=headers)


def _reply(asked: Asked, found: Found) -> Reply:
    size = len(found.content)
    headers = {"Content-Type": found.content_type, "Accept-Ranges": "bytes"}
    status, first, last = HTTPStatus.OK, 0, size - 1
    span = _span(asked.headers.get("range"), size)
    if span == NOWHERE:
        return Reply(
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers={"Content-Range": f"bytes */{size}"},
        )
    if span is not None:
        first, last = span
        status = HTTPStatus.PARTIAL_CONTENT
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    shown = b"" if asked.method == "HEAD" else found.content[first : last + 1]
    return Reply(status=status, headers=headers, shown=shown)


# A range that does not exist.
NOWHERE = (-1, -1)


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """Return first and last byte of a range; NOWHERE, or None for the whole.

    More than one range, or another unit, may be ignored (RFC 9110 14.2).
    """
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size - 1) if length else NOWHERE
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return None  # no range at all (14.1.1)
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (first, last) if first <= last else NOWHERE


async def _send(writer: asyncio.StreamWriter, reply: Reply, *, keep: bool) -> None:
    headers = {"Content-Length": "0"} | reply.headers
    headers["Connection"] = "keep-alive" if keep else "close"
    lines = [f"HTTP/1.1 {reply.status.value} {reply.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    for start in range(0, len(reply.shown), WRITE_BYTES):
        writer.write(reply.shown[start : start + WRITE_BYTES])
        async with asyncio.timeout(UNREAD_SECONDS):
            await writer.drain()
