"""What was changed of an entry: taken over while it runs where that can be, else with one reload."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult
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
def async_apply(hass: HomeAssistant, entry: CicConfigEntry, data: Mapping[str, Any]) -> None:
    """Give an entry other settings; it is loaded with them once, if they are others."""
    changed = hass.config_entries.async_update_entry(entry, data=data, unique_id=unique_id(data))
    if changed and not entry.update_listeners:
        # one that is not loaded follows nothing
        hass.config_entries.async_schedule_reload(entry.entry_id)


@callback
def async_finish(
    flow: ConfigFlow, entry: CicConfigEntry, data: Mapping[str, Any]
) -> ConfigFlowResult:
    """End a flow with settings that work; the entry is connected with them, after one load at most."""
    identity = unique_id(data)
    if not entry.update_listeners:
        return flow.async_update_reload_and_abort(entry, data=data, unique_id=identity)
    is_same = _connection(data) == _connection(entry.data)
    result = flow.async_update_and_abort(entry, data=data, unique_id=identity)
    if is_same and entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.async_resume()  # the flow has tried what was there already
    return result


def _connection(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in _OF_THE_BEGINNING}
