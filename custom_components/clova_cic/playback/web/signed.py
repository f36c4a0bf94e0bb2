"""Where media players find what Home Assistant serves them, without a login."""

from datetime import timedelta

from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.network import NoURLAvailableError, get_url

from ...const import DOMAIN


@callback
def async_signed_path(hass: HomeAssistant, path: str, lifetime: timedelta) -> str:
    """Return a path with a signature, by which it can be asked for so long.

    The signature is made for Home Assistant's own content user: a connection that
    began in somebody's browser must not stop serving sound when they log out.
    """
    return async_sign_path(hass, path, lifetime, use_content_user=True)


@callback
def async_signed_url(hass: HomeAssistant, path: str, lifetime: timedelta) -> str:
    """Return the address of such a path; HomeAssistantError where Home Assistant has none itself."""
    try:
        return get_url(hass) + async_signed_path(hass, path, lifetime)
    except NoURLAvailableError as err:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_url") from err
