"""The action that says something to a bot, with all that can go with it."""

from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_ADDRESS
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonValueType
import probatio as vol

from ..const import DOMAIN
from ..direct_line import DirectLineError, Kind, Outgoing
from ..direct_line.uploads import MOST_UPLOADS
from ..kinds import async_entry_of_kind, is_bot
from .bot import BotConfigEntry
from .described import described
from .failures import SilentError, as_bot_error
from .files import async_read_files, async_read_media, async_take_pictures, link_to

ATTR_ATTACHMENTS: Final = "attachments"
ATTR_CAMERAS: Final = "cameras"
ATTR_CHANNEL_DATA: Final = "channel_data"
ATTR_FILES: Final = "files"
ATTR_IMAGES: Final = "images"
ATTR_MEDIA: Final = "media"
ATTR_TEXT: Final = "text"


def _media_id(value: Any) -> str:
    """Return the id of media: as a text, or as the selector gives it."""
    return cv.string(value.get("media_content_id") if isinstance(value, dict) else value)


_SEND_MESSAGE: Final = vol.Schema(
    {
        vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional(ATTR_TEXT, default=""): cv.string,
        **{
            vol.Optional(key, default=list): vol.All(
                cv.ensure_list, vol.Length(max=MOST_UPLOADS), [kind]
            )
            for key, kind in {
                ATTR_IMAGES: cv.string,
                ATTR_ATTACHMENTS: cv.string,
                ATTR_FILES: cv.string,
                ATTR_MEDIA: _media_id,
                ATTR_CAMERAS: cv.entity_domain("camera"),
            }.items()
        },
        vol.Optional(ATTR_CHANNEL_DATA): dict,
    }
)


@callback
def async_setup_bot_actions(hass: HomeAssistant) -> None:
    """Register it, once."""
    optional = SupportsResponse.OPTIONAL
    hass.services.async_register(DOMAIN, "send_message", _send_message, _SEND_MESSAGE, optional)


async def _send_message(call: ServiceCall) -> ServiceResponse:
    """Say something in the bot's standing conversation; return its answer where that is wanted.

    A bot that says nothing has answered nothing; one that cannot be reached is an error.
    Without a response answers come as all that a bot says unasked.
    """
    entry: BotConfigEntry = async_entry_of_kind(call, bot=True)
    if not is_bot(entry.data):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="entry_no_bot")
    outgoing = await _outgoing(call, entry)
    replies: list[JsonValueType] = []
    try:
        if not call.return_response:
            await entry.runtime_data.async_send(outgoing)
            return None
        replies.extend(
            [
                described(incoming)
                async for incoming in entry.runtime_data.async_ask(outgoing)
                if incoming.kind is Kind.MESSAGE
            ]
        )
    except SilentError:
        pass
    except DirectLineError as err:
        raise as_bot_error(err) from err
    return {"replies": replies}


async def _outgoing(call: ServiceCall, entry: BotConfigEntry) -> Outgoing:
    """Return the message an action asks for. Raises ServiceValidationError."""
    data, bot = call.data, entry.data[CONF_ADDRESS]
    media, links = await async_read_media(call.hass, data[ATTR_MEDIA])
    outgoing = Outgoing(
        text=data[ATTR_TEXT] or None,
        images=tuple(link_to(url, bot=bot).url for url in data[ATTR_IMAGES]),
        attachments=(*(link_to(url, bot=bot) for url in data[ATTR_ATTACHMENTS]), *links),
        uploads=(
            *await async_read_files(call.hass, data[ATTR_FILES]),
            *media,
            *await async_take_pictures(call.hass, data[ATTR_CAMERAS]),
        ),
        channel_data=data.get(ATTR_CHANNEL_DATA),
    )
    if not outgoing.says_something and not outgoing.uploads:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="bot_says_nothing")
    return outgoing
