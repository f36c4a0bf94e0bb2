"""The blueprints of this repository, imported as a user does and run for real."""

from pathlib import Path
import shutil
from typing import Any

from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint import DOMAIN as BLUEPRINT, Blueprint
from homeassistant.components.light import ColorMode, LightEntity, LightEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER

from .conftest import SetUp
from .house import add_entities
from .player import PLAYER, Speaker
from .service import CicService, directive, until

NOTICE = {"light": "DEFAULT", "assets": [], "assetPlayOrder": []}
FOLDER = Path(__file__).parents[2] / "blueprints" / "automation" / "clova_cic"


@pytest.fixture
def config_folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Put the blueprints where an import puts them."""
    hass.config.config_dir = str(tmp_path / "config")
    place = tmp_path / "config" / "blueprints" / "automation" / "clova_cic"
    shutil.copytree(FOLDER, place)
    return place


async def automate(hass: HomeAssistant, name: str, **inputs: Any) -> None:
    """Set up an automation from a blueprint."""
    use = {"path": f"clova_cic/{name}.yaml", "input": inputs}
    config = {"automation": [{"alias": name, "use_blueprint": use}]}
    assert await async_setup_component(hass, "automation", config)
    await hass.async_block_till_done()
    (state,) = hass.states.async_all("automation")
    assert state.state == "on"


class Lamp(LightEntity):
    """A light that remembers what it was told."""

    _attr_name = "Lamp"
    _attr_unique_id = "lamp"
    _attr_color_mode = ColorMode.ONOFF
    _attr_supported_color_modes = {ColorMode.ONOFF}  # noqa: RUF012  # Home Assistant's way
    _attr_supported_features = LightEntityFeature.FLASH
    _attr_is_on = False

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    async def async_turn_on(self, **kwargs: Any) -> None:
        self.told.append(kwargs)


async def test_core_reads_them(hass: HomeAssistant, config_folder: Path) -> None:
    assert await async_setup_component(hass, BLUEPRINT, {})
    read = await async_get_blueprints(hass).async_get_blueprints()
    assert sorted(read) == [
        "clova_cic/directive_scene.yaml",
        "clova_cic/notification_light.yaml",
    ]
    for path, blueprint in read.items():
        assert isinstance(blueprint, Blueprint)
        assert blueprint.validate() is None
        assert blueprint.metadata["source_url"].endswith(f"/blueprints/automation/{path}")


async def test_a_directive_starts_a_scene(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, config_folder: Path
) -> None:
    await set_up(cic)
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"fan": {}}})
    scene = {"name": "Flight", "entities": {"input_boolean.fan": "on"}}
    assert await async_setup_component(hass, "scene", {"scene": [scene]})
    await automate(
        hass,
        "directive_scene",
        namespace="DeviceControl",
        directive="TurnOn",
        payload={"target": "airplane"},
        scene="scene.flight",
    )
    await cic.push(directive("DeviceControl.TurnOn", {"target": "wifi"}))
    await cic.push(directive("DeviceControl.TurnOff", {"target": "airplane"}))
    await hass.async_block_till_done()
    assert hass.states.is_state("input_boolean.fan", "off")
    await cic.push(directive("DeviceControl.TurnOn", {"target": "airplane"}))
    await until(lambda: hass.states.is_state("input_boolean.fan", "on"))


async def test_a_notification_flashes_a_light_and_speaks(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, config_folder: Path, speaker: Speaker
) -> None:
    await set_up(cic, options={CONF_MEDIA_PLAYER: PLAYER})
    lamp = Lamp()
    await add_entities(hass, "lamps", "light", [lamp])
    await automate(hass, "notification_light", lights={"entity_id": lamp.entity_id})
    await cic.push(directive("Notifier.Notify", NOTICE))
    (heard,) = await until(lambda: speaker.played)
    assert lamp.told == [{"flash": "short"}]
    assert heard.announce
    (request,) = [one for one in await cic.log("event") if one["name"] == "Request"]
    assert request["payload"]["text"] == "You have a notification."
