"""A connection that has aged is replaced while it lasts, and nobody notices."""

import asyncio

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic import coordinator as coordinator_module
from custom_components.clova_cic.cic import Client, reconnect
from custom_components.clova_cic.cic.errors import UnreachableError
from custom_components.clova_cic.cic.interfaces.text_recognizer import Recognize
from custom_components.clova_cic.coordinator import CicCoordinator, Link

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


class Door:
    """Stands between a coordinator and its next connection."""

    def __init__(self, coordinator: CicCoordinator) -> None:
        self._connect = coordinator._reconnector._connect
        self._opens: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        coordinator._reconnector._connect = self._slowly

    async def _slowly(self) -> Client:
        await self._opens
        return await self._connect()

    def opens_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._opens.set_result, None)

    def breaks(self) -> None:
        opens, self._opens = self._opens, asyncio.get_running_loop().create_future()
        opens.set_exception(UnreachableError("no"))


async def renewing(
    cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> tuple[CicCoordinator, Door]:
    """Return an entry whose connection is being replaced, at a door that is shut."""
    monkeypatch.setattr(reconnect, "MOST_SILENCE", SOON)
    coordinator = await set_up(cic)
    door = Door(coordinator)
    await until(lambda: coordinator.data is Link.RENEWING)
    monkeypatch.setattr(reconnect, "MOST_SILENCE", 3600.0)
    return coordinator, door


async def test_a_user_who_speaks_during_a_renewal_waits_for_it(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CIC refuses what is new on the old connection from the moment it knows of the next."""
    coordinator, door = await renewing(cic, set_up, monkeypatch)
    first = coordinator.client
    assert first.usable
    door.opens_in(0.05)
    assert await coordinator.async_client() is not first


async def test_a_user_who_speaks_during_a_renewal_that_fails(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator, door = await renewing(cic, set_up, monkeypatch)
    first = coordinator.client
    asking = asyncio.create_task(coordinator.async_client())
    await asyncio.sleep(0)
    door.breaks()
    assert await asking is first
    assert coordinator.data is Link.UP


async def test_a_user_who_speaks_during_a_renewal_that_takes_its_time(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that swallows new connections costs patience, and no answer."""
    monkeypatch.setattr(coordinator_module, "RENEWAL_TIMEOUT", 0.05)
    coordinator, _ = await renewing(cic, set_up, monkeypatch)
    assert await coordinator.async_client() is coordinator.client
    assert coordinator.data is Link.RENEWING


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
async def test_a_user_who_speaks_when_a_connection_goes_during_its_renewal(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    monkeypatch: pytest.MonkeyPatch,
    fails: bool,
) -> None:
    """It has just gone, however long its successor has been under way."""
    monkeypatch.setattr(coordinator_module, "RENEWAL_TIMEOUT", 1.0)
    coordinator, door = await renewing(cic, set_up, monkeypatch)
    first = coordinator.client
    await asyncio.sleep(1.1)  # a network that takes longer than the patience for its result
    first._connection._wire.abort()
    await first.wait_unusable()
    if fails:
        door.breaks()
        await until(lambda: coordinator.data is Link.DOWN)
    door.opens_in(0.2)
    assert await coordinator.async_client() is not first
