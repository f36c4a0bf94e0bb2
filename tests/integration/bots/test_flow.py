"""Adding, repairing and changing a bot; what is tried, and what is said where it fails."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import DOMAIN
from tests.bot_server.client import BotControl
from tests.bot_server.server import RunningBot
from tests.integration.service import until
from tests.integration.test_repairs import fix

from .conftest import AddBot, SetUpBot, form_for


async def enter(home: HomeAssistant, values: dict[str, Any]) -> dict[str, Any]:
    """Go through the menu to the form, and send it."""
    flows = home.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert "bot" in menu["menu_options"]
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "bot"})
    assert form["type"] is FlowResultType.FORM and not form["errors"]
    result = dict(await flows.async_configure(form["flow_id"], values))
    await home.async_block_till_done()
    return result


async def test_added(home: HomeAssistant, bot_server: RunningBot) -> None:
    result = await enter(home, form_for(bot_server))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.title == "House bot"
    assert entry.unique_id == entry.data["user_id"]
    assert entry.data["user_id"].startswith("dl_")
    assert entry.state is ConfigEntryState.LOADED
    assert not entry.supports_options
    again = await enter(home, form_for(bot_server, name="Twice"))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert await home.config_entries.async_unload(entry.entry_id)
    assert await home.config_entries.async_remove(entry.entry_id)


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"secret": "wrong"}, {"secret": "bot_secret_refused"}),
        ({"secret": "not one"}, {"secret": "bot_secret_refused"}),
        ({"address": "http://example.com"}, {"address": "bot_address"}),
        ({"address": "http://127.0.0.1:1"}, {"address": "bot_unreachable"}),
    ],
)
async def test_refused(
    home: HomeAssistant, bot_server: RunningBot, changes: dict[str, str], errors: dict[str, str]
) -> None:
    result = await enter(home, form_for(bot_server, **changes))
    assert (result["type"], result["errors"]) == (FlowResultType.FORM, errors)
    # the same form, put right, is taken
    flows = home.config_entries.flow
    ended = await flows.async_configure(result["flow_id"], form_for(bot_server))
    assert ended["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert await home.config_entries.async_remove(ended["result"].entry_id)


async def test_html_in_place_of_an_answer(
    home: HomeAssistant, bot_server: RunningBot, levers: BotControl
) -> None:
    await levers.fault("answer", status=200, body="<html>", times=20)
    result = await enter(home, form_for(bot_server))
    assert result["errors"]["base"] in ("bot_failed", "bot_broken_answer")


async def test_older_version_is_found(
    home: HomeAssistant, set_up_bot: SetUpBot, levers: BotControl
) -> None:
    await levers.set(v3_enabled=False)
    bot = await set_up_bot()
    assert bot.line.version is not None and bot.line.version.value == "1.1"


async def test_refused_secret_is_asked_for(
    home: HomeAssistant, add_bot: AddBot, bot_server: RunningBot
) -> None:
    entry = add_bot(secret="gone")
    assert not await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    (flow,) = [
        one
        for one in home.config_entries.flow.async_progress()
        if one["context"].get("entry_id") == entry.entry_id
    ]
    assert flow["step_id"] == "bot_secret"
    flows = home.config_entries.flow
    again = await flows.async_configure(flow["flow_id"], {"secret": "wrong"})
    assert again["errors"] == {"secret": "bot_secret_refused"}
    user = entry.data["user_id"]
    ended = await flows.async_configure(flow["flow_id"], {"secret": bot_server.secret})
    assert ended["reason"] == "reauth_successful"
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await home.async_block_till_done()
    assert entry.data["user_id"] == user
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_changed(home: HomeAssistant, set_up_bot: SetUpBot, bot_server: RunningBot) -> None:
    bot = await set_up_bot()
    entry = bot.entry
    form = await entry.start_reconfigure_flow(home)
    assert form["step_id"] == "bot_change"
    flows = home.config_entries.flow
    values = {"address": "http://127.0.0.1:1", "version": "automatic"}
    assert (await flows.async_configure(form["flow_id"], values))["errors"] == {
        "address": "bot_unreachable"
    }
    values = {"address": bot_server.address, "version": "v1_1"}
    ended = await flows.async_configure(form["flow_id"], values)
    assert ended["reason"] == "reconfigure_successful"
    await home.async_block_till_done()
    assert entry.data["secret"] == bot_server.secret
    assert entry.runtime_data.line.version.value == "1.1"


async def test_version_that_is_off_is_repaired(
    home: HomeAssistant,
    add_bot: AddBot,
    levers: BotControl,
    hass_client: ClientSessionGenerator,
) -> None:
    await levers.set(v1_enabled=False)
    entry = add_bot(version="v1_1")
    assert not await home.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    issue_id = f"bot_version_off_{entry.entry_id}"
    issue = ir.async_get(home).async_get_issue(DOMAIN, issue_id)
    assert issue is not None and issue.translation_placeholders is not None
    assert issue.translation_placeholders["version"] == "1.1"
    await fix(hass_client, issue, {})
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    await home.async_block_till_done()
    assert ir.async_get(home).async_get_issue(DOMAIN, issue_id) is None
    assert entry.runtime_data.line.version.value == "3.0"
    assert await home.config_entries.async_unload(entry.entry_id)


async def test_diagnostics(
    home: HomeAssistant,
    set_up_bot: SetUpBot,
    bot_server: RunningBot,
    hass_client: ClientSessionGenerator,
) -> None:
    bot = await set_up_bot()
    assert await async_setup_component(home, "diagnostics", {})
    told = await get_diagnostics_for_config_entry(home, hass_client, bot.entry)
    assert (told["version"], told["connected"], told["last_error"]) == ("3.0", True, None)
    assert bot_server.secret not in str(told)
    assert bot.entry.data["user_id"] not in str(told)


async def test_a_bot_beside_no_voice_service(home: HomeAssistant, set_up_bot: SetUpBot) -> None:
    """What is for the voice service alone leaves bots alone."""
    await set_up_bot()
    flows = home.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert "device" not in menu["menu_options"]
