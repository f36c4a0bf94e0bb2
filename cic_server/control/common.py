"""What the levers of the control interface share: reading a body, and refusing it in words."""

import base64
import binascii
from collections.abc import Awaitable, Callable
import math
from typing import Any

from cic_server.channels import Downchannel
from cic_server.http import Request
from cic_server.messages import Directive, RefusedError
from cic_server.service import Service

type Handler = Callable[[Service, Request], Awaitable[Any]]
type Handlers = dict[tuple[str, str], Handler]


def number_in(request: Request, name: str) -> float:
    """Return a number of the query; raises RefusedError (400)."""
    try:
        number = float(request.query.get(name, ["0"])[0])
    except ValueError as err:
        raise RefusedError(400, f"{name} is a number") from err
    if not math.isfinite(number):
        raise RefusedError(400, f"{name} is a number")
    return number


def channels_in(service: Service, body: dict[str, Any]) -> list[Downchannel]:
    """Return the downchannels a request means: all, or one client's."""
    client = body.get("client")
    return [channel for channel in service.channels.all if client in (None, channel.client)]


def client_in(body: dict[str, Any], key: str = "client") -> str:
    """Return the client a body names; raises RefusedError (400)."""
    client = body.get(key)
    if not isinstance(client, str):
        raise RefusedError(400, f"{key} names a client")
    return client


def object_in(body: dict[str, Any], key: str) -> dict[str, Any]:
    """Return an object in a body; raises RefusedError (400)."""
    value = body.get(key, {})
    if not isinstance(value, dict):
        raise RefusedError(400, f"{key} is an object")
    return value


def decoded(text: Any) -> bytes:
    """Return the bytes of a text in base64; raises RefusedError (400)."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as err:
        raise RefusedError(400, "Not base64") from err


def push_to(service: Service, client: str, orders: list[Directive]) -> None:
    """Send orders down a client's channel; raises RefusedError (400)."""
    if not service.push(client, *orders):
        raise RefusedError(400, f"{client} has no downchannel")


def text_in(body: dict[str, Any], key: str) -> str | None:
    """Return a text in a body, None where there is none; raises RefusedError (400)."""
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise RefusedError(400, f"{key} is a text")
    return value


def flag_in(body: dict[str, Any], key: str, *, usual: bool = False) -> bool:
    """Return a switch in a body; raises RefusedError (400)."""
    value = body.get(key, usual)
    if not isinstance(value, bool):
        raise RefusedError(400, f"{key} is true or false")
    return value
