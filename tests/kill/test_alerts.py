"""Home Assistant is killed while alerts are set, and while they ring: none is lost, none invented.

CIC answers nothing when it is asked which alerts there are: what rings was kept on this machine.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
import logging
import random
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from tests.integration.alerts import set_alert
from tests.integration.service import CicService, directive

from .home import MinimalHome

_LOGGER = logging.getLogger(__name__)

pytestmark = [pytest.mark.kill, pytest.mark.timeout(1_800)]

ALERTS = 200
# Due so long after the first start; after the last one the clock is ahead by this.
LATER = 3_600.0
# Until everything that is to ring has begun to, on a loaded machine, in seconds.
PATIENCE = 60.0
# What rings at a start does so before anything else; nothing is told of what does not. In seconds.
GRACE = 1.0


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """Return how often Home Assistant is killed in each of the two tests."""
    wanted: int = request.config.getoption("--kills")
    return wanted // 2


@pytest.fixture
def chance() -> random.Random:
    """Return moments, other ones in every run; a failure tells the seed."""
    seed = random.randrange(1_000_000)
    _LOGGER.info("seed %s", seed)
    return random.Random(seed)


async def tell_nothing(cic: CicService) -> None:
    """Leave the next question after alerts without an answer, by either name."""
    for event in ("Alerts.RequestSynchronizeAlert", "System.RequestSynchronizeState"):
        await cic.control("POST", "next-answer", {"event": event, "status": 204})


async def told(cic: CicService, name: str) -> list[str]:
    """Return the tokens of what CIC has heard of that name, in order."""
    return [one["payload"]["token"] for one in await cic.log("event") if one["name"] == name]


async def becomes(condition: Callable[[], Awaitable[bool]], what: Callable[[], Any]) -> None:
    """Wait until something that has to be asked for is so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await condition():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(what()) from None


async def test_killed_while_alerts_are_set(
    cic: CicService, home: MinimalHome, kills: int, chance: random.Random
) -> None:
    """Each that was confirmed rings after the last start; none that was never sent does."""
    due = dt_util.utcnow() + timedelta(seconds=LATER)
    waiting = [f"t{number}" for number in range(ALERTS)]
    sent: set[str] = set()

    async def set_some(tokens: list[str]) -> None:
        for token in tokens:
            body = {"client": cic.client, "directive": set_alert(token, due)}
            if (await cic.control("POST", "directives", body))["downchannels"]:
                sent.add(token)
                waiting.remove(token)

    for number in range(kills):
        await tell_nothing(cic)
        await home.start()
        tokens = waiting[: len(waiting) // (kills - number)]
        setting = asyncio.create_task(set_some(tokens))
        enough = len(sent) + chance.randrange(len(tokens))
        async with asyncio.timeout(PATIENCE):
            while len(sent) < enough:
                await asyncio.sleep(0.001)
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        await home.kill()
        setting.cancel()
        await asyncio.wait({setting})
    confirmed_before = set(await told(cic, "SetAlertSucceeded"))
    await tell_nothing(cic)
    await home.start(ahead=LATER)
    confirmed = set(await told(cic, "SetAlertSucceeded"))
    assert confirmed == confirmed_before
    assert confirmed, "none was confirmed: nothing was tried"
    rung: set[str] = set()

    async def all_rang() -> bool:
        rung.update(await told(cic, "AlertStarted"))
        return confirmed <= rung

    await becomes(all_rang, lambda: f"lost: {sorted(confirmed - rung)}")
    await asyncio.sleep(GRACE)
    rang = Counter(await told(cic, "AlertStarted"))
    assert set(rang) <= sent, f"invented: {sorted(set(rang) - sent)}"
    assert set(rang.values()) == {1}
    numbers = kills, len(sent), len(confirmed), len(rang)
    _LOGGER.info("%s kills: %s sent, %s confirmed, %s rang", *numbers)


async def test_killed_while_alerts_ring(
    cic: CicService, home: MinimalHome, kills: int, chance: random.Random
) -> None:
    """One that nobody has stopped rings again after the start; one that has stopped does not."""
    await tell_nothing(cic)
    await home.start()
    for number in range(kills):
        unstopped, stopped = f"unstopped{number}", f"stopped{number}"
        for token in (unstopped, stopped):
            await cic.push(set_alert(token, dt_util.utcnow() - timedelta(seconds=1)))
            await hears(cic, "AlertStarted", token)
        # CIC may delete what has stopped, or leave it for a later occasion
        if chance.random() < 0.5:
            plan = {"event": "Alerts.AlertStopped", "status": 204}
            await cic.control("POST", "next-answer", plan)
        await cic.push(directive("Alerts.StopAlert", {"token": stopped, "type": "ALARM"}))
        await hears(cic, "AlertStopped", stopped)
        await asyncio.sleep(chance.uniform(0.0, 0.3))
        await home.kill()
        await tell_nothing(cic)
        await home.start()
        await hears(cic, "AlertStarted", unstopped, times=2)
        await asyncio.sleep(GRACE)
        started = Counter(await told(cic, "AlertStarted"))
        assert started[stopped] == 1, "one that had stopped rings again"
        await cic.push(directive("Alerts.StopAlert", {"token": unstopped, "type": "ALARM"}))
        await hears(cic, "AlertStopped", unstopped)
    _LOGGER.info("%s kills: as many rang again, as many did not", kills)


async def hears(cic: CicService, name: str, token: str, times: int = 1) -> None:
    async def has_heard() -> bool:
        return (await told(cic, name)).count(token) >= times

    await becomes(has_heard, lambda: f"{name} of {token} never came")
