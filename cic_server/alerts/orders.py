"""Directives about alerts, and the templates that show them (CIC Alerts, "ContentTemplates")."""

from collections.abc import Sequence
from typing import Any

from cic_server.messages import Directive

from .book import Alert, AlertType, as_payload

TEMPLATE_VERSION = "v0.1"
# repeatDay and the lists: the templates' names, by type of alert.
_TEMPLATES = {
    AlertType.ALARM: ("Alarm", "alarmList"),
    AlertType.TIMER: ("Timer", "timerList"),
    AlertType.REMINDER: ("Reminder", "reminderList"),
    AlertType.ACTIONTIMER: ("ActionTimer", "actionTimerList"),
}


def _alerts(name: str, payload: dict[str, Any]) -> Directive:
    return Directive(namespace="Alerts", name=name, payload=payload)


def set_alert(alert: Alert) -> Directive:
    """Return SetAlert."""
    return _alerts("SetAlert", alert.payload)


def delete_alert(reference: dict[str, Any]) -> Directive:
    """Return DeleteAlert; `reference` is token and type."""
    return _alerts("DeleteAlert", reference)


def stop_alert(reference: dict[str, Any]) -> Directive:
    """Return StopAlert; `reference` is token and type."""
    return _alerts("StopAlert", reference)


def synchronize(alerts: list[Alert], namespace: str = "Alerts") -> Directive:
    """Return SynchronizeAlert, or the older SynchronizeState of System."""
    name = "SynchronizeAlert" if namespace == "Alerts" else "SynchronizeState"
    return Directive(namespace=namespace, name=name, payload={"allAlerts": as_payload(alerts)})


def spoken_assets(kind: AlertType, address: str) -> dict[str, Any]:
    """Return SetAlert's members that ring the built-in bell, then what is said at an address."""
    assets = [
        {"assetId": "bell", "url": f"clova://alert/bell/{kind.lower()}"},
        {"assetId": "speech", "url": address},
    ]
    return {"assets": assets, "assetPlayOrder": ["bell", "speech"]}


def _value(value: Any, kind: str = "string") -> dict[str, Any]:
    return {"type": kind, "value": value}


def _members(alert: Alert, kind: AlertType) -> dict[str, Any]:
    """Return what a template says of one alert."""
    members: dict[str, Any] = {
        "token": _value(alert.token),
        "scheduledTime": _value(alert.payload.get("scheduledTime"), "datetime"),
    }
    if kind is not AlertType.TIMER:
        days = alert.repeat.days if alert.repeat is not None else ()
        members["repeatPeriod"] = _value(alert.repeat.period if alert.repeat is not None else "")
        members["repeatDay"] = [_value(day) for day in days]
    if kind in (AlertType.REMINDER, AlertType.ACTIONTIMER):
        members["label"] = _value(alert.label)
    match kind:
        case AlertType.REMINDER:
            members["content"] = _value(alert.label)
            members["status"] = _value("TODO")
        case AlertType.ACTIONTIMER:
            members["action"] = _value("")
    return members


def _template(name: str, members: dict[str, Any], failure: str) -> Directive:
    payload = {
        "type": name,
        **members,
        "actionList": [],
        "failureMessage": _value(failure),
        "meta": {"version": _value(TEMPLATE_VERSION)},
        "subtitle": _value(""),
    }
    return Directive(namespace="Clova", name="RenderTemplate", payload=payload)


def template(alert: Alert, failure: str) -> Directive:
    """Return the template of one alert; `failure` is said where it cannot be shown."""
    kind = AlertType(alert.type)
    return _template(_TEMPLATES[kind][0], _members(alert, kind), failure)


def list_template(kind: AlertType, alerts: Sequence[Alert], failure: str) -> Directive:
    """Return the template of all alerts of a kind."""
    name, key = _TEMPLATES[kind]
    items = [_members(alert, kind) for alert in alerts]
    if kind is AlertType.TIMER:
        items = [item | {"label": _value("")} for item in items]
    return _template(f"{name}List", {key: items}, failure)
