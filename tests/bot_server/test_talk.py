"""What the bot says to what, over both versions."""

from typing import Any

import pytest

from tests.bot_server.client import V3, BotControl, Caller, Talk, talk


async def texts(spoken: Talk, said: str) -> list[str | None]:
    return [each.get("text") for each in await spoken.answers(said)]


async def test_echo_with_what_the_version_has(spoken: Talk) -> None:
    await spoken.say("안녕하세요", channelData={"place": {"floor": 2}})
    page, _ = await spoken.page()
    own, echo = page
    assert own["text"] == "안녕하세요"
    assert echo["text"] == "You said: 안녕하세요"
    assert own["channelData"] == echo["channelData"] == {"place": {"floor": 2}}
    if spoken.version == "1.1":
        assert echo == {
            "id": f"{spoken.id}|000000000000000002",
            "conversationId": spoken.id,
            "created": echo["created"],
            "from": "local-bot",
            "text": "You said: 안녕하세요",
            "images": [],
            "attachments": [],
            "channelData": {"place": {"floor": 2}},
        }
    else:
        assert echo["id"] == f"{spoken.id}|0000002"
        assert echo["replyToId"] == own["id"]
        assert echo["from"] == {"id": "local-bot", "name": "Local bot", "role": "bot"}
        assert echo["inputHint"] == "acceptingInput"


@pytest.mark.parametrize(
    ("first", "second", "end"),
    [
        ("tea", "Lemon", "Tea, lemon, is on its way."),
        ("number two please", "1", "Coffee, black, is on its way."),
        ("3", None, "Water is on its way."),
        # as the recogniser of the local CIC server hears them
        ("repeat after me coffee", "repeat after me black", "Coffee, black, is on its way."),
    ],
)
async def test_choice_decides(spoken: Talk, first: str, second: str | None, end: str) -> None:
    (asked,) = await spoken.answers("The menu, please.")
    if spoken.version == "1.1":
        assert asked["text"] == "What would you like to drink?\n\n(1. Tea, 2. Coffee or 3. Water)"
    else:
        assert asked["inputHint"] == "expectingInput"
        assert asked["speak"].startswith("<speak ")
        values = [action["value"] for action in asked["suggestedActions"]["actions"]]
        assert values == ["Tea", "Coffee", "Water"]
    for said in filter(None, (first, second)):
        found = await texts(spoken, said)
    assert found == [end]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("order a pizza", "What would you like to drink?"),
        ("What can you do?", "Hello. Say menu, card, slow, remind me, or anything else."),
        ("order", "You said: order"),
        ("the cards are red", "You said: the cards are red"),
    ],
)
async def test_words(caller: Caller, said: str, answered: str) -> None:
    assert await texts(await talk(caller, "3.0"), said) == [answered]


@pytest.mark.parametrize("before", [[], ["tea"]])
async def test_no_choice_ends_the_question(spoken: Talk, before: list[str]) -> None:
    for said in ("menu", *before):
        await spoken.say(said)
    assert await texts(spoken, "elephants") == ["You said: elephants"]
    assert await texts(spoken, "tea") == ["You said: tea"]


async def test_cards(spoken: Talk) -> None:
    (sent,) = await spoken.answers("card")
    if spoken.version == "1.1":
        lines = sent["text"].split("\n\n")
        assert lines[:2] == ["Front door", "Locked"]
        assert lines[3:] == ["Open", "Leave it", "Back door", "Open since one."]
        assert sent["channelData"]["contentType"] == "application/vnd.microsoft.card.hero"
        assert sent["channelData"]["content"]["title"] == "Front door"
    else:
        hero, adaptive = sent["attachments"]
        assert hero["content"]["buttons"][0]["value"] == "Open"
        assert adaptive["content"]["body"][1]["text"] == "Open since one."
        assert sent["speak"]


async def test_answers_of_odd_numbers_and_orders(spoken: Talk) -> None:
    assert await texts(spoken, "say nothing") == []
    twice = await spoken.answers("twice")
    assert len({each["id"] for each in twice}) == len(twice) == 2
    second, first = await spoken.answers("wrong order")
    assert (second["text"], first["text"]) == ("Second.", "First.")
    time = "created" if spoken.version == "1.1" else "timestamp"
    assert second[time] > first[time]
    assert await texts(spoken, "slow 0.01") == ["That took 0.01 seconds."]
    (long,) = await texts(spoken, "long 1000000")
    assert long == "a" * 1_000_000


async def test_only_30_has_events_and_ends(spoken: Talk) -> None:
    found = [await spoken.answers("event"), await spoken.answers("bye")]
    if spoken.version == "1.1":
        assert [[each["text"] for each in one] for one in found] == [[], ["Goodbye."]]
    else:
        (event,), (_, end) = found
        assert (event["name"], event["value"]) == ("door.opened", {"door": "front"})
        assert end["type"] == "endOfConversation"
    # and it ends nothing
    assert await texts(spoken, "hello") == ["You said: hello"]


async def test_reminder_comes_by_itself(spoken: Talk) -> None:
    found = await texts(spoken, "remind me in 0.05 seconds")
    assert found[0] == "I will remind you in 0.05 seconds."
    while "This is your reminder." not in found:
        found = [each.get("text") for each in await spoken.heard()]


async def test_answers_can_come_after_the_request(spoken: Talk, control: BotControl) -> None:
    await control.set(waits_for_bot=False, reply_delay=0.05, echo_last=True)
    await spoken.say("hello")
    page, mark = await spoken.page()
    assert [each["text"] for each in page] == ["hello"]
    while not (found := await spoken.page(mark))[0]:
        pass
    assert found[0][0]["text"] == "You said: hello"


async def test_own_message_can_come_last(spoken: Talk, control: BotControl) -> None:
    await control.set(echo_last=True)
    await spoken.say("hello")
    page, _ = await spoken.page()
    assert [each["text"] for each in page] == ["You said: hello", "hello"]
    assert page[0]["id"] > page[1]["id"]


async def test_greeting_where_the_token_names_the_user(caller: Caller) -> None:
    parameters = {"user": {"id": "dl_somebody"}}
    token = (await caller.post(f"{V3}/tokens/generate", parameters)).json["token"]
    greeted = await talk(caller.with_token(token), "3.0")
    (greeting,) = await greeted.heard()
    assert greeting["text"].startswith("Hello.")
    assert "replyToId" not in greeting
    # and it is who speaks, whatever the message says
    await greeted.say("hello")
    senders = [each["from"]["id"] for each in (await greeted.page())[0]]
    assert senders == ["local-bot", "dl_somebody", "local-bot"]


@pytest.mark.parametrize(
    ("version", "said", "status"),
    [
        ("1.1", "fail", 500),
        ("3.0", "fail", 502),
        ("1.1", "fail 502", 502),
        ("3.0", "fail 504 anyway", 504),
    ],
)
async def test_failing(caller: Caller, version: str, said: str, status: int) -> None:
    spoken = await talk(caller, version)
    answer = await spoken.say(said)
    assert answer.status == status
    assert answer.code == "BotError"
    assert answer.json["httpStatusCode"] == status
    while "anyway" in said and not await spoken.heard():
        pass


@pytest.mark.parametrize("version", ["1.1", "3.0"])
async def test_slower_than_the_channel_waits(
    caller: Caller, control: BotControl, version: str
) -> None:
    spoken = await talk(caller, version)
    await control.set(bot_seconds=0.01)
    assert (await spoken.say("slow 0.2")).status == 504
    while not (found := await spoken.heard()):
        pass
    assert found[-1]["text"] == "That took 0.2 seconds."


async def test_answers_nobody_expects(caller: Caller, control: BotControl) -> None:
    spoken = await talk(caller, "3.0")
    pushed: dict[str, Any] = {"type": "event", "name": "bell", "value": 1}
    await control.call("POST", "/activities", {"conversation": spoken.id, "activity": pushed})
    await control.call("POST", "/activities", {"text": "news"})
    event, news = await spoken.heard()
    assert (event["name"], news["text"]) == ("bell", "news")
    assert await control.activities(spoken.id) == [event, news]
