"""TextRecognizer: a typed request, answered like a spoken one."""

from dataclasses import dataclass
from typing import Any

from ..messages import Payload

NAMESPACE = "TextRecognizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognize:
    """Event: the user's text; speech_id and explicit repeat an ExpectSpeech."""

    text: str
    speech_id: str | None = None
    explicit: bool | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        payload: dict[str, Any] = {"text": self.text}
        if self.speech_id is not None:
            payload |= {"speechId": self.speech_id, "explicit": bool(self.explicit)}
        return payload
