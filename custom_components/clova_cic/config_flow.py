"""Adding, repairing and changing an entry. Nothing is stored that has not connected."""

import asyncio
from collections.abc import Mapping
import logging
from typing import Any, Final, override
from uuid import uuid4

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE, CONF_NAME
from homeassistant.core import HomeAssistant, callback
import probatio as vol
from yarl import URL

from .cic import Callbacks, CicError, Client
from .cic.errors import TooManyRequestsError
from .cic.reconnect import AFTER_TOO_MANY
from .const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_DEVICE_UUID,
    CONF_PREFER_LOCAL,
    CONF_SHARES_LOGIN,
    CONF_USER_AGENT,
    DEFAULT_ADDRESS,
    DOMAIN,
    FALLBACK_LANGUAGE,
    LANGUAGES,
)
from .coordinator import CicConfigEntry
from .failures import NotConnectedError, failure_key
from .forms import ACCOUNT, PASSWORD, account_schema, device_schema, reconfigure_schema
from .logins import LOGIN, async_is_asked, async_logins, async_share, shared
from .options_flow import CicOptionsFlow
from .settings import check_form, endpoint, entry_data, form_values, identity, unique_id
from .tls import InvalidCaError, async_client_context

_LOGGER = logging.getLogger(__name__)

_TITLE: Final = "CLOVA CIC"
# A service that takes a second device for the first ends the first one's downchannel as it
# answers the second; it takes no longer than this to be here, in seconds.
_DISPLACED_WITHIN: Final = 1.0
# Errors that are best shown beside the field they come from.
_FIELDS: Final = {
    "not_cic": CONF_ADDRESS,
    "not_http2": CONF_ADDRESS,
    "token_refused": CONF_ACCESS_TOKEN,
    "unreachable": CONF_ADDRESS,
}
# What a connection depends on; the rest needs no trial.
_CONNECTION: Final = (CONF_ADDRESS, CONF_ACCESS_TOKEN, CONF_CA_CERTIFICATE, CONF_USER_AGENT)

_TOKEN_SCHEMA: Final = vol.Schema({vol.Required(CONF_ACCESS_TOKEN): PASSWORD})


async def _try_connection(
    hass: HomeAssistant, data: Mapping[str, Any], beside: CicConfigEntry | None = None
) -> dict[str, str]:
    """Connect once with an entry's settings and close; return the form's errors.

    A running entry it is to stand beside must keep its own connection.
    """
    running = _client_of(beside)
    try:
        context = await async_client_context(hass, data.get(CONF_CA_CERTIFICATE))
        where = endpoint(data[CONF_ADDRESS], context)
        callbacks = Callbacks(context=list, directive=lambda *_: None, malformed=lambda _: None)
        try:
            client = await Client.connect(where, identity(data, data[CONF_ACCESS_TOKEN]), callbacks)
        except TooManyRequestsError:
            # The connection closed a moment ago, ours or another's, still counts.
            await asyncio.sleep(AFTER_TOO_MANY)
            client = await Client.connect(where, identity(data, data[CONF_ACCESS_TOKEN]), callbacks)
        try:
            displaced = running is not None and await _is_displaced(running)
        finally:
            await client.close()
    except InvalidCaError:
        return {CONF_CA_CERTIFICATE: "invalid_ca"}
    except CicError as err:
        key = failure_key(err)
        return {_FIELDS.get(key, "base"): key}
    except Exception:
        _LOGGER.exception("Unexpected error trying a connection")
        return {"base": "unknown"}
    return {CONF_ACCESS_TOKEN: "same_device"} if displaced else {}


def _client_of(entry: CicConfigEntry | None) -> Client | None:
    if entry is None or entry.state is not ConfigEntryState.LOADED:
        return None
    try:
        return entry.runtime_data.client
    except NotConnectedError:
        return None


async def _is_displaced(client: Client) -> bool:
    """Whether a client loses its downchannel to one that has just connected."""
    try:
        async with asyncio.timeout(_DISPLACED_WITHIN):
            await client.wait_unusable()
    except TimeoutError:
        return False
    return True


class CicConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry is one device of one account."""

    VERSION = 1
    MINOR_VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return CicOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add an entry: of a new account, or one more device of an account that is there."""
        if async_logins(self.hass):
            return self.async_show_menu(step_id="user", menu_options=["account", "device"])
        return await self.async_step_account()

    async def async_step_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add an account with its first device."""
        errors = {}
        if user_input is not None:
            data = entry_data(user_input)
            errors = await self._check(data)
            if not errors:
                host = URL(data[CONF_ADDRESS]).host or _TITLE
                title = _TITLE if data[CONF_ADDRESS] == DEFAULT_ADDRESS else host
                return await self._create(title, data, user_input)
        schema = self.add_suggested_values_to_schema(account_schema(self._language()), user_input)
        return self.async_show_form(step_id="account", data_schema=schema, errors=errors)

    async def async_step_device(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add another device of an account: what it has of its own is its UUID, and its name."""
        errors = {}
        logins = async_logins(self.hass)
        if not logins:
            return self.async_abort(reason="account_removed")
        if user_input is not None:
            account = self.hass.config_entries.async_get_entry(user_input[ACCOUNT])
            if account is None:
                return self.async_abort(reason="account_removed")
            data = _device_data(account, user_input.get(CONF_ACCESS_TOKEN, "").strip())
            errors = check_form(data) or await self._check_device(data, account)
            if not errors:
                title = user_input[CONF_NAME].strip() or account.title
                return await self._create(title, data, user_input)
        schema = self.add_suggested_values_to_schema(device_schema(logins), user_input)
        return self.async_show_form(step_id="device", data_schema=schema, errors=errors)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for a token in place of one that is refused; once for all devices that share it."""
        if async_is_asked(self.hass, self._get_reauth_entry()):
            return self.async_abort(reason="already_in_progress")
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Store a token that is accepted."""
        errors = {}
        entry = self._get_reauth_entry()
        if user_input is not None:
            data = {**entry.data, CONF_ACCESS_TOKEN: user_input[CONF_ACCESS_TOKEN].strip()}
            errors = await self._check(data, entry)
            if not errors:
                async_share(self.hass, entry, data)
                return self.async_update_reload_and_abort(entry, data=data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(_TOKEN_SCHEMA, user_input),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the settings of an entry."""
        errors = {}
        entry = self._get_reconfigure_entry()
        if user_input is not None:
            kept = (CONF_DEVICE_UUID, CONF_SHARES_LOGIN, CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL)
            data = entry_data(user_input, entry.data[CONF_ACCESS_TOKEN])
            data |= {key: entry.data[key] for key in kept if key in entry.data}
            errors = await self._check(data, entry)
            if not errors:
                async_share(self.hass, entry, data)
                return self.async_update_reload_and_abort(
                    entry, data=data, unique_id=unique_id(data)
                )
        schema = self.add_suggested_values_to_schema(
            reconfigure_schema(self._language()), user_input or form_values(entry.data)
        )
        return self.async_show_form(step_id="reconfigure", data_schema=schema, errors=errors)

    def _language(self) -> str:
        language = self.hass.config.language.partition("-")[0]
        return language if language in LANGUAGES else FALLBACK_LANGUAGE

    async def _create(
        self, title: str, data: dict[str, Any], user_input: Mapping[str, Any]
    ) -> ConfigFlowResult:
        data.setdefault(CONF_DEVICE_UUID, str(uuid4()))
        data[CONF_CREATE_PIPELINE] = user_input[CONF_CREATE_PIPELINE]
        data[CONF_PREFER_LOCAL] = user_input[CONF_PREFER_LOCAL]
        await self.async_set_unique_id(unique_id(data))
        return self.async_create_entry(title=title, data=data)

    async def _check(
        self, data: dict[str, Any], entry: CicConfigEntry | None = None
    ) -> dict[str, str]:
        """Return what is wrong with settings; aborts where another entry has the same account.

        A running entry's connection is closed meanwhile: CIC allows a client one downchannel.
        """
        if errors := check_form(data):
            return errors
        self._abort_if_anothers(data, entry)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return await _try_connection(self.hass, data)
        running = entry.runtime_data
        if running.connected and all(data.get(key) == entry.data.get(key) for key in _CONNECTION):
            return {}
        await running.async_pause()
        errors = {"base": "unknown"}
        try:
            errors = await _try_connection(self.hass, data)
        finally:
            if errors:
                running.async_resume()
        return errors

    async def _check_device(self, data: dict[str, Any], account: CicConfigEntry) -> dict[str, str]:
        """Return why a device cannot stand beside the others of its account."""
        if not data.get(CONF_SHARES_LOGIN):
            self._abort_if_anothers(data)
        errors = await _try_connection(self.hass, data, account)
        # the form has no other field of the connection
        return {key if key == CONF_ACCESS_TOKEN else "base": error for key, error in errors.items()}

    def _abort_if_anothers(
        self, data: Mapping[str, Any], entry: CicConfigEntry | None = None
    ) -> None:
        """Abort where an entry that does not share this one's login has the same account."""
        login = {key: data[key] for key in LOGIN}
        if entry is None or any(entry.data[key] != login[key] for key in LOGIN):
            self._async_abort_entries_match(login)


def _device_data(account: CicConfigEntry, own_token: str) -> dict[str, Any]:
    """Return the data of another device of an account; with a token of its own where it has one."""
    data = shared(account.data) | {
        CONF_LANGUAGE: account.data[CONF_LANGUAGE],
        CONF_DEVICE_UUID: str(uuid4()),
    }
    if own_token not in ("", data[CONF_ACCESS_TOKEN]):
        return data | {CONF_ACCESS_TOKEN: own_token}
    return data | {CONF_SHARES_LOGIN: True}
