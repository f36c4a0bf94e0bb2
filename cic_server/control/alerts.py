"""Alerts at the will of a test: set as an app does, delete, see the book."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import math
from typing import Any
from uuid import uuid4

from cic_server.alerts.book import WEEKDAYS, Alert, AlertType, Repeat, moment_of, scheduled
from cic_server.alerts.orders import delete_alert, set_alert, spoken_assets
from cic_server.dialogs import DEFAULT_CLIENT, lang_of
from cic_server.http import Request
from cic_server.messages import RefusedError
from cic_server.remote import Remote
from cic_server.service import Service

from .common import Handlers, client_in, text_in

# Seconds from now that can be asked for: a century.
MAX_SECONDS = 100 * 366 * 86_400


async def _book(service: Service, request: Request) -> Any:
    client = request.query.get("client", [DEFAULT_CLIENT])[0]
    return {"alerts": [alert.as_json() for alert in service.remote_of(client).alerts]}


async def _set(service: Service, request: Request) -> Any:
    """Set an alert; a client without a downchannel gets it when it next synchronises."""
    body = await request.read_json()
    client = client_in(body)
    remote = service.remote_of(client)
    alert = _alert(body, remote, service.now())
    remote.alerts.add(alert)
    await service.keep_alerts(client)
    is_pushed = service.push(client, set_alert(alert))
    return alert.reference | {
        "scheduledTime": alert.payload["scheduledTime"],
        "downchannels": int(is_pushed),
    }


def _alert(body: dict[str, Any], remote: Remote, now: datetime) -> Alert:
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in AlertType.__members__:
        raise RefusedError(400, f"type is one of {', '.join(AlertType)}")
    moment, written = _time(body, now)
    payload: dict[str, Any] = {
        "token": text_in(body, "token") or str(uuid4()),
        "type": kind,
        "scheduledTime": written,
    }
    if label := text_in(body, "label"):
        payload["label"] = label
    lang = lang_of(body.get("lang", "en"))
    if text := text_in(body, "text"):
        address = remote.player.addresses.said(text, lang, remote.voice)
        payload |= spoken_assets(AlertType(kind), address)
    payload |= {key: body[key] for key in ("assets", "assetPlayOrder") if key in body}
    _check_assets(payload)
    return Alert(
        payload=payload,
        lang=lang,
        moment=moment,
        repeat=_repeat(body.get("repeat")),
        action=text_in(body, "action"),
    )


def _time(body: dict[str, Any], now: datetime) -> tuple[datetime, str]:
    """Return when, and how it is written: a given scheduledTime goes out as it is."""
    seconds, written = body.get("seconds"), body.get("scheduledTime")
    if (seconds is None) == (written is None):
        raise RefusedError(400, "Either seconds (from now) or scheduledTime says when")
    if written is not None:
        moment = moment_of(written)
        if moment is None:
            raise RefusedError(400, "scheduledTime is a date, a time and a zone (ISO 8601)")
        return moment, written
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not math.isfinite(seconds)
        or abs(seconds) > MAX_SECONDS
    ):
        raise RefusedError(400, "seconds is a number; what is past is below zero")
    # The wire has whole seconds only: never before its time.
    moment = now + timedelta(seconds=seconds, microseconds=999_999)
    return moment.replace(microsecond=0), scheduled(moment)


def _repeat(value: Any) -> Repeat | None:
    match value:
        case None:
            return None
        case "daily":
            return Repeat()
        case [*days] if days and all(day in WEEKDAYS for day in days):
            return Repeat(days=tuple(days))
        case _:
            raise RefusedError(400, "repeat is daily, or a list of days such as monday")


def _check_assets(payload: dict[str, Any]) -> None:
    assets, order = payload.get("assets", []), payload.get("assetPlayOrder", [])
    if not isinstance(assets, list) or not all(isinstance(each, Mapping) for each in assets):
        raise RefusedError(400, "assets is a list of objects: assetId and url")
    if not isinstance(order, list) or not all(isinstance(each, str) for each in order):
        raise RefusedError(400, "assetPlayOrder is a list of texts")


async def _delete(service: Service, request: Request) -> Any:
    """Delete an alert, as an app does."""
    body = await request.read_json()
    client = client_in(body)
    alerts = service.remote_of(client).alerts
    alert = alerts.get(text_in(body, "token"))
    if alert is None:
        raise RefusedError(400, f"{client} has no such alert")
    alerts.withdraw(alert)
    await service.keep_alerts(client)
    return {"downchannels": int(service.push(client, delete_alert(alert.reference)))}


ALERTS: Handlers = {
    ("GET", "/control/alerts"): _book,
    ("POST", "/control/alerts"): _set,
    ("DELETE", "/control/alerts"): _delete,
}
