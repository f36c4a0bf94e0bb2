"""quality_scale.yaml: every rule of Home Assistant's scale, and where it is met."""

import re
from typing import Final

import probatio as vol
import pytest

from .files import INTEGRATION, ROOT, headings, read_yaml

TIERS: Final = {
    "bronze": """
        action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
        dependency-transparency docs-actions docs-conditions docs-high-level-description
        docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup
        entity-unique-id has-entity-name runtime-data test-before-configure test-before-setup
        unique-config-entry
    """,
    "silver": """
        action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
        parallel-updates reauthentication-flow test-coverage
    """,
    "gold": """
        devices diagnostics discovery discovery-update-info docs-data-update docs-examples
        docs-known-limitations docs-supported-devices docs-supported-functions docs-troubleshooting
        docs-use-cases dynamic-devices entity-category entity-device-class
        entity-disabled-by-default entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices
    """,
    "platinum": "async-dependency inject-websession strict-typing",
}
RULES: Final = [rule for rules in TIERS.values() for rule in rules.split()]
SCHEMA: Final = vol.Schema(
    {
        vol.Required(rule): {
            vol.Required("status"): vol.In(["done", "exempt"]),
            vol.Required("comment"): vol.All(str, vol.Length(min=1)),
        }
        for rule in RULES
    }
)
MOST_EXEMPT: Final = 5
_PATH: Final = re.compile(
    r"[\w@./-]+\.(?:json|md|png|py\.typed|py|toml|yaml|yml)\b(?:#[\w-]+)?|script/\w+"
)


def rules() -> dict[str, dict[str, str]]:
    return read_yaml(INTEGRATION / "quality_scale.yaml")["rules"]


def test_every_rule_is_met_or_says_why_not() -> None:
    assert len(RULES) == 54
    assert set(read_yaml(INTEGRATION / "quality_scale.yaml")) == {"rules"}
    SCHEMA(rules())


def test_few_are_exempt() -> None:
    exempt = [rule for rule, told in rules().items() if told["status"] == "exempt"]
    assert len(exempt) <= MOST_EXEMPT


@pytest.mark.parametrize("rule", RULES)
def test_comment_says_where(rule: str) -> None:
    """Every file it names is there, and so is every heading."""
    told = rules()[rule]
    named = _PATH.findall(told["comment"])
    assert named or told["status"] == "exempt"
    for one in named:
        path, _, heading = one.partition("#")
        assert (INTEGRATION / path).exists() or (ROOT / path).exists(), one
        assert not heading or heading in headings(), one
    if rule.startswith("docs-"):
        assert any(one.startswith("README.md#") for one in named)
