"""What Home Assistant's system page tells of all entries together."""

from typing import Any

from homeassistant.const import CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.clova_cic.const import CONF_CA_CERTIFICATE, DOMAIN

from .conftest import Entries, SetUp
from .service import CicService


async def health(hass: HomeAssistant) -> dict[str, Any]:
    """Return what the page shows, each value waited for."""
    assert await async_setup_component(hass, "system_health", {})
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    return info | {"can_reach_server": await info["can_reach_server"]}


async def test_connected(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """A server an entry is connected to is not asked."""
    await set_up(cic)
    assert await health(home) == {
        "version": "0.1.0",
        "entries": 1,
        "connected": 1,
        "can_reach_server": "ok",
    }
    (told,) = await cic.channels()
    assert told["client"] == cic.client


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({CONF_CA_CERTIFICATE: ""}, "certificate"),
        ({CONF_CA_CERTIFICATE: "nonsense"}, "invalid_ca"),
        ({CONF_ADDRESS: "https://127.0.0.1:1"}, "unreachable"),
    ],
)
async def test_not_connected(
    home: HomeAssistant,
    cic: CicService,
    make_entry: Entries,
    changes: dict[str, Any],
    problem: str | None,
) -> None:
    """Its server is looked for, without signing in."""
    assert await async_setup_component(home, DOMAIN, {})
    make_entry(cic, **changes)
    told = await health(home)
    assert (told["entries"], told["connected"]) == (1, 0)
    assert told["can_reach_server"] == (
        "ok" if problem is None else {"type": "failed", "error": problem}
    )
    assert await cic.channels() == []
