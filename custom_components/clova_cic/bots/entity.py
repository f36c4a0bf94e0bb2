"""What all entities of a bot share."""

from typing import override

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from ..const import DOMAIN
from .bot import BotConfigEntry
from .entry import CONF_USER


class BotEntity(Entity):
    """An entity of one bot; the key names it within the entry and its translations."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: BotConfigEntry, key: str) -> None:
        """Belong to the bot's service device."""
        self.bot = entry.runtime_data
        user = entry.data[CONF_USER]
        self._attr_translation_key = key
        self._attr_unique_id = f"{user}-{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, user)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="Bot Framework",
            model="Bot (Direct Line)",
            name=entry.title,
        )

    @property
    @override
    def available(self) -> bool:
        """True while the bot can be spoken to."""
        return self.bot.connected

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.bot.async_listen(self.async_write_ha_state))
