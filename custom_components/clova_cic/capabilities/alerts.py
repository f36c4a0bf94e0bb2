"""Alerts: what CIC orders of alarms, timers and reminders; AlertsState in the context."""

from collections.abc import Callable, Iterable
from typing import override

from ..cic import Attachment, ContextObject, Directive
from ..cic.interfaces import alerts, read
from ..cic.interfaces.alerts import DeleteAlert, SetAlert, StopAlert, SynchronizeAlert
from ..origin import Origin
from .base import Capability


class Alerts(Capability):
    """Hands the orders to the entry's alarm clock."""

    namespace = alerts.NAMESPACE

    @override
    async def async_load(self) -> None:
        await self._parts.alarm_clock.async_load()

    @property
    @override
    def works_alone(self) -> bool:
        return self._parts.alarm_clock.has_work

    @override
    def connected(self) -> None:
        self._parts.alarm_clock.connected()

    @override
    def lost(self) -> None:
        self._parts.alarm_clock.lost()

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        clock = self._parts.alarm_clock
        match read(directive):
            case SetAlert() as order:
                clock.set(order, origin)
            case DeleteAlert(token=token, type=kind):
                clock.delete(token, kind, origin)
            case StopAlert(token=token):
                clock.stop(token)
            case SynchronizeAlert(alerts=orders):
                clock.synchronize(orders, origin)

    @override
    def context(self) -> Iterable[ContextObject]:
        state = self._parts.alarm_clock.book.state()
        yield ContextObject(namespace=self.namespace, name="AlertsState", payload=state)
