"""The kinds of entries: a device of a voice cloud, or a bot behind Direct Line."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers.service import async_get_config_entry

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
def async_entry_of_kind(call: ServiceCall, *, bot: bool) -> ConfigEntry[Any]:
    """Return the entry an action names, or the only one there is of a kind.

    Raises ServiceValidationError. What is named may be of the other kind.
    """
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if entry_id is None:
        entries = call.hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        meant = [entry for entry in entries if is_bot(entry.data) is bot]
        entry_id = meant[0].entry_id if len(meant) == 1 else None
    return async_get_config_entry(call.hass, DOMAIN, entry_id)
