"""Forms and pages of signing in, as a person fills and opens them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
import re
import ssl
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import (
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
)
from homeassistant.core import HomeAssistant
import httpx

from custom_components.clova_cic.const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_PREFER_LOCAL,
    DOMAIN,
)
from custom_components.clova_cic.coordinator import CicConfigEntry

from .service import CicService
from .test_config_flow import opened, submit

MODEL = "box-1"


def sign_in_form(cic: CicService, **changes: Any) -> dict[str, Any]:
    """Return a filled form that signs in with the account of the server's first start."""
    return {
        CONF_ADDRESS: cic.address,
        CONF_CLIENT_ID: cic.server.client_id,
        CONF_CLIENT_SECRET: cic.server.client_secret,
        CONF_MODEL_ID: MODEL,
        "grant": "account_token",
        "credential": cic.server.account_token,
        CONF_LANGUAGE: "ja",
        CONF_CA_CERTIFICATE: cic.ca_certificate,
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
        "advanced": {},
        **changes,
    }


async def sign_in(home: HomeAssistant, cic: CicService, **changes: Any) -> CicConfigEntry:
    """Add an entry that is signed in, and return it connected."""
    result = await submit(home, await opened(home, "sign_in"), sign_in_form(cic, **changes))
    assert result["type"] == "create_entry", result.get("errors")
    entry: CicConfigEntry = result["result"]
    return entry


def seen_as(cic: CicService, entry: CicConfigEntry) -> CicService:
    """Return the server as the device of a login sees it."""
    return replace(cic, client=entry.data["login"])


async def account(cic: CicService, **changes: bool) -> str:
    """Make or change an account of the test's own; return its token."""
    token = uuid4().hex
    await change_account(cic, token, **changes)
    return token


async def change_account(cic: CicService, token: str, **changes: bool) -> None:
    """Let an account agree, leave, or be refused."""
    await cic.control("POST", "accounts", {"account_token": token, **changes})


async def device_code(cic: CicService) -> str:
    """Return the code a companion app would hand over."""
    query = {
        "client_id": cic.server.client_id,
        "device_id": "phone",
        "model_id": MODEL,
        "response_type": "code",
        "state": "s",
    }
    headers = {"Authorization": f"Bearer {cic.server.account_token}"}
    answer = await cic.http.get(f"{cic.address}/authorize", params=query, headers=headers)
    code: str = answer.json()["code"]
    return code


@asynccontextmanager
async def browser(cic: CicService, page: str) -> AsyncIterator[Any]:
    """Open a page of consent; yield a function that presses a button and returns where it leads."""
    context = ssl.create_default_context(cafile=cic.server.ca_file)
    async with httpx.AsyncClient(verify=context) as http:
        shown = await http.get(page)
        assert shown.status_code == 200
        fields = dict(re.findall(r'name="(code|redirect_uri)" value="([^"]*)"', shown.text))
        parts = urlsplit(page)

        async def press(answer: str) -> str:
            form = {**fields, "answer": answer}
            done = await http.post(f"{parts.scheme}://{parts.netloc}{parts.path}", data=form)
            assert done.status_code == 302
            return done.headers["location"]

        yield press


async def start(home: HomeAssistant, entry: CicConfigEntry, source: str) -> ConfigFlowResult:
    """Begin to sign in again (SOURCE_REAUTH), or to change an entry (SOURCE_RECONFIGURE)."""
    return await home.config_entries.flow.async_init(
        DOMAIN,
        context={
            "source": source,
            "entry_id": entry.entry_id,
            "title_placeholders": {"name": entry.title},
            "unique_id": entry.unique_id,
        },
        data=entry.data,
    )


async def go_on(home: HomeAssistant, flow: ConfigFlowResult) -> ConfigFlowResult:
    """Go on with a flow as the frontend does when it is told that something has changed."""
    result = await home.config_entries.flow.async_configure(flow["flow_id"])
    await home.async_block_till_done()
    return result
