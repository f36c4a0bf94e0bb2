"""The envelope of CIC messages: events up, directives down (CIC_API).

Bytes in, dataclasses out. What a payload means is the business of the
modules in interfaces/.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
from typing import Any

from .errors import MessageError

type Payload = Mapping[str, Any]

# The longest documented name has 29 characters; names are logged and counted.
LONGEST_NAME = 128
# json.dumps would make one for every event.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of a message; ids are opaque strings (differences.md, trap 29)."""

    namespace: str
    name: str
    message_id: str = ""
    dialog_request_id: str | None = None

    @property
    def full_name(self) -> str:
        """Return "Namespace.Name", as the documents write it."""
        return f"{self.namespace}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A message from the client."""

    header: Header
    payload: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A message from CIC; the payload is kept as it came."""

    header: Header
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextObject:
    """One state of the client, sent with every event (Context_Objects)."""

    namespace: str
    name: str
    payload: Payload


def encode_event(event: Event, context: Iterable[ContextObject]) -> bytes:
    """Return the JSON of an event with its context, UTF-8 encoded."""
    header = {
        "namespace": event.header.namespace,
        "name": event.header.name,
        "messageId": event.header.message_id,
    }
    if event.header.dialog_request_id is not None:
        header["dialogRequestId"] = event.header.dialog_request_id
    document = {
        "context": [
            {
                "header": {"namespace": state.namespace, "name": state.name},
                "payload": state.payload,
            }
            for state in context
        ],
        "event": {"header": header, "payload": event.payload},
    }
    return _ENCODER.encode(document).encode()


def decode_directive(data: bytes | bytearray) -> Directive:
    """Read one JSON part, UTF-8 encoded, in either of the documented shapes.

    Since 2018 everything stands in a "directive" envelope; error messages of
    older servers are bare. Raises MessageError.
    """
    try:
        document = json.loads(data.decode())
    except (ValueError, RecursionError) as err:
        raise MessageError("the part is not JSON") from err
    if not isinstance(document, dict):
        raise MessageError("the part is not a JSON object")
    message = document.get("directive", document)
    header = message.get("header") if isinstance(message, dict) else None
    if not isinstance(header, dict):
        raise MessageError("the message has no header")
    payload = message.get("payload")
    return Directive(
        header=Header(
            namespace=_text(header, "namespace"),
            name=_text(header, "name"),
            message_id=str(header.get("messageId") or ""),
            dialog_request_id=_optional_text(header, "dialogRequestId"),
        ),
        payload=payload if isinstance(payload, dict) else {},
    )


def _text(header: Mapping[str, Any], key: str) -> str:
    value = header.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise MessageError(f"the message's header has no {key}")
    return value


def _optional_text(header: Mapping[str, Any], key: str) -> str | None:
    value = header.get(key)
    return value if isinstance(value, str) and value else None
