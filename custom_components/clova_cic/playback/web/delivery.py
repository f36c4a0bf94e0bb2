"""What players have got of one sound."""

import asyncio

from .hls import LastSegment
from .ranges import Coverage, Span


class Delivery:
    """Adds up what was given out, in however many requests."""

    def __init__(self, root: str) -> None:
        """Begin with nothing; root is the address of the whole."""
        self._root = root
        self._coverage = Coverage()
        self._last: LastSegment | None = None
        self.fetched = asyncio.Event()
        """Set once the first byte of sound has gone to a player."""
        self.complete = False
        """True once all of it has: the whole, or the last segment of a playlist that ends."""

    def expect(self, last: LastSegment | None) -> None:
        """Take note of a playlist's last segment."""
        if last is not None:
            self._last = last

    def gave(self, address: str, span: Span, total: int | None, *, whole: bool) -> None:
        """Count the bytes of an address that went out; whole: they ended where they should."""
        if self._last is not None and address == self._last.address:
            stop = self._last.stop
            self.complete |= whole if stop is None else span.stop >= stop
        elif address == self._root:
            self._coverage.add(span)
            size = span.stop if total is None and whole else total
            self.complete |= size is not None and self._coverage.covers(size)

    def finish(self) -> None:
        """Count a stream that is made here as given out to its end."""
        self.complete = True
