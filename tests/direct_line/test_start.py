"""How a bot is found: addresses, versions, credentials, and what answers in its place."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
import pytest

from custom_components.clova_cic.direct_line import DirectLine, Version
from custom_components.clova_cic.direct_line.addresses import base_address
from custom_components.clova_cic.direct_line.errors import (
    AddressError,
    CertificateError,
    CredentialError,
    DirectLineError,
    ExpiredError,
    MalformedError,
    NotConnectedError,
    ServiceError,
    SiteDisabledError,
    TooLargeError,
    TooManyRequestsError,
    UnreachableError,
)
from custom_components.clova_cic.direct_line.exchange import complaint, retry_after
from tests.peer.certificates import authority

from .peer import DISABLED, ERROR_PAGE, SECRET, Answer, Peer, dropped, replies, says

type Make = Callable[..., DirectLine]
type Serve = Callable[[Peer], Any]


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("https://directline.botframework.com", "https://directline.botframework.com"),
        (
            " https://europe.directline.botframework.com/ ",
            "https://europe.directline.botframework.com",
        ),
        (
            "https://directline.botframework.azure.cn/v3/directline",
            "https://directline.botframework.azure.cn",
        ),
        ("https://example.com/v3/directline/conversations/", "https://example.com"),
        ("https://example.com/bots/api/", "https://example.com/bots"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://localhost:3000/api", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_addresses(address: str, base: str) -> None:
    assert str(base_address(address)) == base


@pytest.mark.parametrize(
    "address",
    [
        "",
        "directline.botframework.com",
        "http://directline.botframework.com",
        "http://192.168.1.7",
        "ftp://example.com",
        "https://",
        "https://me:secret@example.com",
        "https://example.com/?t=secret",
        "https://example.com/#there",
        "https://example.com:port",
        "https://[::1",
        "https://example.com:99999",
    ],
)
def test_no_addresses(address: str) -> None:
    with pytest.raises(AddressError):
        base_address(address)


@pytest.mark.parametrize("credential", ["", "  ", "sec\nret", "비밀", "x" * 10_000])
def test_no_credentials(line: Make, credential: str) -> None:
    peer = Peer(Version.V3)
    peer.address = "http://127.0.0.1:1"
    with pytest.raises(CredentialError):
        line(peer, credential=credential)


async def test_the_version_is_found(peer: Peer, line: Make) -> None:
    """A server of one version knows no path of the other."""
    client = line(peer, version=None)
    assert await client.find_version() is peer.version
    assert client.version is peer.version
    await client.start()
    assert len(peer.asked_for("start")) == 2


class Both(Peer):
    """A site with both versions, as the service has them; it serves 1.1."""

    def __init__(self, *, newer: Answer) -> None:
        super().__init__(Version.V1)
        self.newer = newer

    def routes(self) -> list[web.RouteDef]:
        return [*super().routes(), web.route("*", "/v3/directline/{path:.*}", self.newer)]


async def test_the_newer_version_is_switched_off(serve: Serve, line: Make) -> None:
    peer = await serve(Both(newer=DISABLED))
    assert await line(peer, version=None).find_version() is Version.V1
    with pytest.raises(SiteDisabledError):
        await line(peer, version=Version.V3).start()


async def test_both_are_switched_off(serve: Serve, line: Make) -> None:
    peer = await serve(Both(newer=DISABLED))
    peer.plan("generate", DISABLED)
    with pytest.raises(SiteDisabledError):
        await line(peer, version=None).find_version()


async def test_a_wrong_secret_where_the_newer_version_is_switched_off(
    serve: Serve, line: Make
) -> None:
    peer = await serve(Both(newer=DISABLED))
    peer.plan("generate", says(403))
    peer.plan("start", says(403))
    with pytest.raises(CredentialError):
        await line(peer, version=None).find_version()


async def test_a_failure_is_not_the_versions(serve: Serve, line: Make) -> None:
    peer = await serve(Both(newer=says(503)))
    with pytest.raises(ServiceError):
        await line(peer, version=None).find_version()
    assert not peer.asked


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(401), CredentialError),
        (replies({"error": {"code": "BadArgument"}}, 403), CredentialError),
        (replies({"error": {"code": "TokenExpired"}}, 403), ExpiredError),
        (DISABLED, SiteDisabledError),
        (
            replies({"error": {"code": "BadArgument", "message": "Site missing or disabled"}}, 403),
            SiteDisabledError,
        ),
        (says(404), ServiceError),
        (says(409), ServiceError),
        (says(429), TooManyRequestsError),
        (says(500), ServiceError),
        (says(301, Location="https://example.com"), ServiceError),
        (replies({"token": "x"}), MalformedError),
        (replies({"conversationId": 7}), MalformedError),
        (replies({"conversationId": "x" * 1000}), MalformedError),
        (replies({"conversationId": "x", "token": "a\nb"}), MalformedError),
        (replies([]), MalformedError),
        (says(200, "x" * 9_000_000), TooLargeError),
        (dropped, UnreachableError),
    ],
)
async def test_no_conversation(
    peer: Peer, line: Make, answer: Answer, error: type[DirectLineError]
) -> None:
    """The token is refused first, then the secret."""
    peer.plan("start", answer, answer)
    with pytest.raises(error) as caught:
        await line(peer).start()
    assert SECRET not in str(caught.value)


async def test_an_error_page_in_place_of_a_token(peer: Peer, line: Make) -> None:
    peer.plan("generate", ERROR_PAGE)
    with pytest.raises(MalformedError):
        await line(peer).start()


async def test_a_token_without_quotes(peer: Peer, line: Make) -> None:
    if peer.version is Version.V1:
        token = peer.new_token()
        peer.plan("generate", says(200, token))
        await line(peer).start()
        assert peer.asked_for("start")[0].bearer == f"Bearer {token}"


async def test_who_the_token_is_for(peer: Peer, line: Make) -> None:
    await line(peer).start()
    await line(peer, user_id="ha-7f31").start()
    bodies = [one.body for one in peer.asked_for("generate")]
    if peer.version is Version.V1:
        assert bodies == [b"", b""]
        assert peer.asked_for("generate")[0].header("Content-Type") is None
    else:
        assert bodies == [b'{"user":{"id":"dl_7f31"}}', b"{}"]


async def test_a_certificate_nobody_knows(line: Make) -> None:
    context = authority().server_context(alpn=["http/1.1"])
    application = web.Application()
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    peer = Peer(Version.V3)
    peer.address = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        with pytest.raises(CertificateError):
            await line(peer).start()
        peer.address = peer.address.replace("https", "http")
        with pytest.raises(UnreachableError):
            await line(peer).start()
    finally:
        await runner.cleanup()


async def test_no_tls(peer: Peer, line: Make) -> None:
    with pytest.raises(NotConnectedError):
        await line(peer, address=peer.address.replace("http", "https")).start()


@pytest.mark.parametrize(
    ("body", "code", "description"),
    [
        ('{"error": {"code": "BotError", "message": "m"}, "httpStatusCode": 504}', "BotError", "m"),
        ('{"error": {"code": "ServiceError"}}', "ServiceError", ""),
        ('{"message": "BadArgument:Site missing"}', "BadArgument", "BadArgument:Site missing"),
        ('{"message": "Cannot use a scoped token"}', "", "Cannot use a scoped token"),
        ('{"statusCode": 404, "message": "Resource not found"}', "", "Resource not found"),
        ('{"error": "text", "code": 7}', "7", ""),
        ('{"error": {"code": "a\\nb"}}', "", ""),
        (f'{{"error": {{"code": "{"x" * 65}"}}}}', "", ""),
        ("[]", "", ""),
        ("", "", ""),
        ("<html>", "", ""),
    ],
)
def test_complaints(body: str, code: str, description: str) -> None:
    assert complaint(body.encode()) == (code, description)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("10", 10), ("0.5", 0.5), ("", 1), ("-3", 0), ("1e9", 3600), ("nan", 0), ("Mon, 1 Jan", 1)],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds
