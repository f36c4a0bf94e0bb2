"""manifest.json, hacs.json and the licence: the checks of hassfest and of HACS's action."""

import ast
import hashlib
from importlib import import_module
from pathlib import Path
from typing import Final

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform, __version__ as home_assistant
from homeassistant.helpers import config_validation as cv
import homeassistant.loader as loader_module
from packaging.requirements import Requirement
import probatio as vol
import pytest

from custom_components.clova_cic import PLATFORMS
from custom_components.clova_cic.cic import DEFAULT_USER_AGENT
from custom_components.clova_cic.const import DOMAIN

from .files import INTEGRATION, ROOT, manifest, pinned, project, read_json

_LOWER: Final = vol.All(str, vol.Match(r"^[^A-Z]+$"))
_ZEROCONF: Final = vol.Any(
    vol.Match(r"^_[a-z0-9-]+\._(tcp|udp)\.local\.$"),
    {
        vol.Required("type"): vol.Match(r"^_[a-z0-9-]+\._(tcp|udp)\.local\.$"),
        vol.Optional("name"): _LOWER,
        vol.Optional("properties"): {str: _LOWER},
    },
)
MANIFEST: Final = vol.Schema(
    {
        vol.Required("domain"): cv.slug,
        vol.Required("name"): str,
        vol.Required("codeowners"): vol.All([vol.Match(r"^@[\w/-]+$")], vol.Length(min=1)),
        vol.Required("config_flow"): True,
        vol.Required("documentation"): vol.All(cv.url, vol.Match("^https://")),
        vol.Required("integration_type"): vol.In(["device", "hub", "service"]),
        vol.Required("iot_class"): vol.In(
            ["assumed_state", "cloud_polling", "cloud_push", "local_polling", "local_push"]
        ),
        vol.Required("issue_tracker"): vol.All(cv.url, vol.Match("^https://")),
        vol.Required("version"): str,
        vol.Optional("after_dependencies"): [cv.slug],
        vol.Optional("dependencies"): [cv.slug],
        vol.Optional("loggers"): [str],
        vol.Optional("requirements"): [str],
        vol.Optional("zeroconf"): [_ZEROCONF],
    }
)
HACS: Final = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Optional("content_in_root"): bool,
        vol.Optional("country"): [str],
        vol.Optional("filename"): str,
        vol.Optional("hacs"): str,
        vol.Optional("hide_default_branch"): bool,
        vol.Optional("homeassistant"): str,
        vol.Optional("persistent_directory"): str,
        vol.Optional("render_readme"): bool,
        vol.Optional("zip_release"): bool,
    }
)
# These are there without being asked for, or only where their platform is loaded.
_ALWAYS: Final = {"homeassistant", "persistent_notification", "zone"}
# What core's own integrations are called is in the loader, of platforms in Platform.
_COMPONENTS: Final = loader_module.async_get_custom_components.__module__.partition(".")[0]
# The text of the Apache licence 2.0 as it is published: by that it is told from others.
APACHE_2: Final = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_keys_and_values() -> None:
    MANIFEST(manifest())


def test_keys_are_in_order() -> None:
    keys = list(manifest())
    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])


def test_domain_is_the_folder_and_nobody_elses() -> None:
    assert manifest()["domain"] == DOMAIN == INTEGRATION.name
    with pytest.raises(ImportError):
        import_module(f"{_COMPONENTS}.components.{DOMAIN}")


def test_dependencies_are_there() -> None:
    told = manifest()
    for name in (*told["dependencies"], *told["after_dependencies"]):
        assert import_module(f"{_COMPONENTS}.components.{name}")
    assert not set(told["dependencies"]) & set(told["after_dependencies"])
    assert told["dependencies"] == sorted(told["dependencies"])
    assert told["after_dependencies"] == sorted(told["after_dependencies"])


def test_components_that_are_imported_are_named() -> None:
    """What is imported must be set up before, and have its requirements; a platform's component is."""
    told = manifest()
    named = {*told["dependencies"], *told["after_dependencies"], *Platform, *_ALWAYS}
    for path in INTEGRATION.rglob("*.py"):
        assert imported_components(path) - {path.stem} <= named, path


def imported_components(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module="homeassistant.components", names=names):
                found |= {one.name for one in names}
            case ast.ImportFrom(module=str(module)) if module.startswith(
                "homeassistant.components."
            ):
                found.add(module.split(".")[2])
    return found


def test_requirements() -> None:
    told = manifest()["requirements"]
    assert told == project()["project"]["dependencies"]
    for requirement in map(Requirement, told):
        assert requirement.specifier.contains(pinned(requirement.name))
        assert any(one.operator in ("==", "<", "~=") for one in requirement.specifier)


def test_loggers_are_those_of_the_requirements() -> None:
    for name in manifest()["loggers"]:
        assert import_module(name)


def test_versions_agree() -> None:
    told = AwesomeVersion(manifest()["version"], ensure_strategy=[AwesomeVersionStrategy.SEMVER])
    assert told == project()["project"]["version"]
    assert f"/{told} " in DEFAULT_USER_AGENT


def test_hacs_keys() -> None:
    told = read_json(ROOT / "hacs.json")
    HACS(told)
    assert told["name"] == manifest()["name"]
    assert not told.get("zip_release") or told["filename"].endswith(".zip")


def test_the_oldest_home_assistant_is_the_one_the_tests_run_in() -> None:
    oldest = read_json(ROOT / "hacs.json")["homeassistant"]
    assert oldest == pinned("homeassistant") == home_assistant
    assert f"Home Assistant {oldest} or newer" in (ROOT / "README.md").read_text()


def test_licence_is_recognised() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
    assert project()["project"]["license"] == "Apache-2.0"


def test_one_integration_is_all_there_is() -> None:
    """HACS manages the first folder only."""
    folders = [path for path in INTEGRATION.parent.iterdir() if path.name != "__pycache__"]
    assert folders == [INTEGRATION]
    # belongs to core's own integrations
    assert not (INTEGRATION / "strings.json").exists()


def test_platforms_have_their_files() -> None:
    assert list(PLATFORMS) == sorted(PLATFORMS)
    for platform in Platform:
        assert (INTEGRATION / f"{platform}.py").exists() == (platform in PLATFORMS)


def test_types_are_told_to_others() -> None:
    assert (INTEGRATION / "cic" / "py.typed").exists()
