"""Music, questions and announcements on a real player: who gives way, and what comes back."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import async_update_entity
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.playback.ducking import FACTOR
from custom_components.clova_cic.playback.music.phases import Phase
from tests.integration.conftest import SetUp
from tests.integration.house import Run
from tests.integration.service import CicService, until

from .evening import Evening, evening
from .player import Mpd

pytestmark = pytest.mark.mpd

# What evening() sets, in percent, and what is left of it while somebody speaks.
LOUD = 60
SOFT = round(LOUD * FACTOR)


@pytest.fixture
async def house(
    home: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    cic: CicService,
    set_up: SetUp,
    mpd: Mpd,
    mpd_entity: str,
) -> AsyncIterator[Evening]:
    """Furnish a kitchen with mpd, and a bedroom without; music plays."""
    async with evening(home, cic, set_up, mpd, mpd_entity, "Kitchen", "Bedroom") as house:
        port = (await hass_client_no_auth()).port
        home.config.internal_url = f"http://127.0.0.1:{port}"
        await house.say("play music")
        await house.mpd_is("play")
        await house.shows("playing")
        yield house


async def volume(house: Evening) -> int:
    return int((await house.mpd.status())["volume"])


async def volumes_during(house: Evening, text: str, room: str = "Kitchen") -> tuple[Run, set[int]]:
    """Ask something; return the run, and the volumes that mpd had from beginning to end."""
    seen = set()
    asking = asyncio.create_task(house.say(text, room))
    while not asking.done():
        seen.add(await volume(house))
        await asyncio.sleep(0.02)
    return await asking, seen


async def volume_is(house: Evening, wanted: int) -> None:
    async with asyncio.timeout(10):
        while await volume(house) != wanted:
            await asyncio.sleep(0.05)


async def test_a_question_beside_the_music(house: Evening) -> None:
    """Music goes down while it is asked and answered, and comes back; CIC hears nothing of it."""
    run, seen = await volumes_during(house, "what is two plus three")
    assert "five" in run.answer.lower() or "5" in run.answer
    assert seen == {LOUD, SOFT}
    await volume_is(house, LOUD)
    await house.mpd_is("play")
    assert await house.told() == ["PlayStarted"]
    assert not await house.illegal()


async def test_a_question_in_another_room(house: Evening) -> None:
    _, seen = await volumes_during(house, "what is two plus three", "Bedroom")
    assert seen == {LOUD}


async def test_stop_does_not_come_back(house: Evening) -> None:
    await house.say("stop the music")
    await house.mpd_is("stop")
    await volume_is(house, LOUD)
    await house.hears("PlayStarted", "PlayStopped")
    assert house.player.phase is Phase.STOPPED


async def test_new_music_takes_the_place(house: Evening) -> None:
    """The words of the answer come first, then the new music at the volume of before."""
    run = await house.say("play piano music")
    assert run.answer == "Playing Piano.", run.recognised
    await until(lambda: house.playing == "Prelude" and house.player.phase is Phase.PLAYING)
    await volume_is(house, LOUD)
    assert await house.told() == ["PlayStarted", "PlayStopped", "PlayStarted"]
    assert not await house.illegal()


async def test_a_hand_at_the_volume(house: Evening) -> None:
    """Whoever turns it while it is down has the last word."""
    asking = asyncio.create_task(house.say("what is two plus three"))
    await volume_is(house, SOFT)
    await house.mpd.tell("setvol", 40)
    await asking
    await asyncio.sleep(0.5)
    assert await volume(house) == 40


async def test_a_pushed_speak(house: Evening) -> None:
    """Mpd cannot announce: the music stands still, the words are heard whole, it goes on where it was."""
    await until(lambda: house.mpd.recorded > 1)
    await house.cic.push(say={"text": "Dinner is ready in the kitchen", "lang": "en"})
    await until(lambda: house.coordinator.counters.events["speech_announced"])
    # of the answer at the satellite, and of this
    assert await house.speech() == ["Started", "Finished"] * 2
    await until(lambda: house.player.phase is Phase.PLAYING)
    await house.mpd_is("play")
    assert await house.told() == ["PlayStarted"]
    assert not await house.illegal()


async def test_an_unplugged_output(house: Evening) -> None:
    """Music has stopped, CIC is told so with the last offset; nothing is stuck."""
    await until(lambda: house.mpd.recorded > 2)
    asking = asyncio.create_task(house.say("what is two plus three"))
    await volume_is(house, SOFT)
    elapsed = float((await house.mpd.status())["elapsed"])
    await house.mpd.stop(kill=True)
    await async_update_entity(house.hass, house.output)
    await asking
    events = await house.hears("PlayStarted", "PlayStopped")
    offset = events[1]["payload"]["offsetInMilliseconds"] / 1000
    assert offset == pytest.approx(elapsed, abs=1.0)
    await house.mpd.start()
    await async_update_entity(house.hass, house.output)
    await house.say("play piano music")
    await house.mpd_is("play")
    assert not await house.illegal()
