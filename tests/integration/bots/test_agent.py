"""The agent: typed through real pipelines of Assist, over both versions, to the real bot."""

import asyncio
from typing import Any

from homeassistant.components import conversation
from homeassistant.components.assist_pipeline import PipelineEventType, async_get_pipelines
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.clova_cic.bots.bot import Bot
from custom_components.clova_cic.bots.talk import Waits
from tests.bot_server.client import BotControl
from tests.integration.house import engine

from .conftest import QUICK, SetUpBot

VERSIONS = ("v1_1", "v3_0")


async def ask(
    home: HomeAssistant, text: str, conversation_id: str | None = None, language: str = "en"
) -> conversation.ConversationResult:
    """Type something to the agent."""
    return await conversation.async_converse(
        home,
        text,
        conversation_id,
        Context(),
        language=language,
        agent_id=engine(home, "conversation"),
    )


def answer(result: conversation.ConversationResult) -> str:
    speech: str = result.response.speech["plain"]["speech"]
    return speech


@pytest.fixture
async def typed(home: HomeAssistant) -> HomeAssistant:
    """Return Home Assistant with Assist."""
    for name in ("conversation", "assist_pipeline"):
        assert await async_setup_component(home, name, {})
    return home


@pytest.mark.parametrize("version", VERSIONS)
async def test_typed_through_a_pipeline(
    typed: HomeAssistant, set_up_bot: SetUpBot, version: str, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up_bot(version=version)
    websocket = await hass_ws_client(typed)
    create = {
        "name": "Bot",
        "language": "en",
        "conversation_engine": engine(typed, "conversation"),
        "conversation_language": "en",
        **dict.fromkeys(
            (
                "stt_engine",
                "stt_language",
                "tts_engine",
                "tts_language",
                "tts_voice",
                "wake_word_entity",
                "wake_word_id",
            )
        ),
    }
    await websocket.send_json_auto_id({"type": "assist_pipeline/pipeline/create", **create})
    assert (await websocket.receive_json())["success"]
    pipeline = next(one.id for one in async_get_pipelines(typed) if one.name == "Bot")
    run = {"start_stage": "intent", "end_stage": "intent", "input": {"text": "is the door locked"}}
    await websocket.send_json_auto_id({"type": "assist_pipeline/run", "pipeline": pipeline, **run})
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != PipelineEventType.RUN_END:
        told = await websocket.receive_json()
        if told["type"] == "event":
            events.append(told["event"])
    (ended,) = (one["data"] for one in events if one["type"] == PipelineEventType.INTENT_END)
    speech = ended["intent_output"]["response"]["speech"]["plain"]["speech"]
    assert speech == "You said: is the door locked"
    deltas = [one["data"] for one in events if one["type"] == PipelineEventType.INTENT_PROGRESS]
    assert "".join(one["chat_log_delta"].get("content", "") for one in deltas) == speech


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("second", ["the second one", "coffee please", "2"])
async def test_choices_are_taken(
    typed: HomeAssistant, set_up_bot: SetUpBot, version: str, second: str
) -> None:
    await set_up_bot(version=version)
    asked = await ask(typed, "menu")
    for drink in ("1. Tea", "2. Coffee", "3. Water"):
        assert drink in answer(asked)
    assert answer(asked).count("Coffee") == 1
    assert asked.continue_conversation
    if version == "v1_1" and second == "the second one":
        second = "two"  # over 1.1 it is the bot who understands numbers
    coffee = await ask(typed, second, asked.conversation_id)
    assert answer(coffee).startswith("Black or white?")
    assert coffee.continue_conversation
    black = await ask(typed, "black", asked.conversation_id)
    assert answer(black) == "Coffee, black, is on its way."
    assert not black.continue_conversation


async def test_conversations_are_apart(
    typed: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl
) -> None:
    bot = await set_up_bot(version="v3_0")
    since = await levers.now()
    asked = await ask(typed, "menu")
    other = await ask(typed, "two")
    assert answer(other) == "You said: two"
    assert asked.conversation_id != other.conversation_id
    assert bot.talks == 2
    assert "Tea" not in answer(await ask(typed, "hello", other.conversation_id))
    # each said something to the bot in its own conversation, as the entry's user
    sent = await levers.requests(since, "v3.send")
    assert len({one["path"] for one in sent}) == 2, [one["path"] for one in sent]


async def test_cards_are_text_and_card(typed: HomeAssistant, set_up_bot: SetUpBot) -> None:
    await set_up_bot(version="v3_0")
    result = await ask(typed, "card")
    assert answer(result).startswith("Here are two cards.")
    assert "1. Open, 2. Leave it" in answer(result)
    card = result.response.card["simple"]
    assert card["title"] == "Front door"
    for text in ("Locked", "Closed since noon.", "Back door", "Open since one."):
        assert text in card["content"]
    # the bot has not asked, but a button is known by its number all the same
    assert not result.continue_conversation
    assert answer(await ask(typed, "two", result.conversation_id)) == "You said: Leave it"


@pytest.mark.parametrize("version", VERSIONS)
async def test_several_messages(typed: HomeAssistant, set_up_bot: SetUpBot, version: str) -> None:
    await set_up_bot(version=version)
    assert answer(await ask(typed, "wrong order")) == "Second.\nFirst."
    assert answer(await ask(typed, "twice")) == "I say this twice.\nI say this twice."


async def test_growing_answer(typed: HomeAssistant, set_up_bot: SetUpBot) -> None:
    await set_up_bot(version="v3_0")
    assert answer(await ask(typed, "stream")) == "One word after the other."


@pytest.mark.parametrize("version", VERSIONS)
async def test_goodbye_is_no_end(typed: HomeAssistant, set_up_bot: SetUpBot, version: str) -> None:
    await set_up_bot(version=version)
    bye = await ask(typed, "bye")
    assert answer(bye) == "Goodbye."
    assert answer(await ask(typed, "still there", bye.conversation_id)) == "You said: still there"


@pytest.mark.parametrize("version", VERSIONS)
async def test_slow_answer(
    typed: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, version: str
) -> None:
    """The channel gives up on the bot, and the bot answers all the same."""
    await levers.set(bot_seconds=0.2)
    await set_up_bot(version=version)
    assert answer(await ask(typed, "slow 0.6")) == "That took 0.6 seconds."


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("say nothing", "The bot did not answer in time."),
        ("fail 502", "The bot did not answer in time."),
        ("fail 502 anyway", "An answer in spite of it."),
    ],
)
async def test_failures(
    typed: HomeAssistant, set_up_bot: SetUpBot, version: str, text: str, said: str
) -> None:
    bot = await set_up_bot(version=version)
    bot.waits = Waits(answer=1.5, quiet=0.3, greeting=0.3)
    result = await ask(typed, text)
    assert answer(result) == said
    assert (result.response.error_code is None) is ("anyway" in text)


async def test_away(typed: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl) -> None:
    await set_up_bot(version="v3_0")
    await levers.set(v3_enabled=False)
    refused = await ask(typed, "hello", language="ko")
    assert answer(refused) == "봇이 Home Assistant를 받아들이지 않습니다. 설정을 확인해 주세요."


async def test_late_messages_come_with_the_next_turn(
    typed: HomeAssistant, set_up_bot: SetUpBot
) -> None:
    bot = await set_up_bot(version="v3_0")
    first = await ask(typed, "remind me in 1")
    assert answer(first) == "I will remind you in 1 seconds."
    assert first.conversation_id is not None
    talk = await bot.async_talk(first.conversation_id)
    async with asyncio.timeout(5):
        while not talk.late:
            await asyncio.sleep(0.02)
    second = await ask(typed, "thanks", first.conversation_id)
    assert answer(second) == "This is your reminder.\nYou said: thanks"


async def test_conversations_are_bounded(
    typed: HomeAssistant, set_up_bot: SetUpBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.clova_cic.bots.bot.MOST_TALKS", 2)
    bot: Bot = await set_up_bot(version="v3_0")
    for text in "abc":
        assert answer(await ask(typed, text)) == f"You said: {text}"
    assert bot.talks == 2
    monkeypatch.setattr("custom_components.clova_cic.bots.bot.IDLE", -1.0)
    await bot._leave_idle(None)
    assert bot.talks == 0
    assert bot.connected


async def test_a_token_has_one_conversation(
    typed: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl
) -> None:
    caller = levers.caller.with_token(levers.caller.bot.secret)
    token = (await caller.post("/v3/directline/tokens/generate")).json["token"]
    bot = await set_up_bot(version="v3_0", secret=token)
    result = await ask(typed, "hello")
    assert answer(result) == "You said: hello"
    assert await bot.async_talk(result.conversation_id) is await bot.async_talk(None)
    assert bot.waits is QUICK


@pytest.mark.parametrize("version", VERSIONS)
async def test_too_much(typed: HomeAssistant, set_up_bot: SetUpBot, version: str) -> None:
    """A message no client takes is left out, a long question is refused, and the next one is answered."""
    bot = await set_up_bot(version=version)
    bot.waits = Waits(answer=1.5, quiet=0.3, greeting=0.3)
    huge = await ask(typed, "long 12000000")
    assert huge.response.error_code is not None
    question = await ask(typed, "x" * 300_000)
    assert answer(question) == "That was too long for the bot."
    assert answer(await ask(typed, "hello")) == "You said: hello"
