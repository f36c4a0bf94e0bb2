"""The control log: what the service saw and did, bounded, readable over the control interface only."""

import asyncio
from collections import deque
from datetime import UTC, datetime
import time
from typing import Any

# Entries kept: some hundred dialogues, or a queue of a thousand tracks; a few megabytes.
MAX_ENTRIES = 6_000


def now_ms() -> float:
    """Return the monotonic clock in milliseconds; every `at` and mark is on it."""
    return round(time.monotonic() * 1000, 3)


class Journal:
    """A ring of numbered entries that a reader can wait on."""

    def __init__(self, limit: int = MAX_ENTRIES) -> None:
        """Start empty."""
        self._entries: deque[dict[str, Any]] = deque(maxlen=limit)
        self._last = 0
        self._grown = asyncio.Event()

    def add(self, kind: str, **fields: Any) -> None:
        """Append one entry."""
        self._last += 1
        stamp = datetime.now(UTC).isoformat()
        self._entries.append(
            {"seq": self._last, "at": now_ms(), "time": stamp, "kind": kind} | fields
        )
        self._grown.set()
        self._grown = asyncio.Event()

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
