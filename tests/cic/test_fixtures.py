"""Every directive of CIC, as its documents have it, against our reading of it."""

from collections.abc import Iterator
import dataclasses
import json
from typing import Any

import pytest

from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.alerts import LONGEST_TIME_TEXT, SetAlert
from custom_components.clova_cic.cic.interfaces.settings import Update
from custom_components.clova_cic.cic.messages import decode_directive
from tests.interface_list import index

from .message_fixtures import (
    DIRECTIVE_FIXTURES,
    FIXTURES,
    MISSING,
    UNLISTED,
    Fixture,
    Place,
    at,
    content,
    of_each,
    paths,
    put,
    wrong_ones,
)

INDEX = index()


def test_every_message_has_a_fixture_and_every_fixture_a_message() -> None:
    assert {one.name for one in FIXTURES.values()} == INDEX.all | UNLISTED
    assert set(INDEX.names["directive"]).isdisjoint(INDEX.names["event"])
    assert {one.name for one in FIXTURES.values()} <= set(FIXTURES)
    assert all(one.wrong for one in FIXTURES.values())


# Directives


def over_the_wire(name: str, payload: Any) -> object | None:
    """Return what is read of a directive that came as JSON."""
    namespace, _, name = name.partition(".")
    head = {"namespace": namespace, "name": name, "messageId": "m"}
    part = json.dumps({"directive": {"header": head, "payload": payload}})
    return read(decode_directive(part.encode()))


def held(value: Any) -> Iterator[Any]:
    """Yield everything a typed message holds."""
    yield value
    if dataclasses.is_dataclass(value):
        value = [getattr(value, one.name) for one in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        for inner in value:
            yield from held(inner)


@of_each(DIRECTIVE_FIXTURES)
def test_a_directive_is_read(one: Fixture) -> None:
    least, most = over_the_wire(one.name, one.required), over_the_wire(one.name, one.all)
    assert type(least) is type(most)
    assert most is not None
    assert over_the_wire(one.name.upper(), one.all) == most


@wrong_ones(DIRECTIVE_FIXTURES)
def test_a_directive_with_something_wrong(name: str, payload: Any, expect: str) -> None:
    if expect == "error":
        with pytest.raises(MessageError):
            over_the_wire(name, payload)
    else:
        assert expect == "tolerated"
        assert over_the_wire(name, payload) is not None


@of_each(DIRECTIVE_FIXTURES)
def test_an_unknown_field_of_a_directive(one: Fixture) -> None:
    (unheard,) = [path for path in paths(one.unknown) if path[-1] == "unheardOf"]
    got = over_the_wire(one.name, one.unknown)
    if one.kept is not None:
        assert unheard == (*one.kept.split("."), "unheardOf")
    raw = at(one.unknown, unheard[:-1]) in held(got)
    assert raw or one.kept is None
    assert raw or got == over_the_wire(one.name, put(one.unknown, unheard, MISSING))


@pytest.mark.parametrize(
    "time", [None, 20310506, "half past seven", "2031-05-06T07:08:09", "x" * 999]
)
def test_an_alert_whose_time_cannot_be_read_is_known_to_be_answered(time: Any) -> None:
    got = over_the_wire("Alerts.SetAlert", {"token": "t", "type": "ALARM", "scheduledTime": time})
    assert isinstance(got, SetAlert)
    assert got.scheduled_at is None
    assert len(got.scheduled_time) <= LONGEST_TIME_TEXT


def test_settings_that_are_no_texts() -> None:
    values = {"light": True, "level": 3, "share": 0.5, "none": None, "list": ["a"]}
    got = over_the_wire("Settings.Update", {"configuration": values})
    assert got == Update(configuration={"light": "true", "level": "3", "share": "0.5"})


# What the documents tell and we have no use for. Everything else must make a difference.
_TARGET = {"targets.marketUrl", "targets.packageName"}  # nothing is ever opened
_STREAM = [
    *(f"stream.{key}" for key in ("token", "url", "urlPlayable", "format", "customData")),
    *(f"stream.{key}InMilliseconds" for key in ("beginAt", "duration")),
    "stream.progressReport",
    *(
        f"stream.progressReport.progressReport{key}InMilliseconds"
        for key in ("Delay", "Interval", "Position")
    ),
]
UNUSED: dict[str, set[str]] = {
    "AudioPlayer.Play": {"audioItem.type"},
    # only what it does is counted
    "AudioPlayer.SynchronizePlaybackState": {
        "event",
        *(f"playbackState.{key}" for key in ("repeatMode", "token", "stream", *_STREAM)),
        *(f"playbackState.{key}InMilliseconds" for key in ("offset", "total")),
    },
    "Clova.LaunchURI": _TARGET,
    "Clova.RenderSuggestion": {"referenceId"}
    | {f"suggestions.{key}" for key in ("meta", "type", "url", "area", "index")},
    "DeviceControl.LaunchURI": _TARGET,
    "DeviceControl.RenderDeviceList": {
        f"deviceList.{key}"
        for key in (
            *("clientId", "bindTime", "is3rdParty", "deviceImageUrl", "companionAppUrl"),
            *("userGuideUrl", "websiteUrl"),
            *("availabilities", "availabilities.name", "availabilities.available"),
        )
    },
    "Settings.UpdateVersionSpec": {"os"},
    "SpeechRecognizer.ExpectSpeech": {"expectContentType"},
    "SpeechSynthesizer.Speak": {"format"},
    "TemplateRuntime.RenderPlayerInfo": {
        *("controls.type", "playableItems.controls.type"),
        *(f"playableItems.lyrics{key}" for key in ("", ".format", ".data", ".url")),
        "provider.smallLogoUrl",  # it stands in for logoUrl
    },
}


@of_each(DIRECTIVE_FIXTURES)
def test_every_documented_field_of_a_directive_is_read(one: Fixture) -> None:
    """A field is read if what we make of the directive changes with it, or its loss is an error."""
    whole = content(one.name, one.all)
    reads: dict[str, bool] = {}
    for path in paths(one.all):
        if isinstance(path[-1], str):
            key = ".".join(key for key in path if isinstance(key, str))
            others = (MISSING, _another(at(one.all, path)))
            differs = any(not _same(one, whole, path, new) for new in others)
            reads[key] = reads.get(key, False) or differs
    assert {key for key, is_read in reads.items() if not is_read} == UNUSED.get(one.stem, set())


def _same(one: Fixture, whole: object, path: Place, new: Any) -> bool:
    try:
        return content(one.name, put(one.all, path, new)) == whole
    except MessageError:
        return False


def _another(value: Any) -> Any:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}0"
    return type(value)()
