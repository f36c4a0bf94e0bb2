"""The JSON of CIC: events as they come, directives as they go (CIC_API, "Event", "Directive", "Error")."""

from dataclasses import dataclass, field
import json
from typing import Any, TypeIs
from uuid import uuid4

VOICE = "SpeechRecognizer.Recognize"
TEXT = "TextRecognizer.Recognize"
SPEECH_REQUEST = "SpeechSynthesizer.Request"
# The events that begin or continue a dialogue, hence need a dialogRequestId.
DIALOG_EVENTS = (VOICE, TEXT)


class RefusedError(Exception):
    """A request that is answered with an error status and a System.Exception."""

    def __init__(self, status: int, description: str) -> None:
        """Keep the HTTP status and the text for the client."""
        super().__init__(description)
        self.status = status
        self.description = description


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A client's event, checked as far as its envelope goes."""

    namespace: str
    name: str
    message_id: str
    dialog_id: str | None
    payload: dict[str, Any]
    context: tuple[dict[str, Any], ...]

    @property
    def full_name(self) -> str:
        """Namespace and name with a dot."""
        return f"{self.namespace}.{self.name}"

    def text_of(self, key: str) -> str | None:
        """Return a payload member that is a string."""
        value = self.payload.get(key)
        return value if isinstance(value, str) else None


def parse_event(body: bytes) -> Event:
    """Read a metadata part; raises RefusedError (400).

    Accepts the key `events` and an unwrapped header/payload as well: the documents' own examples
    have both slips (differences.md, traps 6 and 7).
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as err:
        raise RefusedError(400, "The metadata part is not JSON") from err
    if not isinstance(document, dict):
        raise RefusedError(400, "The metadata part is not a JSON object")
    event = document.get("event", document.get("events", document))
    header = event.get("header") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(header, dict):
        raise RefusedError(400, "The event has no header")
    namespace, name = header.get("namespace"), header.get("name")
    message_id = header.get("messageId")
    if not (_is_text(namespace) and _is_text(name) and _is_text(message_id)):
        raise RefusedError(400, "The header needs namespace, name and messageId")
    payload = event.get("payload", {})
    if not isinstance(payload, dict):
        raise RefusedError(400, "The payload is not a JSON object")
    dialog_id = header.get("dialogRequestId")
    parsed = Event(
        namespace=namespace,
        name=name,
        message_id=message_id,
        dialog_id=dialog_id if _is_text(dialog_id) else None,
        payload=payload,
        context=_context(document.get("context")),
    )
    if parsed.full_name in DIALOG_EVENTS and parsed.dialog_id is None:
        raise RefusedError(400, "The header needs dialogRequestId")
    return parsed


def _is_text(value: Any) -> TypeIs[str]:
    return isinstance(value, str) and value != ""


def _context(value: Any) -> tuple[dict[str, Any], ...]:
    """Context objects are never required, and what is not understood is ignored."""
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, dict))


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """An order or answer to a client."""

    namespace: str
    name: str
    payload: dict[str, Any] = field(default_factory=dict)
    dialog_id: str | None = None

    @property
    def full_name(self) -> str:
        """Namespace and name with a dot."""
        return f"{self.namespace}.{self.name}"

    def to_json(self) -> bytes:
        """Return the enveloped form, with a messageId of its own."""
        header = {"namespace": self.namespace, "name": self.name, "messageId": str(uuid4())}
        if self.dialog_id is not None:
            header["dialogRequestId"] = self.dialog_id
        return dump({"directive": {"header": header, "payload": self.payload}})


def read_directive(body: bytes) -> Directive | None:
    """Return the directive in a part that a test made; None where there is none."""
    try:
        directive = json.loads(body)["directive"]
        header, payload = directive["header"], directive.get("payload", {})
        namespace, name = header["namespace"], header["name"]
    except ValueError, KeyError, TypeError, AttributeError, RecursionError:
        return None
    if not (_is_text(namespace) and _is_text(name) and isinstance(payload, dict)):
        return None
    dialog_id = header.get("dialogRequestId")
    return Directive(
        namespace=namespace,
        name=name,
        payload=payload,
        dialog_id=dialog_id if _is_text(dialog_id) else None,
    )


def exception_json(status: int, description: str) -> bytes:
    """Return a System.Exception (CIC_API, "Error")."""
    payload = {"code": status, "description": description}
    return Directive(namespace="System", name="Exception", payload=payload).to_json()


def dump(value: Any) -> bytes:
    """Return compact JSON in UTF-8; half a surrogate pair, which a client may send, as an escape."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
