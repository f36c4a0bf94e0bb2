"""Alerts as CIC sets them, and what it hears of that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.clova_cic.alerts.alert import Alert, Phase
from custom_components.clova_cic.alerts.clock import AlarmClock
from custom_components.clova_cic.alerts.schedule import RECHECK
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.occurrences import Kind, Occurrence

from .conftest import PassTime, SetUp
from .service import PATIENCE, CicService, directive, until
from .wall import Wall

HOUR = 3600.0


def written(moment: datetime) -> str:
    """Return a moment as CIC writes it."""
    return moment.isoformat(timespec="seconds")


def set_alert(token: str = "a", at: datetime | str | None = None, **fields: Any) -> dict[str, Any]:
    """Return an order to have an alert, in an hour where it is not said when."""
    if at is None:
        at = dt_util.utcnow() + timedelta(hours=1)
    when = written(at) if isinstance(at, datetime) else at
    payload = {"token": token, "type": "ALARM", "scheduledTime": when, **fields}
    return directive("Alerts.SetAlert", payload)


@dataclass
class Alarms:
    """An entry, what CIC orders of it, and the time on the wall."""

    hass: HomeAssistant
    cic: CicService
    coordinator: CicCoordinator
    wall: Wall
    pass_time: PassTime
    happened: list[Occurrence] = field(default_factory=list)

    @property
    def clock(self) -> AlarmClock:
        return self.coordinator.alarm_clock

    def listen(self) -> None:
        """Write down what automations learn of."""
        self.coordinator.occurrences.async_listen(self.happened.append)

    @property
    def told(self) -> list[str]:
        """What automations have learned: kind and token."""
        return [
            f"{one.type} {one.data['token']}" for one in self.happened if one.kind is Kind.ALERT
        ]

    # What CIC and time do

    async def set(self, token: str = "a", seconds: float = HOUR, **fields: Any) -> None:
        """Have CIC set an alert, as its app does, and wait until it is set."""
        when = written(dt_util.utcnow() + timedelta(seconds=seconds))
        body = {"client": self.cic.client, "token": token, "scheduledTime": when, "type": "ALARM"}
        assert (await self.cic.control("POST", "alerts", body | fields))["downchannels"] == 1
        await self.phase(Phase.SET, token)

    async def delete(self, token: str = "a") -> None:
        """Have CIC delete an alert, as its app does."""
        body = {"client": self.cic.client, "token": token}
        assert (await self.cic.control("DELETE", "alerts", body))["downchannels"] == 1

    async def order(self, name: str, **payload: Any) -> None:
        """Push a directive about alerts."""
        await self.cic.push(directive(f"Alerts.{name}", payload))

    def wait(self, seconds: float) -> None:
        """Let so much time pass on the wall; the loop's clock goes on as far as it is looked at."""
        self.wall.set(seconds)
        self.pass_time(RECHECK)

    async def ring(self, token: str = "a") -> None:
        """Set an alert, and let its time come."""
        await self.set(token)
        self.wait(HOUR + 1)
        await self.phase(Phase.RINGING, token)

    async def begin_again(self) -> None:
        """Unload the entry and set it up, as a restart does."""
        entry = self.coordinator.config_entry
        assert await self.hass.config_entries.async_unload(entry.entry_id)
        await self.set_up_again()

    async def set_up_again(self) -> None:
        entry = self.coordinator.config_entry
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        self.coordinator = entry.runtime_data
        self.listen()

    # What comes of it

    def alert(self, token: str = "a") -> Alert | None:
        return self.clock.book.get(token)

    async def phase(self, phase: Phase | None, token: str = "a") -> None:
        """Wait until an alert is so far, or gone."""

        def is_there() -> bool:
            alert = self.alert(token)
            return phase is None if alert is None else alert.phase is phase

        try:
            await until(is_there)
        except TimeoutError:
            raise AssertionError(f"{token} is {self.alert(token)}") from None

    async def events(self) -> list[dict[str, Any]]:
        """Return the events CIC has of alerts, but for those that ask which there are to be."""
        return [one for one in await self.cic.log("event") if one["namespace"] == "Alerts"]

    async def hears(self, *expected: str) -> None:
        """Wait until CIC has heard exactly this ("Name token")."""
        got: list[str] = []
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            got = [f"{one['name']} {one['payload']['token']}" for one in await self.events()]
            if len(got) >= len(expected):
                break
            await asyncio.sleep(0.02)
        assert got == list(expected)

    async def state(self) -> dict[str, list[str]]:
        """Return AlertsState as CIC has it from the last event, by tokens."""
        contexts = (await self.cic.control("GET", "state"))["contexts"][self.cic.client]
        (state,) = [one["payload"] for one in contexts if one["header"]["name"] == "AlertsState"]
        return {key: [one["token"] for one in state[key]] for key in state}

    async def is_clean(self) -> None:
        """Nothing CIC heard was out of order."""
        assert await self.cic.illegal() == []


@asynccontextmanager
async def alarms(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    wall: Wall,
    pass_time: PassTime,
    **changes: Any,
) -> AsyncIterator[Alarms]:
    """Yield an entry that has heard which alerts there are: none."""
    coordinator = await set_up(cic, **changes)
    house = Alarms(hass, cic, coordinator, wall, pass_time)
    house.listen()
    await until(lambda: coordinator.counters.directives["Alerts.SynchronizeAlert"])
    yield house
