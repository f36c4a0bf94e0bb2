"""Which address a connection leads to: IPv6 or IPv4, whichever works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
import socket

import pytest

from custom_components.clova_cic.cic.connection import Connection, ConnectionSettings
from custom_components.clova_cic.cic.dialling import dial
from custom_components.clova_cic.cic.errors import (
    CertificateError,
    CertificateFault,
    NameNotFoundError,
    UnreachableError,
)
from custom_components.clova_cic.cic.h2_overrides import H2Client
from custom_components.clova_cic.cic.wire import Wire
from tests.peer.certificates import authority
from tests.peer.frames import FramePeer, frame_server, tls_server

from .test_connection_open import failure, read_all

QUICK = ConnectionSettings(connect_timeout=2.0)
V6, V4 = "::1", "127.0.0.1"


@asynccontextmanager
async def dual(
    monkeypatch: pytest.MonkeyPatch, six: int
) -> AsyncIterator[tuple[int, asyncio.Queue[FramePeer]]]:
    """Serve on IPv4; "dual.example" leads there, and before that to a port of IPv6."""
    async with frame_server() as (four, peers):
        answers = {
            socket.AF_INET6: (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (V6, six, 0, 0)),
            socket.AF_INET: (socket.AF_INET, socket.SOCK_STREAM, 6, "", (V4, four)),
        }

        async def resolve(*_: object, family: int = 0, **__: object) -> list[object]:
            return [answers[family]] if family else list(answers.values())

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        yield four, peers


async def reached(peers: asyncio.Queue[FramePeer]) -> None:
    """Connect to "dual.example", which must lead to IPv4."""
    connection = await Connection.open(
        "dual.example",
        443,
        ssl_context=authority().client_context(),
        settings=QUICK,
        server_hostname="localhost",
    )
    assert connection.peer is not None
    assert connection.peer[0] == V4
    assert connection.accepts_requests
    await peers.get()
    await connection.close()


def listening(backlog: int = 5) -> socket.socket:
    """Return a socket of IPv6 that accepts nothing."""
    listener = socket.socket(socket.AF_INET6)
    listener.bind((V6, 0))
    listener.listen(backlog)
    return listener


async def test_an_ipv6_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as gone:
        port = gone.getsockname()[1]
    async with dual(monkeypatch, port) as (_, peers):
        await reached(peers)


async def test_an_ipv6_that_swallows_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """No SYN is answered: IPv4 is tried beside it after a moment (RFC 8305)."""
    async with AsyncExitStack() as stack:
        full = stack.enter_context(listening(backlog=0))
        port = full.getsockname()[1]
        for _ in range(3):  # until there is no room, and nobody is answered any more
            knock = stack.enter_context(socket.socket(socket.AF_INET6))
            knock.setblocking(False)
            knock.connect_ex((V6, port))
        async with dual(monkeypatch, port) as (_, peers), asyncio.timeout(1.5):
            await reached(peers)


async def test_an_ipv6_on_which_only_small_packets_get_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TCP connects, and TLS waits for ever for the server's certificate."""
    with listening() as deaf:
        async with dual(monkeypatch, deaf.getsockname()[1]) as (_, peers):
            await reached(peers)


async def test_a_host_without_ipv4_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, family: int = 0, **__: object) -> list[object]:
        if family == socket.AF_INET:
            raise socket.gaierror(socket.EAI_ADDRFAMILY, "no IPv4")
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (V6, port, 0, 0))]

    with listening() as deaf:
        port = deaf.getsockname()[1]
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        error = await failure(port, ConnectionSettings(connect_timeout=0.2), host="six.example")
    assert (type(error), str(error)) == (UnreachableError, "no answer in time")


@pytest.mark.parametrize(
    ("certificate", "fault"),
    [
        ({"days": -1}, CertificateFault.EXPIRED),
        ({"days": 3, "begins": 2}, CertificateFault.NOT_YET_VALID),
        ({"name": "other.example"}, CertificateFault.OTHER_NAME),
    ],
)
async def test_what_is_wrong_with_a_certificate(
    certificate: dict[str, object], fault: CertificateFault
) -> None:
    async with tls_server(read_all, authority().server_context(**certificate)) as port:
        error = await failure(port)
    assert isinstance(error, CertificateError)
    assert error.fault is fault


async def test_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    assert type(await failure(443, host="no.example")) is NameNotFoundError


async def test_a_handshake_that_is_over_at_the_last_moment_is_not_begun_anew() -> None:
    """The wire is a connection's own: it takes one transport."""
    tried = []

    async def connect(**options: object) -> None:
        tried.append(options)
        wire.transport = object()
        await asyncio.Event().wait()

    wire = Wire(
        H2Client(stream_window=1, connection_window=1),
        on_made=lambda: None,
        on_data=lambda _: None,
        on_writable=lambda: None,
        on_lost=lambda _: None,
    )
    with pytest.raises(TimeoutError):
        await dial(wire, connect, 0.05)
    assert len(tried) == 1
