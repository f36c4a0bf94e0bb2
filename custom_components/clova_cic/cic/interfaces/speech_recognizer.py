"""SpeechRecognizer: speech goes up, and is recognised while it does."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from ..messages import Payload
from .fields import optional_text, required_text, truth, whole_number
from .plain import PlainDirective

NAMESPACE = "SpeechRecognizer"
AUDIO_FORMAT = "AUDIO_L16_RATE_16000_CHANNELS_1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognize:
    """Event: a spoken request; its audio follows in the same HTTP request.

    lang is en, ja or ko. answering is the question this is the answer to.
    device_uuid is constant and says nothing about the user.
    """

    NAMESPACE: ClassVar[str] = "SpeechRecognizer"
    NAME: ClassVar[str] = "Recognize"

    lang: str
    device_uuid: str
    answering: ExpectSpeech | None = None

    def as_payload(self) -> Payload:
        """Return the payload; the initiator is a tap on the client itself."""
        return {
            "lang": self.lang,
            "profile": "CLOSE_TALK",
            "format": AUDIO_FORMAT,
            "initiator": {
                "type": "TAP",
                "inputSource": "SELF",
                "payload": {"deviceUUID": self.device_uuid},
            },
            **reply_fields(self.answering),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRecognizedText:
    """Directive: what has been recognised so far, from the first word on."""

    text: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no text."""
        return cls(text=required_text(payload, "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCapture:
    """Directive: the speech has ended; the text is sent by arrangement only."""

    recognized_text: str | None = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the final transcript, if there is one."""
        return cls(recognized_text=optional_text(payload, "recognizedText"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRecording(PlainDirective):
    """Directive: CIC is still recognising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectSpeech:
    """Directive: ask the user again; the answer repeats id and explicit."""

    expect_speech_id: str
    explicit: bool
    timeout_in_milliseconds: int

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no expectSpeechId."""
        return cls(
            expect_speech_id=required_text(payload, "expectSpeechId"),
            explicit=truth(payload, "explicit"),
            timeout_in_milliseconds=whole_number(payload, "timeoutInMilliseconds"),
        )


def reply_fields(question: ExpectSpeech | None) -> Payload:
    """Return what an answer repeats of its question."""
    if question is None:
        return {}
    return {"speechId": question.expect_speech_id, "explicit": question.explicit}


DIRECTIVES = {
    "ShowRecognizedText": ShowRecognizedText,
    "StopCapture": StopCapture,
    "KeepRecording": KeepRecording,
    "ExpectSpeech": ExpectSpeech,
}
