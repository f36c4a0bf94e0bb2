"""Actions: what can be done with a track beside playing it."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv, service
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .cic.interfaces.fields import LONGEST_IDENTIFIER
from .const import DOMAIN

ATTR_TOKEN: Final = "token"
SERVICES: Final = ("like", "unlike", "subscribe", "unsubscribe", "more")

_SCHEMA: Final[VolDictType] = {
    vol.Optional(ATTR_TOKEN): vol.All(cv.string, vol.Length(min=1, max=LONGEST_IDENTIFIER))
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions of CLOVA players, once."""
    for name in SERVICES:
        service.async_register_platform_entity_service(
            hass,
            DOMAIN,
            name,
            entity_domain=Platform.MEDIA_PLAYER,
            schema=_SCHEMA,
            func=f"async_{name}",
        )
