"""When the sound of an answer is over: a satellite tells, or it is reckoned."""

import asyncio
from typing import Any

from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.hearing import TOLERANCE, Hearing
from custom_components.clova_cic.playback.sound.mp3 import length
from custom_components.clova_cic.speech_reports import SpeechReports, Telling
from tests.peer.voice import Reply
from tests.turn_table import Row

from .house import sound_of, speak
from .service import CicService, until
from .voices import SOUND, Voices, noise, voices

SATELLITE = "assist_satellite.kitchen"


def marks(house: Voices) -> dict[str, Any]:
    """Return when things happened in the latest turn, in milliseconds."""
    return house.coordinator.turns.recent[-1]["marks"]


@pytest.mark.usefixtures("home")
@pytest.mark.turn("The sound of an answer: its end, told by the satellite")
async def test_a_satellite_tells(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    """Its loudspeaker takes longer than the sound took to come."""
    async with voices(hass, cic, set_up, reply=lambda _: Reply(sound=SOUND)) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        listening = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        await house.settled(1)
        assert "heard" not in marks(house)
        await asyncio.sleep(0.2)
        satellite.plays_on.set()
        run = await listening
        assert marks(house)["heard"] > marks(house)["first_sound"] + 150
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.usefixtures("home")
@pytest.mark.turn("The sound of an answer: its end, reckoned")
async def test_it_is_reckoned(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    async with voices(hass, cic, set_up, reply=lambda _: Reply(sound=SOUND)) as house:
        run = await speak(hass, noise(), house.pipeline)
        assert len(await sound_of(hass, run)) == len(SOUND)
        sounded = marks(house)["heard"] - marks(house)["first_sound"]
        assert sounded == pytest.approx(length(SOUND) * 1000, abs=50)
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


def go(hass: HomeAssistant, *states: str) -> None:
    """Have the satellite pass states."""
    for state in states:
        hass.states.async_set(SATELLITE, state)


@pytest.mark.parametrize(
    ("played", "states", "interrupted"),
    [
        (None, ("processing", "responding", "idle"), False),
        (None, ("processing", "responding", "listening"), True),
        (30.0, ("processing", "responding", "listening"), True),
        (30.0, ("processing", "responding", "idle", "listening"), False),
        (30.0, ("processing", "responding", "unavailable"), False),
        (TOLERANCE / 2, ("processing", "responding", "listening"), False),
    ],
)
async def test_who_speaks_into_it(hass: HomeAssistant, played, states, interrupted) -> None:
    """A satellite that listens when the sound has been played has not been interrupted."""
    ends: list[float] = []
    go(hass, AssistSatelliteState.LISTENING)
    hearing = Hearing(hass, SATELLITE, ends.append, Telling(SpeechReports([].append)))
    if played is not None:
        hearing.given_out(hass.loop.time(), played)
    go(hass, *states)
    assert hearing.interrupted is interrupted
    assert ends == [hearing.ended_at]
    go(hass, "responding", "idle")  # an announcement, later
    assert len(ends) == 1


async def test_it_is_not_followed_any_longer(hass: HomeAssistant) -> None:
    hearing = Hearing(hass, SATELLITE, lambda _: None, Telling(SpeechReports([].append)))
    go(hass, "responding")
    hearing.stop()
    go(hass, "idle")
    assert hearing.ended_at is None
    assert not hearing.interrupted


async def test_a_satellite_that_goes_away(hass: HomeAssistant) -> None:
    hearing = Hearing(hass, SATELLITE, lambda _: None, Telling(SpeechReports([].append)))
    go(hass, "responding")
    hass.states.async_remove(SATELLITE)
    assert hearing.ended_at is not None
