"""What keeps a bot's conversations: the service forgets, tokens end, secrets change, turns are cut short."""

import asyncio
from typing import Any

from homeassistant.components import media_source
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockModule, mock_integration, mock_platform

from custom_components.clova_cic.bots import bot as bot_module
from custom_components.clova_cic.bots.bot import Bot
from custom_components.clova_cic.direct_line import Outgoing
from tests.bot_server.client import BotControl
from tests.integration.conftest import SetUp
from tests.integration.house import engine
from tests.integration.player import Speaker
from tests.integration.service import CicService, settled, until
from tests.integration.test_actions import act

from .conftest import SetUpBot
from .test_agent import VERSIONS, answer, ask
from .test_messages import send


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start the standing conversation again without a pause."""
    monkeypatch.setattr(bot_module, "FIRST_PAUSE", 0.05)


@pytest.fixture
async def media(home: HomeAssistant) -> None:
    """Set up what serves media, before the web server starts."""
    assert await async_setup_component(home, "media_source", {})


def asked_again(home: HomeAssistant, bot: Bot) -> list[str]:
    """Return the forms that wait for the user."""
    flows = home.config_entries.flow.async_progress()
    return [one["step_id"] for one in flows if one["context"].get("entry_id") == bot.entry.entry_id]


@pytest.mark.parametrize("version", VERSIONS)
async def test_forgotten_conversations(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, version: str, at_once: None
) -> None:
    """What has certainly not arrived goes into a new conversation."""
    bot = await set_up_bot(version=version)
    first = await ask(home, "hello")
    assert bot._standing is not None
    standing = bot._standing.conversation.id
    for name in (standing, (await bot.async_talk(first.conversation_id)).conversation.id):
        await levers.call("POST", "/forget", {"conversation": name})
    again = await ask(home, "hello again", first.conversation_id)
    assert answer(again) == "You said: hello again"
    await bot.async_send(Outgoing(text="to the standing one"))
    await until(lambda: bot._standing.late)  # over 1.1 an answer does not say what it answers
    assert await send(home, text="once more") == "You said: once more"
    assert bot._standing.conversation.id != standing


async def test_standing_conversation_comes_back(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, at_once: None
) -> None:
    bot = await set_up_bot(version="v3_0")
    before = bot._standing
    await act(home, "send_message", quietly=True, text="bye")
    await until(lambda: bot.connected and bot._standing is not before)
    state = home.states.get(engine(home, "notify"))
    assert state is not None and state.state != "unavailable"
    # away for a while, then there again
    before = bot._standing
    await levers.set(v3_enabled=False)
    assert before is not None
    await before.close()
    await until(lambda: bot.last_error == "SiteDisabledError")
    await until(lambda: home.states.get(engine(home, "notify")).state == "unavailable")
    await levers.set(v3_enabled=True)
    await until(lambda: bot.connected)
    assert bot.last_error is None


async def test_secret_that_changes(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, at_once: None
) -> None:
    bot = await set_up_bot(version="v3_0")
    secret = levers.caller.bot.secret
    await levers.call("POST", "/secret", {"secret": "another-secret"})
    try:
        refused = await ask(home, "hello", language="ja")
        assert answer(refused).startswith("ボットが Home Assistant を受け付けません")
        assert asked_again(home, bot) == ["bot_secret"]
        assert bot._standing is not None
        await bot._standing.close()
        await until(lambda: bot.last_error == "CredentialError")
    finally:
        await levers.call("POST", "/secret", {"secret": secret})
    assert asked_again(home, bot) == ["bot_secret"]


async def test_token_that_has_ended(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, at_once: None
) -> None:
    caller = levers.caller.with_token(levers.caller.bot.secret)
    token = (await caller.post("/v3/directline/tokens/generate")).json["token"]
    bot = await set_up_bot(version="v3_0", secret=token)
    await levers.call("POST", "/expire", {})
    result = await ask(home, "hello")
    assert result.response.error_code is not None
    await until(lambda: asked_again(home, bot) == ["bot_secret"])


async def test_a_file_alone_is_told(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl
) -> None:
    bot = await set_up_bot(version="v3_0")
    asking = home.async_create_task(ask(home, "say nothing", "files"))
    await until(lambda: bot.talks == 1 and bot._talks["files"]._inbox is not None)
    picture = {"contentType": "image/png", "contentUrl": "https://example.com/a.png"}
    activity = {"type": "message", "attachments": [picture]}
    name = bot._talks["files"].conversation.id
    await levers.call("POST", "/activities", {"conversation": name, "activity": activity})
    result = await asking
    assert answer(result) == "The bot has sent a file."
    assert result.response.card["image"]["content"] == "https://example.com/a.png"


async def test_turn_that_is_cut_short(home: HomeAssistant, set_up_bot: SetUpBot) -> None:
    bot = await set_up_bot(version="v3_0")
    asking = home.async_create_task(ask(home, "slow 1", "cut"))
    await until(lambda: bot.talks == 1 and bot._talks["cut"].is_busy)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: not bot._talks["cut"].is_busy)
    assert "You said: hello" in answer(await ask(home, "hello", "cut"))


async def test_conversation_that_breaks_in_mid_turn(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl, at_once: None
) -> None:
    bot = await set_up_bot(version="v1_1")
    asking = home.async_create_task(ask(home, "slow 1", "broken"))
    await until(lambda: bot.talks == 1 and bot._talks["broken"].is_busy)
    name = bot._talks["broken"].conversation.id
    await settled(lambda: levers.activities(name), bool)  # the bot has got it
    await levers.call("POST", "/forget", {"conversation": name})
    assert (await asking).response.error_code is not None
    assert answer(await ask(home, "hello", "broken")) == "You said: hello"


async def test_speech_and_links_as_media(
    home: HomeAssistant,
    media: None,
    speaker: Speaker,
    set_up_bot: SetUpBot,
    cic: CicService,
    set_up: SetUp,
) -> None:
    """What Home Assistant serves is fetched and uploaded; what is elsewhere goes as a link."""
    await set_up_bot(version="v3_0")
    await set_up(cic)
    speech = f"media-source://tts/{engine(home, 'tts')}?message=dinner"
    assert "audio/mpeg" in await send(home, media=[speech])

    class Radio(media_source.MediaSource):
        name = "Radio"

        async def async_resolve_media(
            self, item: media_source.MediaSourceItem
        ) -> media_source.PlayMedia:
            where = {"far": "http://127.0.0.1:1/song.ogg", "near": "/api/nothing_here"}
            return media_source.PlayMedia(where[item.identifier], "audio/ogg")

    async def get_source(_: HomeAssistant) -> Radio:
        return Radio("radio_test")

    platform: Any = type("Platform", (), {"async_get_media_source": staticmethod(get_source)})
    mock_integration(home, MockModule("radio_test"))
    mock_platform(home, "radio_test.media_source", platform)
    assert await async_setup_component(home, "radio_test", {})
    await home.async_block_till_done()
    said = await send(home, text="listen", media=["media-source://radio_test/far"])
    assert "song.ogg" in said
    with pytest.raises(ServiceValidationError) as failed:
        await send(home, media=["media-source://radio_test/near"])
    assert failed.value.translation_key == "bot_no_such_media"


async def test_unloaded_and_removed(home: HomeAssistant, set_up_bot: SetUpBot) -> None:
    bot = await set_up_bot()
    await ask(home, "hello")
    assert await home.config_entries.async_unload(bot.entry.entry_id)
    await home.async_block_till_done()
    assert bot.entry.state is ConfigEntryState.NOT_LOADED
    assert bot.talks == 0 and not bot.connected
    assert await home.config_entries.async_remove(bot.entry.entry_id)
