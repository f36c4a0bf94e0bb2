"""When the next alert rings."""

from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alert_entity import AlertEntity
from .alerts.alert import Alert
from .coordinator import CicConfigEntry, CicCoordinator

# Nothing is fetched: the alarm clock pushes.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's sensor."""
    async_add_entities([NextAlert(entry.runtime_data)])


class NextAlert(AlertEntity, SensorEntity):
    """The moment of the next alert; unknown while none is set. No label: states are recorded."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Show the next of one entry."""
        super().__init__(coordinator, "next_alert")

    @property
    def _next(self) -> Alert | None:
        return next(iter(self._clock.book.waiting), None)

    @property
    @override
    def native_value(self) -> datetime | None:
        return None if (alert := self._next) is None else alert.at

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"type": None if (alert := self._next) is None else alert.order.type.value.lower()}
