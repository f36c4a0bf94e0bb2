"""What a person sees of alerts, and does with them: calendar, sensors, actions, options, diagnostics."""

from collections.abc import AsyncIterator
from datetime import timedelta
import json
from typing import Any

from homeassistant.components.calendar import CalendarEntityFeature
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.clova_cic.alerts.alert import Phase
from custom_components.clova_cic.const import CONF_REMOVE_ALERTS_WHEN_LOST, DOMAIN
from custom_components.clova_cic.device import others

from .alerts import HOUR, Alarms, alarms
from .conftest import PassTime, SetUp
from .music import answer
from .service import CicService, directive, until
from .wall import Wall

CALENDAR = "calendar.test_cloud_alerts"
NEXT = "sensor.test_cloud_next_alert"


@pytest.fixture
async def house(
    home: HomeAssistant, cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> AsyncIterator[Alarms]:
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        yield house
        await house.is_clean()


def state(house: Alarms, entity_id: str) -> State:
    found = house.hass.states.get(entity_id)
    assert found is not None
    return found


async def listed(house: Alarms, hours: int = 24) -> list[dict[str, Any]]:
    """Return what the calendar has of the hours to come."""
    now = dt_util.utcnow()
    times = {
        "start_date_time": (now - timedelta(hours=1)).isoformat(),
        "end_date_time": (now + timedelta(hours=hours)).isoformat(),
    }
    answer = await house.hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, **times},
        blocking=True,
        return_response=True,
    )
    events: list[dict[str, Any]] = answer[CALENDAR]["events"]
    return events


async def act(house: Alarms, action: str, **data: Any) -> None:
    await house.hass.services.async_call(DOMAIN, action, data, blocking=True)


# The calendar


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Timer"), ("ko", "타이머"), ("ja", "タイマー")]
)
async def test_calendar(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    wall: Wall,
    pass_time: PassTime,
    language: str,
    word: str,
) -> None:
    """Each alert by its label, else by what it is."""
    home.config.language = language
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        await house.set("b", seconds=2 * HOUR, type="REMINDER", label="the oven")
        await house.set("a", type="TIMER")
        await house.set("c", seconds=48 * HOUR)
        events = await listed(house)
        assert [one["summary"] for one in events] == [word, "the oven"]
        start = dt_util.parse_datetime(events[0]["start"])
        assert start == house.alert("a").at
        assert dt_util.parse_datetime(events[0]["end"]) - start == timedelta(minutes=1)
        shown = state(house, CALENDAR)
        assert shown.attributes["message"] == word
        assert "message" in shown.state_info["unrecorded_attributes"]
        assert shown.attributes["supported_features"] == CalendarEntityFeature.DELETE_EVENT


@pytest.mark.event("Alerts.RequestDeleteAlert")
async def test_deleted_in_the_calendar(house: Alarms, hass_ws_client: WebSocketGenerator) -> None:
    """CIC is asked, and it is gone when CIC has deleted it."""
    await house.set("a")
    client = await hass_ws_client(house.hass)
    command = {"type": "calendar/event/delete", "entity_id": CALENDAR}
    await client.send_json_auto_id({**command, "uid": house.alert().key})
    assert (await client.receive_json())["success"]
    await house.hears("SetAlertSucceeded a", "RequestDeleteAlert a", "DeleteAlertSucceeded a")
    assert await listed(house) == []
    await client.send_json_auto_id({**command, "uid": "unknown"})
    answer = await client.receive_json()
    assert not answer["success"]
    assert answer["error"]["message"] == "There is no such alert"


async def test_calendar_without_alerts(house: Alarms) -> None:
    assert await listed(house) == []
    assert state(house, CALENDAR).state == "off"


# Sensors


async def test_next(house: Alarms) -> None:
    assert state(house, NEXT).state == "unknown"
    await house.set("b", seconds=2 * HOUR, type="REMINDER", label="the oven")
    await house.set("a")
    shown = state(house, NEXT)
    assert dt_util.parse_datetime(shown.state) == house.alert("a").at
    assert shown.attributes["type"] == "alarm"
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)
    shown = state(house, NEXT)
    assert dt_util.parse_datetime(shown.state) == house.alert("b").at
    assert shown.attributes["type"] == "reminder"
    assert "oven" not in json.dumps(shown.as_dict(), default=str)


async def test_there_without_cic(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> None:
    async with alarms(home, mortal_cic, set_up, wall, pass_time) as house:
        await house.set("a")
        await mortal_cic.stop()
        await until(lambda: not house.coordinator.connected)
        for entity_id in (CALENDAR, NEXT, "button.test_cloud_stop_alert"):
            assert state(house, entity_id).state != "unavailable"
        assert state(house, "binary_sensor.test_cloud_alert_ringing").state == "off"


# Actions


async def test_stop_alert(house: Alarms) -> None:
    """One of two, or all."""
    for token in ("a", "b", "c"):
        await house.set(token)
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING, "c")
    await act(house, "stop_alert", token="a")
    await house.phase(None, "a")
    await house.phase(Phase.RINGING, "b")
    await act(house, "stop_alert")
    await house.phase(None, "b")
    await house.phase(None, "c")


@pytest.mark.parametrize(
    ("data", "key"), [({}, "no_alert_rings"), ({"token": "a"}, "alert_does_not_ring")]
)
async def test_stop_of_nothing(house: Alarms, data: dict[str, str], key: str) -> None:
    await house.set("a")
    with pytest.raises(ServiceValidationError) as error:
        await act(house, "stop_alert", **data)
    assert error.value.translation_key == key


async def test_delete_alert(house: Alarms) -> None:
    await house.set("a")
    entry_id = house.coordinator.config_entry.entry_id
    await act(house, "delete_alert", token="a", config_entry_id=entry_id)
    assert house.alert() is None
    with pytest.raises(ServiceValidationError) as error:
        await act(house, "delete_alert", token="a")
    assert error.value.translation_key == "no_such_alert"


async def test_sync_alerts(house: Alarms) -> None:
    """What CIC does not know of is gone then."""
    await house.set("a")
    order = directive("Alerts.SynchronizeAlert", {"allAlerts": []})
    plan = {"event": "Alerts.RequestSynchronizeAlert", "parts": answer(order)}
    await house.cic.control("POST", "next-answer", plan)
    await act(house, "sync_alerts")
    assert house.alert() is None


# Options, diagnostics


async def test_option(house: Alarms) -> None:
    options = house.hass.config_entries.options
    entry = house.coordinator.config_entry
    menu = await options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    step = {"next_step_id": "alerts"}
    form = await options.async_configure(menu["flow_id"], step)
    assert form["type"] is FlowResultType.FORM
    chosen = {CONF_REMOVE_ALERTS_WHEN_LOST: True}
    done = await options.async_configure(form["flow_id"], chosen)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options[CONF_REMOVE_ALERTS_WHEN_LOST] is True
    await house.hass.async_block_till_done()
    house.coordinator = entry.runtime_data


async def test_diagnostics(
    house: Alarms, hass_client: ClientSessionGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many, when and how far; not what for."""
    monkeypatch.setattr(others, "ASK_TIMEOUT", 0.3)  # other tests' devices have gone
    assert await async_setup_component(house.hass, "diagnostics", {})
    await house.set("secret-token", type="REMINDER", label="a secret")
    await house.ring("b")
    await house.set("c")
    entry = house.coordinator.config_entry
    told = await get_diagnostics_for_config_entry(house.hass, hass_client, entry)
    assert told["alerts"] == {
        "types": {"REMINDER": 1, "ALARM": 2},
        "phases": {"ringing": 2, "set": 1},
        "next": house.alert("c").at.isoformat(),
        "owed": 0,
    }
    assert "secret" not in json.dumps(told)
