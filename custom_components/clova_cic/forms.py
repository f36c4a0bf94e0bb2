"""The forms of the config flow, as far as they are about accounts and connections."""

from typing import Any, Final

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
    CONF_NAME,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio as vol

from .cic import DEFAULT_USER_AGENT
from .const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_PREFER_LOCAL,
    CONF_USER_AGENT,
    DEFAULT_ADDRESS,
    LANGUAGES,
)
from .coordinator import CicConfigEntry
from .settings import ADVANCED

ACCOUNT: Final = "account"
PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)


def _connection_fields(token: vol.Marker, language: str) -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_ADDRESS, default=DEFAULT_ADDRESS): TextSelector(
            TextSelectorConfig(type=TextSelectorType.URL)
        ),
        token: PASSWORD,
        vol.Required(CONF_LANGUAGE, default=language): SelectSelector(
            SelectSelectorConfig(
                options=list(LANGUAGES),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_LANGUAGE,
            )
        ),
        vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
    }


def _advanced_fields() -> dict[vol.Marker, Any]:
    fields = {
        vol.Optional(CONF_USER_AGENT, default=DEFAULT_USER_AGENT): TextSelector(),
        vol.Optional(CONF_MODEL_ID): TextSelector(),
    }
    return {vol.Required(ADVANCED): section(vol.Schema(fields), {"collapsed": True})}


def account_schema(language: str) -> vol.Schema:
    """Return the form of a new account."""
    return vol.Schema(
        {
            **_connection_fields(vol.Required(CONF_ACCESS_TOKEN), language),
            vol.Required(CONF_CREATE_PIPELINE, default=True): BooleanSelector(),
            vol.Required(CONF_PREFER_LOCAL, default=False): BooleanSelector(),
            **_advanced_fields(),
        }
    )


def device_schema(logins: list[CicConfigEntry]) -> vol.Schema:
    """Return the form of another device; a token is for services that give each device its own."""
    accounts = SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=one.entry_id, label=one.title) for one in logins],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    return vol.Schema(
        {
            vol.Required(ACCOUNT, default=logins[0].entry_id): accounts,
            vol.Required(CONF_NAME): TextSelector(),
            vol.Optional(CONF_ACCESS_TOKEN): PASSWORD,
            vol.Required(CONF_CREATE_PIPELINE, default=True): BooleanSelector(),
            vol.Required(CONF_PREFER_LOCAL, default=False): BooleanSelector(),
        }
    )


def reconfigure_schema(language: str) -> vol.Schema:
    """Return the form that changes an entry; an empty token field keeps the token."""
    return vol.Schema(
        {**_connection_fields(vol.Optional(CONF_ACCESS_TOKEN), language), **_advanced_fields()}
    )
