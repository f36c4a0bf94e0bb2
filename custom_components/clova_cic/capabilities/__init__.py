"""One file per CIC namespace: what Home Assistant does on each directive."""

from collections import Counter
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .base import Capability
from .speech_synthesizer import SpeechSynthesizer

__all__ = ["Capability", "async_create_capabilities"]

_CAPABILITIES: Final[tuple[type[Capability], ...]] = (SpeechSynthesizer,)


def async_create_capabilities(
    hass: HomeAssistant, entry: ConfigEntry, events: Counter[str]
) -> dict[str, Capability]:
    """Return the capabilities of one entry by namespace, in lower case."""
    return {kind.namespace.lower(): kind(hass, entry, events) for kind in _CAPABILITIES}
