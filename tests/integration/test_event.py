"""Directives as events: for the event entity, for triggers and on the bus."""

from typing import Any

from homeassistant.core import Event, HomeAssistant, State
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.clova_cic.const import CONF_RECORD_WORDS, DIRECTIVES, DOMAIN, EVENT_DIRECTIVE
from custom_components.clova_cic.occurrences import TYPES, Kind, Occurrence, async_house
from tests.interface_list import index

from .conftest import SetUp
from .service import CicService, directive, greeted, until

ENTITY = "event.test_cloud_directive"
# As they are called in English.
NAMES = {
    Kind.DIRECTIVE: "directive",
    Kind.NOTIFICATION: "notification",
    Kind.ALERT: "alert",
    Kind.SPEECH: "recognised_speech",
    Kind.ANSWER: "answer",
}
SECRET = "the words of an answer"


async def pushed(
    hass: HomeAssistant, cic: CicService, one: dict[str, Any]
) -> tuple[State, Event[Any]]:
    """Push a directive after the greeting; return the entity's state and the bus event it brings."""
    (entry,) = hass.config_entries.async_loaded_entries(DOMAIN)
    await greeted(entry.runtime_data)
    events = async_capture_events(hass, EVENT_DIRECTIVE)
    await cic.push(one)
    await until(lambda: events)
    await hass.async_block_till_done()
    state = hass.states.get(ENTITY)
    assert state is not None
    return state, events[-1]


def test_every_documented_directive_is_named() -> None:
    forgotten = {"Clova.RenderSuggestion"}  # documented, and not in the index
    assert set(DIRECTIVES) == set(index().names["directive"]) | forgotten


async def test_directive_shows(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    one = directive("Clova.RenderText", {"text": SECRET}, messageId="m1", dialogRequestId="d1")
    state, event = await pushed(hass, cic, one)
    assert state.attributes["event_type"] == "Clova.RenderText"
    assert state.attributes["namespace"] == "Clova"
    assert state.attributes["name"] == "RenderText"
    assert state.attributes["message_id"] == "m1"
    assert state.attributes["dialog_request_id"] == "d1"
    assert SECRET not in str(state.as_dict())
    assert event.data == {
        "entry_id": coordinator.config_entry.entry_id,
        "namespace": "Clova",
        "name": "RenderText",
        "message_id": "m1",
        "dialog_request_id": "d1",
        "payload": {},
    }


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Somebody.Invented", "other"),
        ("deviceCONTROL.turnon", "DeviceControl.TurnOn"),
        ("Notifier.Notify", "Notifier.Notify"),
    ],
)
async def test_other_spellings(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, name: str, shown: str
) -> None:
    coordinator = await set_up(cic)
    state, event = await pushed(hass, cic, directive(name))
    assert state.attributes["event_type"] == shown
    assert f"{event.data['namespace']}.{event.data['name']}" == name
    assert state.attributes["dialog_request_id"] is None
    assert coordinator.counters.directives[shown] == 1


async def test_what_no_integer_of_64_bits_holds(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """Home Assistant's JSON does not take it: the recorder and who watches over WebSocket would lose all."""
    await set_up(cic, options={CONF_RECORD_WORDS: True})
    state, event = await pushed(hass, cic, directive("Some.Thing", {"n": [2**70]}))
    assert state.attributes["payload"] == event.data["payload"] == {"n": [2.0**70]}
    assert json_bytes(event.data)
    assert state.as_dict_json


async def test_automations(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """Both ways to start an automation, and a template over what a directive carries."""
    await set_up(cic)
    record = {"action": "test.record", "data": {"by": "{{ trigger.platform }}"}}
    calls: list[dict[str, Any]] = []

    async def called(call: Any) -> None:
        calls.append(dict(call.data))

    hass.services.async_register("test", "record", called)
    raw = {"trigger": "event", "event_type": EVENT_DIRECTIVE, "event_data": {"name": "Notify"}}
    received = {
        "trigger": "event.received",
        "target": {"entity_id": ENTITY},
        "options": {"event_type": ["Notifier.Notify"]},
    }
    payload = {"action": "test.record", "data": {"light": "{{ trigger.event.data.payload.light }}"}}
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": [
                {"alias": "raw", "triggers": [raw], "actions": [payload]},
                {"alias": "received", "triggers": [received], "actions": [record]},
            ]
        },
    )
    await cic.push(directive("Notifier.ClearIndicator"))
    await cic.push(directive("Notifier.Notify", {"light": "DEFAULT"}))
    await until(lambda: len(calls) == 2)
    assert {"light": "DEFAULT"} in calls
    assert {"by": "event.received"} in calls


async def test_a_kind_has_an_entity_of_its_own(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    for kind, name in NAMES.items():
        entity_id = f"event.test_cloud_{name}"
        for one in (TYPES[kind][0], TYPES[kind][-1]):
            occurrence = Occurrence(kind=kind, type=one, data={"a": 1}, words={"text": SECRET})
            coordinator.occurrences.tell(occurrence)
            state = hass.states.get(entity_id)
            assert state is not None
            assert state.attributes["event_type"] == one
            assert state.attributes["a"] == 1
            assert SECRET not in str(state.as_dict())


async def test_what_happens_at_home_is_shown_without_cic(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(mortal_cic)
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    shown = {kind: hass.states.get(f"event.test_cloud_{name}") for kind, name in NAMES.items()}
    here = {kind for kind, state in shown.items() if state.state != "unavailable"}
    assert here == {Kind.ALERT, Kind.ANSWER}


async def test_no_listener_after_unload(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    assert not coordinator.occurrences._listeners
    assert not async_house(hass)._listeners
