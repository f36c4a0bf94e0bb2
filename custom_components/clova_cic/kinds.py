"""The kinds of entries: a device of a voice cloud, or a bot behind Direct Line."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN

CONF_KIND: Final = "kind"
BOT: Final = "bot"


def is_bot(data: Mapping[str, Any]) -> bool:
    """Tell by an entry's data whether it is a bot; one of CIC names no kind."""
    return data.get(CONF_KIND) == BOT


@callback
def async_cic_entries(hass: HomeAssistant, *, loaded: bool = False) -> list[ConfigEntry[Any]]:
    """Return the entries of CIC, the ignored aside: all, or those that are loaded."""
    return [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        if not is_bot(entry.data) and (not loaded or entry.state is ConfigEntryState.LOADED)
    ]


@callback
def async_bot_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """Return the entries of bots that are loaded."""
    return [
        entry for entry in hass.config_entries.async_loaded_entries(DOMAIN) if is_bot(entry.data)
    ]
