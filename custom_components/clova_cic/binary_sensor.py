"""What is so, or not."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity

# Nothing is fetched: what is shown pushes.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CicBinarySensorDescription(BinarySensorEntityDescription):
    """What is shown, and where one hears that it has changed. All of it holds without CIC."""

    is_on: Callable[[CicCoordinator], bool]
    listen: Callable[[CicCoordinator, CALLBACK_TYPE], CALLBACK_TYPE]


DESCRIPTIONS: Final = (
    CicBinarySensorDescription(
        key="alert_ringing",
        is_on=lambda coordinator: bool(coordinator.alarm_clock.book.active),
        listen=lambda coordinator, changed: coordinator.alarm_clock.async_add_listener(changed),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's binary sensors."""
    async_add_entities(CicBinarySensor(entry.runtime_data, one) for one in DESCRIPTIONS)


class CicBinarySensor(CicEntity, BinarySensorEntity):
    """Shows what its description says."""

    entity_description: CicBinarySensorDescription

    def __init__(
        self, coordinator: CicCoordinator, description: CicBinarySensorDescription
    ) -> None:
        """Show one thing of one entry."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        """True always: it is known here."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.is_on(self.coordinator)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        listen = self.entity_description.listen
        self.async_on_remove(listen(self.coordinator, self.async_write_ha_state))
