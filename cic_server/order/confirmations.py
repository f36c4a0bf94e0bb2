"""What must follow a directive, and by when ("Reply map")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .reasons import Finding, Reason

# Seconds from a directive to the event that confirms it.
CONFIRM_SECONDS = 10.0
# Confirmations waited for at once.
MAX_WAITING = 500

_PLAYER = "AudioPlayer"
_CONTROLLER = "PlaybackController"
_DEVICE = "DeviceControl"
# What is done, or not, and which of both is told.
DEVICE_ORDERS = tuple(
    f"{_DEVICE}.{name}"
    for name in (
        *("BtConnect", "BtConnectByPINCode", "BtDelete", "BtDisconnect", "BtPlay", "BtRescan"),
        *("BtStartPairing", "BtStopPairing", "Decrease", "Increase", "Open", "OpenScreen"),
        *("SetValue", "TurnOff", "TurnOn"),
    )
)
_DONE_OR_NOT = (f"{_DEVICE}.ActionExecuted", f"{_DEVICE}.ActionFailed")
# Directive -> the events that confirm it, any of them. A stream that ends instead is as good.
CONFIRMED_BY: dict[str, tuple[str, ...]] = {
    f"{_CONTROLLER}.Pause": (
        f"{_PLAYER}.PlayPaused",
        f"{_PLAYER}.PlayStopped",
        f"{_PLAYER}.PlayFinished",
    ),
    f"{_CONTROLLER}.Resume": (f"{_PLAYER}.PlayResumed",),
    f"{_CONTROLLER}.Stop": (f"{_PLAYER}.PlayStopped", f"{_PLAYER}.PlayFinished"),
    f"{_PLAYER}.ClearQueue": (f"{_PLAYER}.PlaybackQueueCleared",),
    f"{_PLAYER}.ExpectReportPlaybackState": (f"{_PLAYER}.ReportPlaybackState",),
    "TemplateRuntime.ExpectRequestPlayerInfo": ("TemplateRuntime.RequestPlayerInfo",),
    "Alerts.SetAlert": ("Alerts.SetAlertSucceeded", "Alerts.SetAlertFailed"),
    "Alerts.DeleteAlert": ("Alerts.DeleteAlertSucceeded", "Alerts.DeleteAlertFailed"),
    "Alerts.StopAlert": ("Alerts.AlertStopped",),
    f"{_DEVICE}.LaunchApp": _DONE_OR_NOT,
    f"{_DEVICE}.ExpectReportState": (f"{_DEVICE}.ReportState",),
    "Settings.ExpectReport": ("Settings.Report",),
    "Settings.Update": ("Settings.Report",),
    "Clova.HandleDelegatedEvent": ("Clova.ProcessDelegatedEvent",),
}
CONFIRMED_BY |= dict.fromkeys(DEVICE_ORDERS, _DONE_OR_NOT)
CONFIRMED_BY |= {
    f"{_CONTROLLER}.Expect{button}Command": (f"{_CONTROLLER}.{button}CommandIssued",)
    for button in ("Next", "Pause", "Play", "Previous", "Resume", "Stop")
}
# Events that come only when they are asked for.
ONLY_ASKED = (
    *(f"{_PLAYER}.PlaybackQueueCleared", f"{_PLAYER}.ReportPlaybackState"),
    *_DONE_OR_NOT,
    "Clova.ProcessDelegatedEvent",
)
# One of these answers all who asked before.
_ANSWERS_ALL = (f"{_DEVICE}.ReportState", "Settings.Report", "Alerts.AlertStopped")
# Answered on failure only.
_MAY_STAY_SILENT = (f"{_DEVICE}.LaunchApp",)
# A later one of these makes the earlier ones moot: the first was overtaken.
_OVERTAKING = (f"{_CONTROLLER}.Pause", f"{_CONTROLLER}.Resume", f"{_CONTROLLER}.Stop")


@dataclass(slots=True, kw_only=True)
class _Waiting:
    directive: str
    payload: Mapping[str, Any]
    dialog_id: str | None
    until: float
    # Whether nothing need follow: the order may never have been read.
    is_optional: bool = False

    def is_met_by(self, name: str, payload: Mapping[str, Any]) -> bool:
        """Whether an event is the one that confirms this order, not another of its kind."""
        if name not in CONFIRMED_BY[self.directive]:
            return False
        namespace, _, short = self.directive.partition(".")
        match namespace:
            case "Alerts":
                return payload.get("token") == self.payload.get("token")
            case "DeviceControl" if name in _DONE_OR_NOT:
                return payload.get("command") == short
            case "Clova":
                return payload.get("delegationId") == self.payload.get("delegationId")
            case _:
                return True


class Confirmations:
    """What one client still owes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Owe nothing; `clock` counts seconds."""
        self._clock = clock
        self._waiting: list[_Waiting] = []

    def ordered(self, name: str, payload: Mapping[str, Any], dialog_id: str | None) -> None:
        """Expect the events a directive asks for."""
        if name in _OVERTAKING:
            self._waiting = [each for each in self._waiting if each.directive not in _OVERTAKING]
        until = self._clock() + CONFIRM_SECONDS
        waiting = _Waiting(
            directive=name,
            payload=payload,
            dialog_id=dialog_id,
            until=until,
            is_optional=name in _MAY_STAY_SILENT,
        )
        self._waiting = [*self._waiting, waiting][-MAX_WAITING:]

    def overtaken(self) -> None:
        """Forget orders to a stream that another one replaces."""
        self._waiting = [each for each in self._waiting if each.directive not in _OVERTAKING]

    def forget(self, dialog_id: str | None) -> None:
        """Expect nothing for an answer that was not taken, nor wonder at what follows."""
        for each in self._waiting:
            if dialog_id is not None and each.dialog_id == dialog_id:
                each.is_optional = True

    def gone(self) -> None:
        """Expect nothing of a client whose channel has ended."""
        for each in self._waiting:
            each.is_optional = True

    def happened(self, name: str, payload: Mapping[str, Any]) -> list[Finding]:
        """Judge an event by what was asked for."""
        now = self._clock()
        self._waiting = [
            each for each in self._waiting if not (each.is_optional and now > each.until)
        ]
        met = [each for each in self._waiting if each.is_met_by(name, payload)]
        if not met:
            return [Finding(reason=Reason.NOT_ASKED)] if name in ONLY_ASKED else []
        owed = next((each for each in met if not each.is_optional), None)
        self._waiting.remove(owed or met[0])
        if name in _ANSWERS_ALL:
            self._waiting = [each for each in self._waiting if not each.is_met_by(name, payload)]
        return _compare(owed, payload) if owed is not None else []

    def overdue(self) -> list[tuple[str, Finding]]:
        """Return, once, the directives that were not confirmed in time."""
        now = self._clock()
        late = [each for each in self._waiting if now > each.until and not each.is_optional]
        self._waiting = [each for each in self._waiting if each not in late]
        return [(each.directive, Finding(reason=Reason.NOT_CONFIRMED)) for each in late]


def _compare(waiting: _Waiting, payload: Mapping[str, Any]) -> list[Finding]:
    """Judge an event's payload by its directive's."""
    asked = waiting.payload
    match waiting.directive:
        case "AudioPlayer.ClearQueue":
            same = asked.get("clearBehavior") == payload.get("clearBehavior")
            return [] if same else [Finding(reason=Reason.NOT_ASKED, detail="clearBehavior")]
        case "PlaybackController.ExpectPlayCommand":
            keys = [key for key in ("token", "handover") if asked.get(key) != payload.get(key)]
            return [Finding(reason=Reason.SOURCE, detail=key) for key in keys]
        case name if name.startswith("PlaybackController.Expect"):
            target, source = asked.get("target"), payload.get("source")
            is_wrong = target is not None and target != source
            return [Finding(reason=Reason.SOURCE)] if is_wrong else []
        case _:
            return []
