"""System: what went wrong, in the server's words."""

from dataclasses import dataclass, field
from typing import Self

from ..messages import Payload
from .fields import optional_text, whole_number

NAMESPACE = "System"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """System.Exception; code repeats the HTTP status (0 when unreadable)."""

    code: int
    description: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read a code that is a number or, as in 2017, a string."""
        return cls(
            code=whole_number(payload, "code"),
            description=optional_text(payload, "description") or "",
        )


DIRECTIVES = {"Exception": ErrorMessage}
