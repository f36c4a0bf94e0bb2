"""Which entry an action means."""

from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .const import DOMAIN
from .coordinator import CicConfigEntry

# Part of the schema of every action that means an entry; most homes have one, and need not say it.
OF_AN_ENTRY: Final[VolDictType] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_entry_of(hass: HomeAssistant, call: ServiceCall) -> CicConfigEntry:
    """Return the entry an action names, or the only one there is. Raises ServiceValidationError."""
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    if entry_id is None:
        loaded = hass.config_entries.async_loaded_entries(DOMAIN)
        if len(loaded) != 1:
            raise _refused("several_entries" if loaded else "no_entry")
        return loaded[0]
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN:
        raise _refused("no_such_entry")
    if entry.state is not ConfigEntryState.LOADED:
        raise _refused("entry_not_loaded", title=entry.title)
    return entry


def _refused(key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders
    )
