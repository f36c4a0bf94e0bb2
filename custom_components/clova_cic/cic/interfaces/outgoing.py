"""What every typed event says of itself."""

from typing import Protocol

from ..messages import Payload


class OutgoingEvent(Protocol):
    """A typed event: its name in CIC, and its payload."""

    @property
    def NAMESPACE(self) -> str:
        """Return the namespace, as documented; most have it as a class variable."""

    @property
    def NAME(self) -> str:
        """Return the name, as documented."""

    def as_payload(self) -> Payload:
        """Return the payload."""
