"""What every test shares: real sockets, on this machine only."""

from collections.abc import Iterator
import os

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how often tests of the marker kill do so, all of them together."""
    parser.addoption("--kills", type=int, default=8, help="how often Home Assistant is killed")


@pytest.fixture(autouse=True)
def loopback_sockets(socket_enabled: None) -> Iterator[None]:
    """Allow real sockets, and only to this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()
