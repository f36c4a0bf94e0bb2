"""Device control over the wire: what a device can do is ordered, what it is goes to the others."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.cic_server.client import Client, Control
from tests.cic_server.test_music import Device, names

LEVEL = ["Increase", "Decrease", "SetValue"]
SWITCH = ["TurnOn", "TurnOff"]
STATE: dict[str, Any] = {
    "volume": {"actions": LEVEL, "min": 0, "max": 10, "value": 5},
    "screenBrightness": {"actions": LEVEL, "min": 0, "max": 100, "value": 50},
    "channel": {"actions": LEVEL},
    "wifi": {"actions": SWITCH, "state": "on", "networks": []},
    "flashLight": {"actions": SWITCH, "state": "off"},
    "energySavingMode": {"actions": SWITCH, "state": "off"},
    "soundMode": {"actions": SWITCH, "state": "ring"},
    "airplane": {"actions": ["TurnOff"], "state": "on"},
    "bluetooth": {"actions": [*SWITCH, "BtConnect", "BtDisconnect", "BtStartPairing"]},
}


def context(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"header": {"namespace": "Device", "name": "DeviceState"}, "payload": state}]


@pytest.fixture
async def device(client: Client, control: Control) -> AsyncIterator[Device]:
    """Give a device that can do much; it was told nothing it may not tell."""
    made = Device(client, control)
    client.context = context(STATE)
    await made.open()
    yield made
    assert await made.illegal() == []


@pytest.fixture
async def second(device: Device) -> AsyncIterator[Device]:
    """Give another device of the account."""
    async with Client(device.client.server).named() as client:
        made = Device(client, device.control)
        client.context = context({"volume": {"actions": [], "min": 0, "max": 3, "value": 1}})
        await made.open()
        yield made
        assert await made.illegal() == []


async def done(device: Device, parts: list[Any], outcome: str = "ActionExecuted") -> None:
    """Answer the order in an answer."""
    [order] = [part for part in parts if part.name.startswith("DeviceControl.")]
    target = order.payload.get("target", "bluetooth")
    command = order.name.partition(".")[2]
    assert await device.tell(f"DeviceControl.{outcome}", target=target, command=command) == []


@pytest.mark.parametrize(
    ("text", "name", "payload"),
    [
        ("turn the volume up", "Increase", {"target": "volume"}),
        ("Louder!", "Increase", {"target": "volume"}),
        ("volume up by two", "Increase", {"target": "volume", "value": "2"}),
        ("turn down the volume", "Decrease", {"target": "volume"}),
        ("volume seven", "SetValue", {"target": "volume", "value": "7"}),
        # within the device's range
        ("set the volume to 99999999", "SetValue", {"target": "volume", "value": "10"}),
        ("볼륨 7로 해 줘", "SetValue", {"target": "volume", "value": "7"}),
        ("소리 좀 키워 줘", "Increase", {"target": "volume"}),
        ("音量を下げて", "Decrease", {"target": "volume"}),
        ("音量を7にして", "SetValue", {"target": "volume", "value": "7"}),
    ],
)
async def test_volume_is_ordered_without_a_word(
    device: Device, text: str, name: str, payload: dict[str, str]
) -> None:
    [order] = await device.say(text)
    assert (order.name, order.payload) == (f"DeviceControl.{name}", payload)
    await done(device, [order])


@pytest.mark.parametrize(
    ("text", "name", "payload"),
    [
        ("brighter", "Increase", {"target": "screenbrightness"}),
        ("make the screen darker", "Decrease", {"target": "screenbrightness"}),
        ("화면 밝기 30으로", "SetValue", {"target": "screenbrightness", "value": "30"}),
        ("next channel", "Increase", {"target": "channel"}),
        ("channel eleven", "SetValue", {"target": "channel", "value": "11"}),
        ("turn on the wifi", "TurnOn", {"target": "wifi"}),
        ("turn the torch off", "TurnOff", {"target": "flashlight"}),
        ("turn on power saving", "TurnOn", {"target": "energysave"}),
        ("switch silent mode on", "TurnOn", {"target": "silent"}),
        ("turn off airplane mode", "TurnOff", {"target": "airplane"}),
        ("와이파이 꺼 줘", "TurnOff", {"target": "wifi"}),
        ("懐中電灯をつけて", "TurnOn", {"target": "flashlight"}),
        ("connect bluetooth", "BtConnect", {}),
        ("블루투스 연결해 줘", "BtConnect", {}),
        ("disconnect bluetooth", "BtDisconnect", {}),
        ("start pairing", "BtStartPairing", {}),
        ("open the settings", "Open", {"target": "settings"}),
    ],
)
async def test_other_orders_are_said_as_well(
    device: Device, text: str, name: str, payload: dict[str, str]
) -> None:
    parts = await device.say(text)
    assert names(parts) == [
        "SpeechSynthesizer.Speak",
        "Clova.RenderText",
        f"DeviceControl.{name}",
    ]
    assert parts[-1].payload == payload
    await done(device, parts, "ActionFailed")


@pytest.mark.parametrize(
    "text",
    [
        "turn on airplane mode",
        "turn on gps",
        "stop pairing",
        "ジーピーエス",
        "モバイルデータをオン",
    ],
)
async def test_what_a_device_cannot_do_is_not_ordered(device: Device, text: str) -> None:
    assert names(await device.say(text)) == ["SpeechSynthesizer.Speak", "Clova.RenderText"]


@pytest.mark.parametrize("state", [{}, {"volume": "loud"}, {"volume": {"actions": 7}}])
async def test_a_device_that_lists_nothing_gets_nothing(
    client: Client, control: Control, state: dict[str, Any]
) -> None:
    device = Device(client, control)
    client.context = context(state)
    await device.open()
    for text in ("louder", "turn on the wifi"):
        said = await device.say(text)
        assert said[-1].payload == {"text": "This device cannot do that."}


async def test_the_home_is_not_the_device(device: Device) -> None:
    said = await device.say("turn on the kitchen light")
    assert "Home Assistant" in said[-1].payload["text"]


@pytest.mark.parametrize("name", ["ActionExecuted", "ActionFailed", "ReportState"])
async def test_a_state_goes_to_everyone(device: Device, second: Device, name: str) -> None:
    if name != "ReportState":
        await device.say("louder")
    assert await device.tell(f"DeviceControl.{name}", target="volume", command="Increase") == []
    for each in (device, second):
        told = await each.channel.part("DeviceControl.SynchronizeState")
        while told.payload["deviceId"] != device.client.name:
            told = await each.channel.part("DeviceControl.SynchronizeState")
        assert told.payload["deviceState"] == STATE


async def test_another_device_is_watched(device: Device, second: Device) -> None:
    settings = {"report_duration": 30, "report_interval": 3}
    await device.control.call("PUT", "/control/settings", settings)
    for asked in ({}, {"deviceId": second.client.name}):
        assert await device.tell("DeviceControl.RequestStateSynchronization", **asked) == []
        order = await second.channel.part("DeviceControl.ExpectReportState")
        while not order.payload:  # the greeting's
            order = await second.channel.part("DeviceControl.ExpectReportState")
        assert order.payload == {"durationInSeconds": 30, "intervalInSeconds": 3}
        await second.tell("DeviceControl.ReportState")
        told = await device.channel.part("DeviceControl.SynchronizeState")
        assert told.payload["deviceId"] == second.client.name
    await device.tell("DeviceControl.ReportState")


async def test_a_device_that_is_away_has_no_state(device: Device) -> None:
    assert await device.tell("DeviceControl.RequestStateSynchronization", deviceId="gone") == []
    told = await device.channel.part("DeviceControl.SynchronizeState")
    assert told.payload == {"deviceId": "gone"}


async def test_the_list_of_devices(device: Device, second: Device) -> None:
    [shown] = await device.tell("DeviceControl.RequestDeviceList")
    assert shown.name == "DeviceControl.RenderDeviceList"
    listed = {entry["deviceId"]: entry for entry in shown.payload["deviceList"]}
    for each in (device, second):
        entry = listed[each.client.name]
        assert {"name": "DELEGATION", "available": True} in entry["availabilities"]
        assert entry["bindTime"] > "2020"


async def test_a_pin_is_told(device: Device) -> None:
    [order] = await device.tell("DeviceControl.BtRequestForPINCode", deviceName="Box")
    assert (order.name, order.payload) == ("DeviceControl.BtConnectByPINCode", {"pinCode": "0000"})
    await done(device, [order])
    assert await device.tell("DeviceControl.BtRequestToCancelPINCodeInput") == []
