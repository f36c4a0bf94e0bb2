"""Repairs: an output that is gone, a pipeline that cannot do what it is set to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic import assistants
from custom_components.clova_cic.cic import Dialog, Mark
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, CONF_OUTPUT_RULES, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator

from .conftest import SetUp
from .house import make_pipeline, speak
from .music import TURNTABLE
from .scripted_player import ScriptedPlayer, add_players
from .service import CicService, until
from .speech import microphone
from .turntable import Turntable, add_turntables

KITCHEN = "assist_satellite.kitchen"
SUM = "what is two plus three"


@pytest.fixture
async def silent_cic(cic: CicService) -> AsyncIterator[CicService]:
    """Yield a server that keeps the transcript, as the public service does by default."""
    await cic.control("PUT", "settings", {"transcript": False, "partials": False})
    yield cic
    await cic.control("PUT", "settings", {"transcript": True, "partials": True})


def issue(hass: HomeAssistant, coordinator: CicCoordinator, key: str) -> ir.IssueEntry | None:
    issue_id = f"{key}_{coordinator.config_entry.entry_id}"
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


async def fix(
    hass_client: ClientSessionGenerator, found: ir.IssueEntry, answers: dict[str, Any]
) -> dict[str, Any]:
    """Put an issue right as the frontend does; return its form."""
    client = await hass_client()
    asked = {"handler": DOMAIN, "issue_id": found.issue_id}
    form: dict[str, Any] = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    done = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json=answers)
    assert (await done.json())["type"] == "create_entry"
    return form


@pytest.mark.parametrize("instead", [TURNTABLE, None])
async def test_outputs_that_are_gone(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    instead: str | None,
) -> None:
    """The user chooses another in their place, or none."""
    await add_turntables(home, Turntable())
    await add_players(home, ScriptedPlayer("Radio"), ScriptedPlayer("Old"))
    options = {
        CONF_MEDIA_PLAYER: "media_player.radio",
        CONF_OUTPUT_RULES: {KITCHEN: "media_player.old", "assist_satellite.hall": TURNTABLE},
    }
    coordinator = await set_up(cic, options=options)
    assert issue(home, coordinator, "output_gone") is None
    registry = er.async_get(home)
    registry.async_update_entity("media_player.old", disabled_by=er.RegistryEntryDisabler.USER)
    registry.async_remove("media_player.radio")
    found = await until(lambda: issue(home, coordinator, "output_gone"))
    assert found.translation_placeholders == {
        "title": "Test cloud",
        "players": "media_player.radio",
    }
    registry.async_remove("media_player.old")
    await home.async_block_till_done()
    answers = {} if instead is None else {CONF_MEDIA_PLAYER: instead}
    form = await fix(hass_client, found, answers)
    assert form["description_placeholders"]["players"] == "media_player.old, media_player.radio"
    hall = {"assist_satellite.hall": TURNTABLE}
    assert coordinator.config_entry.options == (
        {CONF_OUTPUT_RULES: hall}
        if instead is None
        else {CONF_MEDIA_PLAYER: instead, CONF_OUTPUT_RULES: {KITCHEN: instead, **hall}}
    )
    assert issue(home, coordinator, "output_gone") is None
    assert coordinator.config_entry.runtime_data is coordinator


async def test_an_output_that_comes_late(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """While Home Assistant starts, players are still to come; afterwards one may come back."""
    home.set_state(CoreState.starting)
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: "media_player.radio"})
    assert issue(home, coordinator, "output_gone") is None
    home.set_state(CoreState.running)
    home.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.async_block_till_done()
    assert issue(home, coordinator, "output_gone") is not None
    await add_players(home, ScriptedPlayer("Radio"))
    assert issue(home, coordinator, "output_gone") is None
    er.async_get(home).async_remove("media_player.radio")
    await until(lambda: issue(home, coordinator, "output_gone"))
    coordinator.outputs.choose(None)
    assert issue(home, coordinator, "output_gone") is None


# A pipeline that cannot do what it is set to


async def test_a_pipeline_that_never_has_a_text(
    home: HomeAssistant,
    silent_cic: CicService,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen when it happens, put right by the user, or by a service that tells its texts after all."""
    monkeypatch.setattr(assistants, "ENOUGH", 1)
    coordinator = await set_up(silent_cic)
    await make_pipeline(home, name="Hall")
    mixed = await make_pipeline(home, name="Kitchen", prefer_local_intents=True)
    await speak(home, microphone(SUM), mixed)
    found = issue(home, coordinator, "pipeline_mixed")
    assert found is not None
    assert found.translation_placeholders == {"title": "Test cloud", "pipelines": "Kitchen"}
    await fix(hass_client, found, {})
    assert issue(home, coordinator, "pipeline_mixed") is None
    assert not assistants.async_mixed(home, coordinator.config_entry)


@dataclass
class Heard:
    """What is looked at of a dialog whose capture is over."""

    recognized_text: str | None
    marks: tuple[Mark, ...] = (Mark.STOP_CAPTURE,)


async def test_a_pause_for_thought_is_no_rule(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """Only texts that are missing again and again say that a service keeps them."""
    coordinator = await set_up(cic)
    transcripts = assistants.Transcripts(home, coordinator.config_entry)

    def seen(*dialogs: Heard) -> bool:
        for dialog in dialogs:
            transcripts.heard(cast("Dialog", dialog))
        return issue(home, coordinator, "pipeline_mixed") is not None

    nothing, text = Heard(None), Heard("turn on the light")
    await make_pipeline(home)
    assert not seen(nothing, nothing, nothing, text)
    await make_pipeline(home, prefer_local_intents=True)
    assert not seen(nothing, nothing, text, nothing, nothing)
    assert not seen(Heard(None, ()))  # Assist's audio ended first, and the text was late
    assert seen(nothing)
    assert not seen(text)


async def test_outputs_of_an_entry_that_is_gone(
    home: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: "media_player.radio"})
    found = issue(home, coordinator, "output_gone")
    assert found is not None
    client = await hass_client()
    asked = {"handler": DOMAIN, "issue_id": found.issue_id}
    form = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    await home.config_entries.async_remove(coordinator.config_entry.entry_id)
    assert issue(home, coordinator, "output_gone") is None
    done = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await done.json())["type"] == "create_entry"
