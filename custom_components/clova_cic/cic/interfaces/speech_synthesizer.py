"""SpeechSynthesizer: the answer's own sound, and sound for any text."""

from dataclasses import dataclass, field
from typing import ClassVar, Self
from urllib.parse import urlsplit

from ..errors import MessageError
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
    otherwise url, which is http or https, is to be streamed. caption is the spoken text, which only
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
        """Raise MessageError when there is no url, or one of another kind."""
        url = required_text(payload, "url")
        content_id = url[4:] if url[:4].lower() == "cid:" else None
        if content_id is None and not _is_web_address(url):
            raise MessageError("the url is neither cid: nor http")
        return cls(
            token=optional_text(payload, "token") or "",
            url=url,
            content_id=content_id,
            content_type=optional_text(payload, "contentType"),
            lang=optional_text(payload, "ttsLang"),
            pause_before=whole_number(payload, "x-clova-pause-before"),
            caption=optional_text(payload, "ttsText"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfSpeech:
    """What the events about a speech have in common: the token of its Speak."""

    NAMESPACE: ClassVar[str] = NAMESPACE
    token: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"token": self.token}


class SpeechStarted(_OfSpeech):
    """Event: the speech has begun to sound."""

    __slots__ = ()
    NAME: ClassVar[str] = "SpeechStarted"


class SpeechFinished(_OfSpeech):
    """Event: the speech was heard to its end."""

    __slots__ = ()
    NAME: ClassVar[str] = "SpeechFinished"


class SpeechStopped(_OfSpeech):
    """Event: the speech was interrupted."""

    __slots__ = ()
    NAME: ClassVar[str] = "SpeechStopped"


def _is_web_address(url: str) -> bool:
    """Tell whether an address is whole and of the web: sound is fetched from nowhere else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


DIRECTIVES = {"Speak": Speak}
