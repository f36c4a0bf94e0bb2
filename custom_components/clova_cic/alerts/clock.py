"""The alarm clock of one entry: does what CIC orders, and rings when it is time (Handle_Alerts)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..cic.interfaces.alerts import (
    AlertStarted,
    AlertType,
    DeleteAlertFailed,
    DeleteAlertSucceeded,
    RequestAlertStop,
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
from ..playback.alerts.ring import LONGEST_RING
from ..playback.music.commands import Commands
from ..playback.output.outputs import Outputs
from ..playback.sound.ahead import Spawn
from ..reports import Reports
from .alert import Alert, Happening, Phase
from .asking import Asking
from .bells import Bells
from .book import Book
from .kept import Keeper, Saved
from .missed import async_notify
from .schedule import Schedule
from .telling import Telling, occurrence

# An alert that comes later than this has missed its time: it would wake people for nothing.
LATEST: Final = timedelta(minutes=5)
# One that was ringing when Home Assistant went away would be over by then.
LATEST_AGAIN: Final = timedelta(seconds=LONGEST_RING)
# CIC is asked to stop an alert a hand has silenced; where it says nothing, in seconds, it stops.
STOP_TIMEOUT: Final = 10.0
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
        self._reports = reports
        self._commands = commands
        self._spawn = spawn
        self._occurrences = occurrences
        self._events = events
        self.book = Book()
        self._keeper = Keeper(hass, entry.entry_id, spawn, self.book.as_dict)
        self._telling = Telling(reports, self.book, self._keeper.save)
        self._asking = Asking(reports)
        self._assets = assets
        self._bells = Bells(hass, outputs, assets, spawn, events)
        self._schedule = Schedule(lambda: self.book.next_due, self._ring_due)
        self._pressed: dict[str, asyncio.TimerHandle] = {}
        self._is_away = False
        self._lost: asyncio.TimerHandle | None = None
        self._listeners: list[CALLBACK_TYPE] = []
        self._is_changed = False
        self._is_running = False
        commands.listen_to(self.async_add_listener)

    # Its life

    async def async_load(self) -> None:
        """Go on with what was set before, whether CIC is there or not."""
        if (stored := await self._keeper.async_load()) is not None:
            self.book.restore(stored)
        now = dt_util.utcnow()
        for alert in self.book.alerts:
            again = alert.phase is not Phase.RINGING or now - alert.at <= LATEST_AGAIN
            self._happens(alert.token, Happening.RESTARTED if again else Happening.ENDED)
        self._is_running = True
        self._schedule.start()
        self._changed()
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
        is_away = self._is_away and self._is_running
        if not (is_away and self._entry.options.get(CONF_REMOVE_ALERTS_WHEN_LOST)):
            self._cancel_lost()
        elif self._lost is None:
            self._lost = self._hass.loop.call_later(LOST_FOR, self._remove_lost)

    async def async_close(self) -> None:
        """Ring no more, and remember what there is: the entry is unloaded."""
        self._is_running = False
        self._schedule.close()
        self._asking.heard()
        self._cancel_lost()
        for timer in self._pressed.values():
            timer.cancel()
        self._pressed.clear()
        await self._bells.async_close()
        await self._keeper.async_close()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back whenever an alert is another; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

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
        self._keep(partial(self._set, alert))

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
        self._remove(alert)
        self._keep(partial(self._deleted, alert, origin.satellite_id))

    @callback
    def stop(self, token: str) -> None:
        """Stop ringing, now that CIC wants it."""
        if not self._happens(token, Happening.ORDERED):
            self._events["alert_not_ringing"] += 1

    @callback
    def synchronize(self, orders: tuple[SetAlert, ...], origin: Origin) -> None:
        """Have these alerts, and no other."""
        self._asking.heard()
        listed = {order.token for order in orders}
        for gone in [one for one in self.book.alerts if one.token not in listed]:
            self._remove(gone)
            self._tell("deleted", gone.order)
        for order in orders:
            known, alert = self.book.get(order.token), self._alert(order, origin)
            if known is not None and known.order == order:
                continue
            if alert is None or not self._put(alert):
                self._cannot_be_set(order)
        new = [one for one in self.book.alerts if one.phase is Phase.NEW]
        self._keep(partial(self._are_kept, new))

    # What people in the house want

    @callback
    def press(self, token: str | None = None) -> bool:
        """Silence an alert, or all that ring, and ask CIC to stop them; False where none rings."""
        if not self._is_running:
            return False
        tokens = [alert.token for alert in self.book.active if token in (None, alert.token)]
        for one in tokens:
            self._happens(one, Happening.PRESSED)
        return bool(tokens)

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
            # to an end of the former CIC would answer by deleting what it has just set
            self._silence(known, partial(self._tell, "stopped", known.order))
        return True

    def _remove(self, alert: Alert) -> None:
        self.book.remove(alert.token)
        self._silence(alert, partial(self._has_stopped, alert))

    def _silence(self, alert: Alert, stopped: Callable[[], object]) -> None:
        """End the ring of an alert that is another now, or gone."""
        self._press_is_over(alert.token)
        if alert.phase in (Phase.RINGING, Phase.MUTED):
            self._bells.stop(alert.token, stopped)

    def _keep(self, then: Callable[[Saved], object]) -> None:
        """Store what has changed, and go on once it is known whether it is kept."""
        self._changed()
        self._keeper.save().add_done_callback(lambda saved: then(saved.result()))

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
        """Have an alert ring now that it is on disk, or be gone if it is not."""
        is_there = self.book.get(alert.token) is alert
        if saved is Saved.WRITTEN:
            self._tell("set", alert.order)
            if is_there:
                self._happens(alert.token, Happening.SAVED)
        elif saved is Saved.FAILED and is_there and alert.phase is Phase.NEW:
            self.book.remove(alert.token)
            self._changed()

    def _failed(self, order: SetAlert, satellite_id: str | None) -> None:
        self._cannot_be_set(order)
        self._telling.tell(SetAlertFailed(token=order.token, type=order.type), satellite_id)

    def _cannot_be_set(self, order: SetAlert) -> None:
        self._events["alert_not_set"] += 1
        self._tell("failed", order)

    def _deleted(self, alert: Alert, satellite_id: str | None, saved: Saved) -> None:
        if saved is Saved.LATER:
            return
        told: type[DeleteAlertFailed | DeleteAlertSucceeded] = DeleteAlertFailed
        if saved is Saved.WRITTEN:
            self._tell("deleted", alert.order)
            told = DeleteAlertSucceeded
        self._telling.tell(told(token=alert.token, type=alert.order.type), satellite_id)

    # What happens to one alert

    def _ring_due(self, now: datetime) -> None:
        """Ring what is due, unless it is too late for that.

        The documents do not say what becomes of an alert whose time has passed unheard. The
        user is told, and CIC that it has stopped, so that one that repeats is set anew.
        """
        missed = []
        for alert in self.book.alerts:
            if alert.phase is not Phase.SET or alert.at > now:
                continue
            if now - alert.at <= LATEST:
                self._happens(alert.token, Happening.DUE)
            else:
                self._happens(alert.token, Happening.MISSED)
                missed.append(alert)
        if missed:
            told = async_notify(self._hass, self._entry, missed)
            self._spawn(told, "alerts that were missed")

    def _happens(self, token: str, happening: Happening) -> bool:
        """Move an alert on, and see to what that brings; False where it changes nothing."""
        alert = self.book.get(token)
        moved = None if alert is None else alert.after(happening)
        if moved is None:
            return False
        self.book.put(moved)
        match moved.phase:
            case Phase.SET:
                self._changed()
                return True
            case Phase.RINGING:
                self._bells.start(moved, lambda: self._happens(token, Happening.ENDED))
                started = AlertStarted(token=token, type=moved.order.type)
                self._telling.tell(started, moved.satellite_id)
                self._tell("started", moved.order)
            case Phase.MUTED:
                self._bells.mute(token)
                self._ask_to_stop(moved)
            case Phase.STOPPING:
                self._press_is_over(token)
                self._bells.stop(token, partial(self._is_silent, moved))
            case Phase.STOPPED:
                self._press_is_over(token)
                self._has_stopped(moved, missed=happening is Happening.MISSED)
        self._changed()
        self._keeper.save()
        return True

    def _is_silent(self, alert: Alert) -> None:
        """Have an alert stopped now that nothing is to be heard of it; it may be another by now."""
        now = self.book.get(alert.token)
        if now is not None and now.phase is Phase.STOPPING and now.at == alert.at:
            self._happens(alert.token, Happening.ENDED)
        else:
            self._has_stopped(alert)

    def _has_stopped(self, alert: Alert, *, missed: bool = False) -> None:
        """Have CIC know that an alert has stopped, once it cannot ring again."""
        self._tell("missed" if missed else "stopped", alert.order)
        self.book.owe(alert.token, alert.order.type)
        self._keep(lambda saved: saved is Saved.LATER or self._telling.tell_owed())

    def _ask_to_stop(self, alert: Alert) -> None:
        event = RequestAlertStop(token=alert.token, type=alert.order.type)
        self._reports.send(event, patience=STOP_TIMEOUT)
        self._pressed[alert.token] = self._hass.loop.call_later(
            STOP_TIMEOUT, self._happens, alert.token, Happening.UNANSWERED
        )

    def _press_is_over(self, token: str) -> None:
        if (timer := self._pressed.pop(token, None)) is not None:
            timer.cancel()

    # The connection

    def _remove_lost(self) -> None:
        """Have no alert that waits, as the documents would where the network is lost."""
        self._lost = None
        for alert in self.book.waiting:
            self._remove(alert)
            self._tell("deleted", alert.order)
        self._keep(lambda _: None)

    def _cancel_lost(self) -> None:
        if self._lost is not None:
            self._lost.cancel()
            self._lost = None

    # Those who want to know

    def _changed(self) -> None:
        """Have everybody look again, once for all that changes in one step."""
        if not self._is_changed:
            self._is_changed = True
            self._hass.loop.call_soon(self._look_again)

    def _look_again(self) -> None:
        self._is_changed = False
        if not self._is_running:
            return
        self._schedule.changed()
        self._assets.keep(self.book.assets)
        for listener in list(self._listeners):
            listener()

    def _tell(self, what: str, order: SetAlert) -> None:
        self._occurrences.tell(occurrence(what, order))
