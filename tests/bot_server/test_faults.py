"""Failures on demand, and the control interface."""

from typing import Any

from aiohttp import ClientError, ClientPayloadError, ServerDisconnectedError
import pytest

from bot_server.conversations import MAX_ACTIVITIES, MAX_CONVERSATIONS, Conversation, Conversations
from bot_server.errors import RefusedError
from bot_server.files import File, Files
from bot_server.journal import Journal
from bot_server.keys import MAX_TOKENS, Grant, Tokens
from tests.bot_server.client import BotControl, Caller, Talk, talk


async def test_planned_faults(spoken: Talk, control: BotControl) -> None:
    send = "v1.send" if spoken.version == "1.1" else "v3.send"
    receive = send.replace("send", "receive")
    for kind in ("drop", "lose"):
        await control.fault(kind, send)
        with pytest.raises(ServerDisconnectedError):
            await spoken.say(kind)
    assert [each["text"] for each in await spoken.heard()] == ["You said: lose"]
    await control.fault("cut", receive)
    with pytest.raises(ClientPayloadError):
        await spoken.page()
    busy: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "3"}, "times": 2}
    await control.fault("answer", send, **busy)
    for kind in ("replace", "delay"):
        await control.fault(kind, send, status=503, body="<html>", seconds=0.01)
    statuses = [(await spoken.say("hello")).status for _ in range(4)]
    assert statuses[:3] == [429, 429, 503]
    assert statuses[3] in (200, 204)
    # of the five, two were not looked at
    assert len(await spoken.heard()) == 3


async def test_bad_weather_has_a_seed(caller: Caller, control: BotControl) -> None:
    async def fates() -> list[bool]:
        await control.set(cut_share=0.5, seed=7)
        found = []
        for _ in range(20):
            try:
                found.append((await caller.get("/api/tokens")).status == 200)
            except ClientError:
                found.append(False)
        return found

    first = await fates()
    assert {*first} == {True, False}
    assert await fates() == first


async def test_shapes_of_errors(caller: Caller, control: BotControl) -> None:
    stranger = caller.with_token("wrong")
    await control.set(flat_errors=True, delay=0.001)
    flat = await stranger.post("/api/conversations")
    assert flat.json == {"message": "BadArgument:Security token not valid"}
    await control.set(html_errors=True)
    page = await stranger.post("/api/conversations")
    assert (page.status, page.content_type) == (403, "text/html")


async def test_log_has_requests_as_they_came(caller: Caller, control: BotControl) -> None:
    spoken = await talk(caller, "1.1")
    since = await control.now()
    body = b'{"from":"a",  "text":"b"}'
    await spoken.caller.post(spoken.messages, data=body, headers={"X-Odd": "Value"})
    (found,) = await control.requests(since, "v1.send")
    assert found["body"] == body
    assert ["X-Odd", "Value"] in found["headers"]
    assert found["path"] == spoken.messages
    entries = (await control.call("GET", f"/log?since={found['seq']}&wait=5"))["entries"]
    assert (entries[0]["request"], entries[0]["status"]) == (found["seq"], 204)


async def test_levers_are_checked(caller: Caller, control: BotControl) -> None:
    assert (await caller.get("/control/log")).status == 401
    lever = control.caller
    wrong = [
        ("PUT", "/settings", {"nonsense": 1}),
        ("PUT", "/settings", {"v1_enabled": 1}),
        ("PUT", "/settings", {"page_size": 0}),
        ("PUT", "/settings", {"page_size": 1.5}),
        ("PUT", "/settings", {"delay": -1}),
        ("PUT", "/settings", ["delay"]),
        ("POST", "/faults", {"kind": "nonsense"}),
        ("POST", "/faults", {"kind": "drop", "headers": 1}),
        ("POST", "/faults", {"kind": "drop", "times": "many"}),
        ("POST", "/streams/close", {"code": "many"}),
        ("POST", "/secret", {"secret": 1}),
        ("GET", "/log?since=many", None),
        ("GET", "/log?since=nan", None),
    ]
    for method, path, body in wrong:
        assert (await lever.call(method, f"/control{path}", body)).status == 400, (path, body)
    assert (await lever.post("/control/faults", data=b"{")).status == 400
    activity = {"conversation": "nobody", "activity": {"type": "message"}}
    assert (await lever.post("/control/activities", activity)).status == 404
    spoken = await talk(caller, "3.0")
    odd = {"conversation": spoken.id, "activity": {"text": "no type"}}
    assert (await lever.post("/control/activities", odd)).status == 400


async def test_what_breaks_ends_nothing(caller: Caller, control: BotControl) -> None:
    spoken = await talk(caller, "1.1")
    one: dict[str, Any] = {"actions": [{"title": "Yes"}]}
    for suggested in (one, {"actions": 1}):
        activity = {"type": "message", "text": "?", "suggestedActions": suggested}
        body = {"conversation": spoken.id, "activity": activity}
        await control.call("POST", "/activities", body)
        if suggested is one:
            assert (await spoken.heard())[0]["text"] == "?\n\n(1. Yes)"
    answer = await spoken.caller.get(spoken.messages)
    assert (answer.status, answer.code) == (500, "ServiceError")
    answer = await spoken.say("", images=["data:,\ud800"])
    assert (answer.status, answer.code) == (500, "BotError")
    again = await talk(caller, "3.0")
    card = {"contentType": "application/vnd.microsoft.card.hero", "content": {}}
    await again.say("", attachments=[card])
    assert [each["text"] for each in await again.heard()] == [
        "A card: application/vnd.microsoft.card.hero."
    ]


async def test_another_secret(caller: Caller, control: BotControl) -> None:
    spoken = await talk(caller, "3.0")
    changed = (await control.call("POST", "/secret", {"secret": caller.bot.secret + "x"}))["secret"]
    try:
        assert changed == caller.bot.secret + "x"
        assert (await spoken.say("hello")).status == 403
        assert (await caller.post("/api/conversations")).status == 403
        await talk(caller.with_token(changed), "3.0")
    finally:
        await control.call("POST", "/secret", {"secret": caller.bot.secret})


async def test_what_grows_is_bounded() -> None:
    journal = Journal(limit=3, bodies=10)
    for number in range(5):
        journal.add("request", number=number, body=b"1234")
    assert [each["number"] for each in journal.since(0)[0]] == [3, 4]
    await journal.wait(5, 0)

    tokens = Tokens(lambda: 0.0)
    first = tokens.issue(Grant(conversation="a"), 1)
    for _ in range(MAX_TOKENS):
        last = tokens.issue(Grant(conversation="a"), 1)
    assert tokens.grant_of(last).conversation == "a"
    with pytest.raises(RefusedError, match="not valid"):
        tokens.grant_of(first)

    files = Files()
    large = File(name="", content_type="a/b", data=bytes(64 * 1024 * 1024))
    links = [files.add("a", large) for _ in range(3)]
    assert files.read(links[2]).data
    with pytest.raises(RefusedError, match="not found"):
        files.read(links[0])


async def test_old_conversations_and_activities_go() -> None:
    conversations = Conversations()
    for number in range(MAX_CONVERSATIONS + 1):
        conversations.start(str(number))
        conversations.get("0")
    assert conversations.find("0")
    assert conversations.find("1") is None

    conversation = Conversation("a")
    early = conversation.mark(1)
    for number in range(MAX_ACTIVITIES + 1):
        conversation.add({"type": "message", "number": number})
    found, following = conversation.since(0, 1)
    assert found[0]["number"] == following - 1 == MAX_ACTIVITIES // 2
    with pytest.raises(RefusedError, match="watermark"):
        conversation.place(early)
    assert conversation.place(None) == following - 1
