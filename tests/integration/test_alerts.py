"""Alerts that CIC sets, changes, deletes and lists: what is kept of that, and what CIC hears."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.alerts import asking, book as book_module
from custom_components.clova_cic.alerts.alert import Alert, Phase
from custom_components.clova_cic.alerts.book import Book
from custom_components.clova_cic.cic.interfaces.alerts import MOST_ALERTS, SetAlert

from .alerts import HOUR, Alarms, alarms, set_alert, written
from .conftest import PassTime, SetUp
from .music import answer
from .service import CicService, directive, until
from .wall import Wall


@pytest.fixture
async def house(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    wall: Wall,
    pass_time: PassTime,
) -> AsyncIterator[Alarms]:
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        yield house
        await house.is_clean()


@pytest.mark.directive("Alerts.SetAlert")
@pytest.mark.event("Alerts.SetAlertSucceeded")
async def test_set(house: Alarms) -> None:
    """It is kept, CIC is told so, and its state goes up with every event from then on."""
    await house.set("a", type="REMINDER", label="the oven")
    await house.hears("SetAlertSucceeded a")
    alert = house.alert()
    assert alert is not None
    assert (alert.order.label, alert.order.type) == ("the oven", "REMINDER")
    assert house.told == ["set a"]
    assert house.happened[-1].data == {
        "token": "a",
        "type": "reminder",
        "scheduled_time": alert.order.scheduled_time,
    }
    assert house.happened[-1].words == {"label": "the oven"}
    assert await house.state() == {"allAlerts": ["a"], "activeAlerts": []}


async def test_on_disk_before_it_is_confirmed(hass_storage: dict[str, Any], house: Alarms) -> None:
    await house.set("a")
    await house.hears("SetAlertSucceeded a")
    key = f"clova_cic.alerts.{house.coordinator.config_entry.entry_id}"
    (kept,) = hass_storage[key]["data"]["alerts"]
    assert '"token": "a"' in kept["set"]


async def test_changed(house: Alarms) -> None:
    """The same token twice is one alert, as it was said last."""
    await house.set("a")
    await house.set("a", seconds=2 * HOUR, label="later")
    await house.hears("SetAlertSucceeded a", "SetAlertSucceeded a")
    (alert,) = house.clock.book.alerts
    assert alert.order.label == "later"
    house.wait(HOUR + 1)
    assert alert.phase is Phase.SET
    house.wait(HOUR)
    await house.phase(Phase.RINGING)


@pytest.mark.directive("Alerts.DeleteAlert")
@pytest.mark.event("Alerts.DeleteAlertSucceeded")
async def test_deleted(house: Alarms) -> None:
    await house.set("a")
    await house.set("b")
    await house.delete("a")
    await house.hears("SetAlertSucceeded a", "SetAlertSucceeded b", "DeleteAlertSucceeded a")
    assert house.told == ["set a", "set b", "deleted a"]
    assert await house.state() == {"allAlerts": ["b"], "activeAlerts": []}


@pytest.mark.event("Alerts.DeleteAlertFailed")
async def test_delete_of_nothing(house: Alarms) -> None:
    """It fails, where it is said of what type; else nothing can be told."""
    await house.order("DeleteAlert", token="x")
    await house.order("DeleteAlert", token="y", type="TIMER")
    await house.hears("DeleteAlertFailed y")
    assert house.coordinator.counters.events["alert_unknown"] == 2


async def test_stop_of_what_does_not_ring(house: Alarms) -> None:
    await house.set("a")
    await house.order("StopAlert", token="a", type="ALARM")
    await house.order("StopAlert", token="x", type="ALARM")
    events = house.coordinator.counters.events
    await until(lambda: events["alert_not_ringing"] == 2)
    await house.phase(Phase.SET)
    await house.hears("SetAlertSucceeded a")


# Times


@pytest.mark.event("Alerts.SetAlertFailed")
@pytest.mark.parametrize(
    "time",
    [
        "",
        "tomorrow",
        "2030-01-01T07:00:00",
        "2030-02-30T07:00:00Z",
        "-1",
        "2001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
async def test_cannot_be_set(house: Alarms, time: str) -> None:
    """A time that cannot be read, has no zone, has passed, or that not all zones can tell."""
    await house.cic.push(set_alert("a", time))
    await house.hears("SetAlertFailed a")
    assert house.alert() is None
    assert house.told == ["failed a"]


async def test_just_past(house: Alarms) -> None:
    """What comes a little late rings at once; what comes later than that does not."""
    now = dt_util.utcnow()
    await house.cic.push(set_alert("late", now - timedelta(minutes=4, seconds=58)))
    await house.hears("SetAlertSucceeded late", "AlertStarted late")
    await house.cic.push(set_alert("later", now - timedelta(minutes=5, seconds=2)))
    await house.hears("SetAlertSucceeded late", "AlertStarted late", "SetAlertFailed later")


async def test_far_away(house: Alarms) -> None:
    await house.cic.push(set_alert("a", "2099-12-31T23:59:59+09:00"))
    await house.hears("SetAlertSucceeded a")
    house.wait(HOUR)
    await house.phase(Phase.SET)


# Many, and what is wrong


async def test_a_burst(house: Alarms, hass_storage: dict[str, Any], monkeypatch: Any) -> None:
    """Hundreds that come at once share a few saves, and each is confirmed."""
    saves = []
    save = house.clock._keeper._store.async_save

    async def counted(contents: dict[str, Any]) -> None:
        saves.append(len(contents["alerts"]))
        await save(contents)

    monkeypatch.setattr(house.clock._keeper._store, "async_save", counted)
    tokens = {f"t{number}" for number in range(200)}
    plan = {
        "event": "Alerts.RequestSynchronizeAlert",
        "parts": answer(*(set_alert(token) for token in tokens)),
    }
    await house.cic.control("POST", "next-answer", plan)
    await house.clock.async_synchronize()

    async def confirmed() -> list[str]:
        return [one["payload"]["token"] for one in await house.events()]

    async with asyncio.timeout(30):
        while len(await confirmed()) < len(tokens):
            await asyncio.sleep(0.1)
    assert set(await confirmed()) == tokens
    assert len(saves) < len(tokens) / 10


async def test_too_many(house: Alarms) -> None:
    """A thousand are kept; one more is not. What has rung makes room."""
    when = written(dt_util.utcnow() + timedelta(hours=1))
    orders = [
        {"token": f"t{number}", "type": "ALARM", "scheduledTime": when}
        for number in range(MOST_ALERTS)
    ]
    await house.order("SynchronizeAlert", allAlerts=orders)
    await house.phase(Phase.SET, f"t{MOST_ALERTS - 1}")
    await house.cic.push(set_alert("more"))
    await house.hears("SetAlertFailed more")
    await house.cic.push(set_alert("t5", label="changed"))
    await house.hears("SetAlertFailed more", "SetAlertSucceeded t5")
    house.clock.book.put(replace(house.alert("t7"), phase=Phase.STOPPED))
    await house.cic.push(set_alert("more"))
    await house.phase(Phase.SET, "more")
    assert house.alert("t7") is None


async def test_too_large(house: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all of them say is bounded, not only how many they are."""
    monkeypatch.setattr(book_module, "LARGEST_BOOK", 1_000)
    for token in ("a", "b"):
        await house.cic.push(set_alert(token, label="l" * 600))
    await house.hears("SetAlertSucceeded a", "SetAlertFailed b")
    await house.cic.push(set_alert("a", label="short"))
    await house.cic.push(set_alert("b", label="short"))
    await house.hears(
        "SetAlertSucceeded a", "SetAlertFailed b", "SetAlertSucceeded a", "SetAlertSucceeded b"
    )


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"token": "a", "scheduledTime": "2099-01-01T00:00:00Z"},
        {"token": "a", "type": "GONG", "scheduledTime": "2099-01-01T00:00:00Z"},
        {"token": 5, "type": "ALARM", "scheduledTime": "2099-01-01T00:00:00Z"},
        {"token": "t" * 9_000, "type": "ALARM", "scheduledTime": "2099-01-01T00:00:00Z"},
    ],
)
async def test_unusable(house: Alarms, payload: dict[str, Any]) -> None:
    """What does not say which alert, or of what type, is passed over; the next is set."""
    await house.cic.push(directive("Alerts.SetAlert", payload))
    await house.set("b")
    await house.hears("SetAlertSucceeded b")
    assert house.coordinator.counters.events["malformed"] == 1


async def test_order_of_nobody(house: Alarms) -> None:
    """AssetPlayOrder that names nobody leaves an alert with its bell."""
    assets = [{"assetId": "bell", "url": "clova://alert/bell/reminder"}, {"assetId": 5}, "x"]
    await house.cic.push(
        set_alert("a", type="REMINDER", assets=assets, assetPlayOrder=["nobody", 7])
    )
    await house.hears("SetAlertSucceeded a")
    alert = house.alert()
    assert alert is not None
    assert alert.order.assets == ()


async def test_cannot_be_kept(house: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not on disk is not set: a full disk, a broken one."""

    async def fail(contents: dict[str, Any]) -> None:
        """Do as a store does that cannot write: say nothing."""

    await house.set("a")
    await house.hears("SetAlertSucceeded a")
    monkeypatch.setattr(house.clock._keeper._store, "async_save", fail)
    await house.cic.push(set_alert("b"))
    await house.hears("SetAlertSucceeded a", "SetAlertFailed b")
    assert house.alert("b") is None
    await house.delete("a")
    await house.hears("SetAlertSucceeded a", "SetAlertFailed b", "DeleteAlertFailed a")


async def test_a_change_that_cannot_be_kept(house: Alarms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set before is still on disk, and rings when it was to."""

    async def fail(contents: dict[str, Any]) -> None:
        """Do as a store does that cannot write: say nothing."""

    await house.set("a")
    await house.hears("SetAlertSucceeded a")
    before = house.alert()
    with monkeypatch.context() as broken:
        broken.setattr(house.clock._keeper._store, "async_save", fail)
        for hours in (2, 3):
            later = dt_util.utcnow() + timedelta(hours=hours)
            await house.cic.push(set_alert("a", later))
        await house.hears("SetAlertSucceeded a", "SetAlertFailed a", "SetAlertFailed a")
    assert house.alert() == before
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)


def test_a_change_of_what_is_being_kept() -> None:
    """The first is on disk when the second cannot be: the first counts."""
    book = Book()
    now = dt_util.utcnow()
    first, second = (
        Alert.of(SetAlert.from_payload(set_alert("a", now + timedelta(hours=hours))["payload"]))
        for hours in (1, 2)
    )
    assert first is not None and second is not None
    assert book.put(first) and book.put(second)
    book.written(first)
    book.take_back("a")
    assert book.get("a") == replace(first, phase=Phase.SET)
    assert book.next_due == first.at
    book.remove("a")
    assert book.put(second)
    book.take_back("a")
    assert book.get("a") is None


# The list


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.directive(name))
        for name in ("Alerts.SynchronizeAlert", "System.SynchronizeState")
    ],
)
async def test_list(house: Alarms, name: str) -> None:
    """What is not in it is gone, what is new is set, what has changed is another."""
    await house.set("gone")
    await house.set("same")
    await house.set("changed")
    same = house.alert("same")
    later = written(dt_util.utcnow() + timedelta(hours=3))
    orders = [
        {"token": "same", "type": "ALARM", "scheduledTime": same.order.scheduled_time},
        {"token": "changed", "type": "TIMER", "scheduledTime": later},
        {"token": "new", "type": "ALARM", "scheduledTime": later},
        {"token": "past", "type": "ALARM", "scheduledTime": "2001-01-01T00:00:00Z"},
        {"token": "unreadable"},
        "x",
    ]
    await house.cic.push(directive(name, {"allAlerts": orders}))
    await house.phase(Phase.SET, "new")
    assert [alert.token for alert in house.clock.book.alerts] == ["same", "changed", "new"]
    assert house.alert("same") is same
    assert house.told[3:] == ["deleted gone", "failed past", "set changed", "set new"]


async def test_no_list(house: Alarms) -> None:
    """Nothing is deleted by mistake."""
    await house.set("a")
    await house.order("SynchronizeAlert")
    await house.order("SynchronizeAlert", allAlerts="none")
    await until(lambda: house.coordinator.counters.events["malformed"] == 2)
    await house.phase(Phase.SET)


async def test_list_ends_what_rings(house: Alarms) -> None:
    await house.ring("a")
    await house.ring("b")
    ringing = house.alert("b").info()
    await house.order("SynchronizeAlert", allAlerts=[ringing])
    await house.phase(None, "a")
    await house.phase(Phase.RINGING, "b")
    await until(lambda: "stopped a" in house.told)


@pytest.mark.event("Alerts.RequestSynchronizeAlert")
async def test_asked_for(house: Alarms) -> None:
    """A new connection asks, and CIC's answer is what there is."""
    body = {"client": house.cic.client, "token": "unseen", "seconds": HOUR, "type": "ALARM"}
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    assert (await house.cic.control("POST", "alerts", body))["downchannels"] == 0
    await house.set_up_again()
    await house.phase(Phase.SET, "unseen")


@pytest.mark.event("System.RequestSynchronizeState")
async def test_asked_for_by_its_old_name(
    home: HomeAssistant, cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    """An old server that does not know the newer question is asked once as before."""
    plan = {"event": "Alerts.RequestSynchronizeAlert", "status": 204}
    await cic.control("POST", "next-answer", plan)
    coordinator = await set_up(cic)
    await until(lambda: coordinator.counters.events["connected"])
    pass_time(asking.ANSWER_TIMEOUT)
    directives = coordinator.counters.directives
    await until(lambda: directives["System.SynchronizeState"])
    pass_time(asking.ANSWER_TIMEOUT)
    events = [one["name"] for one in await cic.log("event", everything=True)]
    asked = [name for name in events if name.startswith("RequestSynchronize")]
    assert asked == ["RequestSynchronizeAlert", "RequestSynchronizeState"]
