"""The stream of 3.0: frames, watermarks, how it is taken over and closed."""

import asyncio
from collections.abc import Iterable
import json
from typing import Any

from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, WSServerHandshakeError
import pytest

from tests.bot_server.client import SECONDS, V3, BotControl, Caller, Talk, talk


async def reconnected(spoken: Talk, mark: str | None = None) -> str:
    query = f"?watermark={mark}" if mark is not None else ""
    found = (await spoken.caller.get(spoken.path + query)).json
    assert "expires_in" not in found
    return str(found["streamUrl"])


async def opened(spoken: Talk, mark: str | None = None) -> ClientWebSocketResponse:
    return await spoken.caller.session.ws_connect(await reconnected(spoken, mark))


async def frames(socket: ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """Return the next frames that are activities."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(SECONDS):
        while len(found) < count:
            text = await socket.receive_str()
            if text:
                found.append(json.loads(text))
    return found


def texts(found: Iterable[dict[str, Any]]) -> list[str | None]:
    return [each["activities"][0].get("text") for each in found]


async def test_activities_come_as_they_are_said(caller: Caller) -> None:
    started = (await caller.post(f"{V3}/conversations")).json
    spoken = Talk(
        caller=caller.with_token(started["token"]), id=started["conversationId"], version="3.0"
    )
    await spoken.say("before")
    # what was said between start and opening is replayed
    async with caller.session.ws_connect(started["streamUrl"]) as socket:
        assert texts(await frames(socket, 2)) == ["before", "You said: before"]
        await spoken.say("slow 0.01")
        _, typing, said = await frames(socket, 3)
        assert typing["activities"][0]["type"] == "typing"
        assert "id" not in typing["activities"][0]
        assert typing["watermark"] is None
        assert texts([said]) == ["That took 0.01 seconds."]
    # and nobody types when it is read again
    async with await opened(spoken, "-") as socket:
        again = texts(await frames(socket, 4))
    assert again == ["before", "You said: before", "slow 0.01", "That took 0.01 seconds."]
    # where it went on stands in each frame
    async with await opened(spoken, said["watermark"]) as socket:
        await spoken.say("after")
        assert texts(await frames(socket, 2)) == ["after", "You said: after"]
    assert (await spoken.page(said["watermark"]))[0][0]["text"] == "after"


async def test_growing_answer(caller: Caller) -> None:
    spoken = await talk(caller, "3.0")
    async with await opened(spoken) as socket:
        await spoken.say("stream")
        _, *pieces = await frames(socket, 6)
    assert texts(pieces)[:2] == ["One", "One word"]
    first, final = pieces[0]["activities"][0], pieces[-1]["activities"][0]
    assert final["channelData"] == {"streamType": "final", "streamId": first["id"]}
    assert [each["type"] for each in await spoken.heard()] == ["message"]


async def test_second_stream_takes_over(caller: Caller) -> None:
    spoken = await talk(caller, "3.0")
    async with await opened(spoken) as first, await opened(spoken) as second:
        message = await first.receive(SECONDS)
        assert (message.type, message.extra) == (WSMsgType.CLOSE, "collision")
        await spoken.say("hello")
        assert texts(await frames(second, 2)) == ["hello", "You said: hello"]


async def test_frames_that_are_none_and_twice(caller: Caller, control: BotControl) -> None:
    await control.set(odd_frames=True, duplicates=True, keep_alive_seconds=0.02)
    spoken = await talk(caller, "3.0")
    async with await opened(spoken) as socket:
        assert [await socket.receive_str() for _ in range(5)][3:] == ["", ""]
        await socket.send_str("")
        await spoken.say("hello")
        found = texts(await frames(socket, 4))
    assert found == ["hello", "hello", "You said: hello", "You said: hello"]


async def test_streams_that_end(caller: Caller, control: BotControl) -> None:
    spoken = await talk(caller, "3.0")
    async with await opened(spoken) as socket:
        while not (await control.call("POST", "/streams/close", {"code": 1012}))["closed"]:
            pass
        assert (await socket.receive(SECONDS)).data == 1012
    async with await opened(spoken) as socket:
        while not (await control.call("POST", "/streams/close", {"cut": True}))["closed"]:
            pass
        message = await socket.receive(SECONDS)
        assert message.type is WSMsgType.CLOSED or message.data == WSCloseCode.ABNORMAL_CLOSURE
    await control.set(socket_seconds=0.02)
    async with await opened(spoken) as socket:
        assert (await socket.receive(SECONDS)).data == 1001
    async with await opened(spoken) as socket:
        await control.call("POST", "/forget", {"conversation": spoken.id})
        assert (await socket.receive(SECONDS)).data == 1001
    found = await control.call("GET", "/conversations")
    assert spoken.id not in [each["id"] for each in found["conversations"]]


async def test_addresses_that_open_nothing(caller: Caller, control: BotControl) -> None:
    spoken, other = await talk(caller, "3.0"), await talk(caller, "3.0")
    address = await reconnected(spoken)
    wrong = [
        (403, address.replace("&t=", "&t=x")),
        (403, address.replace(spoken.id, other.id)),
        (400, address.replace("watermark=", "watermark=x")),
    ]
    await control.set(stream_url_seconds=0)
    wrong.append((403, await reconnected(spoken)))
    for status, each in wrong:
        with pytest.raises(WSServerHandshakeError) as refused:
            await caller.session.ws_connect(each)
        assert refused.value.status == status
    await control.set(v3_enabled=False)
    with pytest.raises(WSServerHandshakeError, match="403"):
        await caller.session.ws_connect(address)
    await control.set(v3_enabled=True)
    async with await caller.session.ws_connect(address):
        pass
