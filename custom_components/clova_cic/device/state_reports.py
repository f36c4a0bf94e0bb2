"""The state for those who watch this device: at once, then every so often (DeviceControl).

A hand at the volume is not reported by itself: no document asks for that, every event
has the state, and whoever wants to see changes says so by ExpectReportState.
"""

import asyncio
from typing import Final

from homeassistant.core import callback

from ..cic.interfaces.device_control import ExpectReportState, ReportState
from ..reports import KEPT_FOR, Reports

# Each report is a request with the whole context; who watches sees a change soon enough, in seconds.
SHORTEST_INTERVAL: Final = 5.0


class StateReports:
    """One schedule at a time."""

    def __init__(self, reports: Reports) -> None:
        """Report nothing yet."""
        self._reports = reports
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    @callback
    def expect(self, expected: ExpectReportState) -> None:
        """Report now. A duration replaces the schedule there is; a single report leaves it alone."""
        self._reports.send(ReportState())
        if expected.duration is None or expected.interval is None:
            return
        self.close()
        interval = max(float(expected.interval), SHORTEST_INTERVAL)
        self._wait(interval, self._loop.time() + expected.duration)

    @callback
    def close(self) -> None:
        """Report no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, interval: float, end: float) -> None:
        self._timer = None
        if self._loop.time() + interval <= end:
            self._timer = self._loop.call_later(interval, self._report, interval, end)

    def _report(self, interval: float, end: float) -> None:
        # while CIC is away, the reports do not pile up
        self._reports.send(ReportState(), patience=min(interval, KEPT_FOR))
        self._wait(interval, end)
