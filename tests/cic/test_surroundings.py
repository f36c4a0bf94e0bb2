"""What a host knows of its own way to a server, and of the server's clock."""

from datetime import UTC, datetime
import errno
import socket

import pytest

from custom_components.clova_cic.cic.downchannel import _date
from custom_components.clova_cic.cic.surroundings import Peer, address_towards


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("127.0.0.1", 443), "127.0.0.1"),
        (("::1", 443), "::1"),
        (None, None),
    ],
)
def test_the_address_of_this_host_on_the_way_to_a_peer(
    peer: Peer | None, address: str | None
) -> None:
    assert address_towards(peer) == address


def test_a_host_without_a_network_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert address_towards(("127.0.0.1", 443)) is None


@pytest.mark.parametrize(
    ("field", "date"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sun, 06 Nov 1994 08:49:37 -0000", None),  # says that it does not know where
        ("Sun, 06 Nov 1994 08:49:37 +9999999", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_date_of_an_answer(field: str, date: datetime | None) -> None:
    assert _date(field) == date
