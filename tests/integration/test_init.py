"""Setting up, unloading and reloading an entry."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .conftest import SetUp
from .service import CicService


async def test_loads_and_unloads(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    assert entry.state is ConfigEntryState.LOADED
    assert coordinator.connected
    assert len(await cic.channels()) == 1
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not await cic.channels()
