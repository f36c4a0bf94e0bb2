"""Setting up the entry of a bot."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

from ..direct_line import DirectLineError
from .bot import Bot, BotConfigEntry
from .entry import async_line
from .failures import as_bot_set_up_error

BOT_PLATFORMS: Final = (Platform.CONVERSATION, Platform.EVENT, Platform.NOTIFY)


async def async_set_up_bot(hass: HomeAssistant, entry: BotConfigEntry) -> None:
    """Start the bot's standing conversation; raises ConfigEntryAuthFailed or ConfigEntryNotReady."""
    try:
        bot = Bot(hass, entry, async_line(hass, entry.data))
        await bot.async_start()
    except DirectLineError as err:
        raise as_bot_set_up_error(err) from err
    entry.runtime_data = bot
