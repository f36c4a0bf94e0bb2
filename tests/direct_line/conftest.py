"""A session, a site of either version, and a bot behind it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from custom_components.clova_cic.direct_line import DirectLine, Timing, Version

from .peer import SECRET, USER, Peer, served

# Everything a hundred times as fast, so that no test sleeps.
QUICK = Timing(
    after_word=(0.003, 0.006),
    in_turn=0.01,
    idle=0.01,
    asleep=0.01,
    first_failure=0.01,
    worst_failure=0.05,
    deaf=0.1,
    look=0.5,
    keep_alive=0.05,
    stream_pause=(0.02, 0.05),
    stream_good=0.0,
    throttled=0.5,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this room."""
    for item in items:
        if "tests/direct_line/" in item.path.as_posix():
            item.add_marker(pytest.mark.direct_line)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session as Home Assistant shares one."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=list(Version), ids=lambda version: version.value)
def version(request: pytest.FixtureRequest) -> Version:
    """Return either version."""
    return request.param


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Peer], Any]]:
    """Return a function that serves a site until the test's end."""
    async with AsyncExitStack() as stack:
        yield lambda peer: stack.enter_async_context(served(peer))


@pytest.fixture
async def peer(version: Version, serve: Callable[[Peer], Any]) -> Peer:
    """Serve a site of the version."""
    return await serve(Peer(version))


@pytest.fixture
def line(session: aiohttp.ClientSession) -> Iterator[Callable[..., DirectLine]]:
    """Return a function that makes a client for a site."""

    def make(peer: Peer, **others: Any) -> DirectLine:
        arguments = {"user_id": USER, "version": peer.version, "timing": QUICK} | others
        credential = arguments.pop("credential", SECRET)
        return DirectLine(session, arguments.pop("address", peer.address), credential, **arguments)

    return make
