"""An alert that rings, until somebody stops it: what is shown and told of that."""

from collections.abc import AsyncIterator
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.alerts.alert import Phase
from custom_components.clova_cic.alerts.happenings import STOP_TIMEOUT
from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.playback.alerts.ring import LONGEST_RING

from .alerts import HOUR, Alarms, alarms, set_alert
from .conftest import PassTime, SetUp
from .service import CicService, until
from .wall import Wall

RINGING = "binary_sensor.test_cloud_alert_ringing"
BUTTON = {"entity_id": "button.test_cloud_stop_alert"}
BEGUN = ("SetAlertSucceeded a", "AlertStarted a")


@pytest.fixture
async def house(
    home: HomeAssistant, cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> AsyncIterator[Alarms]:
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        yield house
        await house.is_clean()


def shown(house: Alarms) -> str:
    state = house.hass.states.get(RINGING)
    assert state is not None
    return state.state


@pytest.mark.directive("Alerts.StopAlert")
@pytest.mark.event("Alerts.AlertStarted", "Alerts.AlertStopped")
async def test_rings_until_it_is_stopped(house: Alarms) -> None:
    """CIC deletes it then, as it does with what rings once."""
    await house.set("a")
    assert shown(house) == "off"
    house.wait(HOUR - 2)
    assert house.alert().phase is Phase.SET
    house.wait(3)
    await house.phase(Phase.RINGING)
    await house.hears(*BEGUN)
    assert shown(house) == "on"
    assert await house.state() == {"allAlerts": ["a"], "activeAlerts": ["a"]}
    await house.order("StopAlert", token="a", type="ALARM")
    await house.hears(*BEGUN, "AlertStopped a", "DeleteAlertSucceeded a")
    assert await house.state() == {"allAlerts": [], "activeAlerts": []}
    assert house.told == ["set a", "started a", "stopped a", "deleted a"]
    assert shown(house) == "off"


async def test_at_its_second(house: Alarms) -> None:
    """Not before, and not a second later, by the clock on the wall."""
    at = (dt_util.utcnow() + timedelta(seconds=2)).replace(microsecond=0)
    await house.cic.push(set_alert("a", at))
    begun: list[float] = []
    house.coordinator.occurrences.async_listen(
        lambda one: (
            begun.append((dt_util.utcnow() - at).total_seconds()) if one.type == "started" else None
        )
    )
    await until(lambda: begun)
    assert 0 <= begun[0] < 1


async def test_repeats(house: Alarms) -> None:
    """CIC sets the next time with the same token, and it rings then."""
    await house.set("a", repeat="daily")
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)
    await house.order("StopAlert", token="a", type="ALARM")
    await house.phase(Phase.SET)
    house.wait(24 * HOUR)
    await house.phase(Phase.RINGING)
    await house.hears(*BEGUN, "AlertStopped a", "SetAlertSucceeded a", "AlertStarted a")


async def test_clock_is_set(house: Alarms) -> None:
    """Forward, it rings when its time has come; back, it waits again."""
    await house.set("a")
    house.wait(-24 * HOUR)
    house.wait(24 * HOUR)
    assert house.alert().phase is Phase.SET
    house.wait(HOUR + 1)
    await house.phase(Phase.RINGING)


async def test_daylight_saving(house: Alarms, hass: HomeAssistant) -> None:
    """The moment counts, whatever the house calls the hour."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    await house.cic.push(set_alert("a", "2099-03-29T03:00:00+02:00"))
    await house.phase(Phase.SET)
    ahead = dt_util.parse_datetime("2099-03-29T00:59:58Z") - dt_util.utcnow()
    house.wait(ahead.total_seconds())
    assert house.alert().phase is Phase.SET
    house.wait(3)
    await house.phase(Phase.RINGING)


# Who stops it


@pytest.mark.event("Alerts.RequestAlertStop")
async def test_button(house: Alarms) -> None:
    """CIC is asked, and decides."""
    await house.ring()
    await house.hass.services.async_call("button", "press", BUTTON, blocking=True)
    assert house.alert() is None or house.alert().phase is not Phase.RINGING
    await house.hears(*BEGUN, "RequestAlertStop a", "AlertStopped a", "DeleteAlertSucceeded a")


async def test_cic_says_nothing(house: Alarms) -> None:
    """An alert somebody has silenced is over by itself after a while."""
    await house.ring()
    plan = {"event": "Alerts.RequestAlertStop", "status": 204}
    await house.cic.control("POST", "next-answer", plan)
    await house.hass.services.async_call("button", "press", BUTTON, blocking=True)
    await house.phase(Phase.MUTED)
    await house.hears(*BEGUN, "RequestAlertStop a")
    assert await house.state() == {"allAlerts": ["a"], "activeAlerts": ["a"]}
    assert shown(house) == "on"
    house.pass_time(STOP_TIMEOUT)
    await house.hears(*BEGUN, "RequestAlertStop a", "AlertStopped a", "DeleteAlertSucceeded a")


async def test_button_without_an_alert(house: Alarms) -> None:
    await house.set("a")
    with pytest.raises(ServiceValidationError) as error:
        await house.hass.services.async_call("button", "press", BUTTON, blocking=True)
    assert error.value.translation_key == "no_alert_rings"


async def test_nobody_is_at_home(house: Alarms) -> None:
    """It does not ring for ever."""
    await house.ring()
    house.pass_time(LONGEST_RING)
    await house.hears(*BEGUN, "AlertStopped a", "DeleteAlertSucceeded a")
    assert house.coordinator.counters.events["ring_expired"] == 1


# What else may happen to it meanwhile


async def test_deleted_while_it_rings(house: Alarms) -> None:
    await house.ring()
    await house.delete()
    await house.phase(None)
    await until(lambda: {"stopped a", "deleted a"} <= set(house.told))
    assert shown(house) == "off"


async def test_changed_while_it_rings(house: Alarms) -> None:
    """Said anew for the same moment it rings on; for another it stops, and rings then.

    CIC hears no end of the former: it would delete what it has just set.
    """
    await house.ring()
    order = house.alert().info()
    await house.order("SetAlert", **order, label="the oven")
    await until(lambda: house.alert().order.label)
    assert house.alert().phase is Phase.RINGING
    await house.cic.push(set_alert("a", dt_util.utcnow() + timedelta(minutes=10)))
    await house.phase(Phase.SET)
    await until(lambda: "stopped a" in house.told)
    assert shown(house) == "off"
    house.wait(601)
    await house.phase(Phase.RINGING)
    await house.hears(*BEGUN, "SetAlertSucceeded a", "SetAlertSucceeded a", "AlertStarted a")


async def test_does_not_ring_once_more(house: Alarms) -> None:
    """A list that was made before CIC knew that it has stopped changes nothing."""
    await house.ring()
    order = house.alert().info()
    plan = {"event": "Alerts.AlertStopped", "status": 204}
    await house.cic.control("POST", "next-answer", plan)
    await house.order("StopAlert", token="a", type="ALARM")
    await house.phase(Phase.STOPPED)
    await house.order("SynchronizeAlert", allAlerts=[order])
    await house.order("SetAlert", **order)
    await house.hears(*BEGUN, "AlertStopped a", "SetAlertSucceeded a")
    assert house.alert().phase is Phase.STOPPED


async def test_nowhere_to_be_heard(house: Alarms) -> None:
    """It rings all the same, and the user is asked for an output."""
    await house.ring()
    issues = ir.async_get(house.hass)
    assert issues.async_get_issue(DOMAIN, f"no_output_{house.coordinator.config_entry.entry_id}")
    await house.hears(*BEGUN)
