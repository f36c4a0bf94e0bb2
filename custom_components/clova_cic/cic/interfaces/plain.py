"""Messages with nothing in them."""

from dataclasses import dataclass
from typing import Self

from ..messages import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainDirective:
    """A directive whose name says it all."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Nothing is in it."""
        del payload
        return cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainEvent:
    """An event whose name says it all, or whose context does."""

    def as_payload(self) -> Payload:
        """Return the payload: nothing."""
        return {}
