"""What the steps of the config flow have in common: trying settings, storing them."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS
from yarl import URL

from .const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_DEVICE_UUID,
    CONF_LOGIN,
    CONF_PREFER_LOCAL,
    CONF_SHARES_LOGIN,
    CONF_USER_AGENT,
    DEFAULT_ADDRESS,
    FALLBACK_LANGUAGE,
    LANGUAGES,
)
from .coordinator import CicConfigEntry
from .logins import async_share
from .settings import check_form, unique_id
from .tokens import Access
from .trial import async_try_connection
from .updates import async_apply

_TITLE: Final = "CLOVA CIC"
# What a connection depends on; the rest needs no trial.
_CONNECTION: Final = (CONF_ADDRESS, CONF_ACCESS_TOKEN, CONF_CA_CERTIFICATE, CONF_USER_AGENT)
# What a form that changes an entry does not ask.
_KEPT: Final = (
    CONF_DEVICE_UUID,
    CONF_LOGIN,
    CONF_SHARES_LOGIN,
    CONF_CREATE_PIPELINE,
    CONF_PREFER_LOCAL,
)


def kept(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of an entry's data that no form changes."""
    return {key: data[key] for key in _KEPT if key in data}


class CicFlow(ConfigFlow):
    """Nothing is stored that has not connected."""

    def __init__(self) -> None:
        """Begin with nothing known of the server."""
        self._found: dict[str, str] = {}
        """Of a server that announced itself: its address, the certificate of its authority."""
        self._found_name: str | None = None

    @property
    def _language(self) -> str:
        language = self.hass.config.language.partition("-")[0]
        return language if language in LANGUAGES else FALLBACK_LANGUAGE

    async def _create(
        self, data: dict[str, Any], user_input: Mapping[str, Any], title: str | None = None
    ) -> ConfigFlowResult:
        """Add the entry."""
        if title is None:
            host = URL(data[CONF_ADDRESS]).host or _TITLE
            title = _TITLE if data[CONF_ADDRESS] == DEFAULT_ADDRESS else self._found_name or host
        data.setdefault(CONF_DEVICE_UUID, str(uuid4()))
        data[CONF_CREATE_PIPELINE] = user_input[CONF_CREATE_PIPELINE]
        data[CONF_PREFER_LOCAL] = user_input[CONF_PREFER_LOCAL]
        await self.async_set_unique_id(unique_id(data))
        return self.async_create_entry(title=title, data=data)

    def _store(self, entry: CicConfigEntry, data: dict[str, Any]) -> ConfigFlowResult:
        """Change an entry, and what its login's other devices share of it."""
        async_share(self.hass, entry, data)
        async_apply(self.hass, entry, data, again=True)
        return self.async_update_and_abort(entry)

    async def _check(
        self,
        data: dict[str, Any],
        access: Access,
        entry: CicConfigEntry | None = None,
        *,
        new_token: bool = False,
    ) -> dict[str, str]:
        """Return what is wrong with settings; aborts where another entry has the same account.

        A running entry's connection is closed meanwhile: CIC allows a client one downchannel.
        """
        if errors := check_form(data):
            return errors
        self._abort_if_anothers(data, entry)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return await async_try_connection(self.hass, data, access)
        running = entry.runtime_data
        unchanged = all(data.get(key) == entry.data.get(key) for key in _CONNECTION)
        if running.connected and unchanged and not new_token:
            return {}
        await running.async_pause()
        errors = {"base": "unknown"}
        try:
            errors = await async_try_connection(self.hass, data, access)
        finally:
            if errors:
                running.async_resume()
        return errors

    def _abort_if_anothers(
        self, data: Mapping[str, Any], entry: CicConfigEntry | None = None
    ) -> None:
        """Abort where an entry that does not share this one's pasted token has the same.

        A sign-in names no account: two of them are two devices.
        """
        if CONF_ACCESS_TOKEN not in data:
            return
        account = {key: data[key] for key in (CONF_ADDRESS, CONF_ACCESS_TOKEN)}
        if entry is None or any(entry.data.get(key) != account[key] for key in account):
            self._async_abort_entries_match(account)
