"""One real service for the tests of this folder."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.cic_server.client import Client, Control
from tests.cic_server.server import RunningServer, running_server


@pytest.fixture(scope="session")
def cic_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("cic_server")) as server:
        yield server


@pytest.fixture
async def client(cic_server: RunningServer, socket_enabled: None) -> AsyncIterator[Client]:
    """Connect; a connection without a downchannel, under a client name of its own."""
    async with Client(cic_server).named() as connected:
        yield connected


@pytest.fixture
async def control(client: Client) -> AsyncIterator[Control]:
    """Give the control interface; settings and planned answers are as at the start, before and after."""
    lever = Control(client)
    before = await lever.call("GET", "/control/settings")
    yield lever
    await lever.call("PUT", "/control/settings", before)
