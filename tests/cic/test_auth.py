"""The client authentication API, asked of a server that answers whatever a test says."""

from collections.abc import Mapping
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from custom_components.clova_cic.cic import errors
from custom_components.clova_cic.cic.auth import (
    ACCOUNT_CODE_GRANT,
    MOST_SECONDS,
    Authenticator,
    DeviceCredentials,
    Reply,
    Tokens,
)

CREDENTIALS = DeviceCredentials(
    client_id="client", client_secret="s3cret&", device_id="device", model_id="model"
)
TOKENS = {
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": 332000,
    "token_type": "Bearer",
}


class Server:
    """Answers each request alike, and remembers it."""

    def __init__(self, answer: Any = None, status: int = 200) -> None:
        self.body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.status = status
        self.url = ""
        self.headers: Mapping[str, str] = {}

    async def fetch(self, url: str, headers: Mapping[str, str]) -> Reply:
        self.url, self.headers = url, headers
        return Reply(status=self.status, body=self.body)

    @property
    def authenticator(self) -> Authenticator:
        return Authenticator(
            "https://auth.example/", CREDENTIALS, self.fetch, new_state=lambda: "our state"
        )

    @property
    def path(self) -> str:
        return urlsplit(self.url)._replace(query="").geturl()

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, strict_parsing=True))


def authorized(**changes: Any) -> dict[str, Any]:
    return {"code": "c0de", "state": "our state", **changes}


async def test_authorize() -> None:
    server = Server(authorized())
    assert (await server.authenticator.authorize("account")).code == "c0de"
    assert server.path == "https://auth.example/authorize"
    assert server.query == {
        "client_id": "client",
        "device_id": "device",
        "model_id": "model",
        "response_type": "code",
        "state": "our state",
    }
    assert server.headers == {"Accept": "application/json", "Authorization": "Bearer account"}


async def test_authorize_with_an_authorization_code() -> None:
    server = Server(authorized())
    await server.authenticator.authorize("code of the account", account_code=True)
    assert server.query["grant_type"] == ACCOUNT_CODE_GRANT
    assert server.headers["Authorization"] == "Bearer code of the account"


async def test_authorize_as_a_guest() -> None:
    server = Server(authorized())
    await server.authenticator.authorize(None)
    assert server.query["request_vu"] == "Y"
    assert "Authorization" not in server.headers


async def test_consent_leads_back() -> None:
    page = "https://terms.example/agree?code=c0de"
    server = Server(authorized(state="known there", redirect_uri=page), 451)
    back = ("https://home.example/back?a=b", "known there")
    given = await server.authenticator.authorize("account", consent_return=back)
    assert server.query["state"] == "known there"
    assert given.code == "c0de"
    assert given.consent is not None
    parts = urlsplit(given.consent)
    assert (parts.netloc, parts.path) == ("terms.example", "/agree")
    assert parse_qs(parts.query) == {"code": ["c0de"], "redirect_uri": [back[0]]}


async def test_consent_that_leads_nowhere() -> None:
    page = "https://terms.example/agree"
    server = Server(authorized(redirect_uri=page), 451)
    assert (await server.authenticator.authorize("account")).consent == page


@pytest.mark.parametrize("page", ["javascript:alert(1)", "clova://agree", "/agree", "", 1, None])
async def test_a_page_nobody_should_open(page: Any) -> None:
    server = Server(authorized(redirect_uri=page), 451)
    with pytest.raises(errors.AuthorizationServerError):
        await server.authenticator.authorize("account")


@pytest.mark.parametrize("state", ["another", None, "", 5])
async def test_an_answer_to_somebody_else(state: Any) -> None:
    with pytest.raises(errors.AuthorizationServerError):
        await Server(authorized(state=state)).authenticator.authorize("account")


async def test_exchange() -> None:
    server = Server(TOKENS)
    tokens = await server.authenticator.exchange("c0de")
    assert tokens == Tokens(access_token="access", refresh_token="refresh", expires_in=332000)
    assert server.path == "https://auth.example/token"
    assert server.query == {
        "grant_type": "authorization_code",
        "client_id": "client",
        "client_secret": "s3cret&",
        "code": "c0de",
        "device_id": "device",
        "model_id": "model",
    }


async def test_refresh() -> None:
    server = Server(TOKENS)
    await server.authenticator.refresh("r&fresh")
    assert server.query["grant_type"] == "refresh_token"
    assert server.query["refresh_token"] == "r&fresh"


async def test_delete() -> None:
    server = Server({"access_token": "access", "client_id": "client", "expires_in": 1})
    await server.authenticator.delete("access")
    assert server.query["grant_type"] == "delete"
    assert server.query["access_token"] == "access"


async def test_examples_of_2021_are_wrapped() -> None:
    server = Server({"summary": "an example", "value": TOKENS})
    assert (await server.authenticator.exchange("c0de")).access_token == "access"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (5, 5.0),
        (0.5, 0.5),
        ("332000", 332000.0),
        (0, 0.0),
        (-1, 0.0),
        (None, 0.0),
        (True, 0.0),
        ("soon", 0.0),
        ("9" * 5000, MOST_SECONDS),
        (1e300, MOST_SECONDS),
        (float("inf"), MOST_SECONDS),
        (float("nan"), 0.0),
    ],
)
async def test_lifetimes(told: Any, seconds: float) -> None:
    tokens = await Server(TOKENS | {"expires_in": told}).authenticator.exchange("c0de")
    assert tokens.expires_in == seconds


async def test_a_lifetime_nobody_tells() -> None:
    told = {key: value for key, value in TOKENS.items() if key != "expires_in"}
    assert (await Server(told).authenticator.exchange("c0de")).expires_in == 0.0


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        "text",
        {},
        TOKENS | {"access_token": ""},
        TOKENS | {"access_token": "two words"},
        TOKENS | {"access_token": "line\nbreak"},
        TOKENS | {"access_token": "x" * 10_000},
        TOKENS | {"refresh_token": None},
    ],
)
async def test_nonsense(answer: Any) -> None:
    with pytest.raises(errors.AuthorizationServerError):
        await Server(answer).authenticator.refresh("refresh")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, errors.AuthorizationServerError),
        (302, errors.AuthorizationServerError),
        (400, errors.GrantRefusedError),
        (401, errors.GrantRefusedError),
        (403, errors.AccountRefusedError),
        (404, errors.AuthorizationServerError),
        (423, errors.AccountClosedError),
        (429, errors.AuthorizationServerError),
        (451, errors.ConsentNeededError),
        (500, errors.AuthorizationServerError),
        (503, errors.AuthorizationServerError),
    ],
)
async def test_what_is_refused(status: int, kind: type[errors.SignInError]) -> None:
    authenticator = Server(TOKENS, status).authenticator
    for asked in (authenticator.refresh("refresh"), authenticator.delete("access")):
        with pytest.raises(kind) as caught:
            await asked
        assert type(caught.value) is kind
        assert "s3cret" not in str(caught.value)
    if status != 451:
        with pytest.raises(kind):
            await authenticator.authorize("account")


def test_no_secret_is_shown() -> None:
    shown = repr(CREDENTIALS) + repr(Tokens(access_token="1", refresh_token="2", expires_in=3))
    assert "s3cret" not in shown
    assert repr(Reply(status=200, body=b"secret")) == "Reply(status=200)"
    assert shown.endswith("Tokens(expires_in=3)")
