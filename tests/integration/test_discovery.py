"""A CIC server that announces itself: whose authority it is, and who follows it elsewhere."""

import asyncio
from ipaddress import ip_address
from typing import Any

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_ZEROCONF,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
import pytest

from custom_components.clova_cic.const import CONF_AUTH_ADDRESS, CONF_CA_CERTIFICATE, DOMAIN
from custom_components.clova_cic.coordinator import CicConfigEntry
from tests.peer.certificates import authority
from tests.peer.frames import frame_server, tls_server

from .conftest import Entries, SetUp, data_for_peer
from .service import CicService
from .sign_in import sign_in, sign_in_form
from .test_config_flow import closed, filled, opened, submit, suggested

NAME = "Kitchen server"


def announced(cic: CicService, **changes: Any) -> ZeroconfServiceInfo:
    """Return what is heard of a server."""
    properties = {"ca_sha256": cic.server.ca_sha256, "name": NAME, "auth": "1"}
    return ZeroconfServiceInfo(
        ip_address=ip_address("127.0.0.1"),
        ip_addresses=[ip_address("127.0.0.1")],
        port=changes.pop("port", cic.port),
        hostname="cic.local.",
        type="_cic._tcp.local.",
        name=f"{NAME}._cic._tcp.local.",
        properties=properties | changes,
    )


async def discover(home: HomeAssistant, info: ZeroconfServiceInfo) -> ConfigFlowResult:
    return await home.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_ZEROCONF}, data=info
    )


async def test_found_and_signed_in(home: HomeAssistant, cic: CicService) -> None:
    """The fingerprint is shown; what is known of the server need not be typed."""
    flow = await discover(home, announced(cic))
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "discovery_confirm")
    shown = flow["description_placeholders"]
    assert (shown["name"], shown["address"]) == (NAME, cic.address)
    assert shown["fingerprint"].replace(" ", "") == cic.server.ca_sha256
    assert {len(part) for part in shown["fingerprint"].split()} == {4}
    (progress,) = home.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert progress["context"]["title_placeholders"] == {"name": NAME}
    menu = await submit(home, flow, {})
    assert menu["menu_options"] == ["sign_in", "account", "bot"]
    form = await submit(home, menu, {"next_step_id": "sign_in"})
    known = {key: suggested(form)[key] for key in (CONF_ADDRESS, CONF_CA_CERTIFICATE)}
    assert known == {
        CONF_ADDRESS: cic.address,
        CONF_CA_CERTIFICATE: cic.ca_certificate.strip(),
    }
    result = await submit(home, form, sign_in_form(cic) | known)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, NAME)
    again = await discover(home, announced(cic))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def test_found_twice(home: HomeAssistant, cic: CicService) -> None:
    await discover(home, announced(cic))
    again = await discover(home, announced(cic))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_in_progress")


async def test_added_by_hand_meanwhile(home: HomeAssistant, cic: CicService) -> None:
    """It is offered no longer; another server is."""
    found = await discover(home, announced(cic))
    menu = await submit(home, found, {})
    assert menu["type"] is FlowResultType.MENU
    result = await submit(home, await opened(home), filled(cic))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert not home.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def test_ignored(home: HomeAssistant, cic: CicService) -> None:
    await discover(home, announced(cic))
    (progress,) = home.config_entries.flow.async_progress_by_handler(DOMAIN)
    ignored = {"unique_id": progress["context"]["unique_id"], "title": NAME}
    await home.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_IGNORE}, data=ignored
    )
    again = await discover(home, announced(cic))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ca_sha256": "0" * 64}, "ca_mismatch"),
        ({"ca_sha256": "short"}, "invalid_discovery"),
        ({"ca_sha256": None}, "invalid_discovery"),
        ({"port": None}, "invalid_discovery"),
    ],
)
async def test_not_what_it_says(
    home: HomeAssistant, cic: CicService, changes: dict[str, Any], reason: str
) -> None:
    result = await discover(home, announced(cic, **changes))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)


def answering(answer: bytes) -> Any:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return tls_server(serve, authority().server_context(alpn=["http/1.1"]))


def page(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


LONG = page(bytes(100_000))
NO_TEXT = page(b"-----BEGIN CERTIFICATE-----\n\xff\n-----END CERTIFICATE-----")
NO_PEM = page(b"-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----")
ELSEWHERE = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (LONG, "cannot_fetch_ca"),
        (NO_TEXT, "cannot_fetch_ca"),
        (ELSEWHERE, "cannot_fetch_ca"),
        (b"nonsense\r\n\r\n", "cannot_fetch_ca"),
        (NO_PEM, "ca_mismatch"),
    ],
    ids=["long", "no text", "elsewhere", "nonsense", "no pem"],
)
async def test_no_certificate(
    home: HomeAssistant, cic: CicService, answer: bytes, reason: str
) -> None:
    async with answering(answer) as port:
        result = await discover(home, announced(cic, port=port))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)


async def test_nobody_there(home: HomeAssistant, cic: CicService) -> None:
    async with closed() as port:
        result = await discover(home, announced(cic, port=port))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_fetch_ca")


# A server that is known


async def lost(home: HomeAssistant, entry: CicConfigEntry) -> None:
    """Set an entry up whose server is not where it was."""
    async with closed() as port:
        addresses = entry.data.keys() & {CONF_ADDRESS, CONF_AUTH_ADDRESS}
        old = dict.fromkeys(addresses, f"https://127.0.0.1:{port}")
        home.config_entries.async_update_entry(entry, data={**entry.data, **old})
        await home.config_entries.async_setup(entry.entry_id)
        await home.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_server_moves(home: HomeAssistant, cic: CicService, make_entry: Entries) -> None:
    """Its entries follow, signed in or not, and keep who they are."""
    signed_in = await sign_in(home, cic)
    before = dict(signed_in.data)
    assert await home.config_entries.async_unload(signed_in.entry_id)
    pasted = make_entry(cic)
    for entry in (pasted, signed_in):
        await lost(home, entry)
    result = await discover(home, announced(cic))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    await home.async_block_till_done()
    for entry in (pasted, signed_in):
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data[CONF_ADDRESS] == cic.address
        assert (entry.unique_id or "").startswith(f"127.0.0.1:{cic.port}/")
    assert signed_in.data == before
    assert CONF_ACCESS_TOKEN in pasted.data and CONF_AUTH_ADDRESS not in pasted.data
    for entry in (pasted, signed_in):
        assert await home.config_entries.async_unload(entry.entry_id)


async def test_connected_entry_stays(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """It may know its server by a better name than its number."""
    entry = (await set_up(cic, address=f"https://localhost:{cic.port}")).config_entry
    result = await discover(home, announced(cic))
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_ADDRESS] == f"https://localhost:{cic.port}"


async def test_impostor(home: HomeAssistant, cic: CicService, make_entry: Entries) -> None:
    """A fingerprint is no secret: who announces it must also have a certificate of that authority."""
    entry = make_entry(cic)
    await lost(home, entry)
    address = entry.data[CONF_ADDRESS]
    async with frame_server() as (port, _):
        result = await discover(home, announced(cic, port=port))
    assert result["reason"] == "already_configured"
    assert entry.data[CONF_ADDRESS] == address
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_found_beside_an_entry(
    home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    """Another authority is another server."""
    make_entry(cic, **data_for_peer(1))
    flow = await discover(home, announced(cic))
    assert flow["step_id"] == "discovery_confirm"
    menu = await submit(home, flow, {})
    assert menu["menu_options"] == ["sign_in", "account", "device", "bot"]
