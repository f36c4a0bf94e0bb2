"""An entry that is a bot: its data, and what runs for it."""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard
from uuid import uuid4

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..direct_line import DirectLine, Version
from ..kinds import BOT, CONF_KIND, is_bot
from .bot import BotConfigEntry

DEFAULT_ADDRESS: Final = "https://directline.botframework.com"
CONF_SECRET: Final = "secret"
CONF_USER: Final = "user_id"
CONF_VERSION: Final = "version"

AUTOMATIC: Final = "automatic"
# What a form calls the versions: texts' keys have no dots.
VERSIONS: Final[Mapping[str, Version | None]] = {
    AUTOMATIC: None,
    "v3_0": Version.V3,
    "v1_1": Version.V1,
}


def is_bot_entry(entry: ConfigEntry[Any]) -> TypeGuard[BotConfigEntry]:
    """Tell whether an entry is a bot."""
    return is_bot(entry.data)


def bot_data(user_input: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a form's settings as they are stored; a secret left empty is the old one.

    The user's id is nobody's name. It begins as those that go into a token have to (Direct
    Line, "Security"), and stays while the entry does: bots know their user by it.
    """
    old = old or {}
    return {
        CONF_KIND: BOT,
        CONF_ADDRESS: user_input[CONF_ADDRESS].strip().rstrip("/"),
        CONF_SECRET: user_input.get(CONF_SECRET, "").strip() or old[CONF_SECRET],
        CONF_VERSION: user_input[CONF_VERSION],
        CONF_USER: old.get(CONF_USER) or f"dl_{uuid4().hex}",
    }


@callback
def async_line(hass: HomeAssistant, data: Mapping[str, Any]) -> DirectLine:
    """Return the way to the bot of these settings; raises AddressError and CredentialError."""
    return DirectLine(
        async_get_clientsession(hass),
        data[CONF_ADDRESS],
        data[CONF_SECRET],
        user_id=data[CONF_USER],
        version=VERSIONS[data[CONF_VERSION]],
    )
