"""What CIC says of the conversation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .capabilities import Parts
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity

# Nothing is fetched: the connection pushes.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CicSensorDescription(SensorEntityDescription):
    """How one is read, and who tells when it changes."""

    value: Callable[[Parts], StateType]
    listen: Callable[[Parts, CALLBACK_TYPE], CALLBACK_TYPE]


SENSORS: Final = (
    CicSensorDescription(
        key="extension",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda parts: _state(parts.cloud_state.extension),
        listen=lambda parts, changed: parts.cloud_state.async_add_listener(changed),
    ),
)


def _state(text: str | None) -> str | None:
    return None if text is None else text[:MAX_LENGTH_STATE_STATE]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of an entry."""
    async_add_entities(CicSensor(entry.runtime_data, one) for one in SENSORS)


class CicSensor(CicEntity, SensorEntity):
    """One row of the table."""

    entity_description: CicSensorDescription

    def __init__(self, coordinator: CicCoordinator, description: CicSensorDescription) -> None:
        """Show what the description reads."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value(self.coordinator.parts)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(
            self.entity_description.listen(self.coordinator.parts, self.async_write_ha_state)
        )
