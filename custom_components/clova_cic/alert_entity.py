"""What all entities of an entry's alerts share."""

from typing import override

from .coordinator import CicCoordinator
from .entity import CicEntity


class AlertEntity(CicEntity):
    """An entity that follows the alarm clock: it is there also while CIC is not."""

    def __init__(self, coordinator: CicCoordinator, key: str) -> None:
        """Follow the alarm clock of one entry."""
        super().__init__(coordinator, key)
        self._clock = coordinator.alarm_clock

    @property
    @override
    def available(self) -> bool:
        """True always: alerts are kept here."""
        return True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._clock.async_add_listener(self.async_write_ha_state))
