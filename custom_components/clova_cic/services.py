"""Actions: what can be done with a track beside playing it, and buttons of one's own."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, service
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .cic.interfaces.fields import LONGEST_IDENTIFIER
from .const import DOMAIN

ATTR_BUTTON: Final = "button"
ATTR_TOKEN: Final = "token"

_IDENTIFIER: Final = vol.All(cv.string, vol.Length(min=1, max=LONGEST_IDENTIFIER))
_OF_A_TRACK: Final[VolDictType] = {vol.Optional(ATTR_TOKEN): _IDENTIFIER}
SERVICES: Final[dict[str, VolDictType]] = {
    "like": _OF_A_TRACK,
    "unlike": _OF_A_TRACK,
    "subscribe": _OF_A_TRACK,
    "unsubscribe": _OF_A_TRACK,
    "more": _OF_A_TRACK,
    "press_button": {vol.Required(ATTR_BUTTON): _IDENTIFIER},
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions of CLOVA players, once."""
    for name, schema in SERVICES.items():
        service.async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=Platform.MEDIA_PLAYER,
            schema=schema,
            func=f"async_{name}",
        )
