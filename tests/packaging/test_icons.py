"""icons.json: an icon for everything that has a name, and no other."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
import json
from typing import Any, Final

import probatio as vol
import pytest

from custom_components.clova_cic import PLATFORMS

from .files import described, flat, icons, translations

_ICON: Final = vol.Match(r"^mdi:[a-z0-9-]+$")
_STATES: Final = {str: _ICON}
_STEPS: Final = {"step": {str: {"sections": _STATES}}}
_ENTITY: Final = {
    vol.Optional("default"): _ICON,
    vol.Optional("state"): _STATES,
    vol.Optional("state_attributes"): {
        str: {vol.Optional("default"): _ICON, vol.Optional("state"): _STATES}
    },
}
SCHEMA: Final = vol.Schema(
    {
        vol.Required("entity"): {vol.In(list(PLATFORMS)): {str: _ENTITY}},
        vol.Required("services"): {str: {vol.Required("service"): _ICON}},
        vol.Required("triggers"): {str: {vol.Required("trigger"): _ICON}},
        vol.Required("conditions"): {str: {vol.Required("condition"): _ICON}},
        vol.Optional("config"): _STEPS,
        vol.Optional("options"): _STEPS,
        vol.Optional("issues"): {str: {"fix_flow": _STEPS}},
    }
)


@cache
def known_icons() -> set[str]:
    """Return the icons the frontend has."""
    listed = files("hass_frontend") / "static" / "mdi" / "iconList.json"
    return {f"mdi:{icon['name']}" for icon in json.loads(listed.read_text())}


def entities(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of all entities, with their platforms."""
    for platform, keys in tree["entity"].items():
        for key in keys:
            yield platform, key


def test_form() -> None:
    SCHEMA(icons())


def test_every_entity_has_one() -> None:
    named, shown = set(entities(translations("en"))), set(entities(icons()))
    assert shown <= named
    for platform, key in named - shown:
        # a device class has an icon of its own
        assert translations("en")["entity"][platform][key].get("state"), (platform, key)


@pytest.mark.parametrize("kind", ["services", "triggers", "conditions"])
def test_every_action_trigger_and_condition_has_one(kind: str) -> None:
    assert icons()[kind].keys() == described(kind).keys()


def test_icons_exist() -> None:
    for path, icon in flat(icons()):
        assert icon in known_icons(), path


def test_a_state_has_another_than_the_entity() -> None:
    for platform, key in entities(icons()):
        entity = icons()["entity"][platform][key]
        assert entity.get("default") not in entity.get("state", {}).values()
