"""What a press puts right here: what rings is stopped, the indicator put out."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .alert_entity import AlertEntity
from .const import DOMAIN
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity

# Nothing is fetched, and whoever presses does not wait.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's buttons."""
    coordinator = entry.runtime_data
    async_add_entities([StopAlerts(coordinator), ClearIndicator(coordinator, "clear_indicator")])


class StopAlerts(AlertEntity, ButtonEntity):
    """Stops every alert that rings."""

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Stop those of one entry."""
        super().__init__(coordinator, "stop_alerts")

    @override
    async def async_press(self) -> None:
        if not self._clock.press():
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="no_alert_rings"
            )


class ClearIndicator(CicEntity, ButtonEntity):
    """Puts the indicator out: no event of CIC's tells that a user has seen it."""

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    async def async_press(self) -> None:
        self.coordinator.parts.cloud_state.indicate(on=False)
