"""When the next alert is due, by the clock on the wall."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

# The loop's clock does not know that the wall's was set: that is looked at so often, in seconds,
# for an alert is due at a second.
RECHECK: Final = 1.0


class Schedule:
    """Calls when something is due, not before, and goes on."""

    def __init__(
        self, next_due: Callable[[], datetime | None], ring: Callable[[datetime], None]
    ) -> None:
        """Ask when the next is due; ring is to see to all that are due by its moment."""
        self._loop = asyncio.get_running_loop()
        self._next_due = next_due
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    @callback
    def start(self) -> None:
        """See to what is due."""
        self._check()

    @callback
    def changed(self) -> None:
        """Look again when the next is due."""
        self._arm()

    @callback
    def close(self) -> None:
        """Look no more."""
        self._cancel()

    def _check(self) -> None:
        due, now = self._next_due(), dt_util.utcnow()
        if due is not None and due <= now:
            self._ring(now)
        self._arm()

    def _arm(self) -> None:
        self._cancel()
        due = self._next_due()
        if due is not None:
            left = (due - dt_util.utcnow()).total_seconds()
            self._timer = self._loop.call_later(min(max(left, 0.0), RECHECK), self._check)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
