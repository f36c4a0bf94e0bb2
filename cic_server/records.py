"""What the control log says about one dialogue."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .journal import now_ms


class DialogOutcome(StrEnum):
    """What became of a request."""

    EXECUTED = "executed"
    # Taken back by the client, or its connection broke, before the closing boundary.
    RESET = "reset"
    # Ended without its closing boundary.
    INCOMPLETE = "incomplete"
    # Answered with an error status.
    REFUSED = "refused"


class Delivery(StrEnum):
    """What became of the answer."""

    NONE = "none"
    COMPLETE = "complete"
    # The client went away while it was sent.
    CANCELLED = "cancelled"


# Characters of a text in the log, which keeps thousands of them.
MAX_LOGGED_TEXT = 2_000

MARKS = ("upload_start", "speech_end", "stop_capture", "boundary", "first_part", "done")


@dataclass(slots=True, kw_only=True)
class DialogRecord:
    """One dialogue request, from its first byte to the end of its answer."""

    namespace: str
    name: str
    dialog_id: str | None
    client: str
    outcome: DialogOutcome = DialogOutcome.REFUSED
    answer: Delivery = Delivery.NONE
    recognition: str | None = None
    transcript: str | None = None
    said: str | None = None
    audio_bytes: int = 0
    marks: dict[str, float | None] = field(default_factory=lambda: dict.fromkeys(MARKS))

    def mark(self, name: str) -> None:
        """Note the moment, in milliseconds of the log's clock, once."""
        if self.marks[name] is None:
            self.marks[name] = now_ms()

    def fields(self) -> dict[str, Any]:
        """Return the log entry's fields."""
        return {
            "dialogRequestId": self.dialog_id,
            "namespace": self.namespace,
            "name": self.name,
            "client": self.client,
            "outcome": self.outcome.value,
            "answer": self.answer.value,
            "recognition": self.recognition,
            "transcript": _short(self.transcript),
            "said": _short(self.said),
            "audio_bytes": self.audio_bytes,
            "marks": dict(self.marks),
        }


def _short(text: str | None) -> str | None:
    return text[:MAX_LOGGED_TEXT] if text is not None else None
