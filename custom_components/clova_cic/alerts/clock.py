"""The alarm clock of one entry: what CIC orders and people want, kept before it counts (Handle_Alerts)."""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..cic.interfaces.alerts import (
    AlertType,
    DeleteAlertFailed,
    DeleteAlertSucceeded,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
)
from ..const import CONF_REMOVE_ALERTS_WHEN_LOST
from ..occurrences import Occurrences
from ..origin import Origin
from ..playback.alerts.assets import AssetStore
from ..playback.music.commands import Commands
from ..playback.output.outputs import Outputs
from ..playback.sound.ahead import Spawn
from ..reports import Reports
from .alert import Alert, Happening, Phase
from .asking import Asking
from .bells import Bells
from .book import Book
from .happenings import LATEST, Happenings
from .kept import Keeper, Saved
from .telling import Telling

# Where the user wants alerts removed when the connection is lost: a short loss is none, in seconds.
LOST_FOR: Final = 600.0


class AlarmClock:
    """Sets, keeps, rings and stops."""

    def __init__(
        self,
        *,
        hass: HomeAssistant,
        entry: ConfigEntry,
        reports: Reports,
        outputs: Outputs,
        commands: Commands,
        assets: AssetStore,
        spawn: Spawn,
        occurrences: Occurrences,
        events: Counter[str],
    ) -> None:
        """Do nothing before async_load."""
        self._hass = hass
        self._entry = entry
        self._commands = commands
        self._events = events
        self.book = Book()
        self._keeper = Keeper(hass, entry.entry_id, spawn, self.book.as_dict)
        self._telling = Telling(reports, self.book, self._keeper.save)
        self._asking = Asking(reports)
        self._happenings = Happenings(
            hass=hass,
            entry=entry,
            book=self.book,
            keeper=self._keeper,
            telling=self._telling,
            bells=Bells(hass, outputs, assets, spawn, events),
            reports=reports,
            spawn=spawn,
            occurrences=occurrences,
        )
        self._is_away = False
        self._lost: asyncio.TimerHandle | None = None
        self.async_add_listener(lambda: assets.keep(self.book.assets))
        commands.listen_to(self.async_add_listener)

    # Its life

    async def async_load(self) -> None:
        """Go on with what was set before, whether CIC is there or not."""
        if (stored := await self._keeper.async_load()) is not None:
            self.book.restore(stored)
        self._happenings.start()
        self.lost()

    @callback
    def connected(self) -> None:
        """Tell CIC what it has missed, and ask which alerts there are to be."""
        self._is_away = False
        self.options_changed()
        self._telling.tell_owed()
        self._asking.ask()

    @callback
    def lost(self) -> None:
        """CIC is away: alerts ring all the same, unless the user wants them removed."""
        self._asking.heard()
        self._is_away = True
        self.options_changed()

    @callback
    def options_changed(self) -> None:
        """Remove alerts once CIC is away for long, if that is what the user wants now."""
        is_away = self._is_away and self._happenings.running
        if not (is_away and self._entry.options.get(CONF_REMOVE_ALERTS_WHEN_LOST)):
            self._cancel_lost()
        elif self._lost is None:
            self._lost = self._hass.loop.call_later(LOST_FOR, self._remove_lost)

    async def async_close(self) -> None:
        """Ring no more, and remember what there is: the entry is unloaded."""
        self._asking.heard()
        self._cancel_lost()
        await self._happenings.async_close()
        await self._telling.async_close()
        await self._keeper.async_close()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back whenever an alert is another; return how to end that."""
        return self._happenings.async_add_listener(listener)

    @property
    def has_work(self) -> bool:
        """Whether there is something to ring, also without CIC."""
        return bool(self.book.waiting or self.book.active)

    # What CIC orders

    @callback
    def set(self, order: SetAlert, origin: Origin) -> None:
        """Have an alert, or another in the place of the one with its token; CIC is told which."""
        alert = self._alert(order, origin)
        if alert is None or not self._put(alert):
            self._failed(order, origin.satellite_id)
            return
        self._happenings.keep(partial(self._set, alert))

    @callback
    def delete(self, token: str, kind: AlertType | None, origin: Origin) -> None:
        """Have an alert no more; CIC is told."""
        alert = self.book.get(token)
        if alert is None:
            self._events["alert_unknown"] += 1
            if kind is not None:
                failed = DeleteAlertFailed(token=token, type=kind)
                self._telling.tell(failed, origin.satellite_id)
            return
        self._happenings.remove(alert)
        self._happenings.keep(partial(self._deleted, alert, origin.satellite_id))

    @callback
    def stop(self, token: str) -> None:
        """Stop ringing, now that CIC wants it."""
        if not self._happenings.happens(token, Happening.ORDERED):
            self._events["alert_not_ringing"] += 1

    @callback
    def synchronize(self, orders: tuple[SetAlert, ...], origin: Origin) -> None:
        """Have these alerts, and no other."""
        self._asking.heard()
        listed = {order.token for order in orders}
        for gone in [one for one in self.book.alerts if one.token not in listed]:
            self._happenings.remove(gone)
            self._happenings.tell("deleted", gone.order)
        for order in orders:
            known, alert = self.book.get(order.token), self._alert(order, origin)
            if known is not None and known.order == order:
                continue
            if alert is None or not self._put(alert):
                self._cannot_be_set(order)
        new = [one for one in self.book.alerts if one.phase is Phase.NEW]
        self._happenings.keep(partial(self._are_kept, new))

    # What people in the house want

    @callback
    def press(self, token: str | None = None) -> bool:
        """Silence an alert, or all that ring, and ask CIC to stop them; False where none rings."""
        return self._happenings.press(token)

    async def async_delete(self, alert: Alert) -> None:
        """Ask CIC to delete an alert, and wait until it has. Raises HomeAssistantError."""
        event = RequestDeleteAlert(token=alert.token, type=alert.order.type)
        await self._commands.press(event, lambda: self.book.get(alert.token) is None)

    async def async_synchronize(self) -> None:
        """Ask CIC which alerts there are to be. Raises HomeAssistantError."""
        await self._commands.press(RequestSynchronizeAlert())

    # What follows

    def _alert(self, order: SetAlert, origin: Origin) -> Alert | None:
        """Return what an order means, None where it cannot be set.

        One that rings, or has rung, and keeps its time does not ring once more.
        """
        known = self.book.get(order.token)
        satellite_id = origin.satellite_id
        if satellite_id is None and known is not None:
            satellite_id = known.satellite_id  # it is changed elsewhere, and rings where it was to
        alert = Alert.of(order, satellite_id)
        if alert is not None and known is not None and known.has_rung and known.at == alert.at:
            return replace(alert, phase=known.phase)
        if alert is None or dt_util.utcnow() - alert.at > LATEST:
            return None
        return alert

    def _put(self, alert: Alert) -> bool:
        known = self.book.get(alert.token)
        if not self.book.put(alert):
            return False
        if known is not None and not alert.is_active:
            self._happenings.replaced(known)
        return True

    def _set(self, alert: Alert, saved: Saved) -> None:
        self._is_kept(alert, saved)
        match saved:
            case Saved.WRITTEN:
                succeeded = SetAlertSucceeded(token=alert.token, type=alert.order.type)
                self._telling.tell(succeeded, alert.satellite_id)
            case Saved.FAILED:
                self._failed(alert.order, alert.satellite_id)

    def _are_kept(self, alerts: list[Alert], saved: Saved) -> None:
        for alert in alerts:
            self._is_kept(alert, saved)

    def _is_kept(self, alert: Alert, saved: Saved) -> None:
        """Have an alert ring now that it is on disk; if it is not, the one that is there counts."""
        is_there = self.book.get(alert.token) is alert
        if saved is Saved.WRITTEN:
            self._happenings.tell("set", alert.order)
            if is_there:
                self._happenings.happens(alert.token, Happening.SAVED)
            else:
                self.book.written(alert)
        elif saved is Saved.FAILED and is_there and alert.phase is Phase.NEW:
            self.book.take_back(alert.token)
            self._happenings.changed()

    def _failed(self, order: SetAlert, satellite_id: str | None) -> None:
        self._cannot_be_set(order)
        self._telling.tell(SetAlertFailed(token=order.token, type=order.type), satellite_id)

    def _cannot_be_set(self, order: SetAlert) -> None:
        self._events["alert_not_set"] += 1
        self._happenings.tell("failed", order)

    def _deleted(self, alert: Alert, satellite_id: str | None, saved: Saved) -> None:
        if saved is Saved.LATER:
            return
        told: type[DeleteAlertFailed | DeleteAlertSucceeded] = DeleteAlertFailed
        if saved is Saved.WRITTEN:
            self._happenings.tell("deleted", alert.order)
            told = DeleteAlertSucceeded
        self._telling.tell(told(token=alert.token, type=alert.order.type), satellite_id)

    # The connection

    def _remove_lost(self) -> None:
        """Have no alert that waits, as the documents would where the network is lost."""
        self._lost = None
        for alert in self.book.waiting:
            self._happenings.remove(alert)
            self._happenings.tell("deleted", alert.order)
        self._happenings.keep(lambda _: None)

    def _cancel_lost(self) -> None:
        if self._lost is not None:
            self._lost.cancel()
            self._lost = None
