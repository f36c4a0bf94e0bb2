"""Home Assistant for real, against the real bot of this repository."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic.bots.bot import Bot
from custom_components.clova_cic.bots.entry import bot_data
from custom_components.clova_cic.bots.talk import Waits
from custom_components.clova_cic.const import DOMAIN
from tests.bot_server.client import BotControl, Caller
from tests.bot_server.server import RunningBot, running_bot

type AddBot = Callable[..., MockConfigEntry]
type SetUpBot = Callable[..., Awaitable[Bot]]
# As patient as a test can be: a busy machine, and a read each second over 1.1.
QUICK = Waits(answer=8.0, quiet=0.4, pushed=0.4, asked=0.2, greeting=0.3, greeted=0.3)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.direct_line)


@pytest.fixture(scope="session")
def bot_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """Run one bot for all tests."""
    with running_bot(tmp_path_factory.mktemp("bot")) as bot:
        yield bot


@pytest.fixture
async def levers(bot_server: RunningBot, socket_enabled: None) -> AsyncIterator[BotControl]:
    """Give the control interface; settings and faults are as at the start, before and after."""
    async with ClientSession() as session:
        lever = BotControl(
            caller=Caller(session=session, bot=bot_server, token=bot_server.control_token)
        )
        before = await lever.call("GET", "/settings")
        yield lever
        await lever.call("PUT", "/settings", before)
        await lever.call("DELETE", "/faults")


def form_for(bot: RunningBot, **changes: Any) -> dict[str, Any]:
    """Return what a user enters for a bot."""
    return {
        "name": "House bot",
        "address": bot.address,
        "secret": bot.secret,
        "version": "automatic",
        **changes,
    }


@pytest.fixture
def add_bot(home: HomeAssistant, bot_server: RunningBot) -> AddBot:
    """Return a function that adds an entry for the bot without setting it up."""

    def add(**changes: Any) -> MockConfigEntry:
        data = bot_data(form_for(bot_server, **changes))
        entry = MockConfigEntry(
            domain=DOMAIN, title="House bot", data=data, unique_id=data["user_id"]
        )
        entry.add_to_hass(home)
        return entry

    return add


@pytest.fixture
async def set_up_bot(home: HomeAssistant, add_bot: AddBot) -> AsyncIterator[SetUpBot]:
    """Return a function that adds an entry, sets it up, and returns what runs for it."""
    entries: list[MockConfigEntry] = []

    async def set_up(**changes: Any) -> Bot:
        entry = add_bot(**changes)
        entries.append(entry)
        assert await home.config_entries.async_setup(entry.entry_id)
        await home.async_block_till_done()
        bot: Bot = entry.runtime_data
        bot.waits = QUICK
        assert bot._standing is not None
        bot._standing._waits = QUICK
        return bot

    yield set_up
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            await home.config_entries.async_unload(entry.entry_id)
            await home.async_block_till_done()
