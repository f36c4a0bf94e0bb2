"""Setting up, unloading and reloading an entry."""

import asyncio
import logging

from homeassistant.components import assist_pipeline
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
    translation,
)
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic import coordinator as coordinator_module
from custom_components.clova_cic.const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_PREFER_LOCAL,
    DOMAIN,
)
from tests.peer.certificates import authority
from tests.peer.frames import tls_server

from .conftest import Entries, SetUp, data_for_peer
from .service import CicService, until


async def gone(cic: CicService) -> None:
    """Wait until the server has seen this client leave."""
    async with asyncio.timeout(5):
        while await cic.channels():
            await asyncio.sleep(0.02)


@pytest.mark.directive("Clova.Hello")
async def test_loads_with_its_entities(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    assert entry.state is ConfigEntryState.LOADED
    assert coordinator.connected
    assert len(await cic.channels()) == 1
    # there once the cloud has said which voices it has
    await until(lambda: hass.states.get("select.test_cloud_voice"))
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert {entity.entity_id for entity in entities} == {
        "binary_sensor.test_cloud_alert_ringing",
        "binary_sensor.test_cloud_indicator",
        "button.test_cloud_clear_indicator",
        "button.test_cloud_stop_alert",
        "calendar.test_cloud_alerts",
        "conversation.test_cloud_agent",
        "event.test_cloud_alert",
        "event.test_cloud_answer",
        "event.test_cloud_directive",
        "event.test_cloud_notification",
        "event.test_cloud_recognised_speech",
        "media_player.test_cloud_player",
        "notify.test_cloud_announcement",
        "select.test_cloud_default_output",
        "select.test_cloud_voice",
        "sensor.test_cloud_connection",
        "sensor.test_cloud_extension",
        "sensor.test_cloud_next_alert",
        "sensor.test_cloud_next_connection_attempt",
        "stt.test_cloud_speech_to_text",
        "tts.test_cloud_text_to_speech",
    }
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert device.name == "Test cloud"
    assert device.entry_type is dr.DeviceEntryType.SERVICE


async def test_unload_leaves_nothing(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    before = {task.get_name() for task in asyncio.all_tasks()}
    assert any("clova_cic connection" in name for name in before)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await gone(cic)
    assert not [task for task in asyncio.all_tasks() if "cic" in task.get_name().lower()]


async def test_reload_connects_again(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """At once: the server's refusal of a second downchannel within a second passes by itself."""
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data is not coordinator
    assert len(await cic.channels()) == 1
    assert not [
        line
        for line in caplog.records
        if line.levelno >= logging.WARNING and "lost" in line.message
    ]


async def test_update_entity_fetches_nothing(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    event = {"entity_id": "event.test_cloud_directive"}
    await hass.services.async_call("homeassistant", "update_entity", event, blocking=True)
    assert coordinator.connected
    assert coordinator.last_update_success


async def test_connection_ends_with_home_assistant(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    await gone(cic)


async def test_refused_token_asks_for_another(
    hass: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic, **{CONF_ACCESS_TOKEN: "wrong"})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "token_refused"
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_unreachable_is_tried_again(
    hass: HomeAssistant, cic: CicService, make_entry: Entries, unused_tcp_port: int
) -> None:
    entry = make_entry(cic, address=f"https://127.0.0.1:{unused_tcp_port}")
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "unreachable"
    assert not [task for task in asyncio.all_tasks() if "clova_cic" in task.get_name()]


async def test_untrusted_certificate(
    hass: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic, **{CONF_CA_CERTIFICATE: ""})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "certificate"


async def test_unreadable_certificate(
    hass: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic, **{CONF_CA_CERTIFICATE: "no certificate"})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "invalid_ca"


async def test_silent_server_does_not_hold_up_start(
    hass: HomeAssistant, cic: CicService, make_entry: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinator_module, "FIRST_OUTCOME_TIMEOUT", 0.2)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with tls_server(say_nothing, authority().server_context()) as port:
        entry = make_entry(cic, **data_for_peer(port))
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "no_answer"


@pytest.mark.parametrize("local", [False, True])
async def test_makes_a_pipeline_once(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, local: bool
) -> None:
    await async_setup_component(hass, "assist_pipeline", {})
    before = {one.id for one in assist_pipeline.async_get_pipelines(hass)}
    preferred = assist_pipeline.pipeline.async_get_pipeline(hass).id
    coordinator = await set_up(
        cic, language="ko", **{CONF_CREATE_PIPELINE: True, CONF_PREFER_LOCAL: local}
    )
    entry = coordinator.config_entry
    (made,) = [one for one in assist_pipeline.async_get_pipelines(hass) if one.id not in before]
    assert made.name == "Test cloud"
    assert made.conversation_engine == "conversation.test_cloud_agent"
    assert made.stt_engine == "stt.test_cloud_speech_to_text"
    assert made.tts_engine == "tts.test_cloud_text_to_speech"
    assert made.language == made.stt_language == made.tts_language == "ko"
    assert made.conversation_language == "ko"
    assert made.prefer_local_intents is local
    assert assist_pipeline.pipeline.async_get_pipeline(hass).id == preferred
    assert CONF_CREATE_PIPELINE not in entry.data
    # The note that it was made may be lost in a crash.
    hass.config_entries.async_update_entry(entry, data=entry.data | {CONF_CREATE_PIPELINE: True})
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert len(assist_pipeline.async_get_pipelines(hass)) == len(before) + 1


async def test_tells_where_no_pipeline_can_be_made(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    hass.config.language = "de"
    coordinator = await set_up(cic, **{CONF_CREATE_PIPELINE: True})
    entry = coordinator.config_entry
    name = f"pipeline_not_created_{entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, name)
    assert issue is not None
    assert issue.translation_placeholders == {"title": "Test cloud"}
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, name)
    # Somebody makes one by hand.
    pipeline = assist_pipeline.async_get_pipelines(hass)[0]
    await assist_pipeline.async_update_pipeline(
        hass, pipeline, conversation_engine="conversation.test_cloud_agent"
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert ir.async_get(hass).async_get_issue(DOMAIN, name) is None


async def test_removed_entry_asks_for_nothing(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    hass.config.language = "de"
    coordinator = await set_up(cic, **{CONF_CREATE_PIPELINE: True})
    entry = coordinator.config_entry
    assert ir.async_get(hass).issues
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [issue for domain, issue in ir.async_get(hass).issues if domain == DOMAIN]


async def test_reason_is_translated(
    hass: HomeAssistant, cic: CicService, make_entry: Entries, unused_tcp_port: int
) -> None:
    await translation.async_load_integrations(hass, {DOMAIN})
    entry = make_entry(cic, address=f"https://127.0.0.1:{unused_tcp_port}")
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.reason == "The server cannot be reached"
    await until(lambda: entry.state is ConfigEntryState.SETUP_RETRY)
