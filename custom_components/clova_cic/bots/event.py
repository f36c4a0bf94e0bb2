"""What a bot says by itself as an event entity, for automations."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import callback

from ..occurrences import TYPES, Kind, Occurrence
from .bot import BotConfigEntry
from .entity import BotEntity


class BotEvent(BotEntity, EventEntity):
    """The last thing said unasked. States are recorded: words stand in triggers alone."""

    def __init__(self, entry: BotConfigEntry) -> None:
        """Listen to the entry's bot."""
        super().__init__(entry, "bot_message")
        self._attr_event_types = list(TYPES[Kind.MESSAGE])

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.bot.occurrences.async_listen(self._happened))

    @callback
    def _happened(self, occurrence: Occurrence) -> None:
        self._trigger_event(occurrence.type, dict(occurrence.data))
        self.async_write_ha_state()
