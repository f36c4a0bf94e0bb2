"""What Home Assistant's system page tells: how many entries there are, and whether CIC can be reached."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

from .cic import CicError
from .cic.connection import Connection, ConnectionSettings
from .const import CONF_CA_CERTIFICATE, DOMAIN
from .coordinator import CicConfigEntry
from .failures import failure_key
from .kinds import async_cic_entries
from .settings import endpoint
from .tls import InvalidCaError, async_client_context

# The page waits as long for other integrations' servers, in seconds.
PATIENCE: Final = 5.0


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Have the page ask here."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[CicConfigEntry] = [
        entry for entry in async_cic_entries(hass) if entry.disabled_by is None
    ]
    connected = [
        entry
        for entry in entries
        if entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected
    ]
    reached = {entry.data[CONF_ADDRESS] for entry in connected}
    missing = {
        entry.data[CONF_ADDRESS]: entry.data
        for entry in entries
        if entry.data[CONF_ADDRESS] not in reached
    }
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "version": str(integration.version),
        "entries": len(entries),
        "connected": len(connected),
        "can_reach_server": _can_reach_all(hass, list(missing.values())),
    }


async def _can_reach_all(
    hass: HomeAssistant, missing: list[Mapping[str, Any]]
) -> str | dict[str, str]:
    """Return "ok", or what is wrong with the first server that cannot be reached."""
    for problem in await asyncio.gather(*(_problem(hass, data) for data in missing)):
        if problem is not None:
            return {"type": "failed", "error": problem}
    return "ok"


async def _problem(hass: HomeAssistant, data: Mapping[str, Any]) -> str | None:
    """Open a connection and close it, without a token or a request; return what went wrong."""
    try:
        context = await async_client_context(hass, data.get(CONF_CA_CERTIFICATE))
        where = endpoint(data[CONF_ADDRESS], context)
        connection = await Connection.open(
            where.host,
            where.port,
            ssl_context=context,
            settings=ConnectionSettings(connect_timeout=PATIENCE),
        )
    except InvalidCaError:
        return "invalid_ca"
    except CicError as err:
        return failure_key(err)
    await connection.close()
    return None
