"""Signing in, with all that can come between, against the real server's authentication API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.components import conversation
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
    CONF_NAME,
)
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic import consent
from custom_components.clova_cic.cic import DEFAULT_USER_AGENT
from custom_components.clova_cic.const import (
    CONF_AUTH_ADDRESS,
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_DEVICE_UUID,
    CONF_LOGIN,
    CONF_PREFER_LOCAL,
    CONF_SHARES_LOGIN,
    CONF_USER_AGENT,
    DOMAIN,
)
from custom_components.clova_cic.coordinator import CicConfigEntry
from custom_components.clova_cic.repairs import async_create_fix_flow
from tests.peer.frames import tls_server

from .service import CicService, settled, until
from .sign_in import (
    MODEL,
    account,
    browser,
    change_account,
    device_code,
    go_on,
    seen_as,
    sign_in,
    sign_in_form,
    start,
)
from .test_config_flow import begin, closed, opened, submit, suggested

type Visit = Callable[[str], Awaitable[tuple[int, str]]]


@pytest.fixture
async def visit(home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> Visit:
    """Return a function that opens one of Home Assistant's pages, as a browser without a login."""
    assert await async_setup_component(home, DOMAIN, {})
    client = await hass_client_no_auth()
    home.config.internal_url = f"http://127.0.0.1:{client.port}"

    async def open_page(address: str) -> tuple[int, str]:
        answer = await client.get(address.removeprefix(home.config.internal_url or ""))
        return answer.status, await answer.text()

    return open_page


async def tokens_of(cic: CicService, entry: CicConfigEntry | None = None) -> list[tuple[str, int]]:
    """Return what /token was asked and answered, of an entry's login or of all."""
    entries = (await cic.control("GET", "log?since=0"))["entries"]
    login = None if entry is None else entry.data[CONF_LOGIN]
    return [
        (one["grant_type"], one["status"])
        for one in entries
        if one["kind"] == "token" and login in (None, one["client"])
    ]


async def end_all(cic: CicService, entry: CicConfigEntry) -> None:
    """Let the server take no token of a login any longer."""
    await cic.control("POST", "tokens", {"client": entry.data[CONF_LOGIN], "revoke": "all"})


def reauth_flows(home: HomeAssistant) -> list[ConfigFlowResult]:
    return [
        flow
        for flow in home.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == "reauth"
    ]


async def mend(home: HomeAssistant, issue: ir.IssueEntry | None) -> None:
    """Confirm a repair."""
    assert issue is not None and issue.is_fixable
    fix = await async_create_fix_flow(home, issue.issue_id, issue.data)
    fix.hass = home
    await fix.async_step_confirm({})
    await home.async_block_till_done()


async def test_signs_in(home: HomeAssistant, cic: CicService) -> None:
    """The entry holds no token; the server knows the device by the name it signed in with."""
    flow = await opened(home, "sign_in")
    defaults = flow["data_schema"](
        {CONF_CLIENT_ID: "a", CONF_CLIENT_SECRET: "b", CONF_MODEL_ID: "c", "advanced": {}}
    )
    assert (defaults["grant"], defaults[CONF_CREATE_PIPELINE]) == ("account_token", True)
    result = await submit(home, flow, sign_in_form(cic))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry: CicConfigEntry = result["result"]
    login = entry.data[CONF_LOGIN]
    assert entry.data == {
        CONF_ADDRESS: cic.address,
        CONF_AUTH_ADDRESS: cic.address,
        CONF_CLIENT_ID: cic.server.client_id,
        CONF_CLIENT_SECRET: cic.server.client_secret,
        CONF_MODEL_ID: MODEL,
        CONF_LOGIN: login,
        CONF_DEVICE_UUID: login,
        CONF_LANGUAGE: "ja",
        CONF_CA_CERTIFICATE: cic.ca_certificate.strip(),
        CONF_USER_AGENT: DEFAULT_USER_AGENT,
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
    }
    assert entry.unique_id == f"127.0.0.1:{cic.port}/{login}"
    assert entry.runtime_data.connected
    assert len(await seen_as(cic, entry).channels()) == 1
    assert await tokens_of(cic, entry) == [("authorization_code", 200)]
    assert await home.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("grant", ["account_code", "code", "guest"])
async def test_other_ways_to_sign_in(home: HomeAssistant, cic: CicService, grant: str) -> None:
    """A code of an app goes straight to /token; a guest has nothing to show."""
    before = len(await cic.log("authorize", everything=True))
    credential = {
        "account_code": cic.server.account_token,
        "code": await device_code(cic),
        "guest": "",
    }[grant]
    entry = await sign_in(home, cic, grant=grant, credential=credential)
    assert entry.runtime_data.connected
    entries = (await cic.control("GET", "log?since=0"))["entries"]
    asked = [
        (one["grant_type"], one["guest"])
        for one in entries[before:]
        if one["kind"] == "authorize" and one["client"] == entry.data[CONF_LOGIN]
    ]
    expected: dict[str, list[tuple[str | None, bool]]] = {
        "account_code": [("uauth_auth_code_v2", False)],
        "code": [],
        "guest": [(None, True)],
    }
    assert asked == expected[grant]
    assert await home.config_entries.async_unload(entry.entry_id)


REFUSED: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
    ({"credential": "nobody's"}, {"credential": "account_refused"}),
    ({"credential": " "}, {"credential": "missing"}),
    ({"grant": "code", "credential": "old"}, {"credential": "grant_refused"}),
    ({CONF_CLIENT_ID: "nobody"}, {CONF_CLIENT_ID: "grant_refused"}),
    ({CONF_CLIENT_ID: " "}, {CONF_CLIENT_ID: "missing"}),
    ({CONF_CLIENT_SECRET: "wrong"}, {CONF_CLIENT_SECRET: "grant_refused"}),
    ({CONF_MODEL_ID: " "}, {CONF_MODEL_ID: "missing"}),
    ({CONF_ADDRESS: "http://cic"}, {CONF_ADDRESS: "invalid_address"}),
    ({CONF_AUTH_ADDRESS: "http://cic"}, {CONF_AUTH_ADDRESS: "invalid_address"}),
    ({CONF_CA_CERTIFICATE: "text"}, {CONF_CA_CERTIFICATE: "invalid_ca"}),
    ({CONF_CA_CERTIFICATE: ""}, {"base": "certificate"}),
    ({"advanced": {CONF_USER_AGENT: "curl"}}, {"base": "invalid_user_agent"}),
)


async def test_what_the_form_or_the_server_refuses(home: HomeAssistant, cic: CicService) -> None:
    """The form keeps what was typed, and a corrected one goes through."""
    result = await opened(home, "sign_in")
    for changes, errors in REFUSED:
        result = await submit(home, result, sign_in_form(cic, **changes))
        assert (result["type"], result["errors"]) == (FlowResultType.FORM, errors)
        shown = suggested(result)
        for key in changes.keys() - {"advanced"}:
            assert shown[key] == changes[key]
    result = await submit(home, result, sign_in_form(cic))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def test_account_that_has_left(home: HomeAssistant, cic: CicService) -> None:
    token = await account(cic, closed=True)
    form = sign_in_form(cic, credential=token)
    result = await submit(home, await opened(home, "sign_in"), form)
    assert result["errors"] == {"credential": "account_closed"}


@pytest.mark.parametrize("kind", ["authorize", "token"])
async def test_sign_in_server_that_fails(home: HomeAssistant, cic: CicService, kind: str) -> None:
    await cic.control("POST", "next-answer", {"event": kind, "status": 500})
    result = await submit(home, await opened(home, "sign_in"), sign_in_form(cic))
    assert result["errors"] == {CONF_AUTH_ADDRESS: "authorization_failed"}


async def test_sign_in_server_that_is_away(home: HomeAssistant, cic: CicService) -> None:
    async with closed() as port:
        form = sign_in_form(cic, auth_address=f"https://127.0.0.1:{port}")
        result = await submit(home, await opened(home, "sign_in"), form)
    assert result["errors"] == {CONF_AUTH_ADDRESS: "unreachable"}


# What is got and not used


async def test_tokens_serve_a_corrected_form(home: HomeAssistant, cic: CicService) -> None:
    """A code counts once: what it brought is kept while its user looks for the right address."""
    code = await device_code(cic)
    form = sign_in_form(cic, grant="code", credential=code, auth_address=cic.address)
    before = await tokens_of(cic)
    async with closed() as port:
        wrong = form | {CONF_ADDRESS: f"https://127.0.0.1:{port}"}
        result = await submit(home, await opened(home, "sign_in"), wrong)
        assert result["errors"] == {CONF_ADDRESS: "unreachable"}
    result = await submit(home, result, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (await tokens_of(cic))[len(before) :] == [("authorization_code", 200)]
    assert await home.config_entries.async_unload(result["result"].entry_id)


@pytest.mark.parametrize("end", [200, 400])
async def test_tokens_for_nothing_are_given_back(
    home: HomeAssistant, cic: CicService, end: int
) -> None:
    """Where the user signs in otherwise, and where they leave; that they have ended is no matter."""
    before = len(await tokens_of(cic))
    async with closed() as port:
        form = sign_in_form(cic, address=f"https://127.0.0.1:{port}", auth_address=cic.address)
        result = await submit(home, await opened(home, "sign_in"), form)
        assert result["errors"] == {CONF_ADDRESS: "unreachable"}
        assert (await tokens_of(cic))[before:] == [("authorization_code", 200)]
        await submit(home, result, form | {"grant": "guest"})
    told = [("authorization_code", 200), ("delete", 200), ("authorization_code", 200)]
    assert (await tokens_of(cic))[before:] == told
    if end == 400:
        login = (await cic.control("GET", "log?since=0"))["entries"][-1]["client"]
        await cic.control("POST", "tokens", {"client": login, "revoke": "all"})
    home.config_entries.flow.async_abort(result["flow_id"])
    told.append(("delete", end))
    await settled(lambda: tokens_of(cic), lambda all_told: all_told[before:] == told)


async def test_user_leaves_while_the_connection_is_tried(
    home: HomeAssistant, cic: CicService
) -> None:
    """What has come by then is given back too, and nothing is stored."""
    before = len(await tokens_of(cic))
    reached, release = asyncio.Event(), asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        await release.wait()
        writer.close()

    flow = await opened(home, "sign_in")
    async with tls_server(hold, None) as port:
        form = sign_in_form(cic, address=f"https://127.0.0.1:{port}", auth_address=cic.address)
        waiting = asyncio.create_task(
            home.config_entries.flow.async_configure(flow["flow_id"], form)
        )
        await reached.wait()
        home.config_entries.flow.async_abort(flow["flow_id"])
        release.set()
        with pytest.raises(UnknownFlow):
            await waiting
    given = [("authorization_code", 200), ("delete", 200)]
    await settled(lambda: tokens_of(cic), lambda told: told[before:] == given)
    assert not home.config_entries.async_entries(DOMAIN)


# Consent


async def test_consent(home: HomeAssistant, cic: CicService, visit: Visit) -> None:
    """The page leads back to Home Assistant, and the flow goes on; whoever declines may try again."""
    form = sign_in_form(cic, credential=await account(cic, consent=False))
    flow = await submit(home, await opened(home, "sign_in"), form)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.EXTERNAL_STEP, "consent")
    async with browser(cic, flow["url"]) as press:
        status, shown = await visit(await press("decline"))
    assert (status, "You can close this window" in shown) == (200, True)
    result = await go_on(home, flow)
    assert (result["step_id"], result["errors"]) == ("sign_in", {"base": "consent_declined"})
    assert suggested(result)["credential"] == form["credential"]

    again = await submit(home, result, form)
    assert again["type"] is FlowResultType.EXTERNAL_STEP
    assert (await go_on(home, again))["url"] == again["url"]  # the dialog was opened again
    async with browser(cic, again["url"]) as press:
        back = await press("agree")
    assert (await visit(back))[0] == 200
    status, shown = await visit(back)  # a state is known once
    assert (status, "does not expect this" in shown) == (400, True)
    result = await go_on(home, again)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def test_consent_that_is_none(home: HomeAssistant, cic: CicService, visit: Visit) -> None:
    form = sign_in_form(cic, credential=await account(cic, consent=False))
    flow = await opened(home, "sign_in")
    for told, error in (
        ("error=terms_not_agreed", "consent_declined"),
        ("error=server_error", "consent_failed"),
        ("error=what%22ever", "consent_failed"),
        ("code=nobody%27s", "grant_refused"),
        ("", "grant_refused"),  # the code that came with the 451, of a user who has not agreed
    ):
        flow = await submit(home, flow, form)
        (state,) = home.data[consent._WAITING]
        status, shown = await visit(f"/api/clova_cic/consent?state={state}&{told}")
        assert (status, "ever" in shown) == (200, False)
        flow = await go_on(home, flow)
        assert list(flow["errors"].values()) == [error]


async def test_consent_of_a_flow_that_is_gone(
    home: HomeAssistant, cic: CicService, visit: Visit
) -> None:
    form = sign_in_form(cic, credential=await account(cic, consent=False))
    flow = await submit(home, await opened(home, "sign_in"), form)
    home.config_entries.flow.async_abort(flow["flow_id"])
    async with browser(cic, flow["url"]) as press:
        assert (await visit(await press("agree")))[0] == 400
    assert (await visit("/api/clova_cic/consent"))[0] == 400
    assert (await visit("/api/clova_cic/consent?state=x&code=y"))[0] == 400


async def test_many_wait_for_consent(home: HomeAssistant, visit: Visit) -> None:
    """The oldest are forgotten; a flow that asks again is known by its newest state alone."""
    states = [consent.async_expect(home, f"flow {at}")[1] for at in range(consent.MOST_WAITING)]
    for _ in range(3):
        last = consent.async_expect(home, "another")
    assert last[0] == f"{home.config.internal_url}/api/clova_cic/consent"
    waiting = home.data[consent._WAITING]
    assert list(waiting) == [*states[1:], last[1]]


async def test_no_way_back_from_consent(home: HomeAssistant, cic: CicService) -> None:
    home.config.internal_url = home.config.external_url = home.config.api = None
    result = await submit(home, await opened(home, "sign_in"), sign_in_form(cic))
    assert result["errors"] == {"base": "no_url"}


async def test_the_way_back_is_the_browsers_own(
    home: HomeAssistant, cic: CicService, hass_client: ClientSessionGenerator
) -> None:
    """What the frontend says of its address counts; two windows that go on do it once."""
    assert await async_setup_component(home, "config", {})
    assert await async_setup_component(home, DOMAIN, {})
    client = await hass_client()
    base = f"http://127.0.0.1:{client.port}"
    flows = "/api/config/config_entries/flow"

    async def post(path: str, **body: Any) -> Any:
        answer = await client.post(path, json=body, headers={"HA-Frontend-Base": base})
        return await answer.json()

    menu = await post(flows, handler=DOMAIN)
    await post(f"{flows}/{menu['flow_id']}", next_step_id="sign_in")
    form = sign_in_form(cic, credential=await account(cic, consent=False))
    flow = await post(f"{flows}/{menu['flow_id']}", **form)
    async with browser(cic, flow["url"]) as press:
        back = await press("agree")
    assert back.startswith(f"{base}/api/clova_cic/consent?")
    assert (await client.get(back.removeprefix(base))).status == 200
    windows = await asyncio.gather(*(post(f"{flows}/{menu['flow_id']}") for _ in range(2)))
    assert sorted(one.get("type", "") for one in windows) == ["", "create_entry"]
    (entry,) = home.config_entries.async_entries(DOMAIN)
    assert await home.config_entries.async_unload(entry.entry_id)


# Signing in again


async def test_signs_in_again(home: HomeAssistant, cic: CicService) -> None:
    """Server and device stay the same, and so does every token until another is good."""
    entry = await sign_in(home, cic)
    before = dict(entry.data)
    await end_all(cic, entry)
    flow = await start(home, entry, SOURCE_REAUTH)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "sign_in_again")
    assert CONF_ADDRESS not in suggested(flow)
    form = {"grant": "account_token", "credential": "nobody's"}
    result = await submit(home, flow, form)
    assert result["errors"] == {"credential": "account_refused"}
    form["credential"] = cic.server.account_token
    result = await submit(home, flow, form | {CONF_CLIENT_SECRET: "wrong"})
    assert result["errors"] == {CONF_CLIENT_SECRET: "grant_refused"}
    result = await submit(home, flow, form)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.data == before
    await until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected)
    asked = [status for grant, status in await tokens_of(cic, entry) if "code" in grant]
    assert asked == [200, 400, 200]
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_refused_refresh_asks_to_sign_in(
    home: HomeAssistant, cic: CicService, visit: Visit
) -> None:
    """An entry that cannot be set up is, after signing in; with a page of consent between."""
    token = await account(cic)
    entry = await sign_in(home, cic, credential=token)
    assert await home.config_entries.async_unload(entry.entry_id)
    await end_all(cic, entry)
    await change_account(cic, token, consent=False)
    await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = reauth_flows(home)
    form = {"grant": "account_token", "credential": token}
    page = await submit(home, flow, form)
    assert page["type"] is FlowResultType.EXTERNAL_STEP
    async with browser(cic, page["url"]) as press:
        assert (await visit(await press("agree")))[0] == 200
    result = await go_on(home, page)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert not reauth_flows(home)
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_consent_is_needed_once_more(home: HomeAssistant, cic: CicService) -> None:
    """A refresh that is answered with 451 is a repair, which leads to the form."""
    token = await account(cic)
    entry = await sign_in(home, cic, credential=token)
    assert await home.config_entries.async_unload(entry.entry_id)
    await change_account(cic, token, consent=False)
    await cic.control("POST", "tokens", {"client": entry.data[CONF_LOGIN], "expire": True})
    await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    assert not reauth_flows(home)
    issue_id = f"consent_needed_{entry.entry_id}"
    issue = ir.async_get(home).async_get_issue(DOMAIN, issue_id)
    await mend(home, issue)
    (flow,) = reauth_flows(home)
    await change_account(cic, token, consent=True)
    result = await submit(home, flow, {"grant": "account_token", "credential": token})
    assert result["reason"] == "reauth_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert ir.async_get(home).async_get_issue(DOMAIN, issue_id) is None
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_guest_signs_in(home: HomeAssistant, cic: CicService) -> None:
    """What needs an account is answered with a repair, which leads to the form that asks for one."""
    entry = await sign_in(home, cic, grant="guest", credential="", language="en")
    agent = f"conversation.{entry.title.replace('.', '_')}_agent"

    async def order() -> str:
        answer = await conversation.async_converse(
            home, "order pizza", None, Context(), "en", agent
        )
        said: str = answer.response.speech["plain"]["speech"]
        return said

    assert "sign in" in await order()
    issue_id = f"sign_in_{entry.entry_id}"
    issue = await until(lambda: ir.async_get(home).async_get_issue(DOMAIN, issue_id))
    await mend(home, issue)
    (flow,) = reauth_flows(home)
    form = {"grant": "account_token", "credential": cic.server.account_token}
    result = await submit(home, flow, form)
    assert result["reason"] == "reauth_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected)
    assert ir.async_get(home).async_get_issue(DOMAIN, issue_id) is None
    assert "sign in" not in await order()
    assert await home.config_entries.async_unload(entry.entry_id)


# Changes, and more devices


def change_form(cic: CicService, **changes: Any) -> dict[str, Any]:
    """Return a filled form that changes a signed-in entry; secrets are left empty."""
    form = sign_in_form(cic, grant="keep", **changes)
    for key in ("credential", CONF_CLIENT_SECRET, CONF_CREATE_PIPELINE, CONF_PREFER_LOCAL):
        if key not in changes:
            del form[key]
    return form


async def test_change_of_user_agent(home: HomeAssistant, cic: CicService) -> None:
    """The tokens there are serve the new connection too."""
    by_name = f"https://localhost:{cic.port}"
    entry = await sign_in(home, cic, address=by_name, auth_address=cic.address)
    before = dict(entry.data)
    flow = await start(home, entry, SOURCE_RECONFIGURE)
    shown = suggested(flow)
    assert (shown[CONF_CLIENT_ID], shown[CONF_MODEL_ID]) == (cic.server.client_id, MODEL)
    assert shown[CONF_AUTH_ADDRESS] == cic.address
    assert shown[CONF_CLIENT_SECRET] is shown["credential"] is None
    agent = "Somebody/Something/1.2.3 (Linux;box)"
    form = change_form(
        cic, address=by_name, auth_address=cic.address, advanced={CONF_USER_AGENT: agent}
    )
    result = await submit(home, flow, form)
    assert result["reason"] == "reconfigure_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.data == before | {CONF_USER_AGENT: agent}
    assert await tokens_of(cic, entry) == [("authorization_code", 200)]
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_change_that_needs_a_sign_in(home: HomeAssistant, cic: CicService) -> None:
    """Tokens are of one client at one place: with these they count no longer."""
    entry = await sign_in(home, cic)
    before = dict(entry.data)
    flow = await start(home, entry, SOURCE_RECONFIGURE)
    assert suggested(flow)[CONF_AUTH_ADDRESS] is None  # the server's own
    for changes in (
        {CONF_MODEL_ID: "box-2"},
        {CONF_CLIENT_ID: "another"},
        {CONF_CLIENT_SECRET: "another"},
        {CONF_AUTH_ADDRESS: "localhost"},
    ):
        result = await submit(home, flow, change_form(cic, **changes))
        assert result["errors"] == {"grant": "sign_in_again"}
        assert entry.data == before
    good = {CONF_MODEL_ID: "box-2", "credential": cic.server.account_token}
    result = await submit(home, flow, change_form(cic, **good) | {"grant": "account_token"})
    assert result["reason"] == "reconfigure_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert entry.data == before | {CONF_MODEL_ID: "box-2"}
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_change_that_cannot_connect(home: HomeAssistant, cic: CicService) -> None:
    entry = await sign_in(home, cic)
    before = dict(entry.data)
    flow = await start(home, entry, SOURCE_RECONFIGURE)
    async with closed() as port:
        result = await submit(home, flow, change_form(cic, address=f"https://127.0.0.1:{port}"))
    assert result["errors"] == {CONF_ADDRESS: "unreachable"}
    assert entry.data == before
    await until(lambda: entry.runtime_data.connected)
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_another_device_of_a_sign_in(home: HomeAssistant, cic: CicService) -> None:
    """It shares the login, and is another device; one with a token of its own shares nothing."""
    entry = await sign_in(home, cic)
    form = {
        "account": entry.entry_id,
        CONF_NAME: "Bedroom",
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
    }
    result = await submit(home, await opened(home, "device"), form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    bedroom: CicConfigEntry = result["result"]
    assert bedroom.data[CONF_LOGIN] == entry.data[CONF_LOGIN]
    assert bedroom.data[CONF_SHARES_LOGIN] is True
    assert bedroom.data[CONF_DEVICE_UUID] != entry.data[CONF_DEVICE_UUID]
    assert bedroom.runtime_data.connected and entry.runtime_data.connected
    assert await tokens_of(cic, entry) == [("authorization_code", 200)]

    own = form | {CONF_ACCESS_TOKEN: cic.access_token, CONF_NAME: "Kitchen"}
    result = await submit(home, await opened(home, "device"), own)
    kitchen: CicConfigEntry = result["result"]
    assert kitchen.data[CONF_ACCESS_TOKEN] == cic.access_token
    assert not kitchen.data.keys() & {CONF_LOGIN, CONF_CLIENT_SECRET, CONF_AUTH_ADDRESS}
    assert kitchen.runtime_data.connected
    for one in (entry, bedroom, kitchen):
        assert await home.config_entries.async_unload(one.entry_id)


async def test_menu(home: HomeAssistant, cic: CicService) -> None:
    assert (await begin(home))["menu_options"] == ["sign_in", "account", "bot"]
    entry = await sign_in(home, cic)
    assert (await begin(home))["menu_options"] == ["sign_in", "account", "device", "bot"]
    assert await home.config_entries.async_unload(entry.entry_id)
