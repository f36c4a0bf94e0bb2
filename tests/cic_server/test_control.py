"""The control interface: log, push, settings, state; who may use it."""

import base64
from typing import Any

import pytest

from cic_server.http import Request
from cic_server.journal import Journal
from tests.cic_server.client import Client, Control
from tests.cic_server.mp3 import frames_in


async def test_access_token_is_refused(client: Client) -> None:
    assert await (await client.request("GET", "/control/log")).status == 401
    nobody = await client.request("GET", "/control/log", authorization="")
    assert await nobody.status == 401


def test_peers_elsewhere_are_told_apart() -> None:
    def request_from(host: str) -> Request:
        scope = {"method": "GET", "path": "/", "http_version": "2", "headers": []}
        scope |= {"client": (host, 1)}

        async def never(*_: Any) -> Any:
            raise AssertionError

        return Request(scope, never, never)

    assert request_from("127.0.0.1").is_from_this_machine
    assert request_from("::1").is_from_this_machine
    assert not request_from("192.0.2.7").is_from_this_machine
    assert not request_from("localhost.example").is_from_this_machine


async def test_push_reaches_every_downchannel(client: Client, control: Control) -> None:
    async with Client(client.server).named() as second:
        channels = [await client.downchannel(), await second.downchannel()]
        directive = {
            "header": {"namespace": "AudioPlayer", "name": "Play", "dialogRequestId": "d"},
            "payload": {"playBehavior": "REPLACE_ALL"},
        }
        pushed = await control.call("POST", "/control/directives", {"directive": directive})
        assert pushed["downchannels"] >= 2
        for channel in channels:
            part = await channel.part("AudioPlayer.Play")
            assert part.payload == {"playBehavior": "REPLACE_ALL"}
            assert part.directive["header"]["messageId"]
            assert part.directive["header"]["dialogRequestId"] == "d"


async def test_push_with_attachment_and_speech(client: Client, control: Control) -> None:
    channel = await client.downchannel()
    body = {
        "directive": {"header": {"namespace": "A", "name": "B", "messageId": "m"}, "payload": {}},
        "attachments": {"some-id": base64.b64encode(b"bytes").decode()},
        "say": {"text": "hello", "lang": "en"},
        "client": client.name,
    }
    assert await control.call("POST", "/control/directives", body) == {"downchannels": 1}
    parts = channel.parts()
    first = await anext(parts)
    while first.name != "A.B":
        first = await anext(parts)
    assert first.directive["header"]["messageId"] == "m"
    speak, sound, attachment = [await anext(parts) for _ in range(3)]
    assert speak.payload["url"] == f"cid:{sound.headers['content-id']}"
    assert "dialogRequestId" not in speak.directive["header"]
    assert frames_in(sound.body) > 5
    assert attachment.headers["content-id"] == "some-id"
    assert attachment.body == b"bytes"


async def test_downchannel_can_be_ended_and_fed_raw(client: Client, control: Control) -> None:
    channel = await client.downchannel()
    raw = base64.b64encode(b"Content-Type: text/odd\r\n\r\nodd").decode()
    body = {"raw_base64": raw, "end": True, "client": client.name}
    assert await control.call("POST", "/control/downchannel", body) == {"downchannels": 1}
    await channel.all_parts()
    assert channel.rest.endswith(b"text/odd\r\n\r\nodd")
    assert await (await client.say_text("hello")).status == 412


async def test_settings_change_and_are_checked(client: Client, control: Control) -> None:
    before = await control.call("GET", "/control/settings")
    assert before["transcript"] is True
    after = await control.call("PUT", "/control/settings", {"speak_delay": 1.5})
    assert after == before | {"speak_delay": 1.5}
    for wrong in ({"nonsense": 1}, {"transcript": "yes"}, {"speak_delay": -1}):
        with pytest.raises(AssertionError, match="400"):
            await control.call("PUT", "/control/settings", wrong)


async def test_state_and_words(client: Client, control: Control) -> None:
    await client.downchannel()
    state = await control.call("GET", "/control/state")
    mine = [found for found in state["downchannels"] if found["client"] == client.name]
    assert [found["connection"] for found in mine] == [client.connection]
    words = await control.call("GET", "/control/words")
    assert len(words["words"]) == len(set(words["words"])) >= 60


async def test_log_is_bounded_and_numbered() -> None:
    journal = Journal(limit=3)
    for number in range(5):
        journal.add("test", number=number)
    entries, following = journal.since(0)
    assert [entry["number"] for entry in entries] == [2, 3, 4]
    assert following == 5
    assert journal.since(4)[0] == [entries[-1]]
    assert journal.since(5) == ([], 5)
    await journal.wait(5, 0)
