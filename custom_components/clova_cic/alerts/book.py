"""All alerts of one entry, and what CIC has yet to be told of them. Bounded."""

from collections.abc import Mapping
from datetime import datetime
import logging
from typing import Any, Final

from ..cic.interfaces.alerts import MOST_ALERTS, AlertStopped, AlertType
from ..cic.interfaces.assets import Asset
from ..cic.messages import Payload
from .alert import UNREADABLE, Alert, Happening, Phase

_LOGGER = logging.getLogger(__name__)

# They stand on disk, are written as one, and go up with every event: bytes of JSON.
LARGEST_BOOK: Final = 4 * 1024 * 1024


class Book:
    """Alerts by token, in the order they were first set."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._alerts: dict[str, Alert] = {}
        self._before: dict[str, Alert] = {}
        """What is on disk of those that have been changed and are NEW."""
        self._owed: dict[str, AlertStopped] = {}
        self._bytes = 0

    # Which there are

    @property
    def alerts(self) -> list[Alert]:
        """All of them, those that have stopped among them."""
        return list(self._alerts.values())

    @property
    def waiting(self) -> list[Alert]:
        """Those that will ring, the next first."""
        waiting = (one for one in self._alerts.values() if one.phase in (Phase.NEW, Phase.SET))
        return sorted(waiting, key=lambda one: one.at)

    @property
    def active(self) -> list[Alert]:
        """Those that ring now."""
        return [one for one in self._alerts.values() if one.is_active]

    @property
    def next_due(self) -> datetime | None:
        """When the next one rings; not before it is on disk."""
        return min(
            (one.at for one in self._alerts.values() if one.phase is Phase.SET), default=None
        )

    @property
    def assets(self) -> list[Asset]:
        """The sounds they refer to, of those that ring soonest first."""
        alerts = (*self.active, *self.waiting)
        return [asset for alert in alerts for asset in alert.order.assets]

    def get(self, token: str) -> Alert | None:
        """Return an alert by its token."""
        return self._alerts.get(token)

    def put(self, alert: Alert) -> bool:
        """Have an alert, in place of the one with its token; False where there is no room."""
        before = self._alerts.get(alert.token)
        grown = self._bytes + alert.size - (0 if before is None else before.size)
        if grown > self._bytes and grown > LARGEST_BOOK:
            return False
        if before is None and len(self._alerts) >= MOST_ALERTS and not self._make_room():
            return False
        self._bytes = grown
        self._alerts[alert.token] = alert
        if alert.phase is not Phase.NEW:
            self._before.pop(alert.token, None)
        elif before is not None and before.phase is Phase.SET:
            self._before[alert.token] = before
        return True

    def take_back(self, token: str) -> None:
        """Have an alert no more that cannot be kept; the one it was to replace waits again."""
        before = self._before.get(token)
        if before is None or not self.put(before):
            self.remove(token)

    def written(self, alert: Alert) -> None:
        """Know what is on disk of an alert that has been changed once more since, if it has."""
        now, kept = self._alerts.get(alert.token), alert.after(Happening.SAVED)
        if now is not None and now.phase is Phase.NEW and kept is not None:
            self._before[alert.token] = kept

    def remove(self, token: str) -> None:
        """Have an alert no more."""
        self._before.pop(token, None)
        if (alert := self._alerts.pop(token, None)) is not None:
            self._bytes -= alert.size

    def _make_room(self) -> bool:
        """Forget the first one that has stopped: CIC was to delete it."""
        over = (one.token for one in self._alerts.values() if one.phase is Phase.STOPPED)
        if (token := next(over, None)) is None:
            return False
        self.remove(token)
        return True

    # What is owed

    @property
    def owed(self) -> list[AlertStopped]:
        """What CIC is to be told as soon as it is there."""
        return list(self._owed.values())

    def owe(self, token: str, kind: AlertType) -> None:
        """Have CIC told that an alert has stopped, however long it is away."""
        self._owed.pop(token, None)
        while len(self._owed) >= MOST_ALERTS:
            self._owed.pop(next(iter(self._owed)))
        self._owed[token] = AlertStopped(token=token, type=kind)

    def settle(self, told: AlertStopped) -> bool:
        """Owe this no longer; False where it has happened once more since."""
        if self._owed.get(told.token) is not told:
            return False
        del self._owed[told.token]
        return True

    # As others see it

    def state(self) -> Payload:
        """Return AlertsState."""
        return {
            "allAlerts": [one.info() for one in self._alerts.values()],
            "activeAlerts": [one.info() for one in self.active],
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "alerts": [one.as_dict() for one in self._alerts.values()],
            "owed": [one.as_payload() for one in self._owed.values()],
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Read it back; what cannot be read is forgotten, and costs nothing of the rest."""
        lost = 0
        for one in _list_in(stored, "alerts"):
            try:
                self.put(Alert.from_dict(one))
            except UNREADABLE:
                lost += 1
        for one in _list_in(stored, "owed"):
            try:
                self.owe(one["token"], AlertType(one["type"]))
            except UNREADABLE:
                lost += 1
        if lost:
            _LOGGER.warning("%d of what was kept of alerts cannot be read, and is forgotten", lost)


def _list_in(stored: Any, key: str) -> list[Any]:
    value = stored.get(key) if isinstance(stored, dict) else None
    return value if isinstance(value, list) else [value]
