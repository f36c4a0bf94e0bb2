"""Adding, repairing and changing an entry, against real servers, whole and broken."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from homeassistant import config_entries
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE, CONF_MODEL_ID
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic import trial
from custom_components.clova_cic.cic import DEFAULT_USER_AGENT, Client
from custom_components.clova_cic.const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_DEVICE_UUID,
    CONF_PREFER_LOCAL,
    CONF_USER_AGENT,
    DOMAIN,
)
from tests.cic.node_peer import node_peer
from tests.peer.certificates import authority
from tests.peer.frames import frame_server, tls_server
from tests.peer.scripted import RELATED

from .conftest import Entries, SetUp, data_for_peer
from .service import CicService, until

USER_AGENT = "Somebody/Something/1.2.3 (Linux;box)"


def filled(cic: CicService, **changes: Any) -> dict[str, Any]:
    """Return a filled form."""
    return {
        CONF_ADDRESS: cic.address,
        CONF_ACCESS_TOKEN: cic.access_token,
        CONF_LANGUAGE: "ja",
        CONF_CA_CERTIFICATE: cic.ca_certificate,
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
        "advanced": {CONF_USER_AGENT: DEFAULT_USER_AGENT},
        **changes,
    }


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the menu that adds an entry."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": config_entries.SOURCE_USER}
    )


async def submit(
    hass: HomeAssistant, flow: ConfigFlowResult, values: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], values)
    await hass.async_block_till_done()
    return result


async def opened(hass: HomeAssistant, step_id: str = "account") -> ConfigFlowResult:
    """Open the form of a way to add an entry."""
    menu = await begin(hass)
    assert menu["type"] is FlowResultType.MENU
    form = await submit(hass, menu, {"next_step_id": step_id})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, step_id)
    return form


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    shown: dict[str, Any] = {}
    for key, value in result["data_schema"].schema.items():
        inner = getattr(value, "schema", None)
        if key == "advanced":
            shown |= {
                str(marker): (marker.description or {}).get("suggested_value")
                for marker in inner.schema
            }
        else:
            shown[str(key)] = (key.description or {}).get("suggested_value")
    return shown


async def test_adds_an_entry(home: HomeAssistant, cic: CicService) -> None:
    flow = await opened(home)
    assert flow["type"] is FlowResultType.FORM
    defaults = flow["data_schema"]({CONF_ACCESS_TOKEN: "x", "advanced": {}})
    assert defaults[CONF_ADDRESS] == "https://prod-ni-cic.clova.ai"
    assert defaults[CONF_LANGUAGE] == "en"
    assert defaults[CONF_CREATE_PIPELINE] is True
    assert defaults[CONF_PREFER_LOCAL] is False
    advanced = {CONF_USER_AGENT: USER_AGENT, CONF_MODEL_ID: "box-1"}
    result = await submit(home, flow, filled(cic, advanced=advanced))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "127.0.0.1"
    entry: MockConfigEntry = result["result"]
    uuid = entry.data[CONF_DEVICE_UUID]
    assert entry.unique_id == f"127.0.0.1:{cic.port}/{uuid}"
    assert entry.data == {
        CONF_ADDRESS: cic.address,
        CONF_ACCESS_TOKEN: cic.access_token,
        CONF_LANGUAGE: "ja",
        CONF_CA_CERTIFICATE: cic.ca_certificate.strip(),
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
        CONF_USER_AGENT: USER_AGENT,
        CONF_MODEL_ID: "box-1",
        CONF_DEVICE_UUID: uuid,
    }
    assert entry.state is ConfigEntryState.LOADED
    assert await home.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("language", "proposed"), [("ko", "ko"), ("ja", "ja"), ("en-GB", "en"), ("de", "en")]
)
async def test_language_is_proposed(home: HomeAssistant, language: str, proposed: str) -> None:
    home.config.language = language
    flow = await opened(home)
    assert flow["data_schema"]({CONF_ACCESS_TOKEN: "x", "advanced": {}})[CONF_LANGUAGE] == proposed


async def test_same_account_twice(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """Aborts before it connects, however the address is written."""
    await set_up(cic)
    flow = await opened(home)
    result = await submit(home, flow, filled(cic, address=f"{cic.address}/"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(await cic.log("downchannel_opened")) == 1


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_ADDRESS: "http://127.0.0.1"}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ADDRESS: "https://127.0.0.1/path"}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ADDRESS: "https://me@127.0.0.1"}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ADDRESS: "https://127.0.0.1?a=b"}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ADDRESS: "https://127.0.0.1:99999"}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ADDRESS: "  "}, {CONF_ADDRESS: "invalid_address"}),
        ({CONF_ACCESS_TOKEN: "two words"}, {CONF_ACCESS_TOKEN: "invalid_token"}),
        ({CONF_ACCESS_TOKEN: "토큰"}, {CONF_ACCESS_TOKEN: "invalid_token"}),
        ({CONF_ACCESS_TOKEN: " "}, {CONF_ACCESS_TOKEN: "invalid_token"}),
        ({"advanced": {CONF_USER_AGENT: "curl"}}, {"base": "invalid_user_agent"}),
        ({CONF_CA_CERTIFICATE: "text"}, {CONF_CA_CERTIFICATE: "invalid_ca"}),
        ({CONF_CA_CERTIFICATE: "인증서"}, {CONF_CA_CERTIFICATE: "invalid_ca"}),
        ({CONF_CA_CERTIFICATE: ""}, {"base": "certificate"}),
        ({CONF_ACCESS_TOKEN: "wrong"}, {CONF_ACCESS_TOKEN: "token_refused"}),
    ],
)
async def test_what_the_form_or_the_server_refuses(
    home: HomeAssistant, cic: CicService, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    """The form keeps what was typed, and a corrected one goes through."""
    form = filled(cic) | changes
    result = await submit(home, await opened(home), form)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    shown = suggested(result)
    assert shown[CONF_ADDRESS] == form[CONF_ADDRESS]
    assert shown[CONF_ACCESS_TOKEN] == form[CONF_ACCESS_TOKEN]
    assert shown[CONF_USER_AGENT] == form["advanced"][CONF_USER_AGENT]
    result = await submit(home, result, filled(cic))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def test_address_without_scheme(home: HomeAssistant, cic: CicService) -> None:
    form = filled(cic, address=f" 127.0.0.1:{cic.port} ")
    result = await submit(home, await opened(home), form)
    assert result["data"][CONF_ADDRESS] == cic.address
    assert await home.config_entries.async_unload(result["result"].entry_id)


@asynccontextmanager
async def closed() -> AsyncIterator[int]:
    """Yield a port nobody listens on."""
    async with tls_server(_hang_up, None) as port:
        pass
    yield port


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@asynccontextmanager
async def node() -> AsyncIterator[int]:
    """Run an HTTP/2 service that is not CIC."""
    manager = node_peer()
    peer = await asyncio.to_thread(manager.__enter__)
    try:
        yield peer.port
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


@asynccontextmanager
async def answering(status: str) -> AsyncIterator[int]:
    """Run a service that refuses every downchannel."""
    async with frame_server() as (port, peers):

        async def refuse() -> None:
            while True:
                peer = await peers.get()
                stream_id, _ = await peer.request()
                peer.send(peer.headers(stream_id, [(":status", status), RELATED], end=True))

        task = asyncio.create_task(refuse())
        try:
            yield port
        finally:
            task.cancel()


def peers() -> dict[str, tuple[Any, dict[str, str]]]:
    """Return broken peers by name, with the error each is to bring."""
    issue = authority().server_context
    return {
        "closed": (closed(), {CONF_ADDRESS: "unreachable"}),
        "plain": (tls_server(_hang_up, None), {CONF_ADDRESS: "not_http2"}),
        "http1": (
            tls_server(_hang_up, issue(alpn=["http/1.1"])),
            {CONF_ADDRESS: "not_http2"},
        ),
        "expired": (tls_server(_hang_up, issue(days=-1)), {"base": "certificate"}),
        "other name": (tls_server(_hang_up, issue(name="other.invalid")), {"base": "certificate"}),
        "other service": (node(), {CONF_ADDRESS: "not_cic"}),
        "too many": (answering("429"), {"base": "too_many_requests"}),
        "ill": (answering("500"), {"base": "refused"}),
    }


@pytest.mark.parametrize(
    "name",
    ["closed", "plain", "http1", "expired", "other name", "other service", "too many", "ill"],
)
async def test_broken_servers(
    home: HomeAssistant, cic: CicService, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "AFTER_TOO_MANY", 0.05)
    server, errors = peers()[name]
    async with server as port:
        form = filled(cic, **data_for_peer(port))
        result = await submit(home, await opened(home), form)
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == errors


async def test_defect_of_our_own(
    home: HomeAssistant,
    cic: CicService,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with defect(monkeypatch):
        result = await submit(home, await opened(home), filled(cic))
    assert result["errors"] == {"base": "unknown"}
    assert "Unexpected error trying a connection" in caplog.text
    assert cic.access_token not in caplog.text


@contextmanager
def defect(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Break the library, for the flow only."""

    class Broken(Client):
        @classmethod
        async def connect(cls, *_: Any) -> Any:
            raise RuntimeError("defect")

    with monkeypatch.context() as patched:
        patched.setattr(trial, "Client", Broken)
        yield


async def never_two_channels(cic: CicService) -> int:
    """Check the server's journal; return how many channels this client had, one after another."""
    entries = (await cic.control("GET", "log"))["entries"]
    channels = [
        entry["kind"]
        for entry in entries
        if entry.get("client") == cic.client and entry["kind"].startswith("downchannel")
    ]
    assert channels == ["downchannel_opened", "downchannel_closed"] * (len(channels) // 2) + (
        ["downchannel_opened"] if len(channels) % 2 else []
    )
    return (len(channels) + 1) // 2


async def test_new_token_for_a_running_entry(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    flow = await entry.start_reauth_flow(home)
    assert flow["step_id"] == "reauth_confirm"
    result = await submit(home, flow, {CONF_ACCESS_TOKEN: "wrong"})
    assert result["errors"] == {CONF_ACCESS_TOKEN: "token_refused"}
    # What ran goes on with what it had.
    await until(lambda: coordinator.connected)
    token = f"{cic.access_token}x"
    result = await submit(home, result, {CONF_ACCESS_TOKEN: f" {token} "})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.data[CONF_ACCESS_TOKEN] == token
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.runtime_data.connected
    await never_two_channels(cic)


async def test_new_token_for_an_entry_that_failed(
    home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic, **{CONF_ACCESS_TOKEN: "wrong"})
    assert not await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    (flow,) = home.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = await submit(home, flow, {CONF_ACCESS_TOKEN: cic.access_token})
    assert result["reason"] == "reauth_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_new_token_is_anothers(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    other = await set_up(cic, **{CONF_ACCESS_TOKEN: f"{cic.access_token}x"})
    flow = await other.config_entry.start_reauth_flow(home)
    result = await submit(home, flow, {CONF_ACCESS_TOKEN: cic.access_token})
    assert result["reason"] == "already_configured"
    assert coordinator.connected
    assert other.connected


def changed(cic: CicService, **changes: Any) -> dict[str, Any]:
    """Return a filled form of the step that changes an entry; the token field is empty."""
    form = filled(cic, **changes)
    for key in (CONF_ACCESS_TOKEN, CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL):
        if key not in changes:
            del form[key]
    return form


async def test_change_of_language(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """Nothing the connection depends on: it is not tried."""
    as_stored = {
        CONF_CA_CERTIFICATE: cic.ca_certificate.strip(),
        CONF_USER_AGENT: DEFAULT_USER_AGENT,
    }
    coordinator = await set_up(cic, **{CONF_PREFER_LOCAL: True}, **as_stored)
    entry = coordinator.config_entry
    before = dict(entry.data)
    flow = await entry.start_reconfigure_flow(home)
    shown = suggested(flow)
    assert shown[CONF_ADDRESS] == cic.address
    assert shown[CONF_ACCESS_TOKEN] is None
    assert shown[CONF_CA_CERTIFICATE] == cic.ca_certificate.strip()
    form = changed(cic, language="ko", ca_certificate=cic.ca_certificate)
    result = await submit(home, flow, form)
    assert result["reason"] == "reconfigure_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.runtime_data.language == "ko"
    assert entry.data[CONF_ACCESS_TOKEN] == before[CONF_ACCESS_TOKEN]
    assert entry.data[CONF_DEVICE_UUID] == before[CONF_DEVICE_UUID]
    assert entry.data[CONF_PREFER_LOCAL] is True
    assert await never_two_channels(cic) == 2


async def test_change_of_user_agent(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """The new connection is tried while the old one is closed."""
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    flow = await entry.start_reconfigure_flow(home)
    form = changed(cic, advanced={CONF_USER_AGENT: USER_AGENT})
    result = await submit(home, flow, form)
    assert result["reason"] == "reconfigure_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.data[CONF_USER_AGENT] == USER_AGENT
    assert await never_two_channels(cic) == 3


async def test_change_that_fails(
    home: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry goes on as it was."""
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    before = dict(entry.data)
    flow = await entry.start_reconfigure_flow(home)
    without = changed(cic)
    del without[CONF_CA_CERTIFICATE]
    result = await submit(home, flow, without)
    assert result["errors"] == {"base": "certificate"}
    await until(lambda: coordinator.connected)
    with defect(monkeypatch):
        result = await submit(home, flow, without)
    assert result["errors"] == {"base": "unknown"}
    assert entry.data == before
    assert entry.runtime_data is coordinator
    await until(lambda: coordinator.connected)


async def test_change_of_server(
    home: HomeAssistant, cic: CicService, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    uuid = entry.data[CONF_DEVICE_UUID]
    flow = await entry.start_reconfigure_flow(home)
    form = changed(mortal_cic, access_token=mortal_cic.access_token)
    result = await submit(home, flow, form)
    assert result["reason"] == "reconfigure_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.unique_id == f"127.0.0.1:{mortal_cic.port}/{uuid}"
    assert len(await mortal_cic.channels()) == 1
    assert not await cic.channels()


async def test_change_to_anothers_account(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    other = await set_up(cic, **{CONF_ACCESS_TOKEN: f"{cic.access_token}x"})
    flow = await other.config_entry.start_reconfigure_flow(home)
    result = await submit(home, flow, changed(cic, access_token=cic.access_token))
    assert result["reason"] == "already_configured"
