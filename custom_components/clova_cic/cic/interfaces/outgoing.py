"""What the events of all namespaces have in common."""

from typing import ClassVar, Protocol

from ..messages import Payload


class OutgoingEvent(Protocol):
    """An event's typed content: what it is called, and its payload."""

    NAMESPACE: ClassVar[str]
    NAME: ClassVar[str]

    def as_payload(self) -> Payload:
        """Return the payload as it goes up."""
