"""The log of every request, with its headers and body as they came; readable over the control interface only."""

import asyncio
from collections import deque
from typing import Any, Final

from .settings import MEBI

# Entries kept: a test of ten thousand messages writes some forty thousand.
MAX_ENTRIES: Final = 60_000
# Bytes of request bodies kept: sixteen of the largest.
MAX_BODIES: Final = 256 * MEBI


class Journal:
    """A ring of numbered entries that a reader can wait on."""

    def __init__(self, limit: int = MAX_ENTRIES, bodies: int = MAX_BODIES) -> None:
        """Start empty; `bodies`: the bytes of bodies kept."""
        self._entries: deque[dict[str, Any]] = deque()
        self._limit = limit
        self._room = bodies
        self._last = 0
        self._grown = asyncio.Event()

    def add(self, kind: str, *, body: bytes = b"", **fields: Any) -> int:
        """Append one entry; returns its number."""
        self._last += 1
        self._entries.append({"seq": self._last, "kind": kind, "body": body} | fields)
        self._room -= len(body)
        while len(self._entries) > self._limit or self._room < 0:
            self._room += len(self._entries.popleft()["body"])
        self._grown.set()
        self._grown = asyncio.Event()
        return self._last

    def since(self, seq: int) -> tuple[list[dict[str, Any]], int]:
        """Return the entries after number `seq`, and the number to ask with next."""
        return [entry for entry in self._entries if entry["seq"] > seq], self._last

    async def wait(self, seq: int, seconds: float) -> None:
        """Return as soon as there is an entry after `seq`, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                while self._last <= seq:
                    await self._grown.wait()
        except TimeoutError:
            pass
