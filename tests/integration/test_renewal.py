"""A connection that has aged is replaced while it lasts, and nobody notices."""

import asyncio

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.interfaces.text_recognizer import Recognize
from custom_components.clova_cic.coordinator import Link

from .conftest import SetUp
from .service import CicService, until

EVENT = "event.test_cloud_directive"
# The service refuses a second downchannel within a second of the first.
SOON = 1.2


async def test_a_renewal_is_no_loss(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnect, "MOST_SILENCE", SOON)
    coordinator = await set_up(cic)
    first = coordinator.client
    links: list[Link] = []
    available: list[bool] = []

    def changed() -> None:
        links.append(coordinator.data)
        available.append(hass.states.get(EVENT).state != STATE_UNAVAILABLE)

    coordinator.async_add_listener(changed)
    await until(lambda: links[-2:] == [Link.RENEWING, Link.UP])
    monkeypatch.setattr(reconnect, "MOST_SILENCE", 3600.0)
    assert coordinator.client is not first
    assert all(available)
    dialog = coordinator.client.recognize_text(
        Recognize(text="hello"), dialog_request_id=coordinator.new_id()
    )
    assert [one.header.name async for one in dialog.directives()]
    assert not coordinator.counters.events["failed"]
    async with asyncio.timeout(5):
        await first.wait_unusable()


async def test_a_refused_renewal_keeps_the_connection(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second downchannel so soon is refused with 429."""
    monkeypatch.setattr(reconnect, "MOST_SILENCE", 0.2)
    coordinator = await set_up(cic)
    first = coordinator.client
    await until(lambda: coordinator.counters.last_error is not None)
    monkeypatch.setattr(reconnect, "MOST_SILENCE", 3600.0)
    assert coordinator.counters.last_error["kind"] == "TooManyRequestsError"
    assert coordinator.data is Link.UP
    assert coordinator.client is first
    assert hass.states.get(EVENT).state != STATE_UNAVAILABLE
