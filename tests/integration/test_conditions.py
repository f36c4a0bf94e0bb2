"""Conditions of ours, as automations ask them."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition
import probatio as vol
import pytest

from .conftest import SetUp
from .service import PATIENCE, CicService, until


async def asked(hass: HomeAssistant, key: str, **options: Any) -> bool | None:
    """Return what a condition says."""
    config = {"condition": f"clova_cic.{key}", "options": options}
    config = await condition.async_validate_condition_config(hass, config)
    checker = await condition.async_from_config(hass, config)
    try:
        return checker.async_check()
    finally:
        checker.async_unload()


async def test_is_connected(hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp) -> None:
    assert not await asked(hass, "is_connected")
    coordinator = await set_up(mortal_cic)
    entry_id = coordinator.config_entry.entry_id
    assert await asked(hass, "is_connected")
    assert await asked(hass, "is_connected", config_entry_id=entry_id)
    assert not await asked(hass, "is_connected", config_entry_id="another")
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    assert not await asked(hass, "is_connected")
    await hass.config_entries.async_unload(entry_id)
    assert not await asked(hass, "is_connected", config_entry_id=entry_id)


async def test_alert_is_ringing(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    assert not await asked(hass, "alert_is_ringing")
    await cic.control("POST", "alerts", {"client": cic.client, "type": "ALARM", "seconds": 0})
    async with asyncio.timeout(PATIENCE):
        while not await asked(hass, "alert_is_ringing"):
            await asyncio.sleep(0.01)
    assert not await asked(hass, "alert_is_ringing", config_entry_id="another")


@pytest.mark.parametrize("options", [{"nonsense": 1}, {"config_entry_id": {"a": 1}}])
async def test_options_that_mean_nothing(hass: HomeAssistant, options: dict[str, Any]) -> None:
    with pytest.raises(vol.Invalid):
        await asked(hass, "is_connected", **options)
