"""Settings: what the account's app can set on this client (Settings)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
import json
from typing import ClassVar, Final, Self

from ..errors import MessageError
from ..messages import Payload
from .fields import (
    LONGEST_CAPTION,
    LONGEST_IDENTIFIER,
    caption,
    echo,
    inner,
    items,
    required_identifier,
)
from .plain import PlainDirective, PlainEvent

NAMESPACE = "Settings"

# Keys are agreed for each product; a handful is usual.
MOST_SETTINGS: Final = 200
MOST_VOICES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectReport(PlainDirective):
    """Directive: report the settings there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Directive: set these, then report; keys and values are texts."""

    configuration: Mapping[str, str] = field(repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is nothing to set, or too much of it."""
        values = payload.get("configuration")
        if not isinstance(values, dict) or len(values) > MOST_SETTINGS:
            raise MessageError("the payload has no configuration of a usual size")
        return cls(configuration=dict(_texts(values)))


def _texts(values: Payload) -> list[tuple[str, str]]:
    """Return keys with values that are texts, or stand for one; what is too long is left out."""
    texts = []
    for key, value in values.items():
        text = json.dumps(value) if isinstance(value, int | float) else value
        if (
            isinstance(text, str)
            and len(text) <= LONGEST_IDENTIFIER
            and len(key) <= LONGEST_CAPTION
        ):
            texts.append((key, text))
    return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One value of a setting, and how it is called."""

    key: str
    name: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no key."""
        key = required_identifier(payload, "key")
        return cls(key=key, name=caption(payload, "name") or key)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceType:
    """The voices there are to choose from, and the one without a choice."""

    name: str | None
    choices: tuple[Choice, ...]
    default: str | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there."""
        default = inner(payload, "default").get("key")
        return cls(
            name=caption(payload, "name"),
            choices=items(payload, "list", Choice.from_payload, MOST_VOICES),
            default=default if isinstance(default, str) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateVersionSpec:
    """Directive: settings CLOVA offers; spec is all of it as it came, voice_type what has a shape."""

    client_name: str | None
    device_version: str | None
    spec_version: str | None
    spec: Payload = field(repr=False, hash=False)
    voice_type: VoiceType | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is too large to be kept."""
        spec = echo(inner(payload, "spec"))
        voice_type = spec.get("voiceType")
        return cls(
            client_name=caption(payload, "clientName"),
            device_version=caption(payload, "deviceVersion"),
            spec_version=caption(payload, "specVersion"),
            spec=spec,
            voice_type=VoiceType.from_payload(voice_type) if isinstance(voice_type, dict) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Event: the settings there are, all of them texts."""

    NAMESPACE: ClassVar[str] = "Settings"
    NAME: ClassVar[str] = "Report"

    configuration: Mapping[str, str] = field(repr=False, hash=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"configuration": dict(self.configuration)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVersionSpec(PlainEvent):
    """Event: which settings does CLOVA offer? The answer is UpdateVersionSpec."""

    NAMESPACE: ClassVar[str] = "Settings"
    NAME: ClassVar[str] = "RequestVersionSpec"


DIRECTIVES = {
    "ExpectReport": ExpectReport,
    "Update": Update,
    "UpdateVersionSpec": UpdateVersionSpec,
}
