"""A ring on one output: round after round, as long as it may sound there.

asks for the focus -> (HELD: waits) -> a round -> heard: the next round
                                               -> failed: waits a little, longer each time;
                                                          it is over where it is to try no more
                                               -> a hand at the player: it is over
HELD in a round: silent, then a new one.  LOST: another alert has its place, it is over
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
import logging
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..focus import Claim, Grant, Kind
from ..output.output import Output
from ..sound.ahead import Spawn
from .round import TOLD_PATIENCE, Outcome, Round
from .stream import Sounds

_LOGGER = logging.getLogger(__name__)

# After a round that was not heard, in seconds: a moment for a lost network, then as long as
# speakers take to start. The last is for all that follow.
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
# Where another player may be heard, one that is not is tried so often; and no player is waited
# for much where an alert is heard once: CIC acts when it is over.
MOST_ATTEMPTS: Final = 2


class RingEnd(Enum):
    """Why a ring is over."""

    STOPPED = auto()
    """Somebody stopped or paused it at the player."""
    REPLACED = auto()
    """Another alert has taken its place."""
    EXPIRED = auto()
    """It rang for LONGEST_RING."""
    UNHEARD = auto()
    """It was tried MOST_ATTEMPTS times in a row, and not heard."""
    FINISHED = auto()
    """It was to be heard once, and was; or there was nowhere to hear it."""


class Ringing:
    """Rings until it is over by itself, or left."""

    def __init__(
        self,
        hass: HomeAssistant,
        sounds: Sounds,
        spawn: Spawn,
        events: Counter[str],
        output: Output,
        over: Callable[[RingEnd], None],
        *,
        tries_on: bool,
    ) -> None:
        """Call over when it is over by itself; count in events what was not heard.

        tries_on: however often it is not heard.
        """
        self._hass = hass
        self._output = output
        self._sounds = sounds
        self._spawn = spawn
        self._over = over
        self._events = events
        self._tries_on = tries_on
        self._claim: Claim | None = None
        self._changed = asyncio.Event()
        self._round: Round | None = None
        self._failures = 0
        self._is_left = False
        self._before = output.seen.content_id
        self._task: asyncio.Task[None] | None = None

    @callback
    def start(self) -> None:
        """Ask for the focus, and ring."""
        self._claim = self._output.focus.request(
            Kind.ALERT, self._granted, exclusive=not self._output.can_announce
        )
        self._task = self._spawn(self._run(self._claim), "ring")

    @callback
    def leave(self) -> None:
        """Be silent and give the place back; nothing is told any more. May be called again."""
        self._give_up()
        if self._claim is not None:
            self._claim.release()

    async def stop(self) -> None:
        """Be silent; returns when it is no more heard, and gives its place back only then."""
        self._give_up()
        try:
            if self._task is not None:
                await asyncio.wait({self._task}, timeout=TOLD_PATIENCE)
            if self._round is not None:
                await self._round.quiet()
        finally:
            self.leave()

    def _give_up(self) -> None:
        """End once an order that is being given is: who is cancelled in it would stop its player."""
        self._is_left = True
        self._interrupt()
        self._changed.set()

    async def _run(self, claim: Claim) -> None:
        if (end := await self._ring(claim)) is not None:
            claim.release()
            self._over(end)

    @callback
    def _granted(self, grant: Grant) -> None:
        if grant in (Grant.HELD, Grant.LOST):
            self._interrupt()
        self._changed.set()

    def _interrupt(self) -> None:
        """End what sounds; its player is told before who comes next can tell it anything."""
        if self._round is not None:
            self._round.leave()

    async def _ring(self, claim: Claim) -> RingEnd | None:
        """Ring until it is over by itself; None where it was left."""
        while not self._is_left:
            self._changed.clear()
            match claim.grant:
                case Grant.LOST:
                    return RingEnd.REPLACED
                case Grant.HELD:
                    await self._changed.wait()
                    continue
            self._round = Round(self._hass, self._output, self._sounds, self._before)
            match await self._round.play():
                case Outcome.HAND:
                    return RingEnd.STOPPED
                case Outcome.HEARD if self._sounds.once:
                    return RingEnd.FINISHED
                case Outcome.HEARD:
                    self._failures = 0
                case Outcome.FAILED:
                    self._note_failure()
                    if not self._tries_on and self._failures >= MOST_ATTEMPTS:
                        return RingEnd.UNHEARD
                    await self._pause(PAUSES[min(self._failures, len(PAUSES)) - 1])
        return None

    def _note_failure(self) -> None:
        self._events["ring_failed"] += 1
        level = logging.DEBUG if self._failures else logging.WARNING
        _LOGGER.log(level, "%s does not ring; it is tried again", self._output.name)
        self._failures += 1

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the focus says something else."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._changed.wait()
