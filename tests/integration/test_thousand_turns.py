"""People leave over the hundredth turn, not the first."""

import asyncio
from collections import Counter
from contextlib import suppress
from itertools import cycle
from random import Random

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from tests.peer.voice import Asked, Goodbye, Reply

from .house import Satellite
from .service import CicService, until
from .voices import Holdings, Voices, noise, voices

TURNS = 1000
CUT_EVERY = 10
GOAWAY_EVERY = 50
# More steps of the loop than an undisturbed turn takes.
LONGEST = 150


def reply(asked: Asked) -> Reply:
    """Tell each answer from every other."""
    return Reply(text=f"answer {asked.dialog}", heard=f"command {asked.dialog}")


async def speak_and_hang_up(satellite: Satellite, steps: int) -> None:
    """Cancel a run some steps after it began, as a wake word does."""
    task = asyncio.create_task(satellite.listen(noise()))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def live(satellite: Satellite, turns: int, random: Random) -> Counter[str]:
    """Speak to one satellite again and again; count what came of it."""
    outcomes: Counter[str] = Counter()
    for number in range(turns):
        if number % CUT_EVERY == CUT_EVERY - 1:
            await speak_and_hang_up(satellite, random.randrange(LONGEST))
            outcomes["cut"] += 1
            continue
        run = await satellite.listen(noise())
        outcomes[run.outcome] += 1
        if run.outcome == "an answer":
            assert run.answer.removeprefix("answer") == run.recognised.removeprefix("command")
            assert sum(size for _, size in satellite.heard) > len(failure_sound())
    return outcomes


async def say_goodbye_differently(house: Voices) -> None:
    """Have each GOAWAY come at another moment of its turn."""
    for count, moment in enumerate(cycle(Goodbye)):
        house.cloud.goaway_at = moment
        while house.cloud.tally.goaways <= count:
            await asyncio.sleep(0.01)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("home")
async def test_a_thousand_turns(hass: HomeAssistant, cic: CicService, set_up) -> None:
    random = Random(2026)
    async with voices(
        hass, cic, set_up, "Kitchen", "Bedroom", reply=reply, goaway_every=GOAWAY_EVERY
    ) as house:
        await asyncio.gather(*(one.listen(noise()) for one in house.satellites))
        await hass.async_block_till_done()
        # what is told of the answers' sound has been told
        await until(lambda: not Holdings.of(house.coordinator).objects["Exchange"])
        before = Holdings.of(house.coordinator)
        moments = asyncio.create_task(say_goodbye_differently(house))
        counts = await asyncio.gather(*(live(one, TURNS // 2, random) for one in house.satellites))
        moments.cancel()
        told = counts[0] + counts[1]
        cut = TURNS // CUT_EVERY
        assert told == Counter({"an answer": TURNS - cut, "cut": cut})
        assert house.cloud.tally.goaways >= TURNS // GOAWAY_EVERY - 4
        for connection in house.cloud.connections:
            assert all(count == 1 for count in connection.tally.resets.values())
        await until(lambda: not any(one.is_open for one in house.cloud.connections[:-1]))
        await hass.async_block_till_done()
        await until(lambda: Holdings.of(house.coordinator) == before, patience=40)
