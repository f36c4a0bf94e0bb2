"""TextRecognizer: a typed request, answered like a spoken one."""

from dataclasses import dataclass, field
from typing import ClassVar

from ..messages import Payload
from .speech_recognizer import ExpectSpeech, reply_fields

NAMESPACE = "TextRecognizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognize:
    """Event: the user's text; answering is the question this is the answer to."""

    NAMESPACE: ClassVar[str] = "TextRecognizer"
    NAME: ClassVar[str] = "Recognize"

    text: str = field(repr=False)
    answering: ExpectSpeech | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"text": self.text, **reply_fields(self.answering)}
