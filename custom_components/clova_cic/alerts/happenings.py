"""What happens to the alerts there are: time comes, they ring, people press, CIC has them stop (Handle_Alerts)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..cic.interfaces.alerts import AlertStarted, RequestAlertStop, SetAlert
from ..occurrences import Occurrences
from ..playback.alerts.ring import LONGEST_RING
from ..playback.sound.ahead import Spawn
from ..reports import Reports
from .alert import Alert, Happening, Phase
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


class Happenings:
    """Moves the alerts of one entry on, each by its table, and sees to what that brings."""

    def __init__(
        self,
        *,
        hass: HomeAssistant,
        entry: ConfigEntry,
        book: Book,
        keeper: Keeper,
        telling: Telling,
        bells: Bells,
        reports: Reports,
        spawn: Spawn,
        occurrences: Occurrences,
    ) -> None:
        """Let nothing happen before the start."""
        self._hass = hass
        self._entry = entry
        self._book = book
        self._keeper = keeper
        self._telling = telling
        self._bells = bells
        self._reports = reports
        self._spawn = spawn
        self._occurrences = occurrences
        self._schedule = Schedule(lambda: book.next_due, self._ring_due)
        self._pressed: dict[str, asyncio.TimerHandle] = {}
        self._listeners: list[CALLBACK_TYPE] = []
        self._is_changed = False
        self._is_running = False

    @property
    def running(self) -> bool:
        """False before the start, and once it is closed."""
        return self._is_running

    @callback
    def start(self) -> None:
        """Go on with what the book holds: Home Assistant has started since it was written."""
        now = dt_util.utcnow()
        for alert in self._book.alerts:
            again = alert.phase is not Phase.RINGING or now - alert.at <= LATEST_AGAIN
            self.happens(alert.token, Happening.RESTARTED if again else Happening.ENDED)
        self._is_running = True
        self._schedule.start()
        self.changed()

    async def async_close(self) -> None:
        """Ring no more: the entry is unloaded. What rang rings again afterwards."""
        self._is_running = False
        self._schedule.close()
        for timer in self._pressed.values():
            timer.cancel()
        self._pressed.clear()
        await self._bells.async_close()

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back whenever an alert is another; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # One alert

    def happens(self, token: str, happening: Happening) -> bool:
        """Move an alert on, and see to what that brings; False where it changes nothing."""
        alert = self._book.get(token)
        moved = None if alert is None else alert.after(happening)
        if moved is None:
            return False
        self._book.put(moved)
        match moved.phase:
            case Phase.SET:
                self.changed()
                return True
            case Phase.RINGING:
                self._bells.start(moved, lambda: self.happens(token, Happening.ENDED))
                started = AlertStarted(token=token, type=moved.order.type)
                self._telling.tell(started, moved.satellite_id)
                self.tell("started", moved.order)
            case Phase.MUTED:
                self._bells.mute(token)
                self._ask_to_stop(moved)
            case Phase.STOPPING:
                self._press_is_over(token)
                self._bells.stop(token, partial(self._is_silent, moved))
            case Phase.STOPPED:
                self._press_is_over(token)
                self._has_stopped(moved, missed=happening is Happening.MISSED)
        self.changed()
        self._keeper.save()
        return True

    @callback
    def press(self, token: str | None) -> bool:
        """Silence an alert, or all that ring, and ask CIC to stop them; False where none rings."""
        if not self._is_running:
            return False
        tokens = [alert.token for alert in self._book.active if token in (None, alert.token)]
        for one in tokens:
            self.happens(one, Happening.PRESSED)
        return bool(tokens)

    def replaced(self, alert: Alert) -> None:
        """End the ring of an alert that is another now.

        CIC is not told: to an end of the former it would answer by deleting what it has just set.
        """
        self._silence(alert, partial(self.tell, "stopped", alert.order))

    def remove(self, alert: Alert) -> None:
        """Have an alert no more, and silence it."""
        self._book.remove(alert.token)
        self._silence(alert, partial(self._has_stopped, alert))

    def _silence(self, alert: Alert, stopped: Callable[[], object]) -> None:
        self._press_is_over(alert.token)
        if alert.phase in (Phase.RINGING, Phase.MUTED):
            self._bells.stop(alert.token, stopped)

    def _is_silent(self, alert: Alert) -> None:
        """Have an alert stopped now that nothing is to be heard of it; it may be another by now."""
        now = self._book.get(alert.token)
        if now is not None and now.phase is Phase.STOPPING and now.at == alert.at:
            self.happens(alert.token, Happening.ENDED)
        else:
            self._has_stopped(alert)

    def _has_stopped(self, alert: Alert, *, missed: bool = False) -> None:
        """Have CIC know that an alert has stopped, once it cannot ring again."""
        self.tell("missed" if missed else "stopped", alert.order)
        self._book.owe(alert.token, alert.order.type)
        self.keep(lambda saved: saved is Saved.LATER or self._telling.tell_owed())

    def _ask_to_stop(self, alert: Alert) -> None:
        event = RequestAlertStop(token=alert.token, type=alert.order.type)
        self._reports.send(event, patience=STOP_TIMEOUT)
        self._pressed[alert.token] = self._hass.loop.call_later(
            STOP_TIMEOUT, self.happens, alert.token, Happening.UNANSWERED
        )

    def _press_is_over(self, token: str) -> None:
        if (timer := self._pressed.pop(token, None)) is not None:
            timer.cancel()

    def _ring_due(self, now: datetime) -> None:
        """Ring what is due, unless it is too late for that.

        The documents do not say what becomes of an alert whose time has passed unheard. The
        user is told, and CIC that it has stopped, so that one that repeats is set anew.
        """
        missed = []
        for alert in self._book.alerts:
            if alert.phase is not Phase.SET or alert.at > now:
                continue
            if now - alert.at <= LATEST:
                self.happens(alert.token, Happening.DUE)
            else:
                self.happens(alert.token, Happening.MISSED)
                missed.append(alert)
        if missed:
            told = async_notify(self._hass, self._entry, missed)
            self._spawn(told, "alerts that were missed")

    # Those who want to know

    def keep(self, then: Callable[[Saved], object]) -> None:
        """Store what has changed, and go on once it is known whether it is kept."""
        self.changed()
        self._keeper.save().add_done_callback(lambda saved: then(saved.result()))

    def changed(self) -> None:
        """Have everybody look again, once for all that changes in one step."""
        if not self._is_changed:
            self._is_changed = True
            self._hass.loop.call_soon(self._look_again)

    def _look_again(self) -> None:
        self._is_changed = False
        if not self._is_running:
            return
        self._schedule.changed()
        for listener in list(self._listeners):
            listener()

    def tell(self, what: str, order: SetAlert) -> None:
        """Have automations know what has happened."""
        self._occurrences.tell(occurrence(what, order))
