"""Every event of the newest index is answered as the documents have it, whatever its payload."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cic_server.client import Client

_INDEX = Path(__file__).parents[2] / "docs" / "interfaces_index.txt"
EVENTS = [
    line.split()[0] for line in _INDEX.read_text().partition("[events]")[2].splitlines() if line
]
# Wrong in every way a payload can be, one after the other.
PAYLOADS: list[dict[str, Any]] = [
    {},
    {"token": None, "type": 7, "deviceId": [], "configuration": None, "range": "all"},
    {"token": "unknown", "type": "ALARM", "deviceId": "", "delegationId": {}, "repeatMode": 1},
    {"token": ["x"], "audioStream": [], "handover": "x", "source": 1, "command": {}, "target": 0},
    {"token": {"a": 1}, "text": 5, "offsetInMilliseconds": "x", "clearBehavior": 3},
]


def test_the_index_is_whole() -> None:
    assert len(EVENTS) == 53
    assert "Alerts.AlertStopped" in EVENTS


@pytest.mark.parametrize("name", EVENTS)
async def test_every_event_is_answered(client: Client, name: str) -> None:
    await client.downchannel()
    namespace, _, short = name.partition(".")
    for payload in PAYLOADS:
        stream = await client.event(namespace, short, payload, dialogRequestId=str(uuid4()))
        status = await stream.status
        assert status in (200, 204, 400), payload
        if status == 400:
            # text, or a delegation that there is not: said in words
            assert b'"description":"' in await stream.body()
            assert name in REFUSABLE


REFUSABLE = ("TextRecognizer.Recognize", "SpeechSynthesizer.Request", "Clova.ProcessDelegatedEvent")


async def test_a_context_may_be_anything(client: Client) -> None:
    await client.downchannel()
    odd: list[Any] = [
        7,
        {"header": 7},
        {"header": {"namespace": "Device", "name": "DeviceState"}, "payload": []},
        {"header": {"namespace": "Device", "name": "DeviceState"}, "payload": {"volume": [1]}},
        {
            "header": {"namespace": "Alerts", "name": "AlertsState"},
            "payload": {"allAlerts": 7, "activeAlerts": [{"token": []}, 1]},
        },
    ]
    client.context = odd
    for text in ("louder", "what alarms are set", "stop"):
        assert await (await client.say_text(text)).status == 200
