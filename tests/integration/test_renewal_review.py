"""A connection lost while its successor is being made is a connection that has just gone."""

import asyncio

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic import coordinator as coordinator_module
from custom_components.clova_cic.cic import Client, reconnect
from custom_components.clova_cic.coordinator import Link

from .conftest import SetUp
from .service import CicService, until
from .test_renewal import SOON


async def test_a_user_who_speaks_when_a_connection_goes_during_its_renewal(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "MOST_SILENCE", SOON)
    monkeypatch.setattr(coordinator_module, "RENEWAL_TIMEOUT", 1.0)
    coordinator = await set_up(cic)
    first, gate = coordinator.client, asyncio.Event()
    connect = coordinator._connect

    async def slowly() -> Client:
        await gate.wait()
        return await connect()

    monkeypatch.setattr(coordinator._reconnector, "_connect", slowly)
    await until(lambda: coordinator.data is Link.RENEWING)
    await asyncio.sleep(1.1)  # a network that takes longer than the patience for its result
    monkeypatch.setattr(reconnect, "MOST_SILENCE", 3600.0)
    first._connection._wire.abort()
    await first.wait_unusable()
    asyncio.get_running_loop().call_later(0.2, gate.set)
    assert await coordinator.async_client() is not first
