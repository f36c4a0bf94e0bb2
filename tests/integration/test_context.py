"""What every event tells of the device: from live state, and only what is true."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.cic.interfaces.device_control import ReportState
from custom_components.clova_cic.const import (
    CONF_DEVICES,
    CONF_MEDIA_PLAYER,
    CONF_SHARE_LOCATION,
    CONF_WORK_ZONE,
)
from custom_components.clova_cic.coordinator import CicCoordinator

from .conftest import SetUp
from .devices import LIGHT, MAPPED, MODE, SWITCHES, TELEVISION, Home, device_home
from .house import add_entities
from .music import TURNTABLE
from .scripted_player import ScriptedPlayer
from .service import CicService

LEVEL = ["Increase", "Decrease", "SetValue"]
SWITCH = ["TurnOn", "TurnOff"]


@pytest.fixture
async def house(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Home]:
    async with device_home(home, cic, set_up) as house:
        yield house


async def context(cic: CicService, coordinator: CicCoordinator) -> dict[str, Any]:
    """Tell CIC something, and return the context it came with, by name."""
    await coordinator.reports.send(ReportState())
    objects = (await cic.control("GET", "state"))["contexts"][cic.client]
    return {one["header"]["name"]: one["payload"] for one in objects}


async def device_state(house: Home) -> dict[str, Any]:
    state: dict[str, Any] = (await context(house.cic, house.coordinator))["DeviceState"]
    return state


@pytest.mark.event("DeviceControl.ReportState")
async def test_everything_mapped(house: Home) -> None:
    state = await device_state(house)
    bluetooth = state.pop("bluetooth")
    told = dt_util.parse_datetime(state.pop("localTime"))
    assert abs(told - dt_util.now()) < timedelta(minutes=1)
    plain = {"actions": SWITCH, "state": "off"}
    others = {name for name, _ in SWITCHES.values()} - {"bluetooth", "power", "wifi"}
    assert state == {
        **dict.fromkeys(others, plain),
        "power": {"actions": SWITCH, "state": "idle"},
        "wifi": {**plain, "networks": []},
        "volume": {"actions": LEVEL, "min": 0, "max": 10, "value": 5},
        "screenBrightness": {"actions": LEVEL, "min": 0, "max": 100, "value": 0},
        "channel": {"actions": LEVEL},
        "soundMode": {"actions": SWITCH, "state": "ring"},
        "soundOutput": {"type": "builtin"},
        "battery": {"actions": [], "value": 72, "charging": False},
    }
    assert bluetooth["actions"][:2] == SWITCH
    assert "BtStartPairing" in bluetooth["actions"]
    lists = {key: one for key, one in bluetooth.items() if key != "actions"}
    assert lists == {
        **dict.fromkeys(("state", "connecting", "pairing", "scanning"), "off"),
        "btlist": [],
        "scanlist": [],
    }


async def test_follows_the_house(house: Home) -> None:
    """By hand, too: whatever is done shows in the next event."""
    for action, entity_id, data in (
        ("input_boolean.turn_on", "input_boolean.charging", {}),
        ("input_number.set_value", "input_number.charge", {"value": 8}),
        ("input_boolean.turn_on", MAPPED["power"], {}),
        ("light.turn_on", LIGHT, {"brightness": 128}),
        ("input_select.select_option", MODE, {"option": "Vibrate"}),
        ("media_player.volume_set", TURNTABLE, {"volume_level": 0.26}),
    ):
        domain, _, name = action.partition(".")
        target = {"entity_id": entity_id, **data}
        await house.hass.services.async_call(domain, name, target, blocking=True)
    await house.hass.async_block_till_done()
    state = await device_state(house)
    assert state["battery"] == {"actions": [], "value": 8, "charging": True}
    assert state["power"]["state"] == "active"
    assert state["screenBrightness"]["value"] == 50
    assert state["soundMode"]["state"] == "vibrate"
    assert state["volume"]["value"] == 3


@pytest.mark.parametrize("state", ["unavailable", "unknown", None, "nonsense"])
async def test_what_cannot_be_told_is_left_out(house: Home, state: str | None) -> None:
    """Gone, away or saying nothing of use: no such item. The rest is told."""
    gone = ("wifi", "screenbrightness", "soundmode", "battery", "bluetooth_script")
    for key in gone:
        if state is None:
            house.hass.states.async_remove(MAPPED[key])
        else:
            house.hass.states.async_set(MAPPED[key], state, {"brightness": "x", "options": 3})
    told = await device_state(house)
    assert not {"wifi", "screenBrightness", "soundMode", "battery"} & told.keys()
    assert told["gps"] == {"actions": SWITCH, "state": "off"}
    beyond = [*told["bluetooth"]["actions"]][2:]
    assert bool(beyond) is (state == "nonsense")


async def test_only_what_it_can_do(house: Home) -> None:
    """A light that cannot be dimmed, a player without volume, a television that is off."""
    modes = {"supported_color_modes": ["onoff"], "brightness": 255}
    house.hass.states.async_set(LIGHT, "on", modes)
    house.hass.states.async_set(TELEVISION, "off", {"supported_features": 512})
    shown = {"supported_features": 0, "volume_level": 0.5}
    house.hass.states.async_set(TURNTABLE, "idle", shown)
    state = await device_state(house)
    assert state["screenBrightness"] == {"actions": [], "min": 0, "max": 100, "value": 100}
    assert state["channel"] == {"actions": []}
    assert state["volume"]["actions"] == []
    features = {"supported_features": 2048, "source_list": ["A"]}
    house.hass.states.async_set(TELEVISION, "on", features)
    assert (await device_state(house))["channel"] == {"actions": ["SetValue"]}


async def test_nothing_mapped(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    told = await context(cic, coordinator)
    assert told["DeviceState"].keys() == {"localTime"}
    assert told["VolumeState"] == {"volume": 5, "muted": False}
    assert not {"Location", "SavedPlace"} & told.keys()


async def test_output_is_away(house: Home) -> None:
    house.turntable.go(available=False)
    state = await device_state(house)
    assert "volume" not in state


async def test_order_of_a_place(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """The player beside a satellite is meant by what is ordered there, and told of while it listens."""
    async with device_home(home, cic, set_up) as house:
        kitchen = ar.async_get(home).async_create("Kitchen").id
        await add_entities(home, "players", "media_player", [player := ScriptedPlayer("Kitchen")])
        registry = er.async_get(home)
        registry.async_update_entity(player.entity_id, area_id=kitchen)
        satellite = registry.async_get_or_create("assist_satellite", "test", "kitchen")
        registry.async_update_entity(satellite.entity_id, area_id=kitchen)
        house.coordinator.satellite_of = {"d1": satellite.entity_id}.get
        order = {
            "header": {
                "namespace": "DeviceControl",
                "name": "SetValue",
                "dialogRequestId": "d1",
                "messageId": "m1",
            },
            "payload": {"target": "volume", "value": "9"},
        }
        await cic.push(order)
        (told,) = await house.answers(1)
        assert told.name == "ActionExecuted"
        assert told.device["volume"]["value"] == 9
        assert told.context["VolumeState"]["volume"] == 9
        assert player.told == [("volume", 0.9)]
        assert (await device_state(house))["volume"]["value"] == 5
        home.states.async_set(satellite.entity_id, "listening")
        assert (await device_state(house))["volume"]["value"] == 9


# Where it is


@pytest.fixture
async def zones(home: HomeAssistant) -> None:
    home.config.latitude, home.config.longitude = 37.5, 127.25
    office = {"name": "Office", "latitude": 37.25, "longitude": 127.125, "radius": 50}
    assert await async_setup_component(home, "zone", {"zone": [office]})
    await home.async_block_till_done()


async def test_place_is_nobodys_business(zones: None, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic, options={CONF_WORK_ZONE: "zone.office"})
    assert not {"Location", "SavedPlace"} & (await context(cic, coordinator)).keys()


@pytest.mark.parametrize("work", [None, "zone.office", "zone.gone"])
async def test_place_is_shared(
    zones: None, cic: CicService, set_up: SetUp, work: str | None
) -> None:
    options = {CONF_SHARE_LOCATION: True, CONF_WORK_ZONE: work}
    told = await context(cic, await set_up(cic, options=options))
    home_place, office = (
        {"latitude": "37.5", "longitude": "127.25"},
        {"latitude": "37.25", "longitude": "127.125"},
    )
    location, places = told["Location"], told["SavedPlace"]["places"]
    for one in (location, *places):
        refreshed = dt_util.parse_datetime(one.pop("refreshedAt"))
        assert refreshed.utcoffset() is not None
        assert abs(refreshed - dt_util.now()) < timedelta(minutes=1)
    assert location == home_place
    named = [{**home_place, "name": "집"}]
    if work == "zone.office":
        named.append({**office, "name": "회사"})
    assert places == named


async def test_renamed_entities_are_followed(house: Home) -> None:
    registry = er.async_get(house.hass)
    entity = registry.async_get(MAPPED["open_script"])
    assert entity is not None
    registry.async_update_entity(entity.entity_id, new_entity_id="script.renamed")
    options = house.coordinator.config_entry.options
    assert options[CONF_DEVICES] == {**MAPPED, "open_script": "script.renamed"}
    assert options[CONF_MEDIA_PLAYER] == TURNTABLE
    await house.hass.async_block_till_done()
    told = await house.ordered("Open", target="home")
    assert told.name == "ActionExecuted"
    assert [one["target"] for one in house.scripts] == ["home"]
