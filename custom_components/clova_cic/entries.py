"""Which entry an action means."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .const import DOMAIN
from .coordinator import CicConfigEntry
from .kinds import async_cic_entries, is_bot

# Part of the schema of every action that means an entry; most homes have one, and need not say it.
OF_AN_ENTRY: Final[VolDictType] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_entry_of(call: ServiceCall) -> CicConfigEntry:
    """Return the entry of CIC an action names, or the only one there is. Raises ServiceValidationError."""
    entry: CicConfigEntry = _entry_of(call, async_cic_entries(call.hass))
    if is_bot(entry.data):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="entry_is_a_bot")
    return entry


def _entry_of(call: ServiceCall, of_its_kind: list[ConfigEntry[Any]]) -> ConfigEntry[Any]:
    """Return the entry an action names; entries of the other kind leave the only one the only one."""
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if entry_id is None and len(of_its_kind) == 1:
        entry_id = of_its_kind[0].entry_id
    return async_get_config_entry(call.hass, DOMAIN, entry_id)
