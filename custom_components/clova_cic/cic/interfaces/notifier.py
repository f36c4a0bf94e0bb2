"""Notifier: a light that says there is something new, and what is to be heard of it (Notifier)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from ..messages import Payload
from .assets import Asset, assets_in_order
from .fields import choice, truth
from .plain import PlainDirective

NAMESPACE = "Notifier"


class Light(StrEnum):
    """What the indicator's light does."""

    DEFAULT = "DEFAULT"
    """It is on."""
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Directive: show and play a notification now; assets are to be heard in this order."""

    light: Light
    assets: tuple[Asset, ...] = field(default=(), repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there; a light nobody knows is on."""
        return cls(
            light=choice(payload, "light", Light) or Light.DEFAULT,
            assets=assets_in_order(payload),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetIndicator(Notify):
    """Directive: there are notifications nobody has heard; new says that this is another one."""

    new: bool = False

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there; a light nobody knows is on."""
        return cls(
            light=choice(payload, "light", Light) or Light.DEFAULT,
            assets=assets_in_order(payload),
            new=truth(payload, "new"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearIndicator(PlainDirective):
    """Directive: there are no notifications any more."""


DIRECTIVES = {
    "ClearIndicator": ClearIndicator,
    "Notify": Notify,
    "SetIndicator": SetIndicator,
}
