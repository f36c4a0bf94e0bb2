"""One login, several devices: entries of the same account that differ by their device.

Every entry keeps a copy of what they share, so that none of them needs another to be there;
what is changed in one is changed in all that had the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_MODEL_ID,
)
from homeassistant.core import HomeAssistant, callback

from .const import CONF_AUTH_ADDRESS, CONF_CA_CERTIFICATE, CONF_LOGIN, CONF_USER_AGENT, DOMAIN
from .coordinator import CicConfigEntry
from .kinds import async_cic_entries
from .tokens import async_keeper
from .updates import async_apply

# What a login is made with: a pasted token, or a sign-in.
_LOGIN: Final = (
    CONF_ACCESS_TOKEN,
    CONF_LOGIN,
    CONF_AUTH_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
)
_SHARED: Final = (CONF_ADDRESS, *_LOGIN, CONF_CA_CERTIFICATE, CONF_USER_AGENT, CONF_MODEL_ID)


def login_of(data: Mapping[str, Any]) -> tuple[str, str]:
    """Return what tells logins apart: the server, and who has signed in there or what was pasted."""
    return data[CONF_ADDRESS], data.get(CONF_LOGIN) or data[CONF_ACCESS_TOKEN]


def shared(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an entry's data that its login's other devices have too."""
    return {key: data[key] for key in _SHARED if key in data}


def without_login(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data but for its login: it gets another."""
    return {key: value for key, value in data.items() if key not in _LOGIN}


@callback
def async_logins(hass: HomeAssistant) -> list[CicConfigEntry]:
    """Return one entry of each login, the oldest first."""
    by_login: dict[tuple[str, str], CicConfigEntry] = {}
    for entry in async_cic_entries(hass):
        by_login.setdefault(login_of(entry.data), entry)
    return list(by_login.values())


@callback
def async_other_devices(
    hass: HomeAssistant, entry: CicConfigEntry, data: Mapping[str, Any] | None = None
) -> list[CicConfigEntry]:
    """Return the other entries of an entry's login, or of the login it had with that data."""
    login = login_of(data or entry.data)
    return [
        other
        for other in async_cic_entries(hass)
        if other.entry_id != entry.entry_id and login_of(other.data) == login
    ]


@callback
def async_share(hass: HomeAssistant, entry: CicConfigEntry, data: Mapping[str, Any]) -> None:
    """Give an entry's other devices what they share of the data it is about to get.

    Where that is nothing new, what has changed is the login's token: it is tried at once.
    """
    for other in async_other_devices(hass, entry):
        own = {key: value for key, value in other.data.items() if key not in _SHARED}
        async_apply(hass, other, own | shared(data), again=_waits(other))


@callback
def async_is_asked(hass: HomeAssistant, entry: CicConfigEntry) -> bool:
    """Whether the user is asked already for the token of an entry's login, for another device."""
    others = {other.entry_id for other in async_other_devices(hass, entry)}
    return any(
        flow["context"].get("source") == SOURCE_REAUTH and flow["context"].get("entry_id") in others
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )


@callback
def async_ask_again(hass: HomeAssistant, removed: CicConfigEntry) -> None:
    """Let others of a removed entry's login ask what it may have asked for them."""
    for other in async_other_devices(hass, removed):
        if _waits(other):
            hass.config_entries.async_schedule_reload(other.entry_id)


async def async_forget_login(hass: HomeAssistant, removed: CicConfigEntry) -> None:
    """Give back the tokens of a removed entry, unless others share its login."""
    if CONF_LOGIN in removed.data and not async_other_devices(hass, removed):
        keeper = async_keeper(hass, removed.data)
        await keeper.async_load()
        await keeper.async_forget()


def _waits(entry: CicConfigEntry) -> bool:
    """Whether an entry is to run, and has no connection."""
    running = entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected
    return not running and entry.state.recoverable and entry.disabled_by is None
