"""Alerts: alarms, timers and reminders, set by CIC and rung by the client (Alerts, AlertsState)."""

from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime
from enum import StrEnum
from typing import ClassVar, Final, Self

from ..errors import MessageError
from ..messages import Payload
from .assets import Asset, assets_in_order
from .fields import caption, choice, items, optional_text, required_choice, required_identifier
from .plain import PlainEvent

NAMESPACE = "Alerts"

# More than any account has; the directive itself is bounded by its bytes.
MOST_ALERTS: Final = 1000
# A time of the documents has 25 characters.
LONGEST_TIME_TEXT: Final = 64


class AlertType(StrEnum):
    """What an alert is."""

    ACTIONTIMER = "ACTIONTIMER"
    """After a span CIC carries out an action."""
    ALARM = "ALARM"
    REMINDER = "REMINDER"
    """At a time something is to be said or shown."""
    TIMER = "TIMER"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAlert:
    """Directive: have this alert; a token that is known is changed.

    scheduled_time is repeated as it came. scheduled_at is the moment it means, None
    where there is none that can be read, with a zone: such an alert cannot be set, which
    CIC is told. assets are to be heard in this order.
    """

    token: str = field(repr=False)
    type: AlertType
    scheduled_time: str
    scheduled_at: datetime | None
    label: str | None = field(default=None, repr=False)
    assets: tuple[Asset, ...] = field(default=(), repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which, or of what type."""
        text = (optional_text(payload, "scheduledTime") or "")[:LONGEST_TIME_TEXT]
        return cls(
            token=required_identifier(payload, "token"),
            type=required_choice(payload, "type", AlertType),
            scheduled_time=text,
            scheduled_at=_moment(text),
            label=caption(payload, "label"),
            assets=assets_in_order(payload),
        )


def _moment(text: str) -> datetime | None:
    """Return the moment a time with a zone means (ISO 8601), or None.

    The last year of datetime is none: its last day cannot be told in all zones.
    """
    try:
        moment = datetime.fromisoformat(text)
        told = None if moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError, OverflowError:
        return None
    return None if told is None or told.year == MAXYEAR else told


@dataclass(frozen=True, slots=True, kw_only=True)
class _OneAlert:
    """A directive about one alert; the type is None where it is not said."""

    token: str = field(repr=False)
    type: AlertType | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which."""
        return cls(
            token=required_identifier(payload, "token"), type=choice(payload, "type", AlertType)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAlert(_OneAlert):
    """Directive: this alert is no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAlert(_OneAlert):
    """Directive: stop ringing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizeAlert:
    """Directive: these are all alerts there are to be."""

    alerts: tuple[SetAlert, ...] = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no list: nothing is deleted by mistake."""
        if not isinstance(payload.get("allAlerts"), list):
            raise MessageError("the payload has no allAlerts")
        return cls(alerts=items(payload, "allAlerts", SetAlert.from_payload, MOST_ALERTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event about one alert."""

    NAMESPACE: ClassVar[str] = "Alerts"

    token: str = field(repr=False)
    type: AlertType

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"token": self.token, "type": self.type.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAlertSucceeded(_Event):
    """Event: the alert is set, and survives a restart."""

    NAME: ClassVar[str] = "SetAlertSucceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAlertFailed(_Event):
    """Event: the alert could not be set."""

    NAME: ClassVar[str] = "SetAlertFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAlertSucceeded(_Event):
    """Event: the alert is no more."""

    NAME: ClassVar[str] = "DeleteAlertSucceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAlertFailed(_Event):
    """Event: the alert could not be deleted."""

    NAME: ClassVar[str] = "DeleteAlertFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStarted(_Event):
    """Event: the alert has begun to ring."""

    NAME: ClassVar[str] = "AlertStarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStopped(_Event):
    """Event: the alert rings no longer; CIC says what becomes of it."""

    NAME: ClassVar[str] = "AlertStopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAlertStop(_Event):
    """Event: the user wants it to stop; CIC answers with StopAlert."""

    NAME: ClassVar[str] = "RequestAlertStop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeleteAlert(_Event):
    """Event: the user wants it gone; CIC answers with DeleteAlert."""

    NAME: ClassVar[str] = "RequestDeleteAlert"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSynchronizeAlert(PlainEvent):
    """Event: which alerts are there to be? CIC answers with SynchronizeAlert."""

    NAMESPACE: ClassVar[str] = "Alerts"
    NAME: ClassVar[str] = "RequestSynchronizeAlert"


DIRECTIVES = {
    "DeleteAlert": DeleteAlert,
    "SetAlert": SetAlert,
    "StopAlert": StopAlert,
    "SynchronizeAlert": SynchronizeAlert,
}
