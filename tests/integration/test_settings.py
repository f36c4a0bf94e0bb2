"""Settings: the voice is a choice; whatever else CIC sets is kept and reported back."""

import asyncio
from datetime import timedelta
import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.clova_cic.cic import Directive
from custom_components.clova_cic.cic.interfaces.fields import LARGEST_ECHO
from custom_components.clova_cic.cic.interfaces.settings import MOST_SETTINGS
from custom_components.clova_cic.cic.messages import Header
from custom_components.clova_cic.cloud_state import SAVE_DELAY
from custom_components.clova_cic.coordinator import CicCoordinator

from .conftest import SetUp
from .service import PATIENCE, CicService, directive, until
from .test_clova import shown

VOICE = "select.test_cloud_voice"
VOICES = [
    {"key": "V001", "name": "Mina"},
    {"key": "V002", "name": "Jinho"},
    {"key": "V003", "name": "Mina"},
]
NAMES = ["Mina (V001)", "Jinho", "Mina (V003)"]


def spec(**changes: Any) -> dict[str, Any]:
    """Return what CLOVA offers."""
    voice_type = {"name": "Voice", "list": VOICES, "default": VOICES[1]} | changes
    return {
        "clientName": "test",
        "deviceVersion": "1.0",
        "os": "",
        "specVersion": "20261130000000",
        "spec": {"voiceType": voice_type, "unheard": {"of": [1]}},
    }


def voice(hass: HomeAssistant) -> tuple[str, list[str]]:
    state = hass.states.get(VOICE)
    assert state is not None
    return state.state, state.attributes.get("options", [])


async def reported(cic: CicService, count: int) -> list[dict[str, str]]:
    """Return the configurations that were reported, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while len(reports := await cic.payloads("Settings.Report")) < count:
            await asyncio.sleep(0.02)
    return [one["configuration"] for one in reports]


async def update(cic: CicService, configuration: Any) -> None:
    await cic.push(directive("Settings.Update", {"configuration": configuration}))


async def offer(hass: HomeAssistant, cic: CicService, **changes: Any) -> None:
    """Offer voices, and wait until they stand where the server's own did."""
    before = await until(lambda: hass.states.get(VOICE))
    await cic.push(directive("Settings.UpdateVersionSpec", spec(**changes)))
    await until(lambda: hass.states.get(VOICE) is not before)


@pytest.mark.event("Settings.RequestVersionSpec")
@pytest.mark.directive("Settings.UpdateVersionSpec")
async def test_asked_for_on_every_connection(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    parts = [shown("Settings.UpdateVersionSpec", spec())]
    coordinator = await set_up(cic)
    async with asyncio.timeout(PATIENCE):
        while await cic.payloads("Settings.RequestVersionSpec") != [{}]:
            await asyncio.sleep(0.02)
    await until(lambda: hass.states.get(VOICE))
    assert voice(hass)[1] != NAMES
    plan = {"event": "Settings.RequestVersionSpec", "parts": parts}
    await cic.control("POST", "next-answer", plan)
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)
    await until(lambda: voice(hass) == ("Jinho", NAMES))


@pytest.mark.event("Settings.Report")
@pytest.mark.directive("Settings.UpdateVersionSpec")
async def test_a_voice_is_chosen(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await offer(hass, cic)
    assert voice(hass) == ("Jinho", NAMES)
    chosen = {"entity_id": VOICE, "option": "Mina (V003)"}
    await hass.services.async_call("select", "select_option", chosen, blocking=True)
    assert voice(hass)[0] == "Mina (V003)"
    assert await reported(cic, 1) == [{"VoiceTypeChange": "V003"}]
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)
    assert voice(hass) == ("Mina (V003)", NAMES)


@pytest.mark.event("Settings.Report")
@pytest.mark.directive("Settings.Update", "Settings.ExpectReport")
async def test_set_by_the_app(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """Also what nobody here knows, and what is set before its choices are known."""
    await set_up(cic)
    await update(cic, {"VoiceTypeChange": "V001", "Nightlight": "7", "Level": 3})
    settings = {"VoiceTypeChange": "V001", "Nightlight": "7", "Level": "3"}
    assert await reported(cic, 1) == [settings]
    await offer(hass, cic)
    assert voice(hass)[0] == "Mina (V001)"
    await update(cic, {"Nightlight": "8", "VoiceTypeChange": "V009"})
    await until(lambda: voice(hass)[0] == "unknown")
    settings |= {"VoiceTypeChange": "V009", "Nightlight": "8"}
    assert (await reported(cic, 2))[-1] == settings
    await cic.push(directive("Settings.ExpectReport"))
    assert (await reported(cic, 3))[-1] == settings


async def test_nothing_set_yet(cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    await cic.push(directive("Settings.ExpectReport"))
    assert await reported(cic, 1) == [{}]


async def test_other_voices(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """They may change, and go."""
    coordinator = await set_up(cic)
    await offer(hass, cic)
    await offer(hass, cic, list=[{"key": "V007"}, {"name": "keyless"}, 7], default="none")
    await until(lambda: voice(hass) == ("unknown", ["V007"]))
    await offer(hass, cic, list=[])
    await until(lambda: voice(hass)[0] == "unavailable")
    long = [{"key": "k" * 5000, "name": "n" * 5000}, {"key": "l" * 5000, "name": "n" * 5000}]
    await offer(hass, cic, list=long, default=long[0])
    await until(lambda: voice(hass)[0].startswith("nnn"))
    assert len(set(voice(hass)[1])) == 2
    await cic.push(directive("Settings.UpdateVersionSpec", {"spec": {"voiceType": "a string"}}))
    await until(lambda: voice(hass)[0] == "unavailable")
    assert coordinator.counters.events["malformed"] == 0


@pytest.mark.parametrize(
    "configuration",
    [None, [], "VoiceTypeChange", {str(i): "x" for i in range(MOST_SETTINGS + 1)}],
)
async def test_no_configuration(cic: CicService, set_up: SetUp, configuration: Any) -> None:
    coordinator = await set_up(cic)
    await update(cic, configuration)
    await until(lambda: coordinator.counters.events["malformed"])
    assert await cic.payloads("Settings.Report") == []


async def test_settings_without_end(cic: CicService, set_up: SetUp) -> None:
    """The oldest make room, and a report stays within its size."""
    coordinator = await set_up(cic)
    for start in range(0, 3 * MOST_SETTINGS, MOST_SETTINGS):
        await update(cic, {str(start + i): "x" for i in range(MOST_SETTINGS)})
    await until(lambda: coordinator.counters.directives["Settings.Update"] == 3)
    assert list(coordinator.cloud_state.configuration) == [
        str(i) for i in range(2 * MOST_SETTINGS, 3 * MOST_SETTINGS)
    ]
    await update(cic, {f"large {i}": "y" * 8000 for i in range(100)})
    await until(lambda: coordinator.counters.directives["Settings.Update"] == 4)
    kept = coordinator.cloud_state.configuration
    assert list(kept)[-1] == "large 99"
    assert len(json.dumps(kept)) < LARGEST_ECHO * 1.1


async def test_a_spec_without_end(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    many = [{"key": f"V{i}", "name": "x" * 500} for i in range(1000)]
    before = await until(lambda: hass.states.get(VOICE))
    await cic.push(directive("Settings.UpdateVersionSpec", spec(list=many)))
    await until(lambda: coordinator.counters.events["malformed"])
    assert hass.states.get(VOICE) is before


def stored(storage: dict[str, Any], coordinator: CicCoordinator) -> dict[str, Any] | None:
    return storage.get(f"clova_cic.cloud.{coordinator.config_entry.entry_id}")


async def test_private_and_forgotten(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, hass_storage: dict[str, Any]
) -> None:
    coordinator = await set_up(cic)
    await update(cic, {"Nightlight": "7"})
    await reported(cic, 1)
    entry_id = coordinator.config_entry.entry_id
    await hass.config_entries.async_unload(entry_id)
    kept = stored(hass_storage, coordinator)
    assert kept is not None and kept["data"]["configuration"] == {"Nightlight": "7"}
    await hass.config_entries.async_remove(entry_id)
    assert stored(hass_storage, coordinator) is None


async def test_what_comes_while_an_entry_is_removed(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection ends last: what it still brings leaves no file and asks the user for nothing."""
    coordinator = await set_up(cic)
    stop = coordinator.async_stop

    async def late() -> None:
        for name, payload in (("Notifier.SetIndicator", {"new": True}), ("Clova.ExpectLogin", {})):
            namespace, _, short = name.partition(".")
            header = Header(namespace=namespace, name=short)
            coordinator.handle_directive(Directive(header=header, payload=payload), lambda _: None)
        await stop()

    monkeypatch.setattr(coordinator, "async_stop", late)
    await hass.config_entries.async_remove(coordinator.config_entry.entry_id)
    assert coordinator.cloud_state.indicated
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=2 * SAVE_DELAY))
    await hass.async_block_till_done()
    assert stored(hass_storage, coordinator) is None
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize(
    "data",
    [
        [],
        "text",
        {"indicated": "maybe", "configuration": 7, "spec": []},
        {"configuration": {}, "spec": {"large": "x" * LARGEST_ECHO}},
        {"configuration": {"a": None, "b": "c"}, "spec": {"voiceType": [1]}},
    ],
)
async def test_spoilt_store(
    hass: HomeAssistant,
    cic: CicService,
    make_entry,
    hass_storage: dict[str, Any],
    data: Any,
) -> None:
    entry = make_entry(cic)
    key = f"clova_cic.cloud.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}
    assert await hass.config_entries.async_setup(entry.entry_id)
    state = entry.runtime_data.cloud_state
    assert (state.indicated, state.voice_type) == (False, None)
    assert state.configuration in ({}, {"b": "c"})
    await hass.config_entries.async_unload(entry.entry_id)
