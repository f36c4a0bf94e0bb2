"""SpeechSynthesizer: the answer's own sound, and sound for any text."""

from dataclasses import dataclass, field
from typing import Self

from ..messages import Payload
from .fields import optional_text, required_text, whole_number

NAMESPACE = "SpeechSynthesizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Event: speak this text; lang is en, ja, ko or zh."""

    text: str = field(repr=False)
    lang: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"text": self.text, "lang": self.lang}


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Directive: play this speech, after the pause (milliseconds).

    content_id is set when the sound comes as a part of the same response;
    otherwise url is to be streamed. caption is the spoken text, which only
    servers of 2017 send.
    """

    token: str
    url: str = field(repr=False)
    content_id: str | None
    content_type: str | None
    lang: str | None
    pause_before: int
    caption: str | None = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no url."""
        url = required_text(payload, "url")
        return cls(
            token=optional_text(payload, "token") or "",
            url=url,
            content_id=url[4:] if url[:4].lower() == "cid:" else None,
            content_type=optional_text(payload, "contentType"),
            lang=optional_text(payload, "ttsLang"),
            pause_before=whole_number(payload, "x-clova-pause-before"),
            caption=optional_text(payload, "ttsText"),
        )


DIRECTIVES = {"Speak": Speak}
