"""What changes around a connection, of which no socket is told: the host slept, its address is another."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import socket
import time

# Between two looks, in seconds: hosts seldom sleep, and whoever wakes one waits for more than this.
LOOK_EVERY = 10.0
# The clocks drift apart, and a busy loop looks late, by less than this, in seconds.
LEAP = 10.0

# A numeric host and a port, as the socket of a connection tells them.
type Peer = tuple[str, int]


def address_towards(peer: Peer | None) -> str | None:
    """Return this host's own address on the way to a peer; None where there is no way.

    Nothing is sent: connecting a UDP socket asks the routing table alone.
    """
    if peer is None:
        return None
    try:
        family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect(peer)
            return str(asking.getsockname()[0])
    except OSError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look has seen."""

    clock: float
    wall: float
    peer: Peer | None
    address: str | None

    def leapt_since(self, before: _Look) -> bool:
        """Tell whether one clock went on without the other, or this look comes far too late."""
        passed = self.clock - before.clock
        return abs(self.wall - before.wall - passed) > LEAP or passed > LOOK_EVERY + LEAP

    def moved_since(self, before: _Look) -> bool:
        """Tell whether the way to the same peer leads from another address."""
        return self.peer == before.peer and self.address != before.address


class Surroundings:
    """Looks now and then. A clock that was set looks like a sleep: that costs a PING."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        address: Callable[[Peer | None], str | None] = address_towards,
    ) -> None:
        """Take a clock that may stop while the host sleeps, and one that does not."""
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._address = address

    async def watch(self, peer: Callable[[], Peer | None], changed: Callable[[], None]) -> None:
        """Call back on each change, for ever. The peer is the one a connection led to last."""
        before = self._look(peer())
        while True:
            await self._sleep(LOOK_EVERY)
            now = self._look(peer())
            if now.leapt_since(before) or now.moved_since(before):
                changed()
            before = now

    def _look(self, peer: Peer | None) -> _Look:
        return _Look(clock=self._clock(), wall=self._wall(), peer=peer, address=self._address(peer))
