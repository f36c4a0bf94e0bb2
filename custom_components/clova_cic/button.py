"""What a press puts right here, without CIC."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CicConfigEntry
from .entity import CicEntity

# Nothing is sent.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entity of an entry."""
    async_add_entities([ClearIndicator(entry.runtime_data, "clear_indicator")])


class ClearIndicator(CicEntity, ButtonEntity):
    """Puts the indicator out: no event of CIC's tells that a user has seen it."""

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    async def async_press(self) -> None:
        self.coordinator.parts.cloud_state.indicate(on=False)
