"""Which entities carry what the device can be told to do: chosen, cleared, followed, shown."""

import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import (
    CONF_DEVICES,
    CONF_MEDIA_PLAYER,
    CONF_SHARE_LOCATION,
    CONF_WORK_ZONE,
)
from custom_components.clova_cic.device.items import mappable

from .conftest import SetUp
from .devices import MAPPED, device_home
from .music import TURNTABLE, answer
from .service import CicService, directive, until


async def fill_in(
    hass: HomeAssistant, entry: MockConfigEntry, step: str, answers: dict[str, Any]
) -> dict[str, Any]:
    """Open a form, fill it in, and return what it suggested."""
    flow = await hass.config_entries.options.async_init(entry.entry_id)
    configure = hass.config_entries.options.async_configure
    form = await configure(flow["flow_id"], {"next_step_id": step})
    suggested = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    result = await configure(flow["flow_id"], answers)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    return suggested


async def test_chosen_and_cleared(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: TURNTABLE})
    entry = coordinator.config_entry
    await fill_in(home, entry, "devices", MAPPED)
    assert entry.options == {CONF_MEDIA_PLAYER: TURNTABLE, CONF_DEVICES: MAPPED}
    fewer = {key: one for key, one in MAPPED.items() if key != "wifi"}
    assert await fill_in(home, entry, "devices", fewer) == MAPPED
    assert entry.options[CONF_DEVICES] == fewer
    await fill_in(home, entry, "devices", {})
    assert entry.options[CONF_DEVICES] == {}


async def test_location(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    entry = (await set_up(cic, options={CONF_MEDIA_PLAYER: TURNTABLE})).config_entry
    shared = {CONF_SHARE_LOCATION: True, CONF_WORK_ZONE: "zone.work"}
    await fill_in(home, entry, "location", shared)
    assert entry.options == {CONF_MEDIA_PLAYER: TURNTABLE, **shared}
    del shared[CONF_WORK_ZONE]
    await fill_in(home, entry, "location", shared)
    assert entry.options == {CONF_MEDIA_PLAYER: TURNTABLE, **shared}


@pytest.mark.parametrize(
    ("key", "entity_id"),
    [
        ("wifi", "sensor.charge"),
        ("screenbrightness", "switch.lamp"),
        ("channel", "media_player.test_cloud_player"),
        ("toaster", "switch.toaster"),
    ],
)
async def test_what_cannot_carry_it(
    home: HomeAssistant, cic: CicService, set_up: SetUp, key: str, entity_id: str
) -> None:
    """Another kind of entity; the entry's own player, which would only ask CIC again."""
    coordinator = await set_up(cic)
    options = home.config_entries.options
    flow = await options.async_init(coordinator.config_entry.entry_id)
    await options.async_configure(flow["flow_id"], {"next_step_id": "devices"})
    with pytest.raises(InvalidData):
        await options.async_configure(flow["flow_id"], {key: entity_id})


def test_every_key_is_mapped_in_these_tests() -> None:
    assert MAPPED.keys() == mappable().keys()


async def test_zone_is_followed(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic, options={CONF_WORK_ZONE: "zone.work"})
    registry = er.async_get(home)
    registry.async_get_or_create("zone", "zone", "1", suggested_object_id="work")
    registry.async_update_entity("zone.work", new_entity_id="zone.office")
    entry = coordinator.config_entry
    await until(lambda: entry.options == {CONF_WORK_ZONE: "zone.office"})


@pytest.mark.directive("DeviceControl.RenderDeviceList", "DeviceControl.SynchronizeState")
@pytest.mark.event("DeviceControl.RequestDeviceList", "DeviceControl.RequestStateSynchronization")
async def test_diagnostics(
    home: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    """They tell what is mapped, and which devices the account has, asked for at that moment."""
    assert await async_setup_component(home, "diagnostics", {})
    async with device_home(home, cic, set_up) as house:
        home.states.async_remove(MAPPED["wifi"])
        own = house.coordinator.device_uuid
        listed = [
            {"deviceId": f"id-{name}", "deviceName": f"{name} of Somebody", "modelId": name}
            for name in ("clock", "lamp")
        ]
        listed.append({"deviceId": own, "deviceName": "this"})
        state = {
            "volume": {"actions": [], "min": 0, "max": 15, "value": 3, "warning": 12},
            "wifi": {"state": "on", "networks": [{"name": "Somebody's network"}]},
            "bluetooth": {"state": "on", "btlist": [{"address": "00:11", "name": "Headset"}]},
            "localTime": "2026-11-30T12:00:00+09:00",
        }
        told = [
            directive("DeviceControl.SynchronizeState", {"deviceId": one, "deviceState": of})
            for one, of in (("id-clock", state), ("id-lamp", None), (own, state))
        ]
        await cic.control(
            "POST",
            "next-answer",
            {
                "event": "DeviceControl.RequestDeviceList",
                "parts": answer(
                    directive("DeviceControl.RenderDeviceList", {"deviceList": listed})
                ),
            },
        )
        await cic.control(
            "POST",
            "next-answer",
            {"event": "DeviceControl.RequestStateSynchronization", "parts": answer(*told)},
        )
        entry = house.coordinator.config_entry
        shown = await get_diagnostics_for_config_entry(home, hass_client, entry)
    device = shown["device"]
    assert device["wifi"] == {
        "entity_id": MAPPED["wifi"],
        "exists": False,
        "told": False,
        "actions": [],
    }
    assert device["gps"]["actions"] == ["TurnOn", "TurnOff"]
    # the server names this one, too, by another id
    clock, lamp = (one for one in shown["other_devices"] if one["listed"])
    assert (clock["model"], clock["listed"], clock["told_now"]) == ("clock", True, True)
    assert clock["state"] == {
        "volume": {"min": 0, "max": 15, "value": 3},
        "wifi": {"state": "on"},
        "bluetooth": {"state": "on"},
    }
    assert (lamp["model"], lamp["told"], lamp["state"]) == ("lamp", True, None)
    text = json.dumps(shown["other_devices"])
    for hidden in ("id-", "Somebody", "00:11", "Headset", own):
        assert hidden not in text


async def test_diagnostics_wait_for_nobody_for_long(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device that says nothing is listed all the same; one nobody listed is shown, too."""
    monkeypatch.setattr("custom_components.clova_cic.device.others.ASK_TIMEOUT", 0.5)
    assert await async_setup_component(home, "diagnostics", {})
    coordinator = await set_up(cic)
    listed = {"deviceList": [{"deviceId": "silent"}, {"deviceName": "without id"}, 3]}
    told = directive("DeviceControl.SynchronizeState", {"deviceId": "stranger", "deviceState": {}})
    plan = answer(directive("DeviceControl.RenderDeviceList", listed), told)
    await cic.control(
        "POST", "next-answer", {"event": "DeviceControl.RequestDeviceList", "parts": plan}
    )
    shown = await get_diagnostics_for_config_entry(home, hass_client, coordinator.config_entry)
    flags = [(one["listed"], one["told"]) for one in shown["other_devices"]]
    assert set(flags) == {(True, False), (False, True)}
