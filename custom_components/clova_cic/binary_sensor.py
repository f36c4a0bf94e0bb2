"""What is either so or not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .capabilities import Parts
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity

# Nothing is fetched: the connection pushes.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CicBinarySensorDescription(BinarySensorEntityDescription):
    """How one is read, and who tells when it changes."""

    is_on: Callable[[Parts], bool]
    attributes: Callable[[Parts], Mapping[str, Any]] = lambda _: {}
    listen: Callable[[Parts, CALLBACK_TYPE], CALLBACK_TYPE]


BINARY_SENSORS: Final = (
    CicBinarySensorDescription(
        key="alert_ringing",
        is_on=lambda parts: bool(parts.alarm_clock.book.active),
        listen=lambda parts, changed: parts.alarm_clock.async_add_listener(changed),
    ),
    CicBinarySensorDescription(
        key="indicator",
        is_on=lambda parts: parts.cloud_state.indicated,
        attributes=lambda parts: {"new": parts.cloud_state.new},
        listen=lambda parts, changed: parts.cloud_state.async_add_listener(changed),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of an entry."""
    async_add_entities(CicBinarySensor(entry.runtime_data, one) for one in BINARY_SENSORS)


class CicBinarySensor(CicEntity, BinarySensorEntity):
    """One row of the table. It is known here, and so also without CIC."""

    entity_description: CicBinarySensorDescription

    def __init__(
        self, coordinator: CicCoordinator, description: CicBinarySensorDescription
    ) -> None:
        """Show what the description reads."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.is_on(self.coordinator.parts)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return self.entity_description.attributes(self.coordinator.parts)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(
            self.entity_description.listen(self.coordinator.parts, self.async_write_ha_state)
        )
