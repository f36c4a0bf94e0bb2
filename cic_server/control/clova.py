"""Settings, notifications and delegation, at the will of a test."""

from typing import Any

from cic_server.clova.delegation import Delegated
from cic_server.clova.orders import clear_indicator, clova, notify, settings_order, update
from cic_server.dialogs import DEFAULT_CLIENT, lang_of
from cic_server.http import Request
from cic_server.messages import RefusedError
from cic_server.service import Service

from .common import Handlers, client_in, flag_in, object_in, push_to, text_in

LIGHTS = ("DEFAULT", "NONE")


async def _configuration(service: Service, request: Request) -> Any:
    client = request.query.get("client", [DEFAULT_CLIENT])[0]
    return {"configuration": service.remote_of(client).configuration}


async def _configure(service: Service, request: Request) -> Any:
    """Change a client's settings; without any, ask for them."""
    body = await request.read_json()
    client = client_in(body)
    if "configuration" not in body:
        push_to(service, client, [settings_order("ExpectReport")])
        return {}
    values = object_in(body, "configuration")
    if not all(isinstance(value, str) for value in values.values()):
        raise RefusedError(400, "Every value in configuration is a text")
    push_to(service, client, [update(values)])
    service.remote_of(client).configure(values)
    return {}


async def _notify(service: Service, request: Request) -> Any:
    """Notify, light the indicator, or put it out."""
    body = await request.read_json()
    client = client_in(body)
    if flag_in(body, "clear"):
        push_to(service, client, [clear_indicator()])
        return {}
    light = body.get("light", "DEFAULT")
    if light not in LIGHTS:
        raise RefusedError(400, f"light is one of {', '.join(LIGHTS)}")
    text, address = text_in(body, "text"), None
    if text:
        remote = service.remote_of(client)
        lang = lang_of(body.get("lang", "en"))
        address = remote.player.addresses.said(text, lang, remote.voice)
    new = flag_in(body, "new", usual=True) if flag_in(body, "indicator") else None
    push_to(service, client, [notify(light, address, new=new)])
    return {"address": address}


async def _delegate(service: Service, request: Request) -> Any:
    """Have a client ask for the answer to a text, as an app does on its behalf."""
    body = await request.read_json()
    client, text = client_in(body), text_in(body, "text")
    if not text:
        raise RefusedError(400, "text says what is asked")
    delegation_id = service.delegations.add(Delegated(client=client, text=text))
    push_to(service, client, [clova("HandleDelegatedEvent", delegationId=delegation_id)])
    return {"delegationId": delegation_id}


CLOVA: Handlers = {
    ("GET", "/control/configuration"): _configuration,
    ("POST", "/control/configuration"): _configure,
    ("POST", "/control/notify"): _notify,
    ("POST", "/control/delegate"): _delegate,
}
