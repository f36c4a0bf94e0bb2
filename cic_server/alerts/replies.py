"""The service's answers to events about alerts (CIC Alerts, "Handle_Alerts")."""

from collections.abc import Callable
from dataclasses import replace

from cic_server.messages import Event
from cic_server.service import Service
from cic_server.skills import reply_to
from cic_server.skills.alert_words import confirmation, not_deleted, not_set
from cic_server.skills.base import Answer, nothing, ordering

from .book import Alert, AlertBook, AlertType
from .orders import delete_alert, set_alert, stop_alert, synchronize, template

type Reply = Callable[[Event, str, Service], Answer]


def _book(client: str, service: Service) -> AlertBook:
    return service.remote_of(client).alerts


def _alert(event: Event, client: str, service: Service) -> Alert | None:
    return _book(client, service).get(event.payload.get("token"))


def _reference(event: Event) -> dict[str, object]:
    return {key: event.payload.get(key) for key in ("token", "type")}


def _set(event: Event, client: str, service: Service) -> Answer:
    """Say and show that it is set, where a person asked for it."""
    alert = _alert(event, client, service)
    if alert is None or not _book(client, service).announce(alert):
        return nothing()
    phrase = confirmation(alert)
    shown = template(alert, phrase.text)
    return Answer(phrase=phrase, lang=alert.lang, orders=(shown,))


def _not_set(event: Event, client: str, service: Service) -> Answer:
    alert = _alert(event, client, service)
    if alert is None or not _book(client, service).announce(alert):
        return nothing()
    return Answer(phrase=not_set(alert.type, alert.lang), lang=alert.lang)


def _not_deleted(event: Event, client: str, service: Service) -> Answer:
    alert = _alert(event, client, service)
    if alert is None:
        return nothing()
    return Answer(phrase=not_deleted(alert.type, alert.lang), lang=alert.lang)


def _stopped(event: Event, client: str, service: Service) -> Answer:
    """Delete what rang for the last time; set the next time; do what an action timer is for."""
    alert = _alert(event, client, service)
    if alert is None:
        return ordering(delete_alert(_reference(event)))
    if alert.is_withdrawn:
        return nothing()
    if _book(client, service).move_on(alert, service.now()):
        # Whether or not this answer arrives, it stands: the next synchronisation has it.
        return ordering(set_alert(alert))
    end = delete_alert(alert.reference)
    if alert.type != AlertType.ACTIONTIMER or not alert.action:
        return ordering(end)
    remote = service.remote_of(client)
    done = reply_to(alert.action, alert.lang, service.now(), None, service.skills, remote)
    # A question nobody waits for is not asked.
    return replace(done, orders=(*done.orders, end), question=None)


def _stop(event: Event, _client: str, _service: Service) -> Answer:
    return ordering(stop_alert(_reference(event)))


def _delete(event: Event, _client: str, _service: Service) -> Answer:
    return ordering(delete_alert(_reference(event)))


def _synchronize(event: Event, client: str, service: Service) -> Answer:
    standing = _book(client, service).standing()
    return ordering(synchronize(standing, event.namespace))


ALERT_REPLIES: dict[str, Reply] = {
    "Alerts.SetAlertSucceeded": _set,
    "Alerts.SetAlertFailed": _not_set,
    "Alerts.DeleteAlertFailed": _not_deleted,
    "Alerts.AlertStopped": _stopped,
    "Alerts.RequestAlertStop": _stop,
    "Alerts.RequestDeleteAlert": _delete,
    "Alerts.RequestSynchronizeAlert": _synchronize,
    "System.RequestSynchronizeState": _synchronize,
}
