"""Which entry an action means."""

from typing import Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .const import DOMAIN
from .coordinator import CicConfigEntry
from .kinds import async_entry_of_kind, is_bot

# Part of the schema of every action that means an entry; most homes have one, and need not say it.
OF_AN_ENTRY: Final[VolDictType] = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}


@callback
def async_entry_of(call: ServiceCall) -> CicConfigEntry:
    """Return the entry of CIC an action names, or the only one there is. Raises ServiceValidationError."""
    entry: CicConfigEntry = async_entry_of_kind(call, bot=False)
    if is_bot(entry.data):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="entry_is_a_bot")
    return entry
