"""What the service saw: its log, its state, its findings; and what of its behaviour can be changed."""

from dataclasses import asdict
from typing import Any

from cic_server.http import Request
from cic_server.messages import RefusedError
from cic_server.service import Service
from cic_server.settings import InvalidSettingError
from cic_server.skills.clock import CITIES
from cic_server.skills.echo import WORDS

from .common import Handlers, number_in

# Longest wait for a log entry, in seconds: a test's own limit comes first.
MAX_WAIT = 60.0


async def _log(service: Service, request: Request) -> Any:
    since = int(number_in(request, "since"))
    await service.journal.wait(since, min(number_in(request, "wait"), MAX_WAIT))
    entries, following = service.journal.since(since)
    return {"entries": entries, "next": following}


async def _state(service: Service, request: Request) -> Any:
    channels = [
        {"channel": channel.id, "client": channel.client, "connection": channel.connection}
        for channel in service.channels.all
    ]
    return {
        "downchannels": channels,
        "contexts": service.memory.contexts(),
        "planned": len(service.planned),
    }


async def _words(service: Service, request: Request) -> Any:
    sentences = [sentence for skill in service.skills for sentence in skill.examples]
    return {"words": list(WORDS), "cities": list(CITIES), "sentences": sentences}


async def _settings(service: Service, request: Request) -> Any:
    return asdict(service.settings)


async def _change_settings(service: Service, request: Request) -> Any:
    try:
        service.settings = service.settings.changed(await request.read_json())
    except InvalidSettingError as err:
        raise RefusedError(400, str(err)) from err
    return asdict(service.settings)


async def _illegal(service: Service, request: Request) -> Any:
    client = request.query.get("client", [None])[0]
    return {"illegal": service.verdicts.illegal(client)}


WATCH: Handlers = {
    ("GET", "/control/log"): _log,
    ("GET", "/control/state"): _state,
    ("GET", "/control/words"): _words,
    ("GET", "/control/illegal"): _illegal,
    ("GET", "/control/settings"): _settings,
    ("PUT", "/control/settings"): _change_settings,
}
