"""The steps of the config flow that add, repair and change a bot. It is tried by a conversation."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS, CONF_NAME
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio as vol

from ..direct_line import DirectLineError
from ..direct_line.errors import AddressError, CertificateError, CredentialError, UnreachableError
from .entry import (
    AUTOMATIC,
    CONF_SECRET,
    CONF_USER,
    CONF_VERSION,
    DEFAULT_ADDRESS,
    VERSIONS,
    async_line,
    bot_data,
)
from .failures import bot_failure_key

_VERSIONS: Final = "bot_version"
_PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_CONNECTION: Final[dict[vol.Marker, Any]] = {
    vol.Required(CONF_VERSION, default=AUTOMATIC): SelectSelector(
        SelectSelectorConfig(
            options=list(VERSIONS), mode=SelectSelectorMode.DROPDOWN, translation_key=_VERSIONS
        )
    ),
    vol.Required(CONF_ADDRESS, default=DEFAULT_ADDRESS): TextSelector(
        TextSelectorConfig(type=TextSelectorType.URL)
    ),
}
_ADD: Final = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_SECRET): _PASSWORD,
        **_CONNECTION,
    }
)
_CHANGE: Final = vol.Schema({vol.Optional(CONF_SECRET): _PASSWORD, **_CONNECTION})
_AGAIN: Final = vol.Schema({vol.Required(CONF_SECRET): _PASSWORD})


class BotSteps(ConfigFlow):
    """An entry is one bot. A secret names none: the same at the same address is the same bot."""

    async def async_step_bot(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add a bot."""
        errors = {}
        if user_input is not None:
            data = bot_data(user_input)
            self._async_abort_entries_match(_same(data))
            if not (errors := await self._try_bot(data)):
                await self.async_set_unique_id(data[CONF_USER])
                return self.async_create_entry(title=user_input[CONF_NAME].strip(), data=data)
        return self._bot_form("bot", _ADD, user_input, errors)

    async def async_step_bot_secret(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a secret in place of one that is refused."""
        errors = {}
        entry = self._get_reauth_entry()
        if user_input is not None:
            data = bot_data({**entry.data, **user_input}, entry.data)
            if not (errors := await self._try_bot(data)):
                return self.async_update_reload_and_abort(entry, data=data)
        return self._bot_form("bot_secret", _AGAIN, user_input, errors)

    async def async_step_bot_change(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change where a bot is, its version, or its secret; an empty secret stays."""
        errors = {}
        entry = self._get_reconfigure_entry()
        if user_input is not None:
            data = bot_data(user_input, entry.data)
            if _same(data) != _same(entry.data):
                self._async_abort_entries_match(_same(data))
            if not (errors := await self._try_bot(data)):
                return self.async_update_reload_and_abort(entry, data=data)
        shown = user_input or {key: entry.data[key] for key in (CONF_ADDRESS, CONF_VERSION)}
        return self._bot_form("bot_change", _CHANGE, shown, errors)

    def _bot_form(
        self,
        step_id: str,
        schema: vol.Schema,
        values: Mapping[str, Any] | None,
        errors: dict[str, str],
    ) -> ConfigFlowResult:
        fields = {str(marker) for marker in schema.schema}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors={key if key in fields else "base": error for key, error in errors.items()},
        )

    async def _try_bot(self, data: Mapping[str, Any]) -> dict[str, str]:
        """Start a conversation; return what is wrong beside the field it comes from."""
        try:
            await async_line(self.hass, data).find_version()
        except DirectLineError as err:
            match err:
                case CertificateError() | AddressError() | UnreachableError():
                    field = CONF_ADDRESS
                case CredentialError():
                    field = CONF_SECRET
                case _:
                    field = "base"
            return {field: bot_failure_key(err)}
        return {}


def _same(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in (CONF_ADDRESS, CONF_SECRET)}
