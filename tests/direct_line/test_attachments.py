"""Fetching what a bot attached: with a credential to nobody else, and nothing out of the house."""

from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.clova_cic.direct_line import DirectLine, Version, attachments
from custom_components.clova_cic.direct_line.addresses import is_public
from custom_components.clova_cic.direct_line.attachments import look_up
from custom_components.clova_cic.direct_line.errors import (
    AddressError,
    CredentialError,
    DirectLineError,
    MalformedError,
    NotConnectedError,
    ServiceError,
    TooLargeError,
    UnreachableError,
)

from .peer import SECRET, USER, Peer, dropped, says

type Make = Callable[..., DirectLine]
type Serve = Callable[[Peer], Any]

LIMIT = 1000
PUBLIC = "8.8.8.8"


@pytest.fixture
async def peer(serve: Serve) -> Peer:
    """Serve a site with a file."""
    return await serve(Peer(Version.V1))


async def test_a_link_that_authorises_by_itself(peer: Peer, line: Make) -> None:
    peer.plan("file", says(text="photo"), says(text="photo"))
    for link in ("/attachments/0.jpg?t=abc", f"{peer.address}/attachments/0.jpg?t=abc"):
        assert await line(peer).fetch(link, LIMIT) == b"photo"
    assert [one.bearer for one in peer.asked] == [None, None]
    assert {one.path for one in peer.asked} == {"/attachments/0.jpg?t=abc"}


async def test_a_link_that_does_not(peer: Peer, line: Make) -> None:
    peer.plan("file", says(401), says(text="photo"))
    assert await line(peer).fetch("/attachments/0.jpg", LIMIT) == b"photo"
    assert [one.bearer for one in peer.asked] == [None, f"Bearer {SECRET}"]


async def test_a_link_that_is_refused(peer: Peer, line: Make) -> None:
    peer.plan("file", says(403), says(403))
    with pytest.raises(CredentialError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)


async def test_a_file_that_is_not_there_yet(
    peer: Peer, line: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "NOT_YET_PAUSES", (0.01, 0.01))
    peer.plan("file", says(404), says(404), says(text="photo"))
    assert await line(peer).fetch("/attachments/0.jpg", LIMIT) == b"photo"
    with pytest.raises(ServiceError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)
    assert len(peer.asked) == 6


@pytest.mark.parametrize("length", [LIMIT + 1, 1_000_000])
async def test_a_file_above_the_limit(peer: Peer, line: Make, length: int) -> None:
    peer.plan("file", says(text="x" * length), says(text="x" * LIMIT))
    with pytest.raises(TooLargeError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)
    assert len(await line(peer).fetch("/attachments/0.jpg", LIMIT)) == LIMIT


async def test_a_file_without_a_length(peer: Peer, line: Make) -> None:
    async def chunked(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(20):
            await response.write(b"x" * 100)
        return response

    peer.plan("file", chunked)
    with pytest.raises(TooLargeError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)


async def test_a_file_that_breaks_off(peer: Peer, line: Make) -> None:
    peer.plan("file", *[dropped] * 2)
    with pytest.raises(UnreachableError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)


@pytest.mark.parametrize(
    "link",
    [
        "http://192.168.1.7/camera.jpg",
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "http://[::ffff:192.168.1.7]/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "https://127.0.0.2/",
        "http://224.0.0.1/",
        "http://user:pass@8.8.8.8/",
        "http://",
        "http://[::1",
        "https://example.com:port/",
    ],
)
async def test_a_link_into_the_house(peer: Peer, line: Make, link: str) -> None:
    with pytest.raises(AddressError):
        await line(peer).fetch(link, LIMIT)
    assert not peer.asked


async def test_a_name_that_leads_into_the_house(peer: Peer, line: Make) -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return [PUBLIC, "192.168.1.7"]

    with pytest.raises(AddressError):
        await line(peer, lookup=lookup).fetch("https://rebinding.example/", LIMIT)


def test_what_is_public() -> None:
    assert is_public(PUBLIC)
    assert not is_public("not a number")
    assert not is_public("fe80::1%eth0")


async def test_a_name_that_does_not_resolve() -> None:
    with pytest.raises(NotConnectedError):
        await look_up("fe80::1%nowhere", 80)
    assert await look_up("127.0.0.1", 80) == ["127.0.0.1"]


class Elsewhere(aiohttp.abc.AbstractResolver):
    """Everybody's address is the one server's, under a public number."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
        raise AssertionError(host)

    async def close(self) -> None:
        """Keep nothing."""


async def test_another_server_gets_no_credential(
    peer: Peer, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redirected to by Direct Line, asked for by its name at the address that was looked at."""
    other = await serve(Peer(Version.V3))
    port = other.address.rpartition(":")[2]
    monkeypatch.setattr(attachments, "is_public", lambda address: address == "127.0.0.1")

    async def lookup(host: str, _port: int) -> list[str]:
        assert host == "files.example"
        return ["127.0.0.1"]

    peer.plan("file", says(302, Location=f"http://files.example:{port}/attachments/1.jpg"))
    other.plan("file", says(403), says(301, Location="2.jpg"), says(text="photo"))
    connector = aiohttp.TCPConnector(resolver=Elsewhere())
    async with aiohttp.ClientSession(connector=connector) as session:
        client = DirectLine(session, peer.address, SECRET, user_id=USER, lookup=lookup)
        with pytest.raises(CredentialError):
            await client.fetch("/attachments/0.jpg", LIMIT)
        link = f"http://files.example:{port}/attachments/1.jpg"
        assert await client.fetch(link, LIMIT) == b"photo"
    assert [one.path for one in other.asked] == ["/attachments/1.jpg"] * 2 + ["/attachments/2.jpg"]
    assert {one.bearer for one in other.asked} == {None}
    assert {one.header("Host") for one in other.asked} == {f"files.example:{port}"}


@pytest.mark.parametrize(
    "location", ["", "/attachments/0.jpg", "ftp://example.com/", "http://[::1"]
)
async def test_links_that_lead_nowhere(peer: Peer, line: Make, location: str) -> None:
    peer.plan("file", *[says(302, Location=location)] * attachments.MOST_HOPS)
    with pytest.raises(AddressError):
        await line(peer).fetch("/attachments/0.jpg", LIMIT)


@pytest.mark.parametrize(
    ("link", "data"),
    [
        ("data:text/plain,a%20b", b"a b"),
        ("DATA:image/png;base64,aGk=", b"hi"),
        ("data:,", b""),
    ],
)
async def test_a_link_that_is_the_file(peer: Peer, line: Make, link: str, data: bytes) -> None:
    assert await line(peer).fetch(link, LIMIT) == data


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("data:text/plain", MalformedError),
        ("data:;base64,a", MalformedError),
        ("data:," + "x" * (LIMIT + 1), TooLargeError),
        ("data:," + "x" * (4 * LIMIT + 2000), TooLargeError),
    ],
)
async def test_a_link_that_is_no_file(
    peer: Peer, line: Make, link: str, error: type[DirectLineError]
) -> None:
    with pytest.raises(error):
        await line(peer).fetch(link, LIMIT)
