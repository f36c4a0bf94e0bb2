"""When CIC wants to hear how far a track has come (AudioPlayer, progressReport).

Delay and interval count the time the track sounds, from its start: no pause, no
leap. A position is passed by playing over it, and by a leap forward over it; after
a leap back it is passed again (seek rule of 2020-08-13). No clock in here: whoever
plays says where the track is. Positions and times in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
import math
from typing import Final, Self

from ...cic.interfaces.audio_stream import ProgressReport

# The documents' examples ask every 20 s or so; one report is one request.
SHORTEST_INTERVAL: Final = 1.0
# A player that leaps without being told to may pass many; each report is a request.
MOST_AT_ONCE: Final = 10


class Passed(Enum):
    """What has been passed."""

    DELAY = auto()
    INTERVAL = auto()
    POSITION = auto()


@dataclass(frozen=True, slots=True)
class Due:
    """A report that is due now, and the position it tells."""

    passed: Passed
    position: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What CIC wants to hear of one track; None: nothing."""

    delay: float | None = None
    interval: float | None = None
    position: float | None = None

    @classmethod
    def of(cls, wanted: ProgressReport) -> Self:
        """Take the milliseconds of a stream; intervals are not shorter than can be told."""
        interval = _seconds(wanted.interval)
        return cls(
            delay=_seconds(wanted.delay),
            interval=None if interval is None else max(interval, SHORTEST_INTERVAL),
            position=_seconds(wanted.position),
        )


class Progress:
    """How far one track has come since it was started."""

    def __init__(self, plan: Plan, begin: float) -> None:
        """Begin at a position, where nothing has sounded yet."""
        self._plan = plan
        self._position = begin
        self._played = 0.0
        # what lies exactly at the beginning is passed with it
        self._passed_delay = False
        self._passed_position = plan.position is not None and plan.position < begin

    def advance(self, position: float) -> list[Due]:
        """Go on playing to a position; return what was passed, in order.

        A position a little back is a better reading of the same, not a leap: what has
        sounded is not counted twice.
        """
        before, played = self._position, self._played
        self._position = max(before, position)
        self._played += self._position - before
        due = list(self._of_time(before, played))
        if self._passes(self._position):
            due.append(self._pass_position())
        return sorted(due, key=lambda one: one.position)

    def leap(self, position: float) -> list[Due]:
        """Go to another position without playing what lies between."""
        wanted, self._position = self._plan.position, position
        if wanted is not None and position < wanted:
            self._passed_position = False
        elif self._passes(position):
            return [self._pass_position()]
        return []

    def next_after(self) -> float | None:
        """Return how long the track has to play until the next report; None: there is none."""
        waits = []
        if self._plan.delay is not None and not self._passed_delay:
            waits.append(self._plan.delay - self._played)
        if (interval := self._plan.interval) is not None:
            waits.append(interval - math.fmod(self._played, interval))
        if self._plan.position is not None and not self._passed_position:
            waits.append(self._plan.position - self._position)
        return max(0.0, min(waits)) if waits else None

    def _of_time(self, before: float, played: float) -> Iterator[Due]:
        """Tell what the time since then has passed."""
        delay, interval = self._plan.delay, self._plan.interval
        if delay is not None and not self._passed_delay and self._played >= delay:
            self._passed_delay = True
            yield Due(Passed.DELAY, before + max(0.0, delay - played))
        if interval is not None:
            over, before_that = (math.floor(time / interval) for time in (self._played, played))
            for count in range(max(before_that, over - MOST_AT_ONCE) + 1, over + 1):
                yield Due(Passed.INTERVAL, before + count * interval - played)

    def _passes(self, position: float) -> bool:
        wanted = self._plan.position
        return wanted is not None and not self._passed_position and position >= wanted

    def _pass_position(self) -> Due:
        self._passed_position = True
        assert self._plan.position is not None
        return Due(Passed.POSITION, self._plan.position)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
