"""The files that ship, read as they lie there."""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
import re
import string
import tomllib
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import yaml

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / "clova_cic"
WORKFLOWS = ROOT / ".github" / "workflows"


def manifest() -> dict[str, Any]:
    return read_json(INTEGRATION / "manifest.json")


def icons() -> dict[str, Any]:
    return read_json(INTEGRATION / "icons.json")


@cache
def translations(language: str) -> dict[str, Any]:
    return read_json(INTEGRATION / "translations" / f"{language}.json")


def described(name: str) -> dict[str, Any]:
    """Return services.yaml, triggers.yaml or conditions.yaml, as Home Assistant reads it."""
    return load_yaml_dict(str(INTEGRATION / f"{name}.yaml"))


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def read_json(path: Path) -> Any:
    """Read a file whose keys are all different, in their order."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"{path.name} has a key twice: {keys}"
        return dict(pairs)

    return json.loads(path.read_text(), object_pairs_hook=once)


def read_yaml(path: Path) -> Any:
    # every scalar is a string: "on" is a key of workflows
    return yaml.load(path.read_text(), yaml.BaseLoader)


def pinned(name: str) -> str:
    """Return the version a requirements file pins a package to."""
    lines = (line for path in ROOT.glob("requirements*.txt") for line in path.open())
    return next(line.split("==")[1].strip() for line in lines if line.startswith(f"{name}=="))


def flat(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a tree with their paths."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def texts(language: str) -> dict[str, str]:
    """Return a language's texts by their paths."""
    return dict(flat(translations(language)))


def placeholders(text: str) -> set[str]:
    """Return the names a text is to be filled with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def readme() -> str:
    return (ROOT / "README.md").read_text()


def headings() -> set[str]:
    """Return the README's headings as they are linked to."""
    found = re.findall(r"^#+ (.+)$", readme(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}
