"""Opening a connection: what can be wrong before the first request."""

import asyncio
import socket
import ssl

import pytest

from custom_components.clova_cic.cic.connection import Connection, ConnectionSettings
from custom_components.clova_cic.cic.errors import (
    CertificateError,
    CicError,
    ConnectError,
    NotHttp2Error,
    UnreachableError,
)
from custom_components.clova_cic.cic.h2_overrides import H2Client
from tests.peer.certificates import authority
from tests.peer.frames import frame_server, tls_server

QUICK = ConnectionSettings(connect_timeout=0.2)


async def failure(port: int, settings: ConnectionSettings | None = None, **options) -> CicError:
    with pytest.raises(ConnectError) as caught:
        await Connection.open(
            options.pop("host", "127.0.0.1"),
            port,
            ssl_context=options.pop("ssl_context", None) or authority().client_context(),
            settings=settings or ConnectionSettings(),
            server_hostname=options.pop("server_hostname", "localhost"),
        )
    return caught.value


async def read_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.parametrize("alpn", [["http/1.1"], None])
async def test_server_without_http2_gets_no_byte(
    alpn: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[H2Client] = []
    monkeypatch.setattr(H2Client, "initiate_connection", started.append)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority().issue("localhost"))
    if alpn:
        context.set_alpn_protocols(alpn)
    async with tls_server(read_all, context) as port:
        assert isinstance(await failure(port), NotHttp2Error)
    assert started == []


async def test_context_without_alpn() -> None:
    context = ssl.create_default_context(cafile=authority().directory / "authority.pem")
    async with tls_server(read_all, authority().server_context()) as port:
        assert isinstance(await failure(port, ssl_context=context), NotHttp2Error)


async def test_plain_text_port() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        writer.close()

    async with tls_server(handle, None) as port:
        assert isinstance(await failure(port), NotHttp2Error)


async def test_port_that_hangs_up() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with tls_server(handle, None) as port:
        assert isinstance(await failure(port), UnreachableError)


async def test_server_that_hangs_up_after_the_handshake() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with tls_server(handle, authority().server_context()) as port:
        assert isinstance(await failure(port), UnreachableError)


async def test_handshake_that_never_ends() -> None:
    async with tls_server(read_all, None) as port:
        error = await failure(port, QUICK)
    assert isinstance(error, UnreachableError)
    assert str(error) == "no answer in time"


async def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert isinstance(await failure(port), UnreachableError)


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")]
)
async def test_host_that_is_no_name(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    caught = await failure(443, host="no.example")
    assert isinstance(caught, UnreachableError)
    assert caught.__cause__ is error


async def test_expired_certificate() -> None:
    async with tls_server(read_all, authority().server_context(days=-1)) as port:
        error = await failure(port)
    assert isinstance(error, CertificateError)
    assert "expired" in str(error)


async def test_wrong_name() -> None:
    async with tls_server(read_all, authority().server_context(name="other.example")) as port:
        error = await failure(port)
    assert isinstance(error, CertificateError)
    assert "localhost" in str(error)


async def test_untrusted_certificate() -> None:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    async with tls_server(read_all, authority().server_context()) as port:
        assert isinstance(await failure(port, ssl_context=context), CertificateError)


@pytest.mark.parametrize(
    ("name", "shown"), [("localhost", "localhost"), ("127.0.0.1", "127.0.0.1")]
)
async def test_authority_names_the_server(name: str, shown: str) -> None:
    async with frame_server() as (port, peers):
        connection = await Connection.open(
            "127.0.0.1", port, ssl_context=authority().client_context(), server_hostname=name
        )
        await peers.get()
        assert connection.authority == f"{shown}:{port}"
        await connection.close()
