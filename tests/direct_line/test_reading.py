"""What a conversation brings while connections, servers and bots misbehave."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import json
from typing import Any

from aiohttp import WSCloseCode, web
import pytest

from custom_components.clova_cic.direct_line import (
    Conversation,
    DirectLine,
    Kind,
    Outgoing,
    Version,
    seen,
)
from custom_components.clova_cic.direct_line.errors import (
    ConversationGoneError,
    DirectLineError,
    MalformedError,
    ServiceError,
    SiteDisabledError,
    TooLargeError,
)
from custom_components.clova_cic.direct_line.exchange import MOST_PAGE
from custom_components.clova_cic.direct_line.reader import MOST_KNOWN, MOST_MALFORMED

from .conftest import QUICK
from .peer import DISABLED, ERROR_PAGE, USER, Answer, Peer, dropped, replies, says

type Make = Callable[..., DirectLine]
type Serve = Callable[[Peer], Any]

V3 = pytest.mark.parametrize("version", [Version.V3], indirect=True)


@pytest.fixture
async def polled(version: Version, serve: Serve) -> Peer:
    """Serve a site without streams: both versions are polled."""
    return await serve(Peer(version, streaming=False))


async def told(conversation: Conversation, number: int) -> list[str | None]:
    activities = conversation.activities()
    async with asyncio.timeout(10):
        return [(await anext(activities)).text for _ in range(number)]


async def nothing_more(conversation: Conversation) -> None:
    """Nothing comes for a while: a few reads' time."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(conversation.activities())


@pytest.mark.parametrize(
    "answer",
    [
        says(500),
        says(502, "<html>"),
        says(408),
        says(429, **{"Retry-After": "0.01"}),
        says(204),
        ERROR_PAGE,
        dropped,
        says(200, "{"),
        says(200, "[" * 100_000),
        replies([]),
        replies({"messages": None, "activities": None, "watermark": None}),
        replies({"messages": {"a": 1}, "activities": 7, "watermark": []}),
    ],
)
async def test_a_read_that_fails_is_repeated(polled: Peer, line: Make, answer: Answer) -> None:
    conversation = await line(polled).start()
    polled.plan("read", answer, answer)
    if polled.version is Version.V3:
        polled.plan("reconnect", says(500))
    await polled.say("one", "two")
    assert await told(conversation, 2) == ["one", "two"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(400), ServiceError),
        (
            replies({"error": {"code": "BadArgument", "message": "Unknown conversation"}}, 404),
            ConversationGoneError,
        ),
        (DISABLED, SiteDisabledError),
        (says(200, " " * (MOST_PAGE + 1)), TooLargeError),
    ],
)
async def test_a_read_that_ends_it(
    polled: Peer, line: Make, answer: Answer, error: type[DirectLineError]
) -> None:
    conversation = await line(polled).start()
    polled.plan("read", answer)
    with pytest.raises(error):
        await told(conversation, 1)
    assert conversation.ended
    assert [one async for one in conversation.activities()] == []


async def test_an_error_page_for_minutes(polled: Peer, line: Make) -> None:
    conversation = await line(polled).start()
    polled.plan("read", *[ERROR_PAGE] * MOST_MALFORMED)
    with pytest.raises(MalformedError):
        await told(conversation, 1)
    assert conversation.ended


async def test_a_message_of_ten_megabytes(polled: Peer, line: Make) -> None:
    """Over a page or a stream: it cannot be passed, so the conversation ends."""
    conversation = await line(polled).start()
    await polled.say("x" * 10_000_000)
    with pytest.raises(TooLargeError):
        await told(conversation, 1)
    assert conversation.ended


@V3
async def test_a_message_of_ten_megabytes_on_a_stream(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("x" * 10_000_000)
    with pytest.raises(TooLargeError):
        await told(conversation, 1)
    assert conversation.ended


async def test_more_than_a_page(polled: Peer, line: Make) -> None:
    """A watermark that is not moved would show the first page for ever."""
    conversation = await line(polled, timing=QUICK).start()
    texts = [str(number) for number in range(250)]
    await polled.say(*texts)
    assert await told(conversation, 250) == texts
    watermarks = [one.query.get("watermark") for one in polled.asked_for("read")]
    assert watermarks == [None, "w100-", "w200-"]


async def test_a_watermark_that_goes_back(polled: Peer, line: Make) -> None:
    conversation = await line(polled).start()
    await polled.say("one", "two")
    assert await told(conversation, 2) == ["one", "two"]
    key = "messages" if polled.version is Version.V1 else "activities"
    polled.plan("read", replies({key: polled.log, "watermark": "w0-"}))
    await nothing_more(conversation)
    await polled.say("three")
    assert await told(conversation, 1) == ["three"]


async def test_a_watermark_that_goes_round(serve: Serve, line: Make, version: Version) -> None:
    """It is followed through what is known, but nobody is kept busy by it."""

    class Round(Peer):
        async def read(self, request: web.Request) -> web.StreamResponse:
            at = self.position(request.query.get("watermark")) % max(1, len(self.log))
            return web.json_response(self.page(at, at + 1))

    peer = await serve(Round(version, streaming=False))
    conversation = await line(peer, timing=replace(QUICK, in_turn=30.0)).start()
    await peer.say("one", "two")
    assert await told(conversation, 2) == ["one", "two"]
    asked = len(peer.asked_for("read"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await anext(conversation.activities())
    assert 1 < len(peer.asked_for("read")) - asked <= MOST_KNOWN + 4


async def test_numbers_that_begin_again(peer: Peer, line: Make) -> None:
    """The service has done so after a pause; other words at another time are no repetition."""
    conversation = await line(peer).start()
    await peer.say("one")
    await peer.say("two", id=peer.log[0]["id"])
    assert await told(conversation, 2) == ["one", "two"]


async def test_messages_without_ids(peer: Peer, line: Make) -> None:
    peer.page_size = 1
    conversation = await line(peer).start()
    await peer.say("one", "one", id=None)
    peer.log += peer.log[:1]
    await peer.say("two")
    assert await told(conversation, 3) == ["one", "one", "two"]


async def test_own_words_come_back_to_nobody(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("of another client", sender="somebody")
    await peer.say("mine", sender=USER)
    await peer.say("bot's")
    assert await told(conversation, 2) == ["of another client", "bot's"]


@V3
async def test_typing_without_an_id_each_time(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("", "", type="typing", id=None, timestamp=None)
    activities = conversation.activities()
    assert [(await anext(activities)).kind for _ in range(2)] == [Kind.TYPING] * 2


@V3
@pytest.mark.parametrize("streaming", [True, False])
async def test_the_bot_ends_it(version: Version, serve: Serve, line: Make, streaming: bool) -> None:
    peer = await serve(Peer(version, streaming=streaming))
    conversation = await line(peer).start()
    await peer.say("Bye")
    await peer.say("", type="endOfConversation")
    kinds = [one.kind async for one in conversation.activities()]
    assert kinds == [Kind.MESSAGE, Kind.END_OF_CONVERSATION]
    assert conversation.ended


async def test_closed_while_somebody_waits(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()

    async def listen() -> list[Any]:
        return [one async for one in conversation.activities()]

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.05)
    await conversation.close()
    async with asyncio.timeout(5):
        assert await listening == []


async def test_a_reader_that_is_cancelled_loses_nothing(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    received: list[str | None] = []
    for number in range(40):
        await peer.say(f"{number}")
        try:
            async with asyncio.timeout(0.002 * (number % 5)):
                received.append((await anext(conversation.activities())).text)
        except TimeoutError:
            pass
    received += await told(conversation, 40 - len(received))
    assert received == [f"{number}" for number in range(40)]


@V3
async def test_a_stream_that_is_closed_again_and_again(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    for number in range(4):
        await peer.say(f"{number}")
        assert await told(conversation, 1) == [f"{number}"]
        reading = asyncio.create_task(told(conversation, 1))
        while not peer.sockets:
            await asyncio.sleep(0.005)
        await peer.close_sockets()
        await peer.say(f"{number}, after all")
        assert await reading == [f"{number}, after all"]
    assert all(one.query["watermark"] for one in peer.asked_for("reconnect"))
    assert len(peer.asked_for("stream")) >= 4


@V3
async def test_polling_while_there_is_no_stream(peer: Peer, line: Make) -> None:
    """A proxy may let no WebSocket through."""
    peer.plan("stream", *[says(400)] * 50)
    conversation = await line(peer).start()
    for number in range(5):
        await peer.say(f"{number}")
        assert await told(conversation, 1) == [f"{number}"]
    assert peer.asked_for("read")


@V3
@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "ws://", "ws://127.0.0.1:1/", None, 7, "wss://127.0.0.1:1/"]
)
async def test_no_address_of_a_stream(peer: Peer, line: Make, url: Any) -> None:
    grant = {"conversationId": peer.conversation_id, "token": peer.new_token(), "streamUrl": url}
    peer.plan("start", replies(grant))
    peer.plan("reconnect", replies(grant), says(400))
    conversation = await line(peer).start()
    await peer.say("one")
    assert await told(conversation, 1) == ["one"]


@V3
async def test_another_reader_has_taken_the_stream(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    await peer.say("one")
    assert await told(conversation, 1) == ["one"]
    await peer.close_sockets(WSCloseCode.POLICY_VIOLATION, b"collision")
    await nothing_more(conversation)
    await peer.say("two")
    assert await told(conversation, 1) == ["two"]
    assert len(peer.asked_for("stream")) == 1
    assert not peer.asked_for("reconnect")


class DeafPeer(Peer):
    """Its first stream brings nothing, and is not closed."""

    async def feed(self, socket: web.WebSocketResponse, position: int) -> None:
        if len(self.asked_for("stream")) > 1:
            await super().feed(socket, position)


async def test_a_stream_that_brings_nothing(serve: Serve, line: Make) -> None:
    peer = await serve(DeafPeer(Version.V3))
    peer.says = lambda message: ["Yes"]
    conversation = await line(peer).start()
    reading = asyncio.create_task(told(conversation, 1))
    while not peer.sockets:
        await asyncio.sleep(0.005)
    await conversation.send(Outgoing(text="Is the door locked?"))
    assert await reading == ["Yes"]
    reading = asyncio.create_task(told(conversation, 1))
    while len(peer.asked_for("stream")) < 2:
        await asyncio.sleep(0.005)
    await peer.say("by itself")
    assert await reading == ["by itself"]


@V3
async def test_frames_that_are_no_activities(peer: Peer, line: Make) -> None:
    conversation = await line(peer).start()
    reading = asyncio.create_task(told(conversation, 1))
    while not peer.sockets:
        await asyncio.sleep(0.005)
    (socket,) = peer.sockets
    for frame in (
        "",
        "{",
        "[]",
        "7",
        json.dumps({"watermark": "w9-"}),
        '{"activities": [7, null]}',
    ):
        await socket.send_str(frame)
    await socket.send_bytes(b"\x00")
    await peer.say("one")
    assert await reading == ["one"]


@V3
async def test_the_stream_is_kept_alive(peer: Peer, line: Make) -> None:
    heard: list[str] = []

    async def listening(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for frame in socket:
            heard.append(frame.data)
            await socket.send_str("")
        return socket

    peer.plan("stream", listening)
    conversation = await line(peer).start()
    reading = asyncio.create_task(told(conversation, 1))
    while len(heard) < 2:
        await asyncio.sleep(0.005)
    assert heard == ["", ""]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST_MARKS", 100)
    memory = seen.Seen()
    for number in range(100):
        assert memory.is_new({"id": f"{number}", "timestamp": f"{number}", "text": "x"})
    assert len(memory._known) == 100
    assert not memory.is_new({"id": "99", "timestamp": None, "text": "x"})
    assert memory.is_new({"id": "0", "timestamp": "0", "text": "x"})
