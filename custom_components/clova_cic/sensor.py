"""How the connection is, when the next alert rings, and what CIC says of the conversation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .alert_entity import AlertEntity
from .alerts.alert import Alert
from .capabilities import Parts
from .connection_log import THERE, Change, Link
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity

# Nothing is fetched: connection and alarm clock push.
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


@dataclass(frozen=True, kw_only=True)
class CicConnectionDescription(SensorEntityDescription):
    """How one is read of the connection's latest change."""

    value: Callable[[Change], StateType | datetime]
    attributes: Callable[[Change], dict[str, Any]] = lambda _: {}


CONNECTION_SENSORS: Final = (
    CicConnectionDescription(
        key="connection",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=[link.value for link in Link if link is not Link.RENEWING],
        value=lambda change: _shown(change.link).value,
        attributes=lambda change: {"reason": None if change.link in THERE else change.reason},
    ),
    CicConnectionDescription(
        key="next_try",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda change: change.next_try,
    ),
)


def _shown(link: Link) -> Link:
    """Return what a user sees: while one connection is replaced by the next, CIC is there."""
    return Link.UP if link in THERE else link


def _state(text: str | None) -> str | None:
    return None if text is None else text[:MAX_LENGTH_STATE_STATE]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of an entry."""
    coordinator = entry.runtime_data
    async_add_entities(
        [
            NextAlert(coordinator),
            *(CicSensor(coordinator, one) for one in SENSORS),
            *(ConnectionSensor(coordinator, one) for one in CONNECTION_SENSORS),
        ]
    )


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


class ConnectionSensor(CicEntity, SensorEntity):
    """One row of the table of the connection: known here, and so also without CIC."""

    entity_description: CicConnectionDescription

    def __init__(self, coordinator: CicCoordinator, description: CicConnectionDescription) -> None:
        """Show what the description reads."""
        super().__init__(coordinator, description.key)
        self.entity_description = description

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value(self.coordinator.log.latest)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return self.entity_description.attributes(self.coordinator.log.latest)


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
