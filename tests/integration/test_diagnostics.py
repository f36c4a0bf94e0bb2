"""What diagnostics show, and what they never show."""

import json

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.errors import StatusError
from custom_components.clova_cic.cic.interfaces.text_recognizer import Recognize
from custom_components.clova_cic.const import CONF_DEVICE_UUID, CONF_LOGIN, CONF_OUTPUT_RULES
from custom_components.clova_cic.device import others
from custom_components.clova_cic.tokens import async_keeper

from .conftest import SetUp
from .house import engine, make_pipeline, make_satellites
from .music import TURNTABLE, music, play
from .scripted_player import ScriptedPlayer, add_players
from .service import CicService, directive, until
from .sign_in import sign_in


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a download wait less for the account's other devices: those of other tests, which have gone."""
    monkeypatch.setattr(others, "ASK_TIMEOUT", 0.3)


async def test_tells_much_and_no_secret(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    assert await async_setup_component(hass, "diagnostics", {})
    await cic.push(directive("Clova.RenderText", {"text": "a secret word"}))
    await cic.push(directive("System.Exception", {"code": 500, "description": "a secret word"}))
    await cic.push(directive("Clova.RenderText", {"text": "a secret word"}))
    await until(lambda: coordinator.counters.directives["Clova.RenderText"] == 2)
    coordinator.note_error(StatusError(500, "a secret word"))
    dialog = coordinator.client.recognize_text(
        Recognize(text="a secret word"), dialog_request_id=coordinator.new_id()
    )
    await dialog.wait_done()
    told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert told["entry"]["title"] == "Test cloud"
    assert told["entry"]["data"]["address"] == cic.address
    assert told["connection"]["state"] == "connected"
    assert told["connection"]["changes"][-1]["link"] == "connected"
    assert told["connection"]["last_error"]["kind"] == "StatusError"
    assert told["connection"]["last_error"]["status"] == 500
    assert told["directives"]["Clova.RenderText"] == 2
    assert told["other_directives"] == {"System.Exception": 1}
    assert told["events"]["connected"] == 1
    assert told["turns"] == list(coordinator.turns.recent)
    text = json.dumps(told)
    for secret in (
        cic.access_token,
        cic.ca_certificate,
        entry.data[CONF_DEVICE_UUID],
        "a secret word",
        "BEGIN CERTIFICATE",
    ):
        assert secret not in text


async def test_tells_whether_it_stays_signed_in(
    home: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(home, "diagnostics", {})
    pasted = (await set_up(cic)).config_entry
    told = await get_diagnostics_for_config_entry(home, hass_client, pasted)
    assert told["sign_in"] == {"renewed": False}
    entry = await sign_in(home, cic)
    keeper = async_keeper(home, entry.data)
    told = await get_diagnostics_for_config_entry(home, hass_client, entry)
    assert told["sign_in"] == {"renewed": True, "error": None, "needs_user": False}
    text = json.dumps(told)
    for secret in (keeper.token, cic.server.client_secret, entry.data[CONF_LOGIN]):
        assert secret and secret not in text
    await home.config_entries.async_remove(entry.entry_id)


async def test_tells_how_assist_uses_it(
    home: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    """The pipelines it is in, and where each satellite is heard."""
    assert await async_setup_component(home, "diagnostics", {})
    player, kitchen = ScriptedPlayer("Radio"), "assist_satellite.kitchen_satellite"
    await add_players(home, player)
    coordinator = await set_up(cic, options={CONF_OUTPUT_RULES: {kitchen: player.entity_id}})
    await make_satellites(home, "preferred", "Kitchen", "Hall")
    await make_pipeline(home, name="A name of Somebody's", prefer_local_intents=True)
    await make_pipeline(home, stt_engine="stt.other", conversation_engine="conversation.other")
    told = await get_diagnostics_for_config_entry(home, hass_client, coordinator.config_entry)
    ours, voice = told["pipelines"]
    assert ours == {
        "language": "en",
        "stt": [engine(home, "stt"), "en"],
        "agent": [engine(home, "conversation"), "en"],
        "tts": [engine(home, "tts"), "en"],
        "prefer_local_intents": True,
    }
    assert (voice["stt"], voice["prefer_local_intents"]) == (["stt.other", "en"], False)
    assert told["satellites"] == {
        kitchen: player.entity_id,
        "assist_satellite.hall_satellite": None,
    }
    assert told["libraries"]["h2"].startswith("4.")
    assert "Somebody" not in json.dumps(told)


async def test_tells_what_plays(
    hass: HomeAssistant,
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    """Where, how far and under what; not which track, nor from where it comes."""
    assert await async_setup_component(hass, "diagnostics", {})
    async with music(home, cic, set_up) as house:
        entry = house.coordinator.config_entry
        idle = await get_diagnostics_for_config_entry(hass, hass_client, entry)
        assert (idle["music"]["phase"], idle["music"]["output"]) == ("idle", None)
        await house.start("secret", beginAtInMilliseconds=5_000)
        await cic.push(play("b", "ENQUEUE"))
        await until(lambda: house.player.queue)
        told = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    playing = told["music"]
    assert (playing["phase"], playing["told"], playing["output"]) == (
        "playing",
        "PLAYING",
        TURNTABLE,
    )
    assert (playing["begin"], playing["duration"], playing["queued"]) == (5, 60, 1)
    assert 5 <= playing["position"] < 10
    assert told["announcing"] is False
    turntable = told["outputs"][TURNTABLE]
    assert (turntable["sound"], turntable["foreground"]) == ("sounding", "content")
    assert turntable["lowered"] is False
    text = json.dumps(told)
    for hidden in ("token-", "music.invalid", "Title of", "Somebody", "Our radio"):
        assert hidden not in text
