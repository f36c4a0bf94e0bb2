"""README.md: what there is, is in it, by the names users see."""

import re
from typing import Any

import pytest

from custom_components.clova_cic.const import DOMAIN

from .files import ROOT, described, headings, readme, translations


def named(tree: dict[str, Any]) -> set[str]:
    return {entity["name"] for keys in tree.values() for entity in keys.values()}


@pytest.mark.parametrize("kind", ["services", "triggers", "conditions"])
def test_actions_triggers_and_conditions(kind: str) -> None:
    code = " ".join(re.findall(r"`([^`]+)`", readme()))
    words = set(re.findall(r"\w+", code))
    for name, one in described(kind).items():
        assert name in words, name
        assert one.get("fields", {}).keys() <= words, name
    assert f"{DOMAIN}.{next(iter(described(kind)))}" in code


def test_entities() -> None:
    text = readme().lower()
    missing = {name for name in named(translations("en")["entity"]) if name.lower() not in text}
    assert not missing


def test_options() -> None:
    table = readme().partition("## Options")[2].partition("## ")[0]
    shown = set(re.findall(r"^\| ([\w -]+) \|", table, re.MULTILINE))
    assert set(translations("en")["options"]["step"]["init"]["menu_options"].values()) <= shown


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", readme()):
        if target.startswith("#"):
            assert target[1:] in headings()
        elif "://" not in target:
            assert (ROOT / target).exists()
