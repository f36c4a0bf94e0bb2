"""What every test shares: real sockets, on this machine only."""

import asyncio
from collections.abc import Callable, Iterator
import logging
import os
from typing import Any

from hypothesis import HealthCheck, settings
import pytest
import pytest_socket

pytest_plugins = ["pytester", "tests.documents", "tests.interface_marks", "tests.turn_table"]

# A loaded machine is slow without being wrong; what is found is kept as an @example, not in a database.
settings.register_profile(
    "every",
    settings(
        max_examples=60,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    ),
)
settings.register_profile(
    "long", settings.get_profile("every"), max_examples=5_000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "every"))


def pytest_configure(config: pytest.Config) -> None:
    """Have nothing logged that no test and no person looks at; caplog asks for more, and -v too."""
    if config.getoption("verbose") <= 0:
        logging.getLogger().setLevel(logging.WARNING)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how often tests of the marker kill do so, all of them together."""
    parser.addoption("--kills", type=int, default=8, help="how often Home Assistant is killed")


@pytest.fixture(autouse=True)
def loopback_sockets(socket_enabled: None) -> Iterator[None]:
    """Allow real sockets, and only to this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(autouse=True)
async def enable_event_loop_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check whoever calls the event loop as its debug mode does, in the place of Home Assistant's fixture.

    That mode also keeps the stack of each call: half of the time of all tests.
    """
    loop = asyncio.get_running_loop()
    for name in ("call_soon", "call_at"):  # call_later is a call_at
        monkeypatch.setattr(loop, name, _checked(loop, name))


def _checked(loop: Any, name: str) -> Callable[..., asyncio.Handle]:
    call = getattr(loop, name)

    def checked(*arguments: Any, **context: Any) -> asyncio.Handle:
        loop._check_thread()
        loop._check_callback(arguments[name == "call_at"], name)
        return call(*arguments, **context)

    return checked
