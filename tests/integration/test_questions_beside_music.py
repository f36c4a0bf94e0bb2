"""Music that CIC has ordered, and a question to the satellite beside it: over the wire, both."""

import asyncio
from typing import Any

from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er
import pytest

from custom_components.clova_cic.playback.ducking import FACTOR
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound

from .house import Run, Satellite, add_entities, make_pipeline, make_satellite, speak
from .music import Music, answer, music, play
from .service import CicService, directive, encoded, until
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, sound_part, speak_part
from .turntable import ALL, Turntable

LOUD = 0.5
SOFT = round(LOUD * FACTOR, 2)
CANNOT_DUCK = ALL & ~(Feature.VOLUME_SET | Feature.VOLUME_MUTE)


async def ask(house: Music, satellite: Satellite, *orders: dict[str, Any]) -> asyncio.Task[Run]:
    """Ask something; return when its answer is being heard. CIC orders something with it."""
    parts = [speak_part("S"), sound_part("S", failure_sound() * 20), *answer(*orders)]
    await house.cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
    satellite.plays_on.clear()
    asking = asyncio.create_task(satellite.listen(microphone(SUM)))
    await until(lambda: house.hass.states.get(satellite.entity_id).state == "responding")
    return asking


async def test_music_goes_on_softly(home: HomeAssistant, cic: CicService, set_up) -> None:
    """CIC hears nothing of it."""
    async with music(home, cic, set_up) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start()
        asking = await ask(house, satellite)
        assert house.turntable.asked("volume") == [SOFT]
        assert house.player.phase is Phase.PLAYING
        satellite.plays_on.set()
        await asking
        await until(lambda: house.turntable.asked("volume") == [SOFT, LOUD])
        assert house.turntable.asked("pause") == []
        await house.hears("PlayStarted a")


@pytest.mark.parametrize("plays", [False, True])
async def test_louder_in_which_room(
    home: HomeAssistant, cic: CicService, set_up, plays: bool
) -> None:
    """Where the music is; without music in the room where it was said, not in the living room."""
    kitchen = Turntable(name="Kitchen")
    async with music(home, cic, set_up) as house:
        await add_entities(home, "kitchen", "media_player", [kitchen])
        satellite = await make_satellite(home, await make_pipeline(home))
        area = ar.async_get(home).async_get_or_create("Kitchen").id
        for entity_id in (satellite.entity_id, "media_player.kitchen"):
            er.async_get(home).async_update_entity(entity_id, area_id=area)
        if plays:
            await house.start()
        meant, other = (house.turntable, kitchen) if plays else (kitchen, house.turntable)
        asking = await ask(house, satellite, directive("PlaybackController.VolumeUp"))
        satellite.plays_on.set()
        await asking
        await until(lambda: meant.asked("volume"))
        assert meant.asked("volume") == [LOUD + 0.1]
        assert other.asked("volume") == []


async def test_music_makes_way_where_it_cannot_be_soft(
    home: HomeAssistant, cic: CicService, set_up
) -> None:
    async with music(home, cic, set_up, Turntable(features=CANNOT_DUCK)) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start()
        asking = await ask(house, satellite)
        assert house.player.phase is Phase.HELD
        assert house.turntable.asked("pause") == [None]
        satellite.plays_on.set()
        await asking
        await house.phase(Phase.PLAYING)
        assert house.turntable.asked("resume") == [None]
        await house.hears("PlayStarted a")


@pytest.mark.parametrize("features", [ALL, CANNOT_DUCK])
@pytest.mark.parametrize("order", ["Stop", "Pause"])
async def test_it_does_not_come_back_after_an_order_to_stop(
    home: HomeAssistant, cic: CicService, set_up, features: Feature, order: str
) -> None:
    """Its volume does: what is played next shall not be soft."""
    async with music(home, cic, set_up, Turntable(features=features)) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start()
        asking = await ask(house, satellite, directive(f"PlaybackController.{order}"))
        await house.phase(Phase.STOPPED if order == "Stop" else Phase.PAUSED)
        satellite.plays_on.set()
        await asking
        await until(lambda: not house.player.output.focus.lowered)
        told = {"Stop": "PlayStopped a", "Pause": "PlayPaused a"}[order]
        await house.hears("PlayStarted a", told)
        assert house.turntable.asked("resume") == []
        if features is ALL:
            await until(lambda: house.turntable.asked("volume") == [SOFT, LOUD])


@pytest.mark.parametrize("features", [ALL, CANNOT_DUCK])
async def test_it_does_not_come_back_after_new_music(
    home: HomeAssistant, cic: CicService, set_up, features: Feature
) -> None:
    async with music(home, cic, set_up, Turntable(features=features)) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start("a")
        asking = await ask(house, satellite, play("b"))
        satellite.plays_on.set()
        await asking
        await house.phase(Phase.PLAYING, "token-b")
        await house.hears("PlayStarted a", "PlayStopped a", "PlayStarted b")
        assert house.turntable.asked("resume") == []
        if features is ALL:
            await until(lambda: house.turntable.asked("volume")[-1] == LOUD)


async def test_orders_alone_are_heard_nowhere(home: HomeAssistant, cic: CicService, set_up) -> None:
    """Nobody waits for the end of a sound that does not come, where no satellite tells of it."""
    async with music(home, cic, set_up, Turntable(features=CANNOT_DUCK)) as house:
        pipeline = await make_pipeline(home)
        await house.start()
        for order, phase in (("Pause", Phase.PAUSED), ("Resume", Phase.PLAYING)):
            parts = answer(directive(f"PlaybackController.{order}"))
            await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
            await speak(home, microphone(SUM), pipeline)
            await house.phase(phase)
        await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")


async def test_louder_is_heard_behind_the_answer(
    home: HomeAssistant, cic: CicService, set_up
) -> None:
    """And is louder than the music was, not than what was left of it."""
    async with music(home, cic, set_up) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start()
        asking = await ask(house, satellite, directive("PlaybackController.VolumeUp"))
        await until(lambda: house.player.output.content_volume == LOUD + 0.1)
        assert house.turntable.asked("volume") == [SOFT]
        satellite.plays_on.set()
        await asking
        await until(lambda: house.turntable.asked("volume") == [SOFT, LOUD + 0.1])


async def test_a_question_into_an_announcement(
    home: HomeAssistant, cic: CicService, set_up
) -> None:
    """It had taken the player from the music, which goes on behind the answer."""
    async with music(home, cic, set_up) as house:
        satellite = await make_satellite(home, await make_pipeline(home))
        await house.start()
        speak = directive("SpeechSynthesizer.Speak", {"token": "T", "url": "cid:T"})
        await cic.push(speak, attachments={"T": encoded(failure_sound() * 60)})
        await until(lambda: len(house.turntable.asked("play")) == 2)
        asking = await ask(house, satellite)
        await until(lambda: house.turntable.asked("stop"))
        assert house.player.phase is Phase.HELD
        satellite.plays_on.set()
        await asking
        await house.phase(Phase.PLAYING)
        await until(lambda: house.turntable.state == "playing")
        told = [order for order, _ in house.turntable.orders if order in ("play", "stop")]
        assert told == ["play", "play", "stop", "play"]
        await until(lambda: house.turntable.volume_level == LOUD)
        await house.hears("PlayStarted a")
