"""What the integration's texts are in a language: tests name the keys, and look for the texts."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

from custom_components.clova_cic.const import DOMAIN
from script.demo.state import ROOT

# Entities a user switches on first.
_SWITCHED_OFF = ("extension",)
# These entities are an entry's of the other kind.
_OF_BOTS = "bot_"

_FOLDER = ROOT / "custom_components" / DOMAIN / "translations"
LANGUAGES = tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


class Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        """Read them."""
        path: Path = _FOLDER / f"{language}.json"
        self.language = language
        self._tree: dict[str, Any] = json.loads(path.read_text())

    def __call__(self, key: str, **placeholders: str) -> str:
        """Return the text of a key with dots."""
        found = self.tree(key)
        assert isinstance(found, str), key
        for name, value in placeholders.items():
            found = found.replace(f"{{{name}}}", value)
        return found

    def tree(self, key: str) -> Any:
        """Return what stands below a key."""
        found = self._tree
        for name in key.split("."):
            found = found[name]
        return found

    def all(self, key: str) -> Iterator[str]:
        """Yield every text below a key."""
        found = self.tree(key)
        if isinstance(found, str):
            yield found
        else:
            for name in found:
                yield from self.all(f"{key}.{name}")

    def ways(self) -> Iterator[tuple[str, ...]]:
        """Yield the ways through the menus of the options: each step, and each that it leads to."""
        for step in self.tree("options.step.init.menu_options"):
            yield (step,)
            for further in self.tree(f"options.step.{step}").get("menu_options", ()):
                yield (step, further)

    def names(self, key: str) -> Iterator[str]:
        """Yield the names of all entities of CIC that are switched on from the beginning."""
        for entities in self.tree(key).values():
            for name, texts in entities.items():
                if name not in _SWITCHED_OFF and not name.startswith(_OF_BOTS):
                    yield texts["name"]
