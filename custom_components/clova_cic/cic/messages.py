"""The envelope of CIC messages: events up, directives down (CIC_API).

Bytes in, dataclasses out. What a payload means is the business of the
modules in interfaces/.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
import re
from typing import Any

from .errors import MessageError

type Payload = Mapping[str, Any]

# The longest documented name has 29 characters; names are logged and counted.
LONGEST_NAME = 128
# A UUID has 36 characters; ids are kept as states, which have a few thousand for everything.
LONGEST_ID = 1024
# The deepest documented template has eight levels; Python code that walks a value gives up at a thousand.
DEEPEST = 100
# A surrogate escape without its other half; the first two alternatives are skipped over.
_HALF_A_PAIR = re.compile(
    r"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
# json.dumps would make one for every event.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
# Whole numbers that other readers and writers of JSON take, Home Assistant's among them.
_LEAST_NUMBER, _LARGEST_NUMBER = -(2**63), 2**64 - 1


def _whole_number(digits: str) -> float:
    """Return a number, one of more than 64 bits rounded."""
    number = int(digits)
    return number if _LEAST_NUMBER <= number <= _LARGEST_NUMBER else float(digits)


_DECODER = json.JSONDecoder(parse_int=_whole_number)


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
    payload: Payload = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """A message from CIC; the payload is kept as it came."""

    header: Header
    payload: Payload = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextObject:
    """One state of the client, sent with every event (Context_Objects)."""

    namespace: str
    name: str
    payload: Payload = field(repr=False)


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
    # Half a surrogate pair has no UTF-8, but Python's escape for it is JSON's as well.
    return _ENCODER.encode(document).encode(errors="backslashreplace")


def decode_directive(data: bytes | bytearray) -> Directive:
    """Read one JSON part, UTF-8 encoded, in either of the documented shapes.

    Since 2018 everything stands in a "directive" envelope; error messages of
    older servers are bare. All text is Unicode: half a surrogate pair, which a
    server leaves that cuts UTF-16, becomes U+FFFD. A whole number of more than 64 bits
    is rounded. Raises MessageError.
    """
    try:
        document = _DECODER.decode(_text_of(data))
    except (ValueError, RecursionError) as err:
        raise MessageError("the part is not JSON") from err
    if data.count(b"{") + data.count(b"[") > DEEPEST and is_too_deep(document):
        raise MessageError(f"the part has more than {DEEPEST} levels")
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
            message_id=_id(header.get("messageId")),
            dialog_request_id=_optional_text(header, "dialogRequestId"),
        ),
        payload=payload if isinstance(payload, dict) else {},
    )


def _text_of(data: bytes | bytearray) -> str:
    """Decode JSON (RFC 8259, 8.1: UTF-8, a byte order mark may be ignored); UnicodeDecodeError."""
    text = data.decode("utf-8-sig")
    if "\\ud" in text or "\\uD" in text:
        text = _HALF_A_PAIR.sub(lambda found: "\ufffd" if found[1] else found[0], text)
    return text


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value has more than DEEPEST levels, without recursion."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _members(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()


def _id(value: Any) -> str:
    text = str(value) if isinstance(value, str | int | float) and value else ""
    return text if len(text) <= LONGEST_ID else ""


def _text(header: Mapping[str, Any], key: str) -> str:
    """Return a name; names are logged, so no line end may be in one."""
    value = header.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise MessageError(f"the message's header has no {key}")
    return value


def _optional_text(header: Mapping[str, Any], key: str) -> str | None:
    value = header.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID else None
