"""One real bot for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aiohttp import ClientSession
import pytest

from tests.bot_server.client import BotControl, Caller, Talk, talk
from tests.bot_server.server import RunningBot, running_bot


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.direct_line)


@pytest.fixture(scope="session")
def bot_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    with running_bot(tmp_path_factory.mktemp("bot_server")) as bot:
        yield bot


@pytest.fixture
async def caller(bot_server: RunningBot) -> AsyncIterator[Caller]:
    """Ask with the secret."""
    async with ClientSession() as session:
        yield Caller(session=session, bot=bot_server, token=bot_server.secret)


@pytest.fixture
async def control(caller: Caller) -> AsyncIterator[BotControl]:
    """Give the control interface; settings and faults are as at the start, before and after."""
    lever = BotControl(caller=caller.with_token(caller.bot.control_token))
    before = await lever.call("GET", "/settings")
    yield lever
    await lever.call("PUT", "/settings", before)
    await lever.call("DELETE", "/faults")


@pytest.fixture(params=["1.1", "3.0"])
async def spoken(request: pytest.FixtureRequest, caller: Caller) -> Talk:
    """Start a conversation, over each version."""
    return await talk(caller, request.param)
