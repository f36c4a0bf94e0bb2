"""What the quality scale asks of code, seen in the code itself."""

import ast
from collections.abc import Iterator
import importlib
from pathlib import Path
from typing import Final

from homeassistant import exceptions
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.update_coordinator import CoordinatorEntity
import pytest

from custom_components.clova_cic import PLATFORMS
from custom_components.clova_cic.bots.entity import BotEntity
from custom_components.clova_cic.bots.set_up import BOT_PLATFORMS
from custom_components.clova_cic.entity import CicEntity

from .files import INTEGRATION, translations

PACKAGE: Final = "custom_components.clova_cic"
FILES: Final = sorted(INTEGRATION.rglob("*.py"))
ERRORS: Final = {
    name
    for name, kind in vars(exceptions).items()
    if isinstance(kind, type) and issubclass(kind, exceptions.HomeAssistantError)
}


def raised(path: Path) -> Iterator[ast.Call]:
    """Yield every exception of Home Assistant's a file makes."""
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ERRORS
        ):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_exceptions_are_translated(path: Path) -> None:
    """exception-translations: none has a text of its own, and each key has one."""
    for call in raised(path):
        keywords = {one.arg: one.value for one in call.keywords}
        assert not call.args, ast.unparse(call)
        assert {"translation_domain", "translation_key"} <= keywords.keys(), ast.unparse(call)
        match keywords["translation_key"]:
            case ast.Constant(value=key):
                assert key in translations("en")["exceptions"]
            case _:
                pass  # a table's: failures.py is held against the texts elsewhere


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platforms(platform: str) -> None:
    """parallel-updates, has-entity-name, entity-translations."""
    module = importlib.import_module(f"{PACKAGE}.{platform}")
    # everything is pushed, and an action must hold up no other
    assert module.PARALLEL_UPDATES == 0
    entities = [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, Entity)
        and kind.__module__ == module.__name__
    ]
    assert entities
    for kind in entities:
        assert issubclass(kind, CicEntity)
        assert kind._attr_has_entity_name
    assert platform in translations("en")["entity"]


@pytest.mark.parametrize("platform", BOT_PLATFORMS)
def test_platforms_of_bots(platform: str) -> None:
    module = importlib.import_module(f"{PACKAGE}.bots.{platform}")
    assert platform in PLATFORMS
    entities = [kind for kind in vars(module).values() if _is_own(kind, module.__name__)]
    assert entities
    for kind in entities:
        assert issubclass(kind, BotEntity)


def _is_own(kind: object, module: str) -> bool:
    return isinstance(kind, type) and issubclass(kind, Entity) and kind.__module__ == module


def test_nothing_is_polled() -> None:
    """appropriate-polling: entities follow a coordinator, which has no interval."""
    assert CicEntity.should_poll is CoordinatorEntity.should_poll
    for path in FILES:
        names = {
            node.arg
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.keyword)
        }
        assert "update_interval" not in names, path
