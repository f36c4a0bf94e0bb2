"""The order of alert events (Alerts): set, confirmed, rung, stopped; and what the context says of them."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from .reasons import Finding, Reason

# Alerts remembered; the oldest is forgotten.
MAX_ALERTS = 4_000
# How far, in seconds, clocks of both machines may differ.
CLOCK_SECONDS = 5.0
# Seconds after which a context must know what an event has told: events are on their way at once.
CONTEXT_SECONDS = 5.0


class Alarm(Enum):
    """How far an alert is, as the client has told."""

    ORDERED = "ordered"
    SET = "set"
    FAILED = "failed"
    RINGING = "ringing"
    STOPPED = "stopped"
    DELETED = "deleted"


@dataclass(slots=True, kw_only=True)
class _Alert:
    state: Alarm = Alarm.ORDERED
    scheduled: Any = None
    # Whether SetAlert, or DeleteAlert, waits for its Succeeded or Failed.
    sets: int = 0
    deletes: int = 0
    # Whether it was set before it was ordered anew: it stays so where that fails.
    stands: bool = False
    # Whether the client may have been started again since: what rang then may ring anew.
    may_begin_anew: bool = False
    # Whether its end may still be told, though it is deleted.
    may_end: bool = False
    # Whether the service was away since it was ordered: what it did not hear, or not answer, may
    # be told now, until it is ordered anew.
    was_away: bool = False
    # When the client told it last, and whether a context was found to say otherwise.
    told: float | None = None
    is_doubted: bool = False

    @property
    def waits(self) -> bool:
        """Whether an order is on its way: the client may be a step ahead of what it tells."""
        return self.sets > 0 or self.deletes > 0


_MAY_START = (Alarm.ORDERED, Alarm.SET)
# Events about one alert, and whether its own context must have it among all, among the active.
_CONTEXT: dict[str, tuple[bool | None, bool | None]] = {
    "SetAlertSucceeded": (True, None),
    "AlertStarted": (True, True),
    "AlertStopped": (None, False),
    "DeleteAlertSucceeded": (False, False),
}
ALERT_EVENTS = (
    *("SetAlertSucceeded", "SetAlertFailed", "DeleteAlertSucceeded", "DeleteAlertFailed"),
    *("AlertStarted", "AlertStopped"),
)


class AlertOrder:
    """Every alert of one client."""

    def __init__(self, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        """Have ordered none; `clock` counts seconds, `now` is the time of day."""
        self._clock = clock
        self._now = now
        self._alerts: OrderedDict[str, _Alert] = OrderedDict()

    def ordered(self, name: str, payload: Mapping[str, Any]) -> None:
        """Note a directive."""
        token = payload.get("token")
        match name:
            case "Alerts.SetAlert" if isinstance(token, str):
                alert = self._known(token)
                alert.sets += 1
                alert.was_away = False
                alert.scheduled = payload.get("scheduledTime")
                if alert.state is Alarm.RINGING:
                    alert.may_begin_anew = True  # set for another time, it need not ring on
                else:
                    alert.stands = alert.state is Alarm.SET or (
                        alert.state is Alarm.ORDERED and alert.stands
                    )
                    alert.state = Alarm.ORDERED
            case "Alerts.DeleteAlert" if isinstance(token, str):
                self._known(token, state=Alarm.DELETED).deletes += 1
            case "Alerts.SynchronizeAlert" | "System.SynchronizeState":
                self._synchronize(payload)

    def _known(self, token: str, state: Alarm = Alarm.ORDERED) -> _Alert:
        alert = self._alerts.setdefault(token, _Alert(state=state))
        self._alerts.move_to_end(token)
        while len(self._alerts) > MAX_ALERTS:
            self._alerts.popitem(last=False)
        return alert

    def _synchronize(self, payload: Mapping[str, Any]) -> None:
        """Note that the client is told of all it should have: those may ring, others may go."""
        listed = dict(_infos(payload.get("allAlerts")))
        for token, info in listed.items():
            alert = self._known(token)
            alert.scheduled = info.get("scheduledTime")
            if alert.state is not Alarm.RINGING:
                alert.state = Alarm.SET
        for token, alert in self._alerts.items():
            if token not in listed:
                self._delete(alert)
                alert.told = None  # what is on its way was said before

    def _delete(self, alert: _Alert) -> None:
        """Note that an alert is to go; the end of one that rings may be told, or not."""
        alert.may_end = alert.may_end or alert.state is Alarm.RINGING
        alert.state = Alarm.DELETED

    def was_told(self, token: str, scheduled: object, *, rings: bool, stands: bool) -> None:
        """Take an alert the client was told of before the service was started."""
        alert = self._known(token)
        alert.scheduled = scheduled
        alert.was_away = alert.may_begin_anew = alert.may_end = True
        if rings:
            alert.state = Alarm.RINGING
        else:
            alert.state = Alarm.SET if stands else Alarm.DELETED

    def adopt(self, state: Mapping[str, Any]) -> None:
        """Take what a client has that was set before the service was started."""
        for token, info in _infos(state.get("allAlerts")):
            self._known(token, state=Alarm.SET).scheduled = info.get("scheduledTime")
        for token, _ in _infos(state.get("activeAlerts")):
            self._known(token).state = Alarm.RINGING

    def rings(self, token: Any) -> bool:
        """Whether an alert rings."""
        alert = self._alerts.get(token) if isinstance(token, str) else None
        return alert is not None and alert.state is Alarm.RINGING

    def gone(self) -> None:
        """Note that the client's channel has ended: it may be started again."""
        for alert in self._alerts.values():
            alert.may_begin_anew, alert.told = True, None

    def happened(
        self, name: str, payload: Mapping[str, Any], context: Mapping[str, Any] | None
    ) -> list[Finding]:
        """Judge an event."""
        token = payload.get("token")
        alert = self._alerts.get(token) if isinstance(token, str) else None
        if alert is None:
            return [Finding(reason=Reason.UNKNOWN_ALERT)]
        reason = self._take(name, alert)
        found = [] if reason is None else [Finding(reason=reason)]
        if reason is None:
            alert.told, alert.is_doubted = self._clock(), False
            if context is not None and not alert.waits:
                found += _beside(name, str(token), context)
        return found

    def _take(self, name: str, alert: _Alert) -> Reason | None:
        match name:
            case "SetAlertSucceeded" | "SetAlertFailed":
                return self._set(alert, succeeded=name == "SetAlertSucceeded")
            case "DeleteAlertSucceeded" | "DeleteAlertFailed":
                if not alert.deletes and not alert.was_away:
                    return Reason.NOT_ASKED
                alert.deletes = max(0, alert.deletes - 1)
                if name == "DeleteAlertSucceeded":
                    self._delete(alert)
                return None
            case "AlertStarted":
                return self._start(alert)
            case _:
                return self._stop(alert)

    def _set(self, alert: _Alert, *, succeeded: bool) -> Reason | None:
        if not alert.sets and not alert.was_away:
            return Reason.NOT_ASKED
        alert.sets = max(0, alert.sets - 1)
        if alert.state is Alarm.ORDERED:
            alert.state = Alarm.SET if succeeded or alert.stands else Alarm.FAILED
        return None

    def _start(self, alert: _Alert) -> Reason | None:
        match alert.state:
            case Alarm.ORDERED | Alarm.SET:
                pass
            case Alarm.RINGING if alert.may_begin_anew:
                pass
            case Alarm.RINGING:
                return Reason.RINGS_ALREADY
            case _ if alert.was_away:
                alert.was_away = False
            case _:
                return Reason.ALERT_OVER
        alert.state, alert.may_begin_anew, alert.may_end = Alarm.RINGING, False, False
        return None

    def _stop(self, alert: _Alert) -> Reason | None:
        # One that is past and has never rung was missed: that is told by its end alone.
        is_missed = alert.state in _MAY_START and self._is_past(alert.scheduled)
        if alert.may_end:
            alert.may_end = False
            return None
        if alert.state is not Alarm.RINGING and not is_missed:
            return Reason.RINGS_NOT
        alert.state = Alarm.STOPPED
        return None

    def _is_past(self, scheduled: Any) -> bool:
        try:
            return datetime.fromisoformat(scheduled) < self._now() + timedelta(
                seconds=CLOCK_SECONDS
            )
        except TypeError, ValueError, OverflowError:
            return True  # no moment, or without a zone: nothing is known against it

    def judge(self, state: Mapping[str, Any]) -> list[Finding]:
        """Judge the context of any event, by what was told some time before."""
        everything, active = (
            {token for token, _ in _infos(state.get(key))} for key in ("allAlerts", "activeAlerts")
        )
        found = []
        if unknown := len((everything | active) - self._alerts.keys()):
            detail = f"alerts never ordered: {unknown}"
            found.append(Finding(reason=Reason.CONTEXT, detail=detail))
        before = self._clock() - CONTEXT_SECONDS
        for token, alert in self._alerts.items():
            if alert.told is None or alert.told > before or alert.waits or alert.is_doubted:
                continue
            if alert.may_begin_anew:
                continue  # it was set for another time: whether it rings on is not told
            is_missing = alert.state is Alarm.SET and token not in everything
            if is_missing or (alert.state is Alarm.RINGING) != (token in active):
                alert.is_doubted = True
                detail = "allAlerts" if is_missing else "activeAlerts"
                found.append(Finding(reason=Reason.CONTEXT, detail=detail))
        return found


def _infos(alerts: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in alerts if isinstance(alerts, list) else ():
        if isinstance(each, Mapping) and isinstance(each.get("token"), str):
            yield each["token"], each


def _beside(name: str, token: str, context: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge what an event's own context says of its alert, where the moment leaves no doubt."""
    wanted = zip(("allAlerts", "activeAlerts"), _CONTEXT.get(name, (None, None)), strict=True)
    for key, should in wanted:
        if should is not None and should != (token in dict(_infos(context.get(key)))):
            yield Finding(reason=Reason.CONTEXT, detail=key)
