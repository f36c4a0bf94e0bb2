"""A book of alerts as JSON: what of it outlives the service, and how it is read again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from typing import Any
from zoneinfo import ZoneInfo

from cic_server.lang import Lang
from cic_server.messages import dump
from cic_server.music.addresses import Addresses, said_key
from cic_server.spoken import SpokenText

from .book import WEEKDAYS, Alert, AlertBook, AlertState, Repeat, moment_of

VERSION = 1
# How long an alert is kept behind its time: what comes later than that wakes people for nothing.
KEPT_FOR = timedelta(hours=1)
# Nothing more is to come of these.
_SETTLED = (AlertState.FAILED, AlertState.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBook:
    """What a file has: whose alerts, which, what they say at which key, and how many were no alerts."""

    client: str
    alerts: tuple[Alert, ...]
    said: Mapping[str, SpokenText]
    malformed: int


def is_kept(alert: Alert, now: datetime) -> bool:
    """Tell whether an alert is worth keeping.

    One that is to go is, until its time is over: its client may still tell of it.
    """
    if alert.state in _SETTLED:
        return False
    if alert.moment is None or (alert.repeat is not None and alert.is_standing):
        return alert.is_standing
    return alert.moment > now - KEPT_FOR


def write_book(client: str, book: AlertBook, addresses: Addresses, now: datetime) -> bytes | None:
    """Return a book as its file has it; None where nothing is worth keeping."""
    kept = [alert for alert in book if is_kept(alert, now)]
    if not kept:
        return None
    said = addresses.texts_at(url for alert in kept for url in _urls(alert))
    return dump(
        {
            "version": VERSION,
            "client": client,
            "alerts": [_as_stored(alert) for alert in kept],
            "said": {
                key: {"text": spoken.text, "lang": spoken.lang, "voice": spoken.voice}
                for key, spoken in said.items()
            },
        }
    )


def read_book(content: bytes) -> StoredBook:
    """Read a file; raises ValueError for what is none."""
    try:
        stored = json.loads(content)
    except RecursionError as err:
        raise ValueError("too many levels") from err
    match stored:
        case {
            "version": int(version),
            "client": str(client),
            "alerts": [*alerts],
            "said": {**said},
        } if version == VERSION:
            pass
        case _:
            raise ValueError("no book of this version")
    read = [alert for alert in map(_alert, alerts) if alert is not None]
    texts: dict[str, SpokenText] = {
        str(key): text for key, each in said.items() if (text := _text(client, each)) is not None
    }
    malformed = len(alerts) - len(read) + len(said) - len(texts)
    return StoredBook(client=client, alerts=tuple(read), said=texts, malformed=malformed)


def restore(alert: Alert, book: AlertBook, now: datetime) -> None:
    """Take an alert into its book; what repeats and is long past is set for its next time."""
    book.add(alert)
    is_past = alert.moment is not None and alert.moment <= now - KEPT_FOR
    if is_past and book.move_on(alert, now):
        alert.was_moved = True


def renew_addresses(alert: Alert, said: Collection[str], addresses: Addresses) -> None:
    """Have an alert name its texts, by key, where they lie now: the service may have moved."""
    if not any(said_key(url) in said for url in _urls(alert)):
        return
    assets = [
        each | {"url": addresses.said_at(said_key(url))}
        if (url := _url(each)) is not None and said_key(url) in said
        else each
        for each in alert.payload["assets"]
    ]
    alert.payload = alert.payload | {"assets": assets}


def _urls(alert: Alert) -> list[str]:
    assets = alert.payload.get("assets")
    found = map(_url, assets if isinstance(assets, list) else ())
    return [url for url in found if url is not None]


def _url(asset: Any) -> str | None:
    match asset:
        case {"url": str(url)}:
            return url
        case _:
            return None


def _as_stored(alert: Alert) -> dict[str, Any]:
    zone = alert.moment.tzinfo if alert.moment is not None else None
    return {
        "payload": alert.payload,
        "state": alert.state.value,
        "lang": alert.lang.value,
        "moment": None if alert.moment is None else alert.moment.isoformat(),
        # An offset alone does not tell when its clock is changed.
        "zone": zone.key if isinstance(zone, ZoneInfo) else None,
        "span": None if alert.span is None else alert.span.total_seconds(),
        "days": None if alert.repeat is None else list(alert.repeat.days),
        "action": alert.action,
        "announces": alert.announces,
        "sent": alert.is_sent,
        "withdrawn": alert.is_withdrawn,
        "moved": alert.was_moved,
        "started": alert.started,
    }


def _alert(stored: Any) -> Alert | None:
    """Return an alert; None for what is none."""
    match stored:
        case {
            "payload": {"token": str()} as payload,
            "state": str(state),
            "lang": str(lang),
            "moment": str() | None as written,
            "zone": str() | None as zone,
            "span": int() | float() | None as span,
            "days": [*_] | None as days,
            "action": str() | None as action,
            "announces": bool(announces),
            "sent": bool(is_sent),
            "withdrawn": bool(is_withdrawn),
            "moved": bool(was_moved),
            "started": int(started),
        }:
            pass
        case _:
            return None
    try:
        return Alert(
            payload=payload,
            state=AlertState(state),
            lang=Lang(lang),
            moment=_moment(written, zone),
            span=None if span is None else timedelta(seconds=span),
            repeat=None if days is None else _repeat(days),
            action=action,
            announces=announces,
            is_sent=is_sent,
            is_withdrawn=is_withdrawn,
            was_moved=was_moved,
            started=started,
        )
    except ValueError, OverflowError:
        return None


def _moment(written: str | None, zone: str | None) -> datetime | None:
    """Return a moment in its zone; raises ValueError, also for a zone this machine does not know."""
    moment = moment_of(written)
    if moment is None:
        if written is not None:
            raise ValueError("no moment")
        return None
    try:
        return moment if zone is None else moment.astimezone(ZoneInfo(zone))
    except (KeyError, OSError) as err:
        raise ValueError("no such zone") from err


def _repeat(days: list[Any]) -> Repeat:
    if not all(day in WEEKDAYS for day in days):
        raise ValueError("no days of the week")
    return Repeat(days=tuple(days))


def _text(client: str, stored: Any) -> SpokenText | None:
    match stored:
        case {"text": str(text), "lang": str(lang), "voice": str(voice)}:
            return SpokenText(client=client, text=text, lang=lang, voice=voice)
        case _:
            return None
