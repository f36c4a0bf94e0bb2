"""Messages of Home Assistant, said to a bot."""

from typing import override

from homeassistant.components.notify import NotifyEntity
from homeassistant.components.notify.const import NotifyEntityFeature

from ..direct_line import DirectLineError, Outgoing
from .bot import BotConfigEntry
from .entity import BotEntity
from .failures import as_bot_error


class BotNotify(BotEntity, NotifyEntity):
    """Says what it is sent in the bot's standing conversation."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, entry: BotConfigEntry) -> None:
        """Speak to the entry's bot."""
        super().__init__(entry, "bot_notify")

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        text = f"{title}\n{message}" if title else message
        try:
            await self.bot.async_send(Outgoing(text=text))
        except DirectLineError as err:
            raise as_bot_error(err) from err
