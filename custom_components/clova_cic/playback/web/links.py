"""The addresses that players may ask for within one sound, each under a number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .hls import PlaylistError

# What playlists named, all of one sound; hours of segments. Bytes.
MOST_KEPT: Final = 4 * 1024 * 1024
# What an address costs beside its own length: a number, a signature, their places.
_COST: Final = 512

ROOT: Final = 0


@dataclass(slots=True)
class _Kept:
    address: str
    link: str
    reading: int


class Links:
    """A table from numbers to addresses, bounded: the oldest go, which a live stream has left behind."""

    def __init__(self, root: str, make: Callable[[int, str], str]) -> None:
        """Begin with the address of the whole, which stays; make a link of a number and an end."""
        self.root = root
        self._make = make
        self._numbers: dict[str, int] = {}
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._size = 0
        self._next = ROOT + 1
        self._reading = 0

    def address(self, number: int) -> str | None:
        """Return what a number stands for."""
        if number == ROOT:
            return self.root
        kept = self._kept.get(number)
        return None if kept is None else kept.address

    def begin(self) -> Callable[[str, str], str]:
        """Return the function that links the addresses of one playlist.

        It raises PlaylistError where they are too many to be kept together.
        """
        self._reading += 1
        reading = self._reading

        def link(address: str, end: str) -> str:
            return self._link(address, end, reading)

        return link

    def _link(self, address: str, end: str, reading: int) -> str:
        number = self._numbers.get(address)
        if number is not None:
            kept = self._kept[number]
            kept.reading = reading
            self._kept.move_to_end(number)
            return kept.link
        number, self._next = self._next, self._next + 1
        kept = _Kept(address, self._make(number, end), reading)
        self._numbers[address] = number
        self._kept[number] = kept
        self._size += len(address) + _COST
        while self._size > MOST_KEPT:
            self._forget(reading)
        return kept.link

    def _forget(self, reading: int) -> None:
        _, kept = self._kept.popitem(last=False)
        del self._numbers[kept.address]
        self._size -= len(kept.address) + _COST
        if kept.reading >= reading:
            raise PlaylistError("it names too much")
