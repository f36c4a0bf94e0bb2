"""Clova: the channel's greeting and the answer's text."""

from dataclasses import dataclass, field
from typing import Self

from ..messages import Payload
from .fields import required_text

NAMESPACE = "Clova"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Directive: the downchannel is ready."""

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Nothing is in it."""
        del payload
        return cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderText:
    """Directive: show this text, normally what is being spoken."""

    text: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when there is no text."""
        return cls(text=required_text(payload, "text"))


DIRECTIVES = {"Hello": Hello, "RenderText": RenderText}
