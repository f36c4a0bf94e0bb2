"""Actions on alerts: stop, delete, ask anew which there are to be."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import VolDictType
import probatio as vol

from .cic.interfaces.fields import LONGEST_IDENTIFIER
from .const import DOMAIN
from .entries import OF_AN_ENTRY, async_entry_of

ATTR_TOKEN: Final = "token"

_TOKEN: Final = vol.All(cv.string, vol.Length(min=1, max=LONGEST_IDENTIFIER))


async def _stop(call: ServiceCall) -> None:
    """Stop one alert, or all that ring."""
    token = call.data.get(ATTR_TOKEN)
    clock = async_entry_of(call).runtime_data.alarm_clock
    if not clock.press(token):
        key = "no_alert_rings" if token is None else "alert_does_not_ring"
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key=key)


async def _delete(call: ServiceCall) -> None:
    """Have CIC delete an alert."""
    coordinator = async_entry_of(call).runtime_data
    alert = coordinator.alarm_clock.book.get(call.data[ATTR_TOKEN])
    if alert is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_such_alert")
    await coordinator.alarm_clock.async_delete(alert)


async def _sync(call: ServiceCall) -> None:
    """Have CIC tell which alerts there are to be."""
    await async_entry_of(call).runtime_data.alarm_clock.async_synchronize()


_ACTIONS: Final[
    dict[str, tuple[Callable[[ServiceCall], Coroutine[Any, Any, None]], VolDictType]]
] = {
    "stop_alert": (_stop, {vol.Optional(ATTR_TOKEN): _TOKEN}),
    "delete_alert": (_delete, {vol.Required(ATTR_TOKEN): _TOKEN}),
    "sync_alerts": (_sync, {}),
}


@callback
def async_setup_alert_actions(hass: HomeAssistant) -> None:
    """Register the actions on alerts, once."""
    for name, (action, schema) in _ACTIONS.items():
        hass.services.async_register(
            DOMAIN, name, action, schema=vol.Schema({**OF_AN_ENTRY, **schema})
        )
