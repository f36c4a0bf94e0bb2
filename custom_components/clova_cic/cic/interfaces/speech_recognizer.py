"""SpeechRecognizer: speech goes up, and is recognised while it does."""

from dataclasses import dataclass
from typing import Any, Self

from ..messages import Payload
from .fields import optional_text, required_text, truth, whole_number

NAMESPACE = "SpeechRecognizer"
AUDIO_FORMAT = "AUDIO_L16_RATE_16000_CHANNELS_1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognize:
    """Event: a spoken request; its audio follows in the same HTTP request.

    lang is en, ja or ko. speech_id and explicit repeat an ExpectSpeech.
    device_uuid is constant and says nothing about the user.
    """

    lang: str
    device_uuid: str
    speech_id: str | None = None
    explicit: bool | None = None

    def as_payload(self) -> Payload:
        """Return the payload; the initiator is a tap on the client itself."""
        payload: dict[str, Any] = {
            "lang": self.lang,
            "profile": "CLOSE_TALK",
            "format": AUDIO_FORMAT,
            "initiator": {
                "type": "TAP",
                "inputSource": "SELF",
                "payload": {"deviceUUID": self.device_uuid},
            },
        }
        if self.speech_id is not None:
            payload |= {"speechId": self.speech_id, "explicit": bool(self.explicit)}
        return payload


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRecognizedText:
    """Directive: what has been recognised so far, from the first word on."""

    text: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no text."""
        return cls(text=required_text(payload, "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCapture:
    """Directive: the speech has ended; the text is sent by arrangement only."""

    recognized_text: str | None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the final transcript, if there is one."""
        return cls(recognized_text=optional_text(payload, "recognizedText"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRecording:
    """Directive: CIC is still recognising."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Nothing is in it."""
        del payload
        return cls()


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


DIRECTIVES = {
    "ShowRecognizedText": ShowRecognizedText,
    "StopCapture": StopCapture,
    "KeepRecording": KeepRecording,
    "ExpectSpeech": ExpectSpeech,
}
