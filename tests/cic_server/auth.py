"""The authentication API of a running service, as a client asks it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import ssl
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx

from tests.cic_server.client import Client, Control
from tests.cic_server.server import RunningServer


@dataclass
class Asker:
    """A device that signs in, over HTTP/1.1 as such clients do."""

    server: RunningServer
    http: httpx.AsyncClient
    device: str = field(default_factory=lambda: uuid4().hex)
    account: str | None = None

    def __post_init__(self) -> None:
        self.account = self.account or self.server.account_token

    async def ask(self, what: str, method: str = "GET", **query: str) -> httpx.Response:
        """Ask with the account's token; None leaves a parameter out, `bearer` is another token."""
        bearer = query.pop("bearer", self.account)
        headers = {"Authorization": f"Bearer {bearer}"} if what == "authorize" and bearer else {}
        sent = {name: value for name, value in query.items() if value is not None}
        where = {"params": sent} if method == "GET" else {"data": sent}
        return await self.http.request(method, f"/{what}", headers=headers, **where)

    async def authorize(self, method: str = "GET", **changes: Any) -> httpx.Response:
        query = {
            "client_id": self.server.client_id,
            "device_id": self.device,
            "model_id": "model",
            "response_type": "code",
            "state": "a state/1",
        }
        return await self.ask("authorize", method, **query | changes)

    async def token(self, grant_type: str, method: str = "GET", **changes: Any) -> httpx.Response:
        query = {
            "grant_type": grant_type,
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
            "device_id": self.device,
            "model_id": "model",
        }
        return await self.ask("token", method, **query | changes)

    async def code(self, **changes: Any) -> str:
        answer = await self.authorize(**changes)
        assert answer.status_code in (200, 451), answer.text
        return answer.json()["code"]

    async def sign_in(self, **changes: Any) -> dict[str, Any]:
        """Return what /token issues."""
        answer = await self.token("authorization_code", code=await self.code(**changes))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refresh(self, tokens: dict[str, Any], **changes: Any) -> httpx.Response:
        query = {"refresh_token": tokens["refresh_token"]} | changes
        return await self.token("refresh_token", **query)

    async def delete(self, tokens: dict[str, Any], **changes: Any) -> httpx.Response:
        return await self.token("delete", **{"access_token": tokens["access_token"]} | changes)

    async def is_good(self, tokens: dict[str, Any]) -> bool:
        """Whether CIC takes an access token."""
        async with Client(self.server, tokens["access_token"]) as client:
            return (await (await client.request("GET", "/ping")).status) == 204


@asynccontextmanager
async def asking(server: RunningServer, account: str | None = None) -> AsyncIterator[Asker]:
    """Yield a device of its own."""
    context = ssl.create_default_context(cafile=server.ca_file)
    async with httpx.AsyncClient(base_url=server.auth_address, verify=context) as http:
        yield Asker(server, http, account=account)


async def account(control: Control, **changes: bool) -> str:
    """Make an account of the test's own."""
    token = uuid4().hex
    await control.call("POST", "/control/accounts", {"account_token": token, **changes})
    return token


def way_back(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    """Return where a page of consent leads, and with what."""
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["location"])
    return parts._replace(query="").geturl(), dict(parse_qsl(parts.query))
