"""The clock on the wall."""

from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util


class Wall:
    """The clock on the wall, which can be set; it goes on by itself."""

    def __init__(self) -> None:
        self._set = timedelta()
        self._now = dt_util.utcnow

    def set(self, seconds: float) -> None:
        """Set it forward, or back."""
        self._set += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._now() + self._set
