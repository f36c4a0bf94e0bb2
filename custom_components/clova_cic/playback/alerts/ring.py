"""One alert that rings, until it is stopped."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, Protocol

from homeassistant.core import callback

from ..output.output import Output
from .ringing import RingEnd, Ringing

__all__ = ["Begin", "Ring", "RingEnd"]

# Who has not stopped it by then is not at home, and neighbours are; in seconds.
LONGEST_RING: Final = 30 * 60.0
# What is to be heard once waits no longer for a player, or for somebody who speaks, in seconds.
LONGEST_ONCE: Final = 60.0


class Begin(Protocol):
    """What makes the ringing of one alert on an output."""

    def __call__(
        self, output: Output, over: Callable[[RingEnd], None], *, tries_on: bool
    ) -> Ringing:
        """Return it, not started."""


class _Stage(Enum):
    IDLE = auto()
    RINGING = auto()
    MUTED = auto()
    OVER = auto()


class Ring:
    """Sounds on the first of some outputs; without one it rings all the same, and nothing is heard.

    Where it is not heard it goes on at the next; at the last it is tried on. ended is called once,
    when it is over by itself, and never within a call of these methods; not after stop.
    """

    def __init__(
        self,
        begin: Begin,
        outputs: list[Output],
        ended: Callable[[RingEnd], None],
        *,
        once: bool,
    ) -> None:
        """Be silent until the start; once: it is not repeated."""
        self._loop = asyncio.get_running_loop()
        self._ringing_at = begin
        self._outputs = outputs
        self._left = list(outputs)
        """Those that have not been tried."""
        self._ended = ended
        self._once = once
        self._stage = _Stage.IDLE
        self._ringing: Ringing | None = None
        self._timer: asyncio.TimerHandle | None = None

    @callback
    def start(self) -> None:
        """Ring, for LONGEST_RING at most."""
        self._stage = _Stage.RINGING
        longest, end = (LONGEST_RING, RingEnd.EXPIRED)
        if self._once:
            longest, end = (LONGEST_ONCE, RingEnd.FINISHED)
        self._timer = self._loop.call_later(longest, self._end, end)
        self._begin()

    @callback
    def move(self, outputs: list[Output]) -> None:
        """Ring elsewhere from now on, if these are others."""
        if outputs == self._outputs:
            return
        self._outputs, self._left = outputs, list(outputs)
        self._leave()
        self._ringing = None
        if self._stage is _Stage.RINGING:
            self._begin()

    @callback
    def mute(self) -> None:
        """Be silent at once, and give the place back; it rings all the same until it is stopped."""
        if self._stage is _Stage.RINGING:
            self._stage = _Stage.MUTED
            self._leave()

    async def stop(self) -> None:
        """Stop; returns when its player has been told and nothing is heard, bounded in time."""
        self._finish()
        if self._ringing is not None:
            await self._ringing.stop()

    def _begin(self) -> None:
        """Ring on the next output."""
        if self._left:
            output = self._left.pop(0)
            tries_on = not self._left and not self._once
            ringing = self._ringing_at(
                output, lambda end: self._over(ringing, end), tries_on=tries_on
            )
            self._ringing = ringing
            ringing.start()
        elif self._once:
            self._loop.call_soon(self._end, RingEnd.FINISHED)

    def _leave(self) -> None:
        if self._ringing is not None:
            self._ringing.leave()

    def _finish(self) -> None:
        self._stage = _Stage.OVER
        if self._timer is not None:
            self._timer.cancel()

    def _over(self, ringing: Ringing, end: RingEnd) -> None:
        """Go on, once whoever has started it knows that."""
        self._loop.call_soon(self._go_on, ringing, end)

    @callback
    def _go_on(self, ringing: Ringing, end: RingEnd) -> None:
        if end is not RingEnd.UNHEARD:
            self._end(end)
        elif self._stage is _Stage.RINGING and ringing is self._ringing:
            self._begin()

    @callback
    def _end(self, end: RingEnd) -> None:
        if self._stage in (_Stage.RINGING, _Stage.MUTED):
            self._finish()
            self._leave()
            self._ended(end)
