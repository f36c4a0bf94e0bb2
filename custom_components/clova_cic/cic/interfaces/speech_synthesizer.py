"""SpeechSynthesizer: the answer's own sound, and sound for any text."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from ..errors import MessageError
from ..messages import Payload
from .fields import identifier, is_web_address, optional_text, required_identifier, whole_number

NAMESPACE = "SpeechSynthesizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Event: speak this text; lang is en, ja, ko or zh."""

    NAMESPACE: ClassVar[str] = "SpeechSynthesizer"
    NAME: ClassVar[str] = "Request"

    text: str = field(repr=False)
    lang: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"text": self.text, "lang": self.lang}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Directive: play this speech, after the pause (milliseconds).

    content_id is set when the sound comes as a part of the same response;
    otherwise url, which is http or https, is to be streamed. caption is the spoken text, which only
    servers of 2017 send.
    """

    token: str = field(repr=False)
    url: str = field(repr=False)
    content_id: str | None
    content_type: str | None
    lang: str | None
    pause_before: int
    caption: str | None = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no url, or one of another kind, or it is too long."""
        url = required_identifier(payload, "url")
        content_id = url[4:] if url[:4].lower() == "cid:" else None
        if content_id is None and not is_web_address(url):
            raise MessageError("the url is neither cid: nor http")
        return cls(
            token=identifier(payload, "token") or "",
            url=url,
            content_id=content_id,
            content_type=optional_text(payload, "contentType"),
            lang=optional_text(payload, "ttsLang"),
            pause_before=whole_number(payload, "x-clova-pause-before"),
            caption=optional_text(payload, "ttsText"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """Event: what has become of a Speak, by its token (SpeechState)."""

    NAMESPACE: ClassVar[str] = "SpeechSynthesizer"

    token: str = field(repr=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"token": self.token}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted(_Heard):
    """Event: the speech has begun to sound."""

    NAME: ClassVar[str] = "SpeechStarted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechFinished(_Heard):
    """Event: the speech was heard to its end."""

    NAME: ClassVar[str] = "SpeechFinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped(_Heard):
    """Event: the speech was interrupted, by the user's voice or otherwise."""

    NAME: ClassVar[str] = "SpeechStopped"


DIRECTIVES = {"Speak": Speak}
