"""Alerts across restarts and without CIC: none is forgotten, none rings twice."""

import asyncio
from collections.abc import AsyncIterator
import logging
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.clova_cic.alerts import clock as clock_module, happenings
from custom_components.clova_cic.alerts.alert import Phase
from custom_components.clova_cic.const import CONF_REMOVE_ALERTS_WHEN_LOST, DOMAIN
from custom_components.clova_cic.coordinator import Link
from custom_components.clova_cic.playback.alerts.ring import LONGEST_RING, Ring
from custom_components.clova_cic.reports import KEPT_FOR

from .alerts import HOUR, Alarms, alarms, set_alert
from .conftest import Entries, PassTime, SetUp
from .service import CicService, until
from .wall import Wall


@pytest.fixture
async def house(
    home: HomeAssistant, cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> AsyncIterator[Alarms]:
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        yield house


@pytest.fixture
async def mortal(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> AsyncIterator[Alarms]:
    """Yield a house whose CIC can go away."""
    async with alarms(home, mortal_cic, set_up, wall, pass_time) as house:
        yield house


def stored(entry_id: str, alerts: list[dict[str, Any]]) -> dict[str, Any]:
    key = f"clova_cic.alerts.{entry_id}"
    return {key: {"version": 1, "key": key, "data": {"alerts": alerts, "owed": []}}}


async def away(house: Alarms) -> None:
    """Have CIC go, and wait until that is seen."""
    await house.cic.stop()
    await until(lambda: house.coordinator.data is Link.DOWN)


# A restart


async def test_kept(house: Alarms) -> None:
    await house.set("a", label="the oven", type="REMINDER")
    before = house.alert()
    await house.begin_again()
    assert house.alert() is not before
    assert house.alert() == before
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)
    await house.hears("SetAlertSucceeded a", "AlertStarted a")


async def test_rings_on(house: Alarms) -> None:
    await house.ring()
    await house.begin_again()
    await house.phase(Phase.RINGING)
    await house.hears("SetAlertSucceeded a", "AlertStarted a", "AlertStarted a")
    await house.is_clean()


@pytest.mark.parametrize("name", ["StopAlert", "DeleteAlert"])
async def test_ended_while_the_entry_is_unloaded(
    house: Alarms, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What CIC orders while a player is being silenced is done: it does not ring again."""
    await house.ring()
    silenced = asyncio.Event()
    stop = Ring.stop

    async def slowly(ring: Ring) -> None:
        await stop(ring)
        await silenced.wait()

    monkeypatch.setattr(Ring, "stop", slowly)
    coordinator, clock = house.coordinator, house.clock
    unloading = house.hass.async_create_task(coordinator.async_let_go())
    try:
        await until(lambda: not clock._happenings._bells._rings)
        assert not clock.press()
        await house.order(name, token="a", type="ALARM")
        # CIC deletes what has stopped, maybe already
        await until(lambda: (one := house.alert()) is None or one.phase is Phase.STOPPED)
    finally:
        silenced.set()
    await unloading
    house.happened.clear()
    await house.begin_again()
    # what could not be told any more is told now; then CIC deletes it
    async with asyncio.timeout(10):
        while "AlertStopped" not in {one["name"] for one in await house.events()}:
            await asyncio.sleep(0.02)
    await house.phase(None)
    assert "started a" not in house.told


async def test_rang_too_long_ago(house: Alarms) -> None:
    """Where it would be over by now it is over, and CIC hears so."""
    await house.ring()
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    house.wall.set(LONGEST_RING)
    await house.set_up_again()
    await house.hears(
        "SetAlertSucceeded a", "AlertStarted a", "AlertStopped a", "DeleteAlertSucceeded a"
    )
    await house.is_clean()


@pytest.mark.parametrize("phase", [Phase.MUTED, Phase.STOPPING, Phase.STOPPED])
async def test_stopped_before(house: Alarms, phase: Phase) -> None:
    """What somebody has stopped does not ring again, whatever was told of that."""
    await house.ring()
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    store = house.clock._keeper._store
    kept = dict(await store.async_load())
    kept["alerts"] = [{**one, "phase": phase.value} for one in kept["alerts"]]
    await store.async_save(kept)
    house.happened.clear()
    await house.set_up_again()
    house.wait(1)
    assert house.alert() is None or house.alert().phase is Phase.STOPPED
    assert "started a" not in house.told


async def test_due_a_moment_ago(house: Alarms) -> None:
    """Home Assistant was not running at its time, and is within five minutes of it."""
    await house.set("a")
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    house.wall.set(HOUR + 290)
    await house.set_up_again()
    await house.phase(Phase.RINGING)
    await house.hears("SetAlertSucceeded a", "AlertStarted a")


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Alarm"), ("ko", "알람"), ("ja", "アラーム")]
)
async def test_missed(house: Alarms, language: str, word: str) -> None:
    """Later than that it does not ring: the user is told, and CIC that it goes on."""
    house.hass.config.language = language
    await house.set("a")
    await house.set("b", label="the oven", type="REMINDER")
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    house.wall.set(HOUR + 310)
    await house.set_up_again()
    notes = persistent_notification._async_get_or_create_notifications(house.hass)
    await until(lambda: notes)
    (note,) = notes.values()
    assert word in note["message"]
    assert "the oven" in note["message"]
    assert note["title"] == "Test cloud"
    events = await house.events()
    await until(lambda: house.alert("a") is None and house.alert("b") is None)
    assert "AlertStarted" not in {one["name"] for one in events}
    stopped = [
        one["payload"]["token"] for one in await house.events() if one["name"] == "AlertStopped"
    ]
    assert sorted(stopped) == ["a", "b"]


async def test_many_are_missed(house: Alarms) -> None:
    """They share one notification that can be read."""
    for number in range(25):
        await house.set(f"t{number}", label=f"label {number}")
    house.wait(2 * HOUR)
    notes = persistent_notification._async_get_or_create_notifications(house.hass)
    await until(lambda: notes)
    (note,) = notes.values()
    assert note["message"].count("label") == 20
    assert "(25)" in note["message"]
    assert [one for one in house.told if one.startswith("missed")]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"alerts": 5, "owed": []},
        {"alerts": [{"set": "{"}], "owed": []},
        {"alerts": [], "owed": [5]},
    ],
)
async def test_unreadable(
    hass_storage: dict[str, Any],
    home: HomeAssistant,
    cic: CicService,
    make_entry: Entries,
    caplog: pytest.LogCaptureFixture,
    data: dict[str, Any],
) -> None:
    """What somebody has edited is forgotten, with one line."""
    entry = make_entry(cic)
    key = f"clova_cic.alerts.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "key": key, "data": data}
    assert await home.config_entries.async_setup(entry.entry_id)
    assert not entry.runtime_data.alarm_clock.book.alerts
    lines = [one for one in caplog.records if "cannot be read" in one.message]
    assert [one.levelno for one in lines] == [logging.WARNING]
    await home.config_entries.async_unload(entry.entry_id)


async def test_one_record_that_cannot_be_read(
    house: Alarms, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It costs none of the others."""
    await house.set("a")
    await house.set("b")
    await house.phase(Phase.SET, "b")
    entry_id = house.coordinator.config_entry.entry_id
    await house.hass.config_entries.async_unload(entry_id)
    hass_storage[f"clova_cic.alerts.{entry_id}"]["data"]["alerts"][0]["set"] = "{"
    await house.hass.config_entries.async_setup(entry_id)
    book = house.coordinator.config_entry.runtime_data.alarm_clock.book
    assert [alert.token for alert in book.alerts] == ["b"]
    assert "1 of what was kept of alerts cannot be read" in caplog.text


async def test_file_of_a_newer_version(
    hass_storage: dict[str, Any], home: HomeAssistant, cic: CicService, make_entry: Entries
) -> None:
    entry = make_entry(cic)
    key = f"clova_cic.alerts.{entry.entry_id}"
    hass_storage[key] = {"version": 99, "key": key, "data": {}}
    assert await home.config_entries.async_setup(entry.entry_id)
    assert not entry.runtime_data.alarm_clock.book.alerts
    await home.config_entries.async_unload(entry.entry_id)


async def test_removed_with_its_entry(hass_storage: dict[str, Any], house: Alarms) -> None:
    await house.set("a")
    entry = house.coordinator.config_entry
    key = f"clova_cic.alerts.{entry.entry_id}"
    assert key in hass_storage
    await house.hass.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage


async def test_home_assistant_stops(house: Alarms) -> None:
    """Nothing is on disk any more then, so nothing is confirmed."""
    await house.set("a")
    house.hass.set_state(CoreState.stopping)
    await house.cic.push(set_alert("b"))
    await house.phase(Phase.NEW, "b")
    await house.clock._keeper.async_close()
    await house.phase(Phase.NEW, "b")
    await house.hears("SetAlertSucceeded a")
    house.hass.set_state(CoreState.running)


# Without CIC


async def test_rings_without_cic(mortal: Alarms) -> None:
    """What CIC could not be told it is told when it is back, however long that takes."""
    await mortal.set("a")
    await mortal.hears("SetAlertSucceeded a")
    await away(mortal)
    mortal.wait(HOUR + 1)
    await mortal.phase(Phase.RINGING)
    assert mortal.clock.press()
    await mortal.phase(Phase.MUTED)
    mortal.pass_time(happenings.STOP_TIMEOUT)
    await mortal.phase(Phase.STOPPED)
    mortal.pass_time(KEPT_FOR)
    await until(lambda: mortal.coordinator.counters.events["event_not_sent"] >= 2)
    assert [one.token for one in mortal.clock.book.owed] == ["a"]
    await mortal.cic.start()
    mortal.pass_time(KEPT_FOR)
    await until(lambda: mortal.coordinator.connected)
    await until(lambda: not mortal.clock.book.owed)
    await mortal.phase(None)  # deleted, by an order of its own or because no list has it any more
    assert [one["name"] for one in await mortal.events()][0] == "AlertStopped"


async def test_still_owed_after_a_restart(mortal: Alarms) -> None:
    await mortal.ring()
    await away(mortal)
    mortal.pass_time(LONGEST_RING)
    await mortal.phase(Phase.STOPPED)
    await mortal.clock._keeper.async_close()
    entry = mortal.coordinator.config_entry
    assert await mortal.hass.config_entries.async_unload(entry.entry_id)
    await mortal.cic.start()
    await mortal.set_up_again()
    await mortal.hears("AlertStopped a", "DeleteAlertSucceeded a")


@pytest.mark.parametrize(
    ("status", "is_owed"), [(400, False), (401, True), (412, True), (503, True)]
)
async def test_end_that_cic_did_not_hear(house: Alarms, status: int, is_owed: bool) -> None:
    """It stays owed until the next connection, unless CIC has refused it for good."""
    await house.ring()
    counted = house.coordinator.counters.events
    for _ in range(2 if status == 412 else 1):  # that is repeated once
        plan = {"event": "Alerts.AlertStopped", "status": status}
        await house.cic.control("POST", "next-answer", plan)
    await house.order("StopAlert", token="a", type="ALARM")
    await until(lambda: counted["event_not_sent"] and not house.clock._telling._under_way)
    assert [one.token for one in house.clock.book.owed] == (["a"] if is_owed else [])
    if is_owed:
        await house.begin_again()
        await until(lambda: not house.clock.book.owed)


async def test_end_on_its_way_when_the_connection_broke(mortal: Alarms) -> None:
    await mortal.ring()
    plan = {"event": "Alerts.AlertStopped", "delay": 20}
    await mortal.cic.control("POST", "next-answer", plan)
    await mortal.order("StopAlert", token="a", type="ALARM")
    async with asyncio.timeout(10):
        while "AlertStopped" not in {one["name"] for one in await mortal.events()}:
            await asyncio.sleep(0.02)
    await mortal.cic.stop(kill=True)
    await until(lambda: mortal.coordinator.data is Link.DOWN)
    await until(lambda: not mortal.clock._telling._under_way)
    assert [one.token for one in mortal.clock.book.owed] == ["a"]
    await mortal.cic.start()
    mortal.pass_time(KEPT_FOR)
    await until(lambda: not mortal.clock.book.owed)


async def test_set_before_cic_was_killed(mortal: Alarms) -> None:
    """It is set still when CIC is back, and rings."""
    await mortal.set("a", text="the oven", label="the oven", type="REMINDER")
    await mortal.hears("SetAlertSucceeded a")
    before = mortal.alert()
    await mortal.cic.stop(kill=True)
    await until(lambda: mortal.coordinator.data is Link.DOWN)
    synchronised = mortal.coordinator.counters.directives["Alerts.SynchronizeAlert"]
    await mortal.cic.start()
    mortal.pass_time(KEPT_FOR)
    await until(lambda: mortal.coordinator.connected)
    counted = mortal.coordinator.counters.directives
    await until(lambda: counted["Alerts.SynchronizeAlert"] > synchronised)
    assert await mortal.state() == {"allAlerts": ["a"], "activeAlerts": []}
    assert mortal.alert() == before
    mortal.wait(HOUR + 1)
    await mortal.phase(Phase.RINGING)
    await mortal.hears("AlertStarted a")
    await mortal.is_clean()


async def test_start_without_cic(mortal: Alarms, caplog: pytest.LogCaptureFixture) -> None:
    """Where something is to ring the entry is set up all the same, and CIC comes later."""
    await mortal.set("a")
    entry = mortal.coordinator.config_entry
    assert await mortal.hass.config_entries.async_unload(entry.entry_id)
    await mortal.cic.stop()
    await mortal.set_up_again()
    assert entry.state is ConfigEntryState.LOADED
    assert not mortal.coordinator.connected
    assert "goes on without CIC" in caplog.text
    mortal.wait(HOUR + 1)
    await mortal.phase(Phase.RINGING)
    await mortal.cic.start()
    mortal.pass_time(KEPT_FOR - 20)
    await until(lambda: mortal.coordinator.connected, patience=20)
    async with asyncio.timeout(10):
        while not (events := await mortal.events()):
            await asyncio.sleep(0.02)
    assert events[0]["name"] == "AlertStarted"


async def test_start_with_a_refused_token(house: Alarms) -> None:
    """It rings, and the user is asked for another token."""
    await house.set("a")
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    data = {**entry.data, CONF_ACCESS_TOKEN: "wrong"}
    house.hass.config_entries.async_update_entry(entry, data=data)
    await house.set_up_again()
    assert entry.state is ConfigEntryState.LOADED
    (flow,) = house.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)


async def test_start_without_cic_and_nothing_to_ring(mortal: Alarms) -> None:
    """Then everything is as it would be without alerts."""
    entry = mortal.coordinator.config_entry
    assert await mortal.hass.config_entries.async_unload(entry.entry_id)
    await mortal.cic.stop()
    assert not await mortal.hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


@pytest.mark.parametrize("removes", [True, False])
async def test_removed_when_the_connection_is_lost(
    home: HomeAssistant,
    mortal_cic: CicService,
    set_up: SetUp,
    wall: Wall,
    pass_time: PassTime,
    removes: bool,
) -> None:
    """If the user wants that, after a while; what rings is left alone."""
    options = {CONF_REMOVE_ALERTS_WHEN_LOST: removes}
    async with alarms(home, mortal_cic, set_up, wall, pass_time, options=options) as house:
        await house.set("later", seconds=3 * HOUR)
        await house.ring("a")
        await away(house)
        pass_time(clock_module.LOST_FOR - 10)
        await house.phase(Phase.SET, "later")
        pass_time(11)
        await house.phase(None if removes else Phase.SET, "later")
        await house.phase(Phase.RINGING, "a")


async def test_wanted_only_while_cic_is_away(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> None:
    """And not any more, and then once more: the time begins when the user wants it."""
    async with alarms(home, mortal_cic, set_up, wall, pass_time) as house:
        await house.set("later", seconds=3 * HOUR)
        await away(house)
        entry = house.coordinator.config_entry
        for wanted in (True, False, True):
            options = {CONF_REMOVE_ALERTS_WHEN_LOST: wanted}
            home.config_entries.async_update_entry(entry, options=options)
            pass_time(clock_module.LOST_FOR - 10)
            await house.phase(Phase.SET, "later")
        pass_time(11)
        await house.phase(None, "later")


async def test_short_loss_removes_nothing(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> None:
    options = {CONF_REMOVE_ALERTS_WHEN_LOST: True}
    async with alarms(home, mortal_cic, set_up, wall, pass_time, options=options) as house:
        await house.set("a")
        await away(house)
        pass_time(clock_module.LOST_FOR - 20)
        await house.cic.start()
        await until(lambda: house.coordinator.connected)
        pass_time(30)
        await house.phase(Phase.SET)


async def test_delete_without_cic(mortal: Alarms) -> None:
    """Only CIC deletes: who wants that is told that it is away."""
    await mortal.set("a")
    await away(mortal)
    alert = mortal.alert()
    with pytest.raises(HomeAssistantError) as error:
        await mortal.clock.async_delete(alert)
    assert error.value.translation_key == "not_connected"
