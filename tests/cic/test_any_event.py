"""Any event by its name: every fixture and each of our typed events against the table of events."""

import dataclasses
from enum import StrEnum
import importlib
import pkgutil
import typing
from typing import Any

import pytest

from custom_components.clova_cic.cic import interfaces
from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import any_event as table
from custom_components.clova_cic.cic.interfaces.any_event import EVENTS, AnyEvent, any_event
from custom_components.clova_cic.cic.messages import DEEPEST
from tests.interface_list import index
from tests.peer.scripted import connected

from .message_fixtures import (
    EVENT_FIXTURES,
    FIXTURES,
    MISSING,
    Fixture,
    at,
    of_each,
    paths,
    put,
    wrong_ones,
)

# Events that are sent by ways of their own.
DIALOGS = ("SpeechRecognizer.Recognize", "TextRecognizer.Recognize")


def test_the_table_of_events_is_the_index() -> None:
    assert tuple(EVENTS) == index().names["event"]


def checked(name: str, payload: Any) -> Any:
    """Return the payload as it would be sent."""
    if name in DIALOGS:
        EVENTS[name](payload, "")
        return payload
    event = any_event(*name.split("."), payload)
    assert f"{event.NAMESPACE}.{event.NAME}" == name
    return event.as_payload()


@of_each(EVENT_FIXTURES)
def test_an_event_is_sent_as_it_is_given(one: Fixture) -> None:
    for payload in (one.required, one.all, one.unknown):
        assert checked(one.name, payload) == payload


async def test_an_event_goes_up_like_a_typed_one() -> None:
    payload = {
        "target": "volume",
        "command": "Increase",
        "unheardOf": {"물": [1.5, None, "\ud83d"]},
    }
    async with connected() as (client, cic, _):
        client.report(any_event("devicecontrol", "actionexecuted", payload))
        sent = (await cic.event()).metadata["event"]
    assert sent["header"]["namespace"] == "DeviceControl"
    assert sent["header"]["name"] == "ActionExecuted"
    assert "dialogRequestId" not in sent["header"]
    assert sent["payload"] == payload


@wrong_ones(EVENT_FIXTURES)
def test_an_event_with_something_wrong(name: str, payload: Any, expect: str) -> None:
    assert expect == "error"
    with pytest.raises(MessageError, match=r"must be|holds"):
        checked(name, payload)


@of_each(EVENT_FIXTURES)
def test_every_documented_field_of_an_event_is_held_to_its_type(one: Fixture) -> None:
    for path in paths(one.all):
        value = at(one.all, path)
        where = ".".join(map(str, path))
        with pytest.raises(MessageError, match=rf"^{where} must be \w+"):
            checked(one.name, put(one.all, path, "no" if not isinstance(value, str) else 7))


@of_each(EVENT_FIXTURES)
def test_what_is_required_of_an_event_must_be_there(one: Fixture) -> None:
    for path in paths(one.required):
        if path[0] in ("audioStream", "configuration") and len(path) > 1:
            continue  # a stream goes up as it came, settings are agreed per product
        for nothing in (MISSING, None):
            with pytest.raises(MessageError, match=rf"^{'.'.join(map(str, path))} must be"):
                checked(one.name, put(one.required, path, nothing))


def test_a_field_that_is_required_within_another() -> None:
    source = {"token": "t", "handover": {"customData": "c"}}
    with pytest.raises(MessageError, match=r"^handover\.deviceId must be a text$"):
        checked("PlaybackController.PlayCommandIssued", source)
    wake_word: dict[str, Any] = {"indices": {"startIndexInSamples": 0}}
    uuid = {"deviceUUID": "u", "wakeWord": wake_word}
    initiator = {"type": "WAKEWORD", "inputSource": "SELF", "payload": uuid}
    with pytest.raises(
        MessageError, match=r"wakeWord\.indices\.endIndexInSamples must be a number"
    ):
        checked("SpeechRecognizer.Recognize", {"lang": "ko", "initiator": initiator})


@pytest.mark.parametrize("lacks", ["stream", "token"])
def test_only_what_is_idle_has_no_stream(lacks: str) -> None:
    whole = FIXTURES["AudioPlayer.ReportPlaybackState"].all
    without = {key: value for key, value in whole.items() if key != lacks}
    with pytest.raises(MessageError, match=f"^{lacks} must be"):
        checked("AudioPlayer.ReportPlaybackState", without)
    idle = without | {"playerActivity": "IDLE"}
    assert checked("AudioPlayer.ReportPlaybackState", idle) == idle


@pytest.mark.parametrize(
    ("namespace", "name", "documented"),
    [
        ("alerts", "ALERTSTOPPED", ("Alerts", "AlertStopped")),
        # as it was spelt until 2020
        (
            "DeviceControl",
            "BtRequestToCancelPinCodeInput",
            ("DeviceControl", "BtRequestToCancelPINCodeInput"),
        ),
    ],
)
def test_names_are_sent_as_documented(
    namespace: str, name: str, documented: tuple[str, str]
) -> None:
    event = any_event(namespace, name, {"token": "t", "type": "TIMER"})
    assert documented == (event.NAMESPACE, event.NAME)


@pytest.mark.parametrize(
    ("namespace", "name", "said"),
    [
        ("Clova", "Hello", "CIC has no event 'Clova.Hello'"),
        ("", "", "CIC has no event '.'"),
        ("N" * 9999, "\n", f"CIC has no event '{'N' * 128}'"),
        ("textrecognizer", "recognize", "use the action clova_cic.send_text_command"),
        ("SpeechRecognizer", "Recognize", "it goes up with the sound of speech"),
    ],
)
def test_what_is_no_event_to_send(namespace: str, name: str, said: str) -> None:
    with pytest.raises(MessageError) as caught:
        any_event(namespace, name, {"text": "t", "lang": "ko"})
    assert said in str(caught.value)


def _deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


_LOOP: dict[str, Any] = {}
_LOOP["self"] = _LOOP


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"at": float("inf")}, "holds what JSON cannot say"),
        ({"at": float("nan")}, "holds what JSON cannot say"),
        ({"at": {1, 2}}, "holds what JSON cannot say"),
        ({("a", "b"): 1}, "holds what JSON cannot say"),
        ({"at": 10**5000}, "holds what JSON cannot say"),
        (_LOOP, "holds what JSON cannot say"),
        # however deep Python itself can go
        (_deep(100_000), "the payload h"),
        (_deep(10_000), "the payload h"),
        (_deep(1_000), "the payload h"),
        (_deep(DEEPEST + 1), "has more than 100 levels"),
        ({"at": "x" * table.LARGEST_PAYLOAD}, "has more than 65536 bytes"),
        (None, "payload must be an object"),
    ],
)
def test_what_is_no_payload(payload: Any, said: str) -> None:
    with pytest.raises(MessageError, match=said):
        any_event("DeviceControl", "ReportState", payload)


def test_a_payload_is_kept_as_it_was() -> None:
    given = {"deep": _deep(DEEPEST - 1), "list": [1]}
    event = any_event("DeviceControl", "ReportState", given)
    given["list"].append(2)
    assert event == AnyEvent(
        NAMESPACE="DeviceControl",
        NAME="ReportState",
        payload={"deep": _deep(DEEPEST - 1), "list": [1]},
    )
    assert "deep" not in repr(event)


# Our typed events

# Values for fields whose type says less than the documents.
SAMPLES: dict[str, Any] = {
    "lang": "ko",
    "handover": {"customData": "c", "deviceId": "d"},
    "stream": FIXTURES["AudioPlayer.StreamRequested"].all["audioStream"],
    "configuration": {"nightLight": "off"},
    "namespace": "AudioPlayer",
}


def typed_events() -> dict[str, type]:
    """Return our typed events by name."""
    modules = [
        importlib.import_module(f"{interfaces.__name__}.{module.name}")
        for module in pkgutil.iter_modules(interfaces.__path__)
    ]
    return {
        f"{kind.NAMESPACE}.{kind.NAME}": kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type)
        and kind.__module__ == module.__name__
        and isinstance(getattr(kind, "NAME", None), str)
        and hasattr(kind, "as_payload")
    }


def sample(kind: Any, key: str, turn: int) -> Any:
    """Return a value of a type; at turn 0 without what is optional, and every turn other members."""
    options = typing.get_args(kind)
    if type(None) in options:
        if turn == 0:
            return None
        kind = next(option for option in options if option is not type(None))
    if key in SAMPLES:
        return SAMPLES[key]
    if dataclasses.is_dataclass(kind):
        return built(kind, turn)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return list(kind)[turn % len(kind)]
    return {str: "text", int: 4, bool: True}[kind]


def built(kind: type, turn: int) -> Any:
    hints = typing.get_type_hints(kind)
    fields = [one.name for one in dataclasses.fields(kind)]
    return kind(**{name: sample(hints[name], name, turn) for name in fields})


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize(("name", "kind"), typed_events().items(), ids=typed_events())
def test_our_events_are_as_documented(name: str, kind: type, turn: int) -> None:
    payload = built(kind, turn).as_payload()
    assert checked(name, payload) == payload
    documented = {path for path in paths(FIXTURES[name].all) if len(path) == 1}
    assert {path for path in paths(payload) if len(path) == 1} <= documented
