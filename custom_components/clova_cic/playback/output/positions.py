"""Where in its medium something is that plays: by our clock, corrected by what the player says.

Players say it seldom (some every 10 s), in whole seconds, or wrongly; the clock alone
does not know of buffering and seeking. So a report is heeded as far as it is plausible.
All times are the event loop's, in seconds.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

# Between two clocks that agree; whole seconds are those begun, so they may be one behind.
EXACTNESS: Final = 0.25
# What buffering may take without anybody having sought.
DRIFT: Final = 2.0
# The same position again after this long, while it plays, is that of a player that does not count.
FROZEN_AFTER: Final = 1.5
# At a pause nobody ordered the last position may well be the same: core polls every 10 s.
FROZEN_AT_PAUSE: Final = 15.0
# A position past the player's own duration by more than this is nonsense.
PAST_THE_END: Final = 5.0
# So many jumps without a report between them that fits the one before: nobody seeks like that.
MOST_JUMPS: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """A position as a player gave it, and when it was there."""

    position: float
    at: float

    @property
    def slack(self) -> float:
        """By how much it may be behind: whole seconds are those begun."""
        return 1.0 if self.position.is_integer() else 0.0

    def expected(self, now: float, *, running: bool) -> float:
        """Return where it most likely is now."""
        passed = now - self.at if running else 0.0
        return self.position + self.slack / 2 + passed


class Trust(Enum):
    """Whether the player's positions are worth anything."""

    UNTRIED = auto()
    GOOD = auto()
    BAD = auto()


class PositionClock:
    """Goes on while it runs. Made standing."""

    def __init__(self, position: float, now: float) -> None:
        """Stand at a position."""
        self._position = position
        # Where it would be had the player never said that it jumped.
        self._own = position
        self._now = now
        self._running = False
        self._since = now
        self._last: Report | None = None
        self._trust = Trust.UNTRIED
        self._jumps = 0
        self._guessed = False

    def at(self, now: float) -> float:
        """Return the position at a time that is not before the last change."""
        return self._position + (max(0.0, now - self._now) if self._running else 0.0)

    def run(self, now: float) -> None:
        """Go on from here."""
        self._turn(now, running=True)

    def halt(self, now: float) -> None:
        """Stand still here."""
        self._turn(now, running=False)

    def _turn(self, now: float, *, running: bool) -> None:
        if self._running is not running:
            self._forward(now)
            self._running = running
            self._since = now

    def set(self, position: float, now: float) -> None:
        """Be elsewhere: what the player said before does not count any more."""
        self._forward(now)
        self._position = self._own = max(0.0, position)
        self._since = now
        self._last = None
        self._jumps = 0
        self._guessed = False

    def guess(self, position: float, now: float) -> None:
        """Be somewhere near: where the player has long played, its first word counts more."""
        self.set(position, now)
        self._guessed = True

    def _forward(self, now: float) -> None:
        passed = max(0.0, now - self._now) if self._running else 0.0
        self._position += passed
        self._own += passed
        self._now = max(self._now, now)

    def heed(self, report: Report, now: float, duration: float | None = None) -> bool:
        """Correct the clock by a report; tells whether it jumped."""
        self._forward(now)
        last, self._last = self._last, report
        if not self._is_news(report, last, duration) or self._is_frozen(report, last):
            return False
        error = self._error(report)
        if abs(error) <= DRIFT:
            self._position += error
            self._own = self._position
            self._trust, self._jumps, self._guessed = Trust.GOOD, 0, False
            return False
        return self._jump(error)

    def believe(self, report: Report, now: float, duration: float | None = None) -> None:
        """Take a position that comes with a pause or its end, of which nobody told in time."""
        self._forward(now)
        last, self._last = self._last, report
        if self._trust is Trust.BAD or not self._is_news(report, last, duration):
            return
        if last and last.position == report.position and now - last.at > FROZEN_AT_PAUSE:
            return
        self._position += self._error(report)
        self._own = self._position

    def _is_news(self, report: Report, last: Report | None, duration: float | None) -> bool:
        """Tell whether a report is about now, and about this medium."""
        if last == report or report.at < self._since - EXACTNESS:
            return False
        return 0 <= report.position <= (duration + PAST_THE_END if duration else float("inf"))

    def _is_frozen(self, report: Report, last: Report | None) -> bool:
        if last is None or not self._running or last.at < self._since:
            return False
        return report.position == last.position and report.at - last.at > FROZEN_AFTER

    def _error(self, report: Report) -> float:
        """Return by how much the clock is behind the report; 0 where they agree."""
        said = report.position + (self._now - report.at if self._running else 0.0)
        low, high = said - EXACTNESS, said + EXACTNESS + report.slack
        error = min(high - self._position, 0.0) or max(low - self._position, 0.0)
        if abs(error) <= DRIFT:
            return error
        return report.expected(self._now, running=self._running) - self._position

    def _jump(self, error: float) -> bool:
        match self._trust:
            case Trust.UNTRIED if self._guessed:
                self._guessed = False
                self._position += error
                self._own = self._position
                return True
            case Trust.UNTRIED:
                # at the start we know where it is
                self._trust = Trust.BAD
                return False
            case Trust.BAD:
                return False
        self._jumps += 1
        if self._jumps >= MOST_JUMPS:
            self._trust = Trust.BAD
            self._position = self._own
        else:
            self._position += error
        return True
