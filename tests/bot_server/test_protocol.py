"""The operations of both versions: statuses, shapes, tokens, watermarks."""

from itertools import pairwise

import pytest

from tests.bot_server.client import V3, BotControl, Caller, Talk, talk

SITE_OFF = "Site missing or disabled"


async def test_tokens_of_11_are_quoted_texts(caller: Caller, control: BotControl) -> None:
    for method, path in (("POST", "/api/tokens/conversation"), ("GET", "/api/tokens")):
        answer = await caller.call(method, path)
        assert (answer.status, answer.content_type) == (200, "application/json")
        assert isinstance(answer.json, str)
    spoken = await talk(caller.with_token(answer.json), "1.1")
    await control.set(bare_tokens=True)
    for method in ("GET", "POST"):
        answer = await spoken.caller.call(method, f"/api/tokens/{spoken.id}/renew")
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert (await caller.call(method, f"/api/tokens/{spoken.id}/renew")).status == 400
        renewed = caller.with_token(answer.body.decode())
        assert (await renewed.get(spoken.messages)).status == 200


async def test_start_of_11(caller: Caller, control: BotControl) -> None:
    answer = await caller.post("/api/conversations")
    assert answer.status == 200
    assert answer.json == answer.json | {"expires_in": 1800}
    await control.set(v1_start_created=True, tells_expiry=False)
    again = await caller.with_token(answer.json["token"]).post("/api/conversations")
    assert again.status == 201
    assert again.json.keys() == {"conversationId", "token"}
    assert again.json["conversationId"] == answer.json["conversationId"]


async def test_start_and_refresh_of_30(caller: Caller) -> None:
    generated = (await caller.post(f"{V3}/tokens/generate")).json
    assert generated["expires_in"] == 1800
    scoped = caller.with_token(generated["token"])
    for status in (201, 200):
        started = await scoped.post(f"{V3}/conversations", {})
        assert started.status == status
        assert started.json["conversationId"] == generated["conversationId"]
        assert started.json["streamUrl"].startswith(caller.bot.address.replace("http", "ws"))
    refreshed = (await scoped.post(f"{V3}/tokens/refresh")).json
    assert refreshed["conversationId"] == generated["conversationId"]
    assert refreshed["token"] != generated["token"]
    assert (await caller.post(f"{V3}/tokens/refresh")).status == 400
    wrong = await caller.post(f"{V3}/tokens/generate", {"user": {"id": "somebody"}})
    assert wrong.status == 400


@pytest.mark.parametrize("version", ["1.1", "3.0"])
async def test_who_may_ask(caller: Caller, control: BotControl, version: str) -> None:
    spoken, other = await talk(caller, version), await talk(caller, version)

    async def asked(authorization: str) -> int:
        answer = await caller.get(spoken.messages, headers={"Authorization": authorization})
        return answer.status

    assert await asked("") == await asked("Bearer ") == await asked("Basic abc") == 401
    assert await asked("Bearer wrong") == 403
    assert await asked(f"Bearer {other.caller.token}") == 403
    assert await asked(f"bearer {caller.token}") == 200
    is_v1 = version == "1.1"
    assert await asked(f"BotConnector {caller.token}") == (200 if is_v1 else 401)
    generate = "/api/tokens/conversation" if is_v1 else f"{V3}/tokens/generate"
    refused = await spoken.caller.post(generate)
    assert refused.status == 403
    assert b"Cannot use a scoped token" in refused.body
    await control.call("POST", "/expire", {"conversation": spoken.id})
    expired = await spoken.caller.get(spoken.messages)
    assert (expired.status, expired.code) == (403, "TokenExpired")
    assert (await other.caller.get(other.messages)).status == 200


async def test_tokens_end(caller: Caller, control: BotControl) -> None:
    await control.set(token_seconds=0)
    spoken = await talk(caller, "3.0")
    assert (await spoken.say("hello")).code == "TokenExpired"
    assert (await spoken.caller.post(f"{V3}/tokens/refresh")).code == "TokenExpired"


async def test_switches_of_the_site(caller: Caller, control: BotControl) -> None:
    await control.set(v1_enabled=False)
    answer = await caller.post("/api/conversations")
    assert (answer.status, answer.json) == (403, {"message": f"BadArgument:{SITE_OFF}"})
    assert (await caller.post(f"{V3}/conversations")).status == 201
    await control.set(v1_enabled=True, v3_enabled=False)
    answer = await caller.post(f"{V3}/conversations")
    assert (answer.status, answer.json["error"]["message"]) == (403, SITE_OFF)
    assert (await caller.post("/api/conversations")).status == 200


async def test_enhanced_authentication(caller: Caller, control: BotControl) -> None:
    await control.set(secure_site=True)
    assert (await caller.post(f"{V3}/conversations")).code == "MissingProperty"
    started = await caller.post(f"{V3}/conversations", {"user": {"id": "dl_somebody"}})
    path = f"{V3}/conversations/{started.json['conversationId']}"
    assert (await caller.get(path)).code == "MissingProperty"
    assert (await caller.with_token(started.json["token"]).get(path)).status == 200


async def test_unknown_conversations_and_paths(spoken: Talk, control: BotControl) -> None:
    secret = control.caller.with_token(control.caller.bot.secret)
    await control.call("POST", "/forget", {"conversation": spoken.id})
    for answer in (await spoken.say("hello"), await secret.get(spoken.messages)):
        assert (answer.status, answer.code) == (404, "BadArgument")
    nowhere = await secret.get("/api/nowhere")
    assert (nowhere.status, nowhere.json["message"]) == (404, "Resource not found")
    assert (await secret.call("PUT", spoken.messages)).status == 405
    assert (await secret.get("/attachments/a/1/b?t=c")).status == 404


async def test_watermarks_lead_through_all(spoken: Talk, control: BotControl) -> None:
    await control.set(page_size=2)
    for number in range(3):
        await spoken.say(str(number))
    marks: list[str | None] = [None]
    found = []
    while True:
        page, mark = await spoken.page(marks[-1])
        if not page:
            break
        assert len(page) == 2
        found += page
        marks.append(mark)
    # returned with an empty page as well, and no number
    assert mark == marks[-1]
    assert not any(str(each).isdigit() for each in marks)
    assert len({each["id"] for each in found}) == 6
    unknown = await spoken.caller.get(f"{spoken.messages}?watermark=7")
    assert (unknown.status, unknown.code) == (400, "InvalidRange")


async def test_odd_pages_lose_nothing(spoken: Talk, control: BotControl) -> None:
    await control.set(
        page_size=3, odd_pages=True, duplicates=True, watermark_back=2, reply_delay=0, seed=1
    )
    for number in range(8):
        await spoken.say(str(number))
    found: list[str] = []
    mark: str | None = None
    lengths = set()
    while f"{spoken.id}|16" not in (
        f"{spoken.id}|{int(each.rpartition('|')[2])}" for each in found
    ):
        page, mark = await spoken.page(mark)
        lengths.add(len(page))
        found += [each["id"] for each in page]
    assert len(found) > len(set(found)) == 16
    assert list(dict.fromkeys(found)) == sorted(set(found))
    assert 0 in lengths
    assert any(later < earlier for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"word", "MalformedData"),
        (b'"word"', "MalformedData"),
        (b"\xff", "MalformedData"),
        (b"[" * 100_000, "MalformedData"),
        (b"{}", "MissingProperty"),
        (b'{"from": "a", "text": "b", "channelData": "c"}', "MalformedData"),
        (b'{"from": "a", "text": 1}', "MalformedData"),
        (b'{"from": 1, "text": "b"}', "MalformedData"),
        (b'{"from": "a", "images": "b"}', "MalformedData"),
        (b'{"from": "a", "images": [1]}', "MalformedData"),
        (b'{"from": "a", "attachments": ["b"]}', "MalformedData"),
        (b'{"from": "a", "attachments": [{"url": "b"}]}', "MissingProperty"),
        (b'{"from": "a", "text": "%s"}' % (b"b" * 262_144), "BadArgument"),
    ],
)
async def test_messages_that_are_none(caller: Caller, body: bytes, code: str) -> None:
    spoken = await talk(caller, "1.1")
    answer = await spoken.caller.post(spoken.messages, data=body)
    assert answer.status == (413 if code == "BadArgument" else 400)
    assert answer.code == code


@pytest.mark.parametrize(
    ("activity", "code"),
    [
        ({"from": {"id": "a"}}, "MissingProperty"),
        ({"type": "message", "text": "b"}, "MissingProperty"),
        ({"type": "message", "from": "a"}, "MissingProperty"),
        ({"type": "message", "from": {"id": "a"}, "attachments": ["b"]}, "MalformedData"),
        ({"type": "message", "from": {"id": "a"}, "channelData": 1}, "MalformedData"),
    ],
)
async def test_activities_that_are_none(caller: Caller, activity: object, code: str) -> None:
    spoken = await talk(caller, "3.0")
    answer = await spoken.caller.post(spoken.messages, activity)
    assert (answer.status, answer.code) == (400, code)


async def test_nobody_is_somebody_new_each_time(caller: Caller) -> None:
    spoken = await talk(caller, "1.1")
    for _ in range(2):
        await spoken.caller.post(spoken.messages, {"text": "hello"})
    senders = [each["from"] for each in (await spoken.page())[0]]
    assert len({*senders}) == 3


async def test_activities_beside_messages(caller: Caller) -> None:
    spoken = await talk(caller, "3.0")
    await spoken.say("menu")
    for kind in ("typing", "event", "conversationUpdate", "endOfConversation"):
        answer = await spoken.caller.post(
            spoken.messages, {"type": kind, "from": {"id": spoken.user}, "timestamp": "never"}
        )
        assert answer.json["id"].startswith(f"{spoken.id}|")
    page = (await spoken.page())[0]
    assert not any(each["timestamp"] == "never" for each in page)
    kinds = [each["type"] for each in page]
    assert kinds == ["message", "message", "event", "endOfConversation"]
    # the end took the bot's question with it
    (echo,) = await spoken.answers("tea")
    assert echo["text"] == "You said: tea"
