"""The forms of the config flow, as far as they are about accounts and connections."""

from enum import StrEnum
from typing import Any, Final

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
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
    CONF_AUTH_ADDRESS,
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
GRANT: Final = "grant"
CREDENTIAL: Final = "credential"
PASSWORD: Final = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)


class Grant(StrEnum):
    """With what a user signs in (Client_Auth_API, /authorize and /token)."""

    ACCOUNT_TOKEN = "account_token"
    ACCOUNT_CODE = "account_code"
    """The service account's authorization code, as it is done in Japan."""
    CODE = "code"
    """CLOVA's own authorization code, which a companion app hands over."""
    GUEST = "guest"
    KEEP = "keep"
    """Not at all: the tokens there are stay."""

    @property
    def takes_credential(self) -> bool:
        """Whether there is something to type."""
        return self not in (Grant.GUEST, Grant.KEEP)


def _address_fields() -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_ADDRESS, default=DEFAULT_ADDRESS): TextSelector(
            TextSelectorConfig(type=TextSelectorType.URL)
        )
    }


def _common_fields(language: str) -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_LANGUAGE, default=language): SelectSelector(
            SelectSelectorConfig(
                options=list(LANGUAGES),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_LANGUAGE,
            )
        ),
        vol.Optional(CONF_CA_CERTIFICATE): TextSelector(TextSelectorConfig(multiline=True)),
    }


def _pipeline_fields() -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_CREATE_PIPELINE, default=True): BooleanSelector(),
        vol.Required(CONF_PREFER_LOCAL, default=False): BooleanSelector(),
    }


def _advanced_fields(*, model: bool) -> dict[vol.Marker, Any]:
    fields = {vol.Optional(CONF_USER_AGENT, default=DEFAULT_USER_AGENT): TextSelector()}
    if model:
        fields[vol.Optional(CONF_MODEL_ID)] = TextSelector()
    return {vol.Required(ADVANCED): section(vol.Schema(fields), {"collapsed": True})}


def _client_fields(secret: vol.Marker) -> dict[vol.Marker, Any]:
    return {
        vol.Required(CONF_CLIENT_ID): TextSelector(),
        secret: PASSWORD,
        vol.Required(CONF_MODEL_ID): TextSelector(),
    }


def _grant_fields(*, keep: bool = False) -> dict[vol.Marker, Any]:
    grants = [one for one in Grant if keep or one is not Grant.KEEP]
    return {
        vol.Required(GRANT, default=Grant.KEEP if keep else Grant.ACCOUNT_TOKEN): SelectSelector(
            SelectSelectorConfig(
                options=grants, mode=SelectSelectorMode.DROPDOWN, translation_key=GRANT
            )
        ),
        vol.Optional(CREDENTIAL): PASSWORD,
    }


def _auth_address_field() -> dict[vol.Marker, Any]:
    return {
        vol.Optional(CONF_AUTH_ADDRESS): TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
    }


def sign_in_schema(language: str) -> vol.Schema:
    """Return the form of an account that is signed in to here."""
    return vol.Schema(
        {
            **_address_fields(),
            **_client_fields(vol.Required(CONF_CLIENT_SECRET)),
            **_grant_fields(),
            **_auth_address_field(),
            **_common_fields(language),
            **_pipeline_fields(),
            **_advanced_fields(model=False),
        }
    )


def sign_in_again_schema() -> vol.Schema:
    """Return the form that signs in once more; an empty client secret keeps the one there is."""
    return vol.Schema({**_grant_fields(), vol.Optional(CONF_CLIENT_SECRET): PASSWORD})


def change_sign_in_schema(language: str) -> vol.Schema:
    """Return the form that changes a signed-in entry; an empty client secret keeps its own."""
    return vol.Schema(
        {
            **_address_fields(),
            **_client_fields(vol.Optional(CONF_CLIENT_SECRET)),
            **_grant_fields(keep=True),
            **_auth_address_field(),
            **_common_fields(language),
            **_advanced_fields(model=False),
        }
    )


def account_schema(language: str) -> vol.Schema:
    """Return the form of a new account whose access token is pasted."""
    return vol.Schema(
        {
            **_address_fields(),
            vol.Required(CONF_ACCESS_TOKEN): PASSWORD,
            **_common_fields(language),
            **_pipeline_fields(),
            **_advanced_fields(model=True),
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
            **_pipeline_fields(),
        }
    )


def reconfigure_schema(language: str) -> vol.Schema:
    """Return the form that changes an entry; an empty token field keeps the token."""
    return vol.Schema(
        {
            **_address_fields(),
            vol.Optional(CONF_ACCESS_TOKEN): PASSWORD,
            **_common_fields(language),
            **_advanced_fields(model=True),
        }
    )
