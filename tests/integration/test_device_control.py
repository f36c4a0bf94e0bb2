"""What CIC orders the device to do: done by Home Assistant's entities, answered once, in order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant, ServiceCall
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.clova_cic.cic.interfaces import device_control
from custom_components.clova_cic.const import CONF_DEVICES, CONF_MEDIA_PLAYER
from custom_components.clova_cic.device import carrier, orders
from custom_components.clova_cic.playback.focus import Kind
from custom_components.clova_cic.playback.output.output import async_output

from .conftest import PassTime, SetUp
from .devices import LIGHT, MAPPED, MODE, SWITCHES, Home, device_home
from .music import TURNTABLE, answer
from .service import CicService, directive, settled, until
from .turntable import ALL, Turntable

DONE, FAILED = "ActionExecuted", "ActionFailed"
BLUETOOTH_ORDERS = (
    "BtConnect",
    "BtConnectByPINCode",
    "BtDelete",
    "BtDisconnect",
    "BtPlay",
    "BtRescan",
    "BtStartPairing",
    "BtStopPairing",
)
ORDERS = (
    *("Increase", "Decrease", "SetValue", "TurnOn", "TurnOff"),
    *("Open", "OpenScreen", "LaunchApp"),
    *BLUETOOTH_ORDERS,
)


@pytest.fixture
async def house(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Home]:
    async with device_home(home, cic, set_up) as house:
        yield house


@pytest.fixture
async def bare(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Home]:
    """Nothing is mapped, and there is no output."""
    async with device_home(
        home, cic, set_up, **{CONF_DEVICES: {}, CONF_MEDIA_PLAYER: None}
    ) as house:
        yield house


def volume_of(house: Home) -> float:
    return house.hass.states.get("media_player.turntable").attributes["volume_level"]


# Switches


@pytest.mark.directive("DeviceControl.TurnOn", "DeviceControl.TurnOff")
@pytest.mark.event("DeviceControl.ActionExecuted")
async def test_switches(house: Home) -> None:
    """Each has three names; the answer has the new state in its context."""
    words = {"TurnOn": ("on", "active"), "TurnOff": ("off", "idle")}
    for order in ("TurnOn", "TurnOff"):
        for target, (name, answered) in SWITCHES.items():
            told = await house.ordered(order, target=target)
            assert told.short == (DONE, answered, order)
            state = house.hass.states.get(MAPPED[target]).state
            assert state == words[order][0]
            assert told.device[name]["state"] == words[order][target == "power"]


@pytest.mark.parametrize(
    ("order", "target", "option"),
    [
        ("TurnOn", "silent", "Silent"),
        ("TurnOn", "vibrate", "Vibrate"),
        ("TurnOff", "ring", "Silent"),
        ("TurnOff", "silent", "Ring"),
        ("TurnOff", "soundmode", "Silent"),
        ("TurnOn", "soundmode", "Ring"),
    ],
)
async def test_sound_mode(house: Home, order: str, target: str, option: str) -> None:
    told = await house.ordered(order, target=target)
    assert told.short == (DONE, "soundmode", order)
    assert house.hass.states.get(MODE).state == option
    assert told.device["soundMode"]["state"] == option.lower()


# Levels


@pytest.mark.directive("DeviceControl.Increase", "DeviceControl.Decrease", "DeviceControl.SetValue")
async def test_volume(house: Home) -> None:
    steps: list[tuple[str, Any, int]] = [
        ("Increase", None, 6),
        ("Increase", "3", 9),
        ("Increase", "3", 10),
        ("Decrease", None, 9),
        ("Decrease", "10", 0),
        ("SetValue", "4", 4),
        ("SetValue", 7, 7),
    ]
    for order, value, wanted in steps:
        payload = {} if value is None else {"value": value}
        told = await house.ordered(order, target="volume", **payload)
        assert told.short == (DONE, "volume", order)
        assert told.device["volume"] == {
            "actions": ["Increase", "Decrease", "SetValue"],
            "min": 0,
            "max": 10,
            "value": wanted,
        }
        assert told.context["VolumeState"] == {"volume": wanted, "muted": False}
        assert volume_of(house) == pytest.approx(wanted / 10)


@pytest.mark.parametrize(("order", "muted"), [("Increase", False), ("Decrease", True)])
async def test_muted(house: Home, order: str, muted: bool) -> None:
    """Who wants it louder wants to hear it."""
    await house.turntable.async_mute_volume(True)
    told = await house.ordered(order, target="volume")
    assert told.name == DONE
    assert told.context["VolumeState"]["muted"] is muted


async def test_set_to_nothing_stays_muted(house: Home) -> None:
    await house.turntable.async_mute_volume(True)
    told = await house.ordered("SetValue", target="volume", value="0")
    assert told.context["VolumeState"] == {"volume": 0, "muted": True}


async def test_muted_by_its_volume(house: Home) -> None:
    """What cannot be muted otherwise comes back from where it was."""
    house.turntable._attr_supported_features = ALL & ~Feature.VOLUME_MUTE
    house.turntable._attr_is_volume_muted = None
    house.turntable.async_write_ha_state()
    await async_output(house.hass, TURNTABLE).set_muted(True)
    assert volume_of(house) == 0
    told = await house.ordered("Increase", target="volume")
    assert told.context["VolumeState"] == {"volume": 6, "muted": False}


@pytest.mark.parametrize("moment", ["going down", "down", "coming back"])
async def test_volume_beside_speech(
    house: Home, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It is the music's volume that changes, whatever speech does to it in that moment."""
    set_volume = Turntable.async_set_volume_level

    async def slowly(turntable: Turntable, volume: float) -> None:
        await asyncio.sleep(0.3)
        await set_volume(turntable, volume)

    focus = async_output(house.hass, TURNTABLE).focus
    music = focus.request(Kind.CONTENT, lambda grant: None)
    if moment == "going down":
        monkeypatch.setattr(Turntable, "async_set_volume_level", slowly)
    speech = focus.request(Kind.DIALOG, lambda grant: None, beside=True)
    if moment != "going down":
        await until(lambda: volume_of(house) == 0.15)
        monkeypatch.setattr(Turntable, "async_set_volume_level", slowly)
    if moment == "coming back":
        speech.release()
    told = await house.ordered("Increase", target="volume")
    assert (told.name, told.device["volume"]["value"]) == (DONE, 6)
    if moment != "coming back":
        assert volume_of(house) == 0.15
    speech.release()
    await until(lambda: volume_of(house) == 0.6)
    music.release()


async def test_brightness(house: Home) -> None:
    steps: list[tuple[str, str | None, int]] = [
        ("SetValue", "37", 37),
        ("Increase", None, 47),
        ("Decrease", "7", 40),
        ("Decrease", "100", 0),
        ("Increase", "100", 100),
        ("SetValue", "0", 0),
    ]
    for order, value, wanted in steps:
        payload = {} if value is None else {"value": value}
        told = await house.ordered(order, target="screenbrightness", **payload)
        assert told.short == (DONE, "screenbrightness", order)
        assert told.device["screenBrightness"]["value"] == wanted
        assert house.hass.states.get(LIGHT).state == ("on" if wanted else "off")


async def test_channel(house: Home) -> None:
    for order, value in (("Increase", {}), ("Decrease", {"value": "2"})):
        assert (await house.ordered(order, target="channel", **value)).name == DONE
    for value in ("news", "KBS 1", "11"):
        told = await house.ordered("SetValue", target="channel", value=value)
        assert told.short == (DONE, "channel", "SetValue")
    assert house.television.orders == [
        ("next", None),
        ("previous", None),
        ("previous", None),
        ("source", "News"),
        ("play", "KBS 1"),
        ("play", "11"),
    ]
    told = await house.ordered("Increase", target="channel", value="21")
    assert told.name == FAILED


# Scripts


@pytest.mark.directive(*(f"DeviceControl.{order}" for order in BLUETOOTH_ORDERS))
@pytest.mark.event("DeviceControl.ReportState")
async def test_bluetooth(house: Home) -> None:
    """Beyond on and off, a script does it; of a connection the outcome is reported as well."""
    speaker = {"address": "00:11", "name": "Speaker", "connected": False, "role": "sink"}
    payloads = {"BtConnect": speaker, "BtDelete": speaker, "BtConnectByPINCode": {"pinCode": "1"}}
    for order in BLUETOOTH_ORDERS:
        told = await house.ordered(order, **payloads.get(order, {}))
        assert told.short == (DONE, "bluetooth", order)
        assert order in told.device["bluetooth"]["actions"]
    assert [one["command"] for one in house.scripts] == [*BLUETOOTH_ORDERS]
    connect, pin = house.scripts[:2]
    assert (connect["address"], connect["name"], connect["role"]) == ("00:11", "Speaker", "sink")
    assert (str(pin["pin_code"]), pin["address"]) == ("1", None)
    order_of = [
        (one["name"], one["payload"].get("command"))
        for one in await house.events(DONE, "ReportState")
    ]
    order_of = order_of[
        order_of.index((DONE, "BtConnect")) :
    ]  # before it: what every connection brings
    assert order_of[:4] == [
        (DONE, "BtConnect"),
        ("ReportState", None),
        (DONE, "BtConnectByPINCode"),
        ("ReportState", None),
    ]
    assert len(order_of) == len(BLUETOOTH_ORDERS) + 2


@pytest.mark.directive("DeviceControl.Open", "DeviceControl.OpenScreen", "DeviceControl.LaunchApp")
async def test_open(house: Home) -> None:
    """An app that has started is answer enough."""
    assert (await house.ordered("Open", target="home")).short == (DONE, "home", "Open")
    await house.order("LaunchApp", target="app://radio")
    told = await house.ordered("OpenScreen", target="settings")
    assert told.short == (DONE, "settings", "OpenScreen")
    assert [(one["command"], one["target"]) for one in house.scripts] == [
        ("Open", "home"),
        ("LaunchApp", "app://radio"),
        ("OpenScreen", "settings"),
    ]
    broken = await house.ordered("LaunchApp", target="broken")
    assert broken.short == (FAILED, "app", "LaunchApp")


# What cannot be done


@pytest.mark.directive(*(f"DeviceControl.{order}" for order in ORDERS))
@pytest.mark.event("DeviceControl.ActionFailed")
async def test_nothing_is_mapped(bare: Home) -> None:
    """Nothing is offered, nothing is done, everything is answered."""
    for count, order in enumerate(ORDERS, 1):
        await bare.order(order, target="volume")
        assert (await bare.answers(count))[-1].name == FAILED
    last = (await bare.answers(len(ORDERS)))[-1]
    assert last.device.keys() == {"localTime"}
    assert bare.coordinator.counters.events["order_failed"] == len(ORDERS)
    assert not bare.turntable.orders


VALUES = ("loud", "-1", "1e9", "NaN", "inf", "-inf", "11", "max", "0x3", "", " ", "1,5", "十")


@pytest.mark.parametrize("order", ["SetValue", "Increase", "Decrease"])
async def test_bad_values(house: Home, order: str) -> None:
    """A value that says nothing, or lies outside the range, changes nothing."""
    tried = [one for one in VALUES if one.strip() or order == "SetValue"]
    for count, value in enumerate(tried, 1):
        await house.order(order, target="volume", value=value)
        await house.answers(count)
    told = await house.answers(len(tried))
    assert {one.short for one in told} == {(FAILED, "volume", order)}
    assert volume_of(house) == 0.5
    assert not house.turntable.orders


@pytest.mark.parametrize(
    "target", ["toaster", "home", "volume", "battery", "ring ", "손전등", "x" * 5000]
)
async def test_bad_targets(house: Home, target: str) -> None:
    told = await house.ordered("TurnOn", target=target)
    assert told.name == FAILED


async def test_gone(house: Home) -> None:
    """An entity that is removed vanishes from the context, and its orders fail."""
    assert "wifi" in (await house.ordered("TurnOn", target="wifi")).device
    house.hass.states.async_remove(MAPPED["wifi"])
    told = await house.ordered("TurnOff", target="wifi")
    assert told.name == FAILED
    assert "wifi" not in told.device


async def test_away(house: Home) -> None:
    house.turntable.go(available=False)
    house.television.go(available=False)
    for order in ("Increase", "SetValue"):
        for target in ("volume", "channel"):
            told = await house.ordered(order, target=target, value="3")
            assert told.name == FAILED
            assert target not in told.device


async def test_player_refuses(house: Home) -> None:
    house.turntable.refuses.add("volume")
    told = await house.ordered("Increase", target="volume")
    assert told.name == FAILED
    assert told.device["volume"]["value"] == 5


def take_over(house: Home, action: Any) -> None:
    """Have a switch do otherwise."""
    house.hass.services.async_register("input_boolean", "turn_on", action)


async def test_action_raises(house: Home) -> None:
    async def fail(call: ServiceCall) -> None:
        raise ZeroDivisionError("whatever a library raises")

    take_over(house, fail)
    assert (await house.ordered("TurnOn", target="gps")).name == FAILED
    assert (await house.ordered("TurnOff", target="gps")).name == DONE


async def test_action_hangs(house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those behind it are done all the same, and all are answered in the order they came."""

    async def hang(call: ServiceCall) -> None:
        await asyncio.Event().wait()

    take_over(house, hang)
    monkeypatch.setattr(orders, "ORDER_TIMEOUT", 0.3)
    await house.order("TurnOn", target="gps")
    await house.order("SetValue", target="volume", value="2")
    told = await house.answers(2)
    assert [one.short for one in told] == [(FAILED, "gps", "TurnOn"), (DONE, "volume", "SetValue")]


async def test_action_changes_nothing(house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pretend(call: ServiceCall) -> None:
        pass

    take_over(house, pretend)
    monkeypatch.setattr(carrier, "SHOWN_TIMEOUT", 0.3)
    told = await house.ordered("TurnOn", target="gps")
    assert told.name == FAILED
    assert told.device["gps"]["state"] == "off"


async def test_shows_late(house: Home) -> None:
    """The answer waits until the state shows what was done."""
    entity_id = MAPPED["gps"]

    async def later(call: ServiceCall) -> None:
        house.hass.loop.call_later(0.5, house.hass.states.async_set, entity_id, "on")

    take_over(house, later)
    told = await house.ordered("TurnOn", target="gps")
    assert told.name == DONE
    assert told.device["gps"]["state"] == "on"


async def test_too_many_at_once(house: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is one too many fails at once; nothing goes unanswered."""
    monkeypatch.setattr(orders, "MOST_WAITING", 3)
    begun, gate = asyncio.Event(), asyncio.Event()

    async def wait(call: ServiceCall) -> None:
        begun.set()
        await gate.wait()
        house.hass.states.async_set(call.data["entity_id"], "on")

    take_over(house, wait)
    first, *many = [*SWITCHES][:6]
    await house.order("TurnOn", target=first)
    await begun.wait()
    parts = answer(*(directive("DeviceControl.TurnOn", {"target": one}) for one in many))
    plan = {"event": "AudioPlayer.ReportPlaybackState", "parts": parts}
    await house.cic.control("POST", "next-answer", plan)
    await house.cic.push(directive("AudioPlayer.ExpectReportPlaybackState"))
    refused = await house.answers(2)
    gate.set()
    told = await house.answers(6)
    assert {one.name for one in refused} == {FAILED}
    assert [one.target for one in refused] == [SWITCHES[one][1] for one in many[3:]]
    assert {one.name for one in told[2:]} == {DONE}
    assert [one.target for one in told[2:]] == [SWITCHES[one][1] for one in (first, *many[:3])]


async def test_unloaded_meanwhile(house: Home) -> None:
    begun = asyncio.Event()

    async def hang(call: ServiceCall) -> None:
        begun.set()
        await asyncio.Event().wait()

    take_over(house, hang)
    await house.order("TurnOn", target="gps")
    await house.order("TurnOn", target="wifi")
    await begun.wait()
    await house.hass.config_entries.async_unload(house.coordinator.config_entry.entry_id)
    assert not await house.events(DONE, FAILED)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "target": st.sampled_from([*SWITCHES, "volume", "channel", "screenbrightness"]) | JSON,
        **dict.fromkeys(("value", "address", "role", "name", "connected", "pinCode"), JSON),
    },
)


@given(payloads=st.lists(st.tuples(st.sampled_from(ORDERS), PAYLOADS), min_size=1, max_size=12))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_order_has_one_answer(
    bare: Home, payloads: list[tuple[str, dict[str, Any]]]
) -> None:
    """Whatever it says: one answer, or it is counted as malformed."""
    counted = bare.coordinator.counters.events
    malformed, failed = counted["malformed"], counted["order_failed"]
    answered = len(await bare.events(DONE, FAILED))
    for name, payload in payloads:
        await bare.order(name, **payload)
    await until(
        lambda: counted["malformed"] - malformed + counted["order_failed"] - failed == len(payloads)
    )
    await bare.answers(answered + counted["order_failed"] - failed)


def test_every_order_is_known() -> None:
    """What is no order is one of those the capability handles otherwise."""
    others = {"ExpectReportState", "LaunchURI", "RenderDeviceList", "SynchronizeState"}
    older = {"SetPoint", "UpdateDeviceState"}
    assert {*ORDERS} == device_control.DIRECTIVES.keys() - others - older


# Reports


async def _reported(house: Home, count: int) -> None:
    """Wait until CIC has so many reports, and no more."""
    found = await settled(lambda: house.events("ReportState"), lambda found: len(found) >= count)
    assert len(found) == count


@pytest.mark.directive("DeviceControl.ExpectReportState")
@pytest.mark.event("DeviceControl.ReportState")
async def test_reports(house: Home, pass_time: PassTime) -> None:
    """At once, then every interval until the duration is over; a single one changes no schedule."""
    await _reported(house, 1)
    await house.order("ExpectReportState", durationInSeconds=25, intervalInSeconds=10)
    await _reported(house, 2)
    await house.order("ExpectReportState")
    await _reported(house, 3)
    pass_time(10)
    await _reported(house, 4)
    await house.turntable.async_set_volume_level(0.8)
    pass_time(10)
    await _reported(house, 5)
    last = (await house.events("ReportState"))[-1]
    states = {one["header"]["name"]: one["payload"] for one in last["context"]}
    assert states["DeviceState"]["volume"]["value"] == 8
    pass_time(100)
    await asyncio.sleep(0.2)
    await _reported(house, 5)


async def test_newer_schedule(house: Home, pass_time: PassTime) -> None:
    """It replaces the one before; an interval no server can mean is made longer."""
    await _reported(house, 1)
    for interval in (100, 0.5, 1):
        await house.order("ExpectReportState", durationInSeconds=1000, intervalInSeconds=interval)
    await _reported(house, 4)
    pass_time(2)
    await asyncio.sleep(0.2)
    await _reported(house, 4)
    pass_time(3)
    await _reported(house, 5)
    await asyncio.sleep(0.2)
    await _reported(house, 5)
