"""What every test shares: real sockets, on this machine only."""

from collections.abc import Iterator

import pytest
import pytest_socket

pytest_plugins = ["tests.turn_table"]


@pytest.fixture(autouse=True)
def loopback_sockets(socket_enabled: None) -> Iterator[None]:
    """Allow real sockets, and only to this machine."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()
