"""Every directive of CIC as an event entity, for automations."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity
from .occurrences import TYPES, Kind, Occurrence

# Nothing is fetched: the connection pushes.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's one event entity."""
    async_add_entities([DirectiveEvent(entry.runtime_data)])


class DirectiveEvent(CicEntity, EventEntity):
    """The last directive. States are recorded, so no payload: it may hold what was said."""

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Tell of all directives."""
        super().__init__(coordinator, "directive")
        self._attr_event_types = list(TYPES[Kind.DIRECTIVE])

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.occurrences.async_listen(self._happened))

    @callback
    def _happened(self, occurrence: Occurrence) -> None:
        if occurrence.kind is Kind.DIRECTIVE:
            self._trigger_event(occurrence.type, dict(occurrence.data))
            self.async_write_ha_state()
