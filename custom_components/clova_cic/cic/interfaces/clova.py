"""Clova: the channel's greeting, and what an answer shows beside what it says (Clova)."""

from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from ..errors import MessageError
from ..messages import Payload
from .fields import caption, items, required_identifier, required_text, web_address
from .plain import PlainDirective

NAMESPACE = "Clova"

# More than fit on any screen.
MOST_SUGGESTIONS: Final = 100
# Candidates for one and the same thing.
MOST_TARGETS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello(PlainDirective):
    """Directive: the downchannel is ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help(PlainDirective):
    """Directive: say, or show, what can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderText:
    """Directive: show this text, normally what is being spoken."""

    text: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no text."""
        return cls(text=required_text(payload, "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderTemplate:
    """Directive: show this content; raw is the template as it came (ContentTemplates)."""

    type: str
    raw: Payload = field(repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said what it is."""
        return cls(type=required_identifier(payload, "type"), raw=payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something the user may say next: as it is shown, and as it is said."""

    label: str = field(repr=False)
    query: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is neither."""
        label, query = caption(payload, "label"), caption(payload, "query")
        if label is None and query is None:
            raise MessageError("the suggestion has no text")
        return cls(label=label or query or "", query=query or label or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSuggestion:
    """Directive: suggest what to say next."""

    topic: str | None = field(repr=False)
    suggestions: tuple[Suggestion, ...] = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there."""
        return cls(
            topic=caption(payload, "topic"),
            suggestions=items(payload, "suggestions", Suggestion.from_payload, MOST_SUGGESTIONS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UriTarget:
    """One candidate to be opened."""

    uri: str = field(repr=False)
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
    icon_url: str | None = field(default=None, repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no address."""
        return cls(
            uri=required_identifier(payload, "uri"),
            title=caption(payload, "title"),
            description=caption(payload, "description"),
            icon_url=web_address(payload, "iconImageUrl"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchURI:
    """Directive: open the first of these that can be opened."""

    targets: tuple[UriTarget, ...] = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is none."""
        targets = items(payload, "targets", UriTarget.from_payload, MOST_TARGETS)
        if not targets:
            raise MessageError("the payload has no targets")
        return cls(targets=targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extension:
    """A directive about an extension, by its name."""

    extension: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which."""
        return cls(extension=required_identifier(payload, "extension"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExtension(_Extension):
    """Directive: the user is with this extension now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishExtension(_Extension):
    """Directive: the user has left this extension."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleDelegatedEvent:
    """Directive: another device has been asked for something that is to happen here."""

    delegation_id: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said what."""
        return cls(delegation_id=required_identifier(payload, "delegationId"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectLogin(PlainDirective):
    """Directive: the user has to sign in for this; what was asked is not resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessDelegatedEvent:
    """Event: do here what another device was asked for; the answer is that request's."""

    NAMESPACE: ClassVar[str] = "Clova"
    NAME: ClassVar[str] = "ProcessDelegatedEvent"

    delegation_id: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"delegationId": self.delegation_id}


DIRECTIVES = {
    "ExpectLogin": ExpectLogin,
    "FinishExtension": FinishExtension,
    "HandleDelegatedEvent": HandleDelegatedEvent,
    "Hello": Hello,
    "Help": Help,
    "LaunchURI": LaunchURI,
    "RenderSuggestion": RenderSuggestion,
    "RenderTemplate": RenderTemplate,
    "RenderText": RenderText,
    # 2018's example has this name
    "RequestLogin": ExpectLogin,
    "StartExtension": StartExtension,
}
