"""The entities a user has mapped to this device, wherever their ids go."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_DEVICES, CONF_WORK_ZONE


class Mapped:
    """The options of one entry that name entities."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Follow the entities until the entry is unloaded."""
        self._hass = hass
        self._entry = entry
        entry.async_on_unload(
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._renamed)
        )

    @property
    def all(self) -> Mapping[str, str]:
        """The entity ids by their keys."""
        devices: Mapping[str, str] = self._entry.options.get(CONF_DEVICES, {})
        return devices

    @property
    def work_zone(self) -> str | None:
        """The zone that is the place of work."""
        return self._entry.options.get(CONF_WORK_ZONE)

    @callback
    def _renamed(self, event: Event[Any]) -> None:
        before, after = event.data.get("old_entity_id"), event.data["entity_id"]
        options = dict(self._entry.options)
        if before in self.all.values():
            options[CONF_DEVICES] = {
                key: after if one == before else one for key, one in self.all.items()
            }
        if before is not None and before == self.work_zone:
            options[CONF_WORK_ZONE] = after
        if options != self._entry.options:
            self._hass.config_entries.async_update_entry(self._entry, options=options)
