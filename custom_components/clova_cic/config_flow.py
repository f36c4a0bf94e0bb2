"""Adding, repairing and changing an entry. Nothing is stored that has not connected."""

from collections.abc import Mapping
from typing import Any, Final, override
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_LANGUAGE, CONF_NAME
from homeassistant.core import callback
import probatio as vol

from .bots.flow import BotSteps
from .const import CONF_DEVICE_UUID, CONF_SHARES_LOGIN, DOMAIN
from .coordinator import CicConfigEntry
from .discovery_flow import DiscoverySteps
from .flow_base import kept
from .forms import ACCOUNT, PASSWORD, account_schema, device_schema, reconfigure_schema
from .kinds import is_bot
from .logins import async_is_asked, async_logins, shared, without_login
from .options_flow import CicOptionsFlow
from .settings import check_form, entry_data, form_values, is_signed_in
from .sign_in_flow import SignInSteps
from .tokens import PastedToken, async_access
from .trial import async_try_connection

_TOKEN_SCHEMA: Final = vol.Schema({vol.Required(CONF_ACCESS_TOKEN): PASSWORD})


class CicConfigFlow(SignInSteps, DiscoverySteps, BotSteps, domain=DOMAIN):
    """One entry is one device of one account, or one bot."""

    VERSION = 1
    MINOR_VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        return CicOptionsFlow()

    @classmethod
    @callback
    @override
    def async_supports_options_flow(cls, config_entry: ConfigEntry) -> bool:
        """Tell whether there are options: a bot has none."""
        return not is_bot(config_entry.data)

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how: sign in, with a token, as one more device of an account that is there; or a bot."""
        devices = ["device"] if async_logins(self.hass) else []
        return self.async_show_menu(
            step_id="user", menu_options=["sign_in", "account", *devices, "bot"]
        )

    async def async_step_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add an account with its first device; its access token is pasted."""
        errors = {}
        if user_input is not None:
            data = entry_data(user_input)
            errors = await self._check(data, PastedToken(data.get(CONF_ACCESS_TOKEN, "")))
            if not errors:
                return await self._create(data, user_input)
        schema = self.add_suggested_values_to_schema(
            account_schema(self._language), user_input or self._found
        )
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
                return await self._create(data, user_input, title)
        schema = self.add_suggested_values_to_schema(device_schema(logins), user_input)
        return self.async_show_form(step_id="device", data_schema=schema, errors=errors)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask for a token in place of one that is refused; once for all devices that share it."""
        entry = self._get_reauth_entry()
        if is_bot(entry.data):
            return await self.async_step_bot_secret()
        if async_is_asked(self.hass, entry):
            return self.async_abort(reason="already_in_progress")
        if is_signed_in(entry.data):
            return await self.async_step_sign_in_again()
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Store a token that is accepted."""
        errors = {}
        entry = self._get_reauth_entry()
        if user_input is not None:
            data = {**entry.data, CONF_ACCESS_TOKEN: user_input[CONF_ACCESS_TOKEN].strip()}
            errors = await self._check(data, PastedToken(data[CONF_ACCESS_TOKEN]), entry)
            if not errors:
                return self._store(entry, data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(_TOKEN_SCHEMA, user_input),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the settings of an entry; of a signed-in one with a form of its own."""
        errors = {}
        entry = self._get_reconfigure_entry()
        if is_bot(entry.data):
            return await self.async_step_bot_change()
        if is_signed_in(entry.data):
            return await self.async_step_change_sign_in()
        if user_input is not None:
            data = entry_data(user_input, entry.data[CONF_ACCESS_TOKEN]) | kept(entry.data)
            errors = await self._check(data, PastedToken(data[CONF_ACCESS_TOKEN]), entry)
            if not errors:
                return self._store(entry, data)
        schema = self.add_suggested_values_to_schema(
            reconfigure_schema(self._language), user_input or form_values(entry.data)
        )
        return self.async_show_form(step_id="reconfigure", data_schema=schema, errors=errors)

    async def _check_device(self, data: dict[str, Any], account: CicConfigEntry) -> dict[str, str]:
        """Return why a device cannot stand beside the others of its account."""
        if not data.get(CONF_SHARES_LOGIN):
            self._abort_if_anothers(data)
        access = await async_access(self.hass, data)
        errors = await async_try_connection(self.hass, data, access, account)
        # the form has no other field of the connection
        return {key if key == CONF_ACCESS_TOKEN else "base": error for key, error in errors.items()}


def _device_data(account: CicConfigEntry, own_token: str) -> dict[str, Any]:
    """Return the data of another device of an account; with a token of its own where it has one."""
    data = shared(account.data) | {
        CONF_LANGUAGE: account.data[CONF_LANGUAGE],
        CONF_DEVICE_UUID: str(uuid4()),
    }
    if own_token not in ("", data.get(CONF_ACCESS_TOKEN)):
        return without_login(data) | {CONF_ACCESS_TOKEN: own_token}
    return data | {CONF_SHARES_LOGIN: True}
