"""What all entities of an entry share."""

from typing import override

from homeassistant.const import CONF_MODEL_ID
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import CicCoordinator


class CicEntity(CoordinatorEntity[CicCoordinator]):
    """An entity of one entry; the key names it within the entry and its translations."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: CicCoordinator, key: str) -> None:
        """Belong to the entry's service device."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self._attr_translation_key = key
        self._attr_unique_id = f"{coordinator.device_uuid}-{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.device_uuid)},
            entry_type=DeviceEntryType.SERVICE,
            manufacturer="CIC",
            model="Voice cloud",
            model_id=entry.data.get(CONF_MODEL_ID),
            name=entry.title,
        )

    @property
    @override
    def available(self) -> bool:
        """True while CIC is connected."""
        return self.coordinator.connected

    @override
    async def async_update(self) -> None:
        """Do nothing: the connection pushes, there is nothing to fetch."""
