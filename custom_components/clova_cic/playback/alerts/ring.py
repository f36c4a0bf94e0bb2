"""One alert that rings, until it is stopped."""

import asyncio
from collections import Counter
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..output.output import Output
from ..sound.ahead import Spawn
from .ringing import RingEnd, Ringing
from .stream import Sounds

__all__ = ["Ring", "RingEnd"]

# Who has not stopped it by then is not at home, and neighbours are; in seconds.
LONGEST_RING: Final = 30 * 60.0
# What is to be heard once waits no longer for a player, or for somebody who speaks, in seconds.
LONGEST_ONCE: Final = 60.0


class _Stage(Enum):
    IDLE = auto()
    RINGING = auto()
    MUTED = auto()
    OVER = auto()


class Ring:
    """Sounds on an output; without one it rings all the same, and nothing is heard.

    ended is called once, when it is over by itself, and never within a call of these methods;
    not after stop or close.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        output: Output | None,
        sounds: Sounds,
        spawn: Spawn,
        ended: Callable[[RingEnd], None],
        events: Counter[str],
    ) -> None:
        """Be silent until the start; count in events what was not heard."""
        self._hass = hass
        self._output = output
        self._sounds = sounds
        self._spawn = spawn
        self._ended = ended
        self._events = events
        self._stage = _Stage.IDLE
        self._ringing: Ringing | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def sounding(self) -> bool:
        """Whether a player has its sound now."""
        return self._ringing is not None and self._ringing.sounding

    @callback
    def start(self) -> None:
        """Ring, for LONGEST_RING at most."""
        self._stage = _Stage.RINGING
        longest, end = (LONGEST_RING, RingEnd.EXPIRED)
        if self._sounds.once:
            longest, end = (LONGEST_ONCE, RingEnd.FINISHED)
        self._timer = self._hass.loop.call_later(longest, self._end, end)
        self._begin()

    @callback
    def move(self, output: Output | None) -> None:
        """Ring elsewhere from now on."""
        if output is self._output:
            return
        self._output = output
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

    @callback
    def close(self) -> None:
        """Stop without waiting: the entry is unloaded."""
        self._finish()
        self._leave()

    def _begin(self) -> None:
        if self._output is not None:
            self._ringing = Ringing(
                self._hass, self._output, self._sounds, self._spawn, self._over, self._events
            )
            self._ringing.start()
        elif self._sounds.once:
            self._over(RingEnd.FINISHED)

    def _leave(self) -> None:
        if self._ringing is not None:
            self._ringing.leave()

    def _finish(self) -> None:
        self._stage = _Stage.OVER
        if self._timer is not None:
            self._timer.cancel()

    def _over(self, end: RingEnd) -> None:
        """End, once whoever has started it knows that."""
        self._hass.loop.call_soon(self._end, end)

    @callback
    def _end(self, end: RingEnd) -> None:
        if self._stage in (_Stage.RINGING, _Stage.MUTED):
            self._finish()
            self._leave()
            self._ended(end)
