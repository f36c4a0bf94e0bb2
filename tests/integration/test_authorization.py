"""How an authorization server is asked, by one that breaks every rule: bounded, and without a word of the secrets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import logging
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic import authorization
from custom_components.clova_cic.authorization import async_authenticator
from custom_components.clova_cic.cic.errors import (
    AuthorizationServerError,
    CertificateError,
    CicError,
    UnreachableError,
)
from custom_components.clova_cic.tls import InvalidCaError
from tests.peer.certificates import authority

SECRETS = ("s3cret", "r3fresh", "l0gin")
BODY = b'{"access_token": "a", "refresh_token": "b", "expires_in": 5}'


def data_for_server(port: int, **changes: Any) -> dict[str, Any]:
    """Return what a signed-in entry's data says of an authorization server."""
    return {
        "auth_address": f"https://127.0.0.1:{port}",
        "ca_certificate": (authority().directory / "authority.pem").read_text(),
        "client_id": "client",
        "client_secret": "s3cret",
        "model_id": "model",
        "login": "l0gin",
        **changes,
    }


@asynccontextmanager
async def server(answer: bytes | None, **tls: Any) -> AsyncIterator[int]:
    """Answer every request with these bytes, or never; an empty answer hangs up."""
    asked: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        if answer is not None:
            writer.write(answer)
            writer.close()

    # a handshake that the client breaks off is no error of the test's
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    context = authority().server_context(alpn=["http/1.1"], **tls)
    listening = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in asked:
            writer.close()


def response(body: bytes, head: bytes = b"200 OK") -> bytes:
    length = f"Content-Length: {len(body)}\r\n\r\n".encode()
    return b"HTTP/1.1 " + head + b"\r\n" + length + body


async def refused(hass: HomeAssistant, data: dict[str, Any]) -> CicError:
    """Return what a refresh fails with; nothing it says or logs holds a secret."""
    authenticator = await async_authenticator(hass, data)
    with pytest.raises(CicError) as caught:
        await authenticator.refresh("r3fresh")
    told: BaseException | None = caught.value
    while told is not None:
        assert not any(secret in repr(told) for secret in SECRETS)
        assert told.__suppress_context__ or told.__context__ is told.__cause__
        told = told.__cause__
    return caught.value


@pytest.fixture(autouse=True)
def no_secret_in_any_log(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG)
    yield
    assert not any(secret in caplog.text for secret in SECRETS)


async def test_a_server_that_answers(hass: HomeAssistant) -> None:
    async with server(response(BODY)) as port:
        authenticator = await async_authenticator(hass, data_for_server(port))
        assert (await authenticator.refresh("r3fresh")).access_token == "a"


async def test_a_server_that_says_nothing(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorization, "TIMEOUT", 0.2)
    async with server(None) as port:
        assert type(await refused(hass, data_for_server(port))) is UnreachableError


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", UnreachableError),
        (b"220 mail.example ESMTP\r\n", UnreachableError),
        (response(BODY)[:-1], UnreachableError),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 70_000 + BODY, AuthorizationServerError),
        (response(b"", b"302 Found\r\nLocation: https://127.0.0.1:1/"), AuthorizationServerError),
        (response(b"no JSON"), AuthorizationServerError),
    ],
    ids=["hangs up", "no HTTP", "breaks off", "too long", "leads elsewhere", "no JSON"],
)
async def test_a_server_that_answers_nonsense(
    hass: HomeAssistant, answer: bytes, kind: type[CicError]
) -> None:
    async with server(answer) as port:
        assert type(await refused(hass, data_for_server(port))) is kind


async def test_a_server_that_is_not_there(hass: HomeAssistant, unused_tcp_port: int) -> None:
    assert type(await refused(hass, data_for_server(unused_tcp_port))) is UnreachableError


@pytest.mark.parametrize(
    ("tls", "changes"),
    [({"days": -1}, {}), ({"name": "elsewhere"}, {}), ({}, {"ca_certificate": ""})],
    ids=["expired", "another name", "untrusted"],
)
async def test_a_server_nobody_vouches_for(
    hass: HomeAssistant, tls: dict[str, Any], changes: dict[str, str]
) -> None:
    async with server(response(BODY), **tls) as port:
        assert type(await refused(hass, data_for_server(port, **changes))) is CertificateError


async def test_an_authority_that_cannot_be_read(hass: HomeAssistant) -> None:
    with pytest.raises(InvalidCaError):
        await async_authenticator(hass, data_for_server(1, ca_certificate="no certificate"))


async def test_an_address_that_is_none(hass: HomeAssistant) -> None:
    data = data_for_server(1, auth_address="https://[")
    assert type(await refused(hass, data)) is UnreachableError


async def test_the_session_keeps_its_own_context(hass: HomeAssistant) -> None:
    """Home Assistant's shared one trusts no private authority because of ours."""
    async with server(response(BODY)) as port:
        authenticator = await async_authenticator(hass, data_for_server(port))
        await authenticator.refresh("r3fresh")
        data = data_for_server(port, ca_certificate="")
        assert type(await refused(hass, data)) is CertificateError
