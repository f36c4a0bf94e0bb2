"""Messages of Home Assistant, said by CIC's voice."""

from typing import override

from homeassistant.components.notify import NotifyEntity
from homeassistant.components.notify.const import NotifyEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .asking import async_speak
from .bots.entry import is_bot_entry
from .bots.notify import BotNotify
from .coordinator import CicConfigEntry
from .entity import CicEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: CicConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the entity of an entry."""
    if is_bot_entry(entry):
        async_add_entities([BotNotify(entry)])
        return
    async_add_entities([CicNotify(entry.runtime_data, "announcement")])


class CicNotify(CicEntity, NotifyEntity):
    """Says what it is sent at the entry's default output."""

    _attr_supported_features = NotifyEntityFeature.TITLE

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        # a line of its own: the title is not the beginning of a sentence
        text = f"{title}\n{message}" if title else message
        await async_speak(self.coordinator, text, self.coordinator.language)
