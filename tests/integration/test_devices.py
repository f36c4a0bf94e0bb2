"""Several devices of one account: entries with a shared login."""

from dataclasses import replace
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE, CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic.const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_DEVICE_UUID,
    CONF_PREFER_LOCAL,
    CONF_SHARES_LOGIN,
    CONF_USER_AGENT,
    DOMAIN,
)
from custom_components.clova_cic.coordinator import CicConfigEntry

from .conftest import Entries, SetUp
from .service import CicService, directive, until
from .test_config_flow import begin, never_two_channels, submit

USER_AGENT = "Somebody/Something/1.2.3 (Linux;box)"


async def add_device(
    home: HomeAssistant, account: CicConfigEntry, **changes: Any
) -> ConfigFlowResult:
    """Fill the form of another device."""
    flow = await begin(home)
    assert flow["type"] is FlowResultType.MENU
    flow = await submit(home, flow, {"next_step_id": "device"})
    return await submit(home, flow, device_form(account, **changes))


def device_form(account: CicConfigEntry, **changes: Any) -> dict[str, Any]:
    return {
        "account": account.entry_id,
        CONF_NAME: "Bedroom",
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
        **changes,
    }


def seen_as(cic: CicService, device: CicConfigEntry) -> CicService:
    """Return the server as another device of the same login sees it."""
    return replace(cic, client=f"{cic.client}/{device.data[CONF_DEVICE_UUID]}")


def asked(home: HomeAssistant) -> list[str]:
    """Return for which entries the user is asked for a token."""
    return [
        flow["context"]["entry_id"]
        for flow in home.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


async def test_two_devices_of_one_account(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """Both stay connected, and each gets what is meant for it."""
    first = await set_up(cic, **{CONF_LANGUAGE: "ko", CONF_USER_AGENT: USER_AGENT})
    account = first.config_entry
    result = await add_device(home, account)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Bedroom"
    bedroom: CicConfigEntry = result["result"]
    uuid = bedroom.data[CONF_DEVICE_UUID]
    assert uuid != account.data[CONF_DEVICE_UUID]
    assert bedroom.unique_id == f"127.0.0.1:{cic.port}/{uuid}"
    assert bedroom.data == {
        CONF_ADDRESS: cic.address,
        CONF_ACCESS_TOKEN: cic.access_token,
        CONF_CA_CERTIFICATE: cic.ca_certificate,
        CONF_LANGUAGE: "ko",
        CONF_USER_AGENT: USER_AGENT,
        CONF_DEVICE_UUID: uuid,
        CONF_SHARES_LOGIN: True,
        CONF_CREATE_PIPELINE: False,
        CONF_PREFER_LOCAL: False,
    }
    second = bedroom.runtime_data
    there = seen_as(cic, bedroom)
    assert len(await there.channels()) == 1
    await there.push(directive("Notifier.Notify"))
    await until(lambda: second.counters.directives["Notifier.Notify"])
    await cic.push(directive("Notifier.ClearIndicator"))
    await until(lambda: first.counters.directives["Notifier.ClearIndicator"])
    assert not first.counters.directives["Notifier.Notify"]
    assert not second.counters.directives["Notifier.ClearIndicator"]
    assert await never_two_channels(cic) == 1
    assert first.connected
    assert await home.config_entries.async_unload(bedroom.entry_id)


async def test_service_that_knows_only_the_token(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    """Nothing is stored that would take the first device's connection; its own token helps."""
    first = await set_up(mortal_cic)
    await mortal_cic.control("PUT", "settings", {"device_tags": False})
    result = await add_device(home, first.config_entry)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {CONF_ACCESS_TOKEN: "same_device"}
    await until(lambda: first.connected)
    own = f"{mortal_cic.access_token}-bedroom"
    form = device_form(first.config_entry, **{CONF_ACCESS_TOKEN: own})
    result = await submit(home, result, form)
    bedroom = result["result"]
    assert bedroom.data[CONF_ACCESS_TOKEN] == own
    assert CONF_SHARES_LOGIN not in bedroom.data
    await until(lambda: first.connected and bedroom.runtime_data.connected)
    assert await home.config_entries.async_unload(bedroom.entry_id)


async def test_token_of_another_account(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    first = await set_up(cic)
    other = f"{cic.access_token}x"
    await set_up(cic, **{CONF_ACCESS_TOKEN: other})
    result = await add_device(home, first.config_entry, **{CONF_ACCESS_TOKEN: other})
    assert result["reason"] == "already_configured"


async def test_server_that_is_away(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    """The form says so; it has no field for the address."""
    first = await set_up(mortal_cic)
    await mortal_cic.stop()
    await until(lambda: not first.connected)
    result = await add_device(home, first.config_entry, **{CONF_NAME: "  "})
    assert result["errors"] == {"base": "unreachable"}
    await mortal_cic.start()
    form = device_form(first.config_entry, **{CONF_NAME: "  "})
    result = await submit(home, result, form)
    assert result["title"] == first.config_entry.title
    assert await home.config_entries.async_unload(result["result"].entry_id)


async def refused_login(
    home: HomeAssistant, make_entry: Entries, cic: CicService
) -> list[MockConfigEntry]:
    """Set up two devices of a login that is refused; one of them asks for another token."""
    token = {CONF_ACCESS_TOKEN: "refused"}
    entries = [make_entry(cic, **token, **more) for more in ({}, {CONF_SHARES_LOGIN: True})]
    await home.config_entries.async_setup(entries[0].entry_id)  # and with it the other one
    await home.async_block_till_done()
    assert all(entry.state is ConfigEntryState.SETUP_ERROR for entry in entries)
    assert len(asked(home)) == 1
    return entries


async def test_refused_token_is_asked_for_once(
    home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    """And counts for all who had it."""
    entries = await refused_login(home, make_entry, cic)
    (flow,) = home.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = await submit(home, flow, {CONF_ACCESS_TOKEN: cic.access_token})
    assert result["reason"] == "reauth_successful"
    for entry in entries:
        await until(lambda entry=entry: entry.state is ConfigEntryState.LOADED)
        assert entry.data[CONF_ACCESS_TOKEN] == cic.access_token
    assert len(await seen_as(cic, entries[1]).channels()) == 1
    assert not asked(home)
    for entry in entries:
        assert await home.config_entries.async_unload(entry.entry_id)


async def test_first_device_is_removed_while_its_token_is_asked_for(
    home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    """The others ask for themselves."""
    entries = await refused_login(home, make_entry, cic)
    asking, other = entries if asked(home) == [entries[0].entry_id] else reversed(entries)
    await home.config_entries.async_remove(asking.entry_id)
    await until(lambda: asked(home) == [other.entry_id])
    await home.async_block_till_done()


async def test_first_device_is_removed(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """The other one needs nothing of it, and its connection lasts."""
    first = await set_up(cic)
    second = await set_up(cic, **{CONF_SHARES_LOGIN: True})
    await home.config_entries.async_remove(first.config_entry.entry_id)
    await home.async_block_till_done()
    there = seen_as(cic, second.config_entry)
    assert len(await there.log("downchannel_opened")) == 1
    assert second.config_entry.runtime_data is second
    await home.config_entries.async_reload(second.config_entry.entry_id)
    assert second.config_entry.runtime_data.connected


async def test_what_is_changed_in_one(
    home: HomeAssistant, cic: CicService, mortal_cic: CicService, set_up: SetUp
) -> None:
    """The connection is the login's; the language is each device's own."""
    first = (await set_up(cic)).config_entry
    second = (await set_up(cic, **{CONF_SHARES_LOGIN: True})).config_entry
    stranger = (await set_up(cic, **{CONF_ACCESS_TOKEN: f"{cic.access_token}x"})).config_entry
    flow = await second.start_reconfigure_flow(home)
    form = {
        CONF_ADDRESS: mortal_cic.address,
        CONF_ACCESS_TOKEN: mortal_cic.access_token,
        CONF_LANGUAGE: "ja",
        CONF_CA_CERTIFICATE: mortal_cic.ca_certificate,
        "advanced": {CONF_USER_AGENT: USER_AGENT},
    }
    result = await submit(home, flow, form)
    assert result["reason"] == "reconfigure_successful"
    for entry, language in ((first, "en"), (second, "ja")):
        await until(lambda entry=entry: entry.state is ConfigEntryState.LOADED)
        assert entry.data[CONF_USER_AGENT] == USER_AGENT
        assert entry.data[CONF_LANGUAGE] == language
        assert entry.unique_id == f"127.0.0.1:{mortal_cic.port}/{entry.data[CONF_DEVICE_UUID]}"
    assert CONF_SHARES_LOGIN in second.data and CONF_SHARES_LOGIN not in first.data
    assert len(await mortal_cic.channels()) == 1
    assert len(await seen_as(mortal_cic, second).channels()) == 1
    assert stranger.data[CONF_ADDRESS] == cic.address
    assert CONF_USER_AGENT not in stranger.data


@pytest.mark.parametrize("together", [True, False])
async def test_which_account(
    home: HomeAssistant, cic: CicService, set_up: SetUp, together: bool
) -> None:
    """The form offers one entry of each login."""
    first = (await set_up(cic)).config_entry
    more: dict[str, Any] = (
        {CONF_SHARES_LOGIN: True} if together else {CONF_ACCESS_TOKEN: f"{cic.access_token}x"}
    )
    second = (await set_up(cic, **more)).config_entry
    flow = await submit(home, await begin(home), {"next_step_id": "device"})
    accounts = flow["data_schema"].schema["account"].config["options"]
    offered = [first.entry_id] if together else [first.entry_id, second.entry_id]
    assert [option["value"] for option in accounts] == offered


async def test_account_is_removed_beside_another(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    account = (await set_up(cic)).config_entry
    await set_up(cic, **{CONF_ACCESS_TOKEN: f"{cic.access_token}x"})
    flow = await submit(home, await begin(home), {"next_step_id": "device"})
    await home.config_entries.async_remove(account.entry_id)
    result = await submit(home, flow, device_form(account))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "account_removed")


@pytest.mark.parametrize("when", ["before the form", "before it is sent"])
async def test_account_is_removed_meanwhile(
    home: HomeAssistant, cic: CicService, set_up: SetUp, when: str
) -> None:
    account = (await set_up(cic)).config_entry
    flow = await begin(home)
    if when == "before it is sent":
        flow = await submit(home, flow, {"next_step_id": "device"})
    await home.config_entries.async_remove(account.entry_id)
    answer = {"next_step_id": "device"} if when == "before the form" else device_form(account)
    result = await submit(home, flow, answer)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "account_removed")
    assert not home.config_entries.async_entries(DOMAIN)
