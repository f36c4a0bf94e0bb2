"""The client authentication API: how a device comes by an access token, keeps one, and gives it back.

Client_Auth_API of the documents. It is plain HTTPS beside the connection to CIC, so whoever uses
it brings a function that fetches; nothing here opens a socket, and nothing is written to a log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
import json
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from .errors import (
    AccountClosedError,
    AccountRefusedError,
    AuthorizationServerError,
    ConsentNeededError,
    GrantRefusedError,
    SignInError,
)

# By how many seconds a lifetime may be given: ten times the longest of the documents' examples.
MOST_SECONDS = 10 * 12_960_000
# What a token or a code may be long, in characters; the documents bound other tokens at 2,048 bytes.
MOST_CHARACTERS = 8192
# A service account of Japan signs in with an authorization code in place of a token.
ACCOUNT_CODE_GRANT = "uauth_auth_code_v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the authorization server answered."""

    status: int
    body: bytes = field(repr=False)


class Fetch(Protocol):
    """How an address of the authorization server is asked."""

    async def __call__(self, url: str, headers: Mapping[str, str]) -> Reply:
        """GET without following a redirect, and bounded in time and size.

        The URL carries secrets: it may appear in no log and no error. Raises ConnectError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCredentials:
    """What the operator of the cloud issues to a maker of clients, and which device asks.

    device_id: a MAC address or a UUID; model_id: as it was registered.
    """

    client_id: str
    client_secret: str = field(repr=False)
    device_id: str
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A code to exchange for tokens; consent: the page on which the user has to agree first (451)."""

    code: str = field(repr=False)
    consent: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What /token answers; expires_in in seconds from the answer, 0: not known."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float


class Authenticator:
    """One device at an authorization server. Every method raises SignInError or ConnectError."""

    def __init__(
        self,
        address: str,
        credentials: DeviceCredentials,
        fetch: Fetch,
        *,
        new_state: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Ask below an address such as https://auth.example."""
        self._address = address.rstrip("/")
        self._credentials = credentials
        self._fetch = fetch
        self._new_state = new_state

    async def authorize(
        self,
        account_token: str | None,
        *,
        account_code: bool = False,
        consent_return: tuple[str, str] | None = None,
    ) -> Authorization:
        """Ask for an authorization code in the name of an account (GET /authorize).

        account_token: the service account's access token, or its authorization code where
        account_code is set; None asks as a guest. consent_return: the address to which a page
        of consent leads back, and the state by which the caller knows it there.
        Raises AccountRefusedError (403), AccountClosedError (423), GrantRefusedError (400).
        """
        state = self._new_state() if consent_return is None else consent_return[1]
        credentials = self._credentials
        query = {
            "client_id": credentials.client_id,
            "device_id": credentials.device_id,
            "model_id": credentials.model_id,
            "response_type": "code",
            "state": state,
        }
        headers = {}
        if account_token is None:
            query["request_vu"] = "Y"
        else:
            headers["Authorization"] = f"Bearer {account_token}"
        if account_code:
            query["grant_type"] = ACCOUNT_CODE_GRANT
        reply = await self._ask("authorize", query, headers)
        if reply.status not in (200, 451):
            raise _refusal(reply.status)
        answer = _object(reply)
        if answer.get("state") != state:
            # somebody else's answer, or one that was kept: its code is not to be used
            raise AuthorizationServerError("the state is not the one that was sent")
        code = _text(answer, "code")
        if reply.status == 200:
            return Authorization(code=code)
        return_to = None if consent_return is None else consent_return[0]
        return Authorization(code=code, consent=_consent(_text(answer, "redirect_uri"), return_to))

    async def exchange(self, code: str) -> Tokens:
        """Take an authorization code for tokens. Raises GrantRefusedError where it is none, or old."""
        device = {"device_id": self._credentials.device_id}
        return _tokens(await self._token("authorization_code", {"code": code} | device))

    async def refresh(self, refresh_token: str) -> Tokens:
        """Take a refresh token for new tokens; the old ones end. Raises GrantRefusedError."""
        device = {"device_id": self._credentials.device_id}
        query = {"refresh_token": refresh_token} | device
        return _tokens(await self._token("refresh_token", query))

    async def delete(self, access_token: str) -> None:
        """Give an access token back, and the refresh token with it. Raises GrantRefusedError."""
        device = {"device_id": self._credentials.device_id}
        await self._token("delete", {"access_token": access_token} | device)

    async def _token(self, grant_type: str, query: dict[str, str]) -> dict[str, Any]:
        credentials = self._credentials
        ours = {
            "grant_type": grant_type,
            "client_id": credentials.client_id,
            "client_secret": credentials.client_secret,
            "model_id": credentials.model_id,
        }
        reply = await self._ask("token", ours | query, {})
        if reply.status != 200:
            raise _refusal(reply.status)
        return _object(reply)

    async def _ask(self, what: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        url = f"{self._address}/{what}?{urlencode(query, quote_via=quote)}"
        return await self._fetch(url, {"Accept": "application/json", **headers})


def _refusal(status: int) -> SignInError:
    """Return what a status means (Client_Auth_API; 401 of 2018 and 2020)."""
    match status:
        case 400 | 401:
            return GrantRefusedError(f"HTTP {status}")
        case 403:
            return AccountRefusedError(f"HTTP {status}")
        case 423:
            return AccountClosedError(f"HTTP {status}")
        case 451:
            return ConsentNeededError(f"HTTP {status}")
        case _:
            return AuthorizationServerError(f"HTTP {status}")


def _object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object; examples of 2021 wrap it in another, beside a summary."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError) as err:
        raise AuthorizationServerError("the answer is not JSON") from err
    if isinstance(value, dict) and isinstance(value.get("value"), dict):
        value = value["value"]
    if not isinstance(value, dict):
        raise AuthorizationServerError("the answer is not a JSON object")
    return value


def _text(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= MOST_CHARACTERS:
        raise AuthorizationServerError(f"the answer has no {key}")
    return value


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    expires_in = answer.get("expires_in", 0)
    if isinstance(expires_in, str) and expires_in.isdecimal():
        expires_in = int(expires_in[:20])
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float):
        expires_in = 0
    return Tokens(
        access_token=_header_text(_text(answer, "access_token")),
        refresh_token=_text(answer, "refresh_token"),
        expires_in=float(min(expires_in, MOST_SECONDS)) if expires_in > 0 else 0.0,
    )


def _header_text(token: str) -> str:
    """Return a token that a header can carry (RFC 6750, 2.1)."""
    if not all("\x21" <= character <= "\x7e" for character in token):
        raise AuthorizationServerError("the access token cannot be sent")
    return token


def _consent(page: str, return_to: str | None) -> str:
    """Return the page of consent, which leads back to an address if one is given.

    A browser will open it: nothing but a web address may come of it.
    """
    parts = urlsplit(page)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise AuthorizationServerError("the page of consent has no web address")
    if return_to is None:
        return page
    query = urlencode({"redirect_uri": return_to}, quote_via=quote)
    return parts._replace(query=f"{parts.query}&{query}" if parts.query else query).geturl()
