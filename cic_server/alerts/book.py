"""One client's alerts: what was ordered, and how far the client says it is (on disk: shelf.py)."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cic_server.lang import Lang
from cic_server.messages import Directive, Event

# Alerts remembered of a client: more than a thousand may be set; those that are over go first.
MAX_ALERTS = 2_000
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class AlertType(StrEnum):
    """SetAlert, type."""

    ALARM = "ALARM"
    TIMER = "TIMER"
    REMINDER = "REMINDER"
    ACTIONTIMER = "ACTIONTIMER"


class AlertState(StrEnum):
    """How far an alert is, as the client has told."""

    ORDERED = "ordered"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    RINGING = "ringing"
    STOPPED = "stopped"
    DELETED = "deleted"


_OVER = (AlertState.FAILED, AlertState.STOPPED, AlertState.DELETED)
_TOLD_BY = {
    "SetAlertSucceeded": AlertState.CONFIRMED,
    "SetAlertFailed": AlertState.FAILED,
    "DeleteAlertSucceeded": AlertState.DELETED,
    "AlertStarted": AlertState.RINGING,
    "AlertStopped": AlertState.STOPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """When an alert comes again, at the same time of day; without days: every day."""

    days: tuple[str, ...] = ()

    @property
    def period(self) -> str:
        """The templates' repeatPeriod."""
        return "weekly" if self.days else "daily"

    def includes(self, day: datetime) -> bool:
        """Whether it comes on this day."""
        return not self.days or WEEKDAYS[day.weekday()] in self.days

    def following(self, last: datetime, now: datetime) -> datetime:
        """Return the next time behind both, on the wall clock of `last`'s zone."""
        moment = last
        if moment < now:
            moment += timedelta(days=(now - moment).days)
        while moment <= max(last, now) or not self.includes(moment):
            moment += timedelta(days=1)
        return moment


@dataclass(slots=True, kw_only=True)
class Alert:
    """One alert: SetAlert's payload as it goes out, and what the service alone knows."""

    payload: dict[str, Any]
    state: AlertState = AlertState.ORDERED
    lang: Lang = Lang.EN
    # The moment, in a zone whose clock is followed; None where a test's text is no moment.
    moment: datetime | None = None
    # Of what was set for a span.
    span: timedelta | None = None
    repeat: Repeat | None = None
    # What an action timer does, as if it were said then.
    action: str | None = None
    # Whether its confirmation is spoken: it was asked for by voice or text.
    announces: bool = False
    # Whether a directive that sets it went out.
    is_sent: bool = False
    # Whether DeleteAlert went out.
    is_withdrawn: bool = False
    # Whether its time was moved on when the service was started: the end of the time before may
    # still be told.
    was_moved: bool = False
    # How often it has begun to ring.
    started: int = 0
    # What the client has confirmed of it, until it confirms a change: where that fails, it has this.
    before: dict[str, Any] | None = None

    @property
    def token(self) -> str:
        """Its id."""
        return str(self.payload.get("token"))

    @property
    def type(self) -> str:
        """One of AlertType; a test may send others."""
        return str(self.payload.get("type"))

    @property
    def label(self) -> str:
        """What it reminds of, or does."""
        return str(self.payload.get("label", ""))

    @property
    def is_standing(self) -> bool:
        """Whether the client should have it."""
        return self.state not in _OVER and not self.is_withdrawn

    @property
    def confirmed(self) -> dict[str, Any] | None:
        """What of it the client has said that it has."""
        match self.state:
            case AlertState.CONFIRMED:
                return self.payload
            case AlertState.ORDERED:
                return self.before
        return None

    @property
    def reference(self) -> dict[str, Any]:
        """What the other directives name it by."""
        return {"token": self.token, "type": self.type}

    def as_json(self) -> dict[str, Any]:
        """Return it for the control interface."""
        return {
            **self.payload,
            "state": self.state.value,
            "repeat": None if self.repeat is None else self.repeat.period,
            "days": [] if self.repeat is None else list(self.repeat.days),
            "action": self.action,
            "sent": self.is_sent,
            "withdrawn": self.is_withdrawn,
            "started": self.started,
        }


def scheduled(moment: datetime) -> str:
    """Return a moment as scheduledTime."""
    return moment.isoformat(timespec="seconds")


def moment_of(value: Any) -> datetime | None:
    """Return a scheduledTime's moment; None for anything else, also for one without a zone."""
    try:
        moment = datetime.fromisoformat(value)
    except TypeError, ValueError:
        return None
    return moment if moment.utcoffset() is not None else None


@dataclass(slots=True)
class AlertBook:
    """Every alert of one client, oldest first."""

    _alerts: OrderedDict[str, Alert] = field(default_factory=OrderedDict)
    # Counts changes: the book is written anew where it is another.
    revision: int = 0

    def __iter__(self) -> Iterator[Alert]:
        """Iterate over all that is remembered."""
        return iter(tuple(self._alerts.values()))

    def get(self, token: Any) -> Alert | None:
        """Return an alert."""
        return self._alerts.get(token) if isinstance(token, str) else None

    @property
    def has_standing(self) -> bool:
        """Whether the client should have any."""
        return any(alert.is_standing for alert in self._alerts.values())

    def standing(self, kind: AlertType | None = None) -> list[Alert]:
        """Return what the client should have, the nearest first."""
        found = [each for each in self if each.is_standing and kind in (None, each.type)]
        return sorted(found, key=lambda each: each.moment.timestamp() if each.moment else 0.0)

    def ringing(self, kind: AlertType | None = None) -> list[Alert]:
        """Return what rings now."""
        return [
            each for each in self if each.state is AlertState.RINGING and kind in (None, each.type)
        ]

    def add(self, alert: Alert) -> None:
        """Keep an alert; one with the same token is replaced."""
        self.revision += 1
        if (known := self._alerts.get(alert.token)) is not None:
            alert.before = known.confirmed
        self._alerts[alert.token] = alert
        self._alerts.move_to_end(alert.token)
        while len(self._alerts) > MAX_ALERTS:
            over = (token for token, each in self._alerts.items() if not each.is_standing)
            del self._alerts[next(over, next(iter(self._alerts)))]

    def withdraw(self, alert: Alert) -> None:
        """Have the client not have an alert any more."""
        if not alert.is_withdrawn:
            alert.is_withdrawn = True
            self.revision += 1

    def announce(self, alert: Alert) -> bool:
        """Tell, once, whether it is to be said what became of an alert."""
        announces, alert.announces = alert.announces, False
        self.revision += announces
        return announces

    def move_on(self, alert: Alert, now: datetime) -> bool:
        """Set a repeating alert for its next time; returns whether there is one."""
        if alert.repeat is None or alert.moment is None:
            return False
        # What ended was the time before; the next one is set already.
        if not (alert.was_moved and alert.moment > now):
            alert.moment = alert.repeat.following(alert.moment, now)
            alert.payload = alert.payload | {"scheduledTime": scheduled(alert.moment)}
        alert.state, alert.was_moved = AlertState.ORDERED, False
        self.revision += 1
        return True

    def ordered(self, directive: Directive) -> None:
        """Note a directive that goes out, whoever made it."""
        payload, token = directive.payload, directive.payload.get("token")
        match directive.full_name:
            case "Alerts.SetAlert" if isinstance(token, str):
                self._set(token, payload)
            case "Alerts.SynchronizeAlert" | "System.SynchronizeState":
                for each in self.standing():
                    if not each.is_sent:
                        each.is_sent = True
                        self.revision += 1
            case "Alerts.DeleteAlert" if (alert := self.get(token)) is not None:
                self.withdraw(alert)

    def _set(self, token: str, payload: dict[str, Any]) -> None:
        self.revision += 1
        alert = self.get(token)
        if alert is None:
            alert = Alert(payload=payload, moment=moment_of(payload.get("scheduledTime")))
            self.add(alert)
        alert.is_sent = True
        alert.before = alert.confirmed
        if alert.payload.get("scheduledTime") != payload.get("scheduledTime"):
            alert.moment = moment_of(payload.get("scheduledTime"))
        alert.payload, alert.is_withdrawn = payload, False
        if alert.state is not AlertState.RINGING:
            alert.state = AlertState.ORDERED

    def happened(self, event: Event) -> None:
        """Note what an event tells."""
        state = _TOLD_BY.get(event.name) if event.namespace == "Alerts" else None
        alert = self.get(event.payload.get("token"))
        if state is None or alert is None:
            return
        self.revision += 1
        if state is AlertState.RINGING:
            alert.started += 1
        match alert.state:
            case AlertState.DELETED:
                pass
            case AlertState.ORDERED if state is AlertState.FAILED and alert.before is not None:
                alert.payload = alert.before
                alert.moment = moment_of(alert.before.get("scheduledTime"))
                alert.state = AlertState.CONFIRMED
            case AlertState.ORDERED:
                alert.state = state
            case _ if state is not AlertState.CONFIRMED:
                alert.state = state


def as_payload(alerts: list[Alert]) -> list[Mapping[str, Any]]:
    """Return allAlerts."""
    return [alert.payload for alert in alerts]
