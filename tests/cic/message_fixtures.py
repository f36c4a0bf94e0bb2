"""The messages of tests/fixtures, as the documents' field tables have them (its README.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any, Self

import pytest

from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.messages import Directive, Header
from tests.interface_list import ROOT, index

FOLDER = ROOT / "tests/fixtures"
# Directives that no list of the newest documents has: internal, renamed, moved, or an error.
UNLISTED = frozenset(
    {
        "AudioPlayer.SynchronizePlaybackState",
        "Clova.RenderSuggestion",
        "Clova.RequestLogin",
        "DeviceControl.LaunchURI",
        "DeviceControl.SetPoint",
        "DeviceControl.UpdateDeviceState",
        "System.Exception",
    }
)
MISSING = object()

type Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Fixture:
    """A file."""

    stem: str
    required: dict[str, Any]
    all: dict[str, Any]
    wrong: list[dict[str, Any]]
    unknown: dict[str, Any]
    kept: str | None = None

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it; TypeError for a member too many or too few."""
        return cls(stem=path.stem, **json.loads(path.read_text()))

    @property
    def name(self) -> str:
        """The message's name: some have a file for each kind of content."""
        return ".".join(self.stem.split(".")[:2])

    @property
    def payloads(self) -> list[Any]:
        """Every payload in it."""
        return [self.required, self.all, self.unknown, *(wrong["payload"] for wrong in self.wrong)]


FIXTURES = {path.stem: Fixture.load(path) for path in sorted(FOLDER.glob("*.json"))}
EVENT_NAMES = index().names["event"]
EVENT_FIXTURES = {stem: one for stem, one in FIXTURES.items() if one.name in EVENT_NAMES}
DIRECTIVE_FIXTURES = {stem: one for stem, one in FIXTURES.items() if stem not in EVENT_FIXTURES}


def of_each(fixtures: dict[str, Fixture]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("one", fixtures.values(), ids=fixtures)


def wrong_ones(fixtures: dict[str, Fixture]) -> pytest.MarkDecorator:
    cases = [
        pytest.param(one.name, wrong["payload"], wrong["expect"], id=f"{stem} {number}")
        for stem, one in fixtures.items()
        for number, wrong in enumerate(one.wrong)
    ]
    return pytest.mark.parametrize(("name", "payload", "expect"), cases)


def header(name: str) -> Header:
    namespace, _, name = name.partition(".")
    return Header(namespace=namespace, name=name, message_id="m")


def content(name: str, payload: Any) -> object | None:
    """Return what is read of a directive."""
    return read(Directive(header=header(name), payload=payload))


def paths(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yield the path of everything inside a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from paths(member, (*path, key))


def at(value: Any, path: Place) -> Any:
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: Place, new: Any) -> Any:
    """Return a value with another one inside it, or without it: MISSING."""
    if not path:
        return new
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if new is MISSING and not rest:
        del copy[key]
    else:
        copy[key] = put(value[key], tuple(rest), new)
    return copy
