"""Which entry an action means."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .const import DOMAIN
from .coordinator import CicConfigEntry

# Part of the schema of every action that means an entry; most homes have one, and need not say it.
OF_AN_ENTRY: Final[VolDictType] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_entry_of(call: ServiceCall) -> CicConfigEntry:
    """Return the entry an action names, or the only one there is. Raises ServiceValidationError."""
    entry: CicConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data.get(ATTR_CONFIG_ENTRY_ID)
    )
    return entry
