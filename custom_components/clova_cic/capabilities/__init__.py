"""One file per CIC namespace: what Home Assistant does on each directive."""

from collections import Counter
from typing import TYPE_CHECKING, Final

from homeassistant.core import HomeAssistant

from .base import Capability
from .speech_synthesizer import SpeechSynthesizer

if TYPE_CHECKING:
    from ..coordinator import CicConfigEntry

__all__ = ["Capability", "async_create_capabilities"]

_CAPABILITIES: Final[tuple[type[Capability], ...]] = (SpeechSynthesizer,)


def async_create_capabilities(
    hass: HomeAssistant, entry: CicConfigEntry, events: Counter[str]
) -> dict[str, Capability]:
    """Return the capabilities of one entry by namespace, in lower case."""
    return {kind.namespace.lower(): kind(hass, entry, events) for kind in _CAPABILITIES}
