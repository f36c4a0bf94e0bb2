"""Asking CIC which alerts there are to be."""

import asyncio
from typing import Final

from homeassistant.core import callback

from ..cic.interfaces.alerts import RequestSynchronizeAlert
from ..cic.interfaces.system import RequestSynchronizeState
from .telling import Line

# A server that knows the newer question answers at once; one that does not, never. In seconds.
ANSWER_TIMEOUT: Final = 10.0


class Asking:
    """Asks once for each connection, and once more by the name that old servers know."""

    def __init__(self, line: Line) -> None:
        """Ask for one entry."""
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    @callback
    def ask(self) -> None:
        """Ask, on a new connection."""
        self._line.send(RequestSynchronizeAlert())
        self.heard()
        self._timer = self._loop.call_later(ANSWER_TIMEOUT, self._ask_as_before)

    @callback
    def heard(self) -> None:
        """Wait no longer: the list has come, or CIC is away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ask_as_before(self) -> None:
        self._timer = None
        self._line.send(RequestSynchronizeState())
