"""What may be shown of an entry to those who help: no secret, no word, no sound."""

from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import HomeAssistant

from .const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID
from .coordinator import CicConfigEntry

_SECRET: Final = {CONF_ACCESS_TOKEN, CONF_CA_CERTIFICATE, CONF_DEVICE_UUID}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: CicConfigEntry
) -> dict[str, Any]:
    """Return the settings, the connection's story and the latest turns' times (milliseconds)."""
    coordinator = entry.runtime_data
    counters = coordinator.counters
    return {
        "entry": {
            "title": entry.title,
            "data": async_redact_data(dict(entry.data), _SECRET),
            "options": dict(entry.options),
        },
        "connection": {
            "state": coordinator.data.name.lower(),
            "last_error": counters.last_error,
        },
        "directives": dict(counters.directives),
        "events": dict(counters.events),
        "turns": list(coordinator.turns.recent),
    }
