"""System: what went wrong, in the server's words; and alerts, as they once were synchronised."""

from dataclasses import dataclass, field
from typing import ClassVar, Self

from ..messages import Payload
from .alerts import SynchronizeAlert
from .fields import optional_text, whole_number
from .plain import PlainEvent

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSynchronizeState(PlainEvent):
    """Event, deprecated: Alerts.RequestSynchronizeAlert, for servers that know nothing newer."""

    NAMESPACE: ClassVar[str] = "System"
    NAME: ClassVar[str] = "RequestSynchronizeState"


# the older name of the same list
DIRECTIVES = {"Exception": ErrorMessage, "SynchronizeState": SynchronizeAlert}
