"""The service's answers to events of Settings and Clova."""

from cic_server.messages import Event, RefusedError
from cic_server.service import Service
from cic_server.skills import reply_to
from cic_server.skills.base import Answer, detect_lang, nothing, ordering

from .orders import version_spec


def _report(event: Event, client: str, service: Service) -> Answer:
    """Keep what a client is set to."""
    configuration = event.payload.get("configuration")
    if isinstance(configuration, dict):
        service.remote_of(client).configure(configuration)
    return nothing()


def _spec(_event: Event, _client: str, _service: Service) -> Answer:
    return ordering(version_spec())


def _process(event: Event, client: str, service: Service) -> Answer:
    """Answer what was delegated, as if the client had asked it."""
    delegated = service.delegations.take(event.text_of("delegationId"), client)
    if delegated is None:
        raise RefusedError(400, "No such delegation")
    lang = detect_lang(delegated.text, None)
    remote = service.remote_of(client)
    return reply_to(delegated.text, lang, service.now(), None, service.skills, remote)


CLOVA_REPLIES = {
    "Settings.Report": _report,
    "Settings.RequestVersionSpec": _spec,
    "Clova.ProcessDelegatedEvent": _process,
}
