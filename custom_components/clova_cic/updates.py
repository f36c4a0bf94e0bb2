"""What was changed of an entry: taken over while it runs where that can be, else with one reload."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from .const import CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL
from .coordinator import CicConfigEntry
from .settings import unique_id

# These are for the first set-up alone, and forgotten by it.
_OF_THE_BEGINNING: Final = frozenset({CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL})


@callback
def async_follow(hass: HomeAssistant, entry: CicConfigEntry) -> None:
    """Take over what is changed of a loaded entry, until it is unloaded.

    Options are read where they are needed. Who has to act when one is another is told here;
    nothing of it breaks a connection or a sound. Only what the connection is made of
    needs another connection, and every part with it.
    """
    coordinator = entry.runtime_data
    loaded_with = _connection(entry.data)

    async def changed(hass: HomeAssistant, entry: CicConfigEntry) -> None:
        nonlocal loaded_with
        if (connection := _connection(entry.data)) != loaded_with:
            loaded_with = connection
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
        coordinator.outputs.options_changed()
        coordinator.alarm_clock.options_changed()

    entry.async_on_unload(entry.add_update_listener(changed))


@callback
def async_apply(
    hass: HomeAssistant, entry: CicConfigEntry, data: Mapping[str, Any], *, again: bool = False
) -> None:
    """Give an entry other settings; it is loaded with them once.

    Where they are the same it is loaded only if again says so: it may have signed in anew.
    """
    # one that is not loaded follows nothing
    follows = bool(entry.update_listeners) and _connection(data) != _connection(entry.data)
    changed = hass.config_entries.async_update_entry(entry, data=data, unique_id=unique_id(data))
    if not follows and (changed or again):
        hass.config_entries.async_schedule_reload(entry.entry_id)


def _connection(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _OF_THE_BEGINNING}
