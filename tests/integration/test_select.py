"""The choice of the default output, as a user sees it."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN

from .conftest import SetUp
from .scripted_player import ScriptedPlayer, add_players
from .service import CicService, until


def choice(hass: HomeAssistant) -> str:
    """Return the entity's id: its name depends on the language."""
    (entity_id,) = (
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if entity.translation_key == "default_output"
    )
    return entity_id


def shown(hass: HomeAssistant) -> tuple[str, list[str]]:
    state = hass.states.get(choice(hass))
    assert state is not None
    return state.state, state.attributes["options"]


async def choose(hass: HomeAssistant, option: str) -> None:
    data = {"entity_id": choice(hass), "option": option}
    await hass.services.async_call("select", "select_option", data, blocking=True)


async def test_choice(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """It is stored in the entry at once, and the entry goes on as it is."""
    kitchen, hall = ScriptedPlayer("Kitchen"), ScriptedPlayer("Hall")
    await add_players(home, kitchen, hall)
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    assert shown(home) == ("none", ["none", "Hall", "Kitchen"])
    await choose(home, "Kitchen")
    assert shown(home)[0] == "Kitchen"
    assert entry.options == {CONF_MEDIA_PLAYER: kitchen.entity_id}
    output = coordinator.outputs.default()
    assert output is not None and output.entity_id == kitchen.entity_id
    await choose(home, "none")
    assert shown(home)[0] == "none" and entry.options == {}
    assert entry.runtime_data is coordinator and entry.state is ConfigEntryState.LOADED


async def test_same_names(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """Two players of one name, and one whose name is the word for none."""
    players = [ScriptedPlayer("Radio"), ScriptedPlayer("none")]
    await add_players(home, *players)
    twin = ScriptedPlayer("Radio")
    twin._attr_unique_id = "twin"
    await add_players(home, twin)
    await set_up(cic)
    _, options = shown(home)
    assert sorted(options) == sorted(
        [
            "none",
            "none (media_player.none)",
            "Radio (media_player.radio)",
            "Radio (media_player.radio_2)",
        ]
    )
    await choose(home, "Radio (media_player.radio_2)")
    (entry,) = home.config_entries.async_entries(DOMAIN)
    assert entry.options[CONF_MEDIA_PLAYER] == twin.entity_id == "media_player.radio_2"


async def test_players_come_and_go(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    assert shown(home) == ("none", ["none"])
    player = ScriptedPlayer("Kitchen")
    await add_players(home, player)
    assert shown(home) == ("none", ["none", "Kitchen"])
    await choose(home, "Kitchen")
    er.async_get(home).async_update_entity(player.entity_id, name="Galley")
    await until(lambda: shown(home) == ("Galley", ["none", "Galley"]))
    er.async_get(home).async_update_entity(player.entity_id, new_entity_id="media_player.galley")
    await until(lambda: coordinator.outputs.chosen == "media_player.galley")
    await until(lambda: shown(home) == ("Galley", ["none", "Galley"]))
    er.async_get(home).async_remove("media_player.galley")
    # what is chosen stays so, for it may come back
    await until(lambda: shown(home)[0] == "media_player.galley")


async def test_away_players_can_be_chosen(
    home: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    player = ScriptedPlayer("Kitchen")
    await add_players(home, player)
    player.show(available=False)
    await set_up(cic)
    await choose(home, "Kitchen")
    assert shown(home)[0] == "Kitchen"


async def test_chosen_before(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """An entry of an earlier version has its choice in the options; the player may come later."""
    await set_up(cic, options={CONF_MEDIA_PLAYER: "media_player.kitchen"})
    assert shown(home) == ("media_player.kitchen", ["none", "media_player.kitchen"])
    await add_players(home, ScriptedPlayer("Kitchen"))
    assert shown(home) == ("Kitchen", ["none", "Kitchen"])


async def test_without_cic(home: HomeAssistant, mortal_cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(mortal_cic)
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    assert shown(home)[0] == "none"


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
async def test_texts(home: HomeAssistant, cic: CicService, set_up: SetUp, language: str) -> None:
    home.config.language = language
    await set_up(cic)
    state = home.states.get(choice(home))
    assert state is not None
    names = {"en": "Default output", "ko": "기본 출력", "ja": "既定の出力先"}
    assert state.attributes["friendly_name"].endswith(names[language])
