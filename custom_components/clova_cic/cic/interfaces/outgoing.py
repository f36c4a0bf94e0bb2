"""What every typed event says of itself."""

from typing import ClassVar, Protocol

from ..messages import Payload


class OutgoingEvent(Protocol):
    """A typed event: its name in CIC, and its payload."""

    NAMESPACE: ClassVar[str]
    NAME: ClassVar[str]

    def as_payload(self) -> Payload:
        """Return the payload."""
