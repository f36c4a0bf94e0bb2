"""What a user changes of an entry that runs: it holds at once, and costs no sound and no connection."""

from typing import Any

from homeassistant.components.media_player import MediaPlayerEntityFeature as Feature
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_LANGUAGE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.clova_cic.asking import async_ask
from custom_components.clova_cic.const import (
    CONF_ANSWER_TIMEOUT,
    CONF_ASK_TIMEOUT,
    CONF_HELD_TIMEOUT,
    CONF_MEDIA_PLAYER,
    CONF_OUTPUT_RULES,
    CONF_PREFER_LOCAL,
    CONF_RECOGNISE_FOR_OTHERS,
    CONF_RECORD_WORDS,
    CONF_REMOVE_ALERTS_WHEN_LOST,
    CONF_SHARE_LOCATION,
    DOMAIN,
)
from custom_components.clova_cic.options_flow import SATELLITE

from .conftest import SetUp
from .house import engine, make_satellites
from .music import TURNTABLE, music
from .scripted_player import ScriptedPlayer, add_players
from .service import CicService, until
from .turntable import Turntable, add_turntables

KITCHEN = "assist_satellite.kitchen_satellite"
TIMEOUTS = {CONF_ANSWER_TIMEOUT: 30, CONF_HELD_TIMEOUT: 20, CONF_ASK_TIMEOUT: 60}


async def answer(
    hass: HomeAssistant, entry: MockConfigEntry, *steps: str | dict[str, Any]
) -> list[dict[str, Any]]:
    """Go through the options: a menu's choice by its name, a form's answers; return what was shown."""
    options = hass.config_entries.options
    shown = [await options.async_init(entry.entry_id)]
    for step in steps:
        given = {"next_step_id": step} if isinstance(step, str) else step
        shown.append(await options.async_configure(shown[0]["flow_id"], given))
    await hass.async_block_till_done()
    return shown


def suggested(form: dict[str, Any]) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    return {
        str(key): (key.description or {}).get("suggested_value")
        for key in form["data_schema"].schema
    }


async def test_every_option_while_music_plays(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """Music goes on where it is, on the same connection, whatever is chosen."""
    async with music(home, cic, set_up) as house:
        entry = house.coordinator.config_entry
        other = ScriptedPlayer("Radio")
        await add_players(home, other)
        await make_satellites(home, "preferred", "Kitchen")
        await house.start()
        orders, channel = list(house.turntable.orders), await cic.channels()
        wanted: dict[str, Any] = {CONF_MEDIA_PLAYER: TURNTABLE}
        for step, answers in (
            ("speech", {CONF_RECOGNISE_FOR_OTHERS: False}),
            ("privacy", {CONF_RECORD_WORDS: True}),
            ("location", {CONF_SHARE_LOCATION: True}),
            ("alerts", {CONF_REMOVE_ALERTS_WHEN_LOST: True}),
            ("timeouts", TIMEOUTS),
        ):
            *_, done = await answer(home, entry, step, answers)
            assert done["type"] is FlowResultType.CREATE_ENTRY
            wanted |= answers
            assert entry.options == wanted
        await answer(home, entry, "devices", {})
        rule = ({SATELLITE: KITCHEN}, {CONF_MEDIA_PLAYER: other.entity_id})
        await answer(home, entry, "outputs", "satellite", *rule)
        assert entry.options[CONF_OUTPUT_RULES] == {KITCHEN: other.entity_id}
        assert entry.runtime_data is house.coordinator
        assert house.turntable.orders == orders
        assert await cic.channels() == channel
        assert [name for name, _ in await house.told()] == ["PlayStarted"]
        # to another default output, music goes along, still without another connection
        await answer(home, entry, "outputs", "default_output", {CONF_MEDIA_PLAYER: other.entity_id})
        assert house.player.output is house.coordinator.outputs.default()
        assert other.orders
        assert entry.runtime_data is house.coordinator and await cic.channels() == channel


async def test_timeouts_have_bounds(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    entry = (await set_up(cic)).config_entry
    for key, wrong in ((CONF_ANSWER_TIMEOUT, 4), (CONF_HELD_TIMEOUT, 61), (CONF_ASK_TIMEOUT, 121)):
        with pytest.raises(InvalidData):
            await answer(home, entry, "timeouts", TIMEOUTS | {key: wrong})
    assert entry.options == {}


async def test_an_answer_may_take_as_long_as_is_chosen(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """It holds for the next command."""
    coordinator = await set_up(cic)
    home.config_entries.async_update_entry(
        coordinator.config_entry, options={CONF_ANSWER_TIMEOUT: 0.2}
    )
    plan = {"event": "TextRecognizer.Recognize", "delay": 5}
    await cic.control("POST", "next-answer", plan)
    with pytest.raises(HomeAssistantError) as error:
        await async_ask(coordinator, "hello", "a conversation")
    assert error.value.translation_key == "no_answer"


# What a connection is made of


async def test_one_reload_for_what_the_connection_is_made_of(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    entry = (await set_up(cic)).config_entry
    loads = list[object]()
    entry.async_on_state_change(lambda: loads.append(entry.state))
    update = home.config_entries.async_update_entry
    update(entry, title="Another name")
    update(entry, data={**entry.data, CONF_PREFER_LOCAL: True})
    await home.async_block_till_done()
    assert loads == []
    update(entry, data={**entry.data, CONF_LANGUAGE: "ko"}, options={CONF_RECORD_WORDS: True})
    await home.async_block_till_done()
    await until(lambda: entry.state is ConfigEntryState.LOADED)
    assert loads.count(ConfigEntryState.LOADED) == 1
    assert entry.runtime_data.language == "ko"


async def test_the_same_token_once_more(
    home: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is another: the entry is loaded once more all the same, for what it could not do before."""
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    loads = list[object]()
    entry.async_on_state_change(lambda: loads.append(entry.state))
    entry.async_start_reauth(home)
    await home.async_block_till_done()
    (flow,) = home.config_entries.flow.async_progress_by_handler(DOMAIN)
    token = {CONF_ACCESS_TOKEN: cic.access_token}
    result = await home.config_entries.flow.async_configure(flow["flow_id"], token)
    assert result["reason"] == "reauth_successful"
    await home.async_block_till_done()
    await until(lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected)
    assert loads.count(ConfigEntryState.LOADED) == 1
    assert "update listener" not in caplog.text


# Satellites and their players


async def test_rules(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """A player chosen for a satellite comes before the one beside it, if it is there."""
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    near, far = ScriptedPlayer("Near"), ScriptedPlayer("Far")
    await add_players(home, near, far)
    await make_satellites(home, "preferred", "Kitchen")
    registry, kitchen = er.async_get(home), ar.async_get(home).async_create("Kitchen")
    for entity_id in (near.entity_id, KITCHEN):
        registry.async_update_entity(entity_id, area_id=kitchen.id)
    outputs = coordinator.outputs

    def heard_at(satellite_id: str) -> str | None:
        output = outputs.of_satellite(satellite_id)
        return None if output is None else output.entity_id

    assert heard_at(KITCHEN) == near.entity_id
    rule = ("outputs", "satellite", {SATELLITE: KITCHEN})
    shown = await answer(home, entry, *rule, {CONF_MEDIA_PLAYER: far.entity_id})
    assert shown[1]["description_placeholders"] == {"default": "–", "rules": "–"}
    assert shown[3]["description_placeholders"] == {"satellite": "Kitchen satellite"}
    assert heard_at(KITCHEN) == far.entity_id
    far.show(available=False)
    assert heard_at(KITCHEN) == near.entity_id
    far.show(available=True)
    # both go by other names
    registry.async_update_entity(far.entity_id, new_entity_id="media_player.attic")
    registry.async_update_entity(KITCHEN, new_entity_id="assist_satellite.galley")
    await until(lambda: outputs.rules == {"assist_satellite.galley": "media_player.attic"})
    shown = await answer(
        home, entry, "outputs", "satellite", {SATELLITE: "assist_satellite.galley"}
    )
    assert shown[1]["description_placeholders"]["rules"] == "Kitchen satellite → Far"
    assert suggested(shown[-1]) == {CONF_MEDIA_PLAYER: "media_player.attic"}
    # left to Home Assistant again
    rule = ("outputs", "satellite", {SATELLITE: "assist_satellite.galley"})
    await answer(home, entry, *rule, {})
    assert CONF_OUTPUT_RULES not in entry.options
    assert heard_at("assist_satellite.galley") == near.entity_id


async def test_a_satellite_that_is_removed(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    rules = {KITCHEN: TURNTABLE, "assist_satellite.hall": TURNTABLE}
    await add_turntables(home, Turntable())
    coordinator = await set_up(cic, options={CONF_OUTPUT_RULES: rules})
    await make_satellites(home, "preferred", "Kitchen")
    er.async_get(home).async_remove(KITCHEN)
    await until(lambda: coordinator.outputs.rules == {"assist_satellite.hall": TURNTABLE})


@pytest.mark.parametrize("player", ["mute", "own"])
async def test_what_cannot_be_an_output(
    home: HomeAssistant, cic: CicService, set_up: SetUp, player: str
) -> None:
    """A player that plays nothing it is told, and the entry's own."""
    await add_players(home, ScriptedPlayer("Mute", Feature.PLAY))
    coordinator = await set_up(cic)
    chosen = "media_player.mute" if player == "mute" else engine(home, "media_player")
    with pytest.raises(InvalidData):
        await answer(
            home,
            coordinator.config_entry,
            "outputs",
            "default_output",
            {CONF_MEDIA_PLAYER: chosen},
        )
