"""Music and speech in one house: real Assist runs through the real cloud, real entities, real volumes."""

import asyncio
from dataclasses import dataclass, field

from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.playback.attention import LONGEST_SILENCE
from custom_components.clova_cic.playback.ducking import FACTOR, STORE_KEY, async_ducking
from custom_components.clova_cic.playback.focus import Claim, Grant, Kind
from custom_components.clova_cic.playback.output.output import Output, async_output

from .house import (
    Run,
    Satellite,
    add_entities,
    engine,
    make_pipeline,
    make_satellites,
    run_pipeline,
    sound_of,
    speak,
)
from .service import CicService, until
from .speech import microphone
from .stereo import LOUD, Stereo
from .test_turns_cut_short import Cut, cut_at_await, cut_at_step
from .voices import noise, voices

pytestmark = pytest.mark.usefixtures("home")

SUM = "what is two plus three"
SOFT = round(LOUD * FACTOR, 2)


@dataclass
class House:
    """A kitchen and a bedroom: in each a satellite, and a stereo with music."""

    hass: HomeAssistant
    coordinator: CicCoordinator
    pipeline: str
    satellites: list[Satellite]
    stereos: list[Stereo]
    music: list[Claim] = field(init=False)

    def __post_init__(self) -> None:
        for room, *entities in zip(
            ("kitchen", "bedroom"), self.stereos, self.satellites, strict=True
        ):
            for entity in entities:
                self.move(entity.entity_id, room)
        self.music = [
            output.focus.request(Kind.CONTENT, lambda grant: None, exclusive=True)
            for output in self.outputs
        ]

    def move(self, entity_id: str, room: str | None) -> None:
        """Put something into a room."""
        area_id = None if room is None else ar.async_get(self.hass).async_get_or_create(room).id
        er.async_get(self.hass).async_update_entity(entity_id, area_id=area_id)

    @property
    def outputs(self) -> list[Output]:
        return [async_output(self.hass, stereo.entity_id) for stereo in self.stereos]

    @property
    def volumes(self) -> list[float]:
        return [stereo.real for stereo in self.stereos]

    @property
    def grants(self) -> list[Grant]:
        return [claim.grant for claim in self.music]

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is being done to a volume."""
        ducking = async_ducking(self.hass)
        return all(ducking.watch(output)._working is None for output in self.outputs)

    async def ask(self, satellite: Satellite) -> asyncio.Task[Run]:
        """Ask something; return when the answer is being heard."""
        satellite.plays_on.clear()
        asking = asyncio.create_task(satellite.listen(microphone(SUM)))
        await until(lambda: self.hass.states.get(satellite.entity_id).state == "responding")
        return asking

    async def quiet(self) -> None:
        """Wait until there is music, and nothing else."""
        await until(lambda: self.grants == [Grant.FOREGROUND] * 2)


@pytest.fixture
async def house(hass: HomeAssistant, cic: CicService, set_up) -> House:
    stereos = [Stereo("Kitchen stereo"), Stereo("Bedroom stereo")]
    await add_entities(hass, "stereos", "media_player", stereos)
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: stereos[0].entity_id})
    pipeline = await make_pipeline(hass)
    satellites = await make_satellites(hass, pipeline, "Kitchen", "Bedroom")
    return House(hass, coordinator, pipeline, satellites, stereos)


@pytest.mark.parametrize("room", [0, 1])
async def test_a_question_beside_the_music(house: House, room: int) -> None:
    """It is soft from the first word to the end of the answer; in the other room it goes on."""
    asking = await house.ask(house.satellites[room])
    assert house.volumes == ([SOFT, LOUD] if room == 0 else [LOUD, SOFT])
    house.satellites[room].plays_on.set()
    assert "5" in (await asking).answer
    await until(lambda: house.volumes == [LOUD, LOUD])
    assert house.stereos[room].sets == [SOFT, LOUD]
    assert house.stereos[1 - room].sets == []


async def test_a_satellite_in_a_room_without_music(house: House) -> None:
    """What it orders would play in the kitchen; but nobody there speaks."""
    house.move(house.satellites[1].entity_id, "attic")
    asking = await house.ask(house.satellites[1])
    house.satellites[1].plays_on.set()
    await asking
    assert house.stereos[0].sets == house.stereos[1].sets == []


async def test_a_satellite_of_no_room(house: House) -> None:
    """It may be beside the default player."""
    house.move(house.satellites[1].entity_id, None)
    asking = await house.ask(house.satellites[1])
    assert house.volumes == [SOFT, LOUD]
    house.satellites[1].plays_on.set()
    await asking
    await until(lambda: house.volumes == [LOUD, LOUD])


async def test_a_player_on_the_satellites_own_device(house: House) -> None:
    """Its volume is the answer's, too: it is silent instead."""
    device = dr.async_get(house.hass).async_get_or_create(
        config_entry_id=house.coordinator.config_entry.entry_id, identifiers={("test", "one")}
    )
    for entity in (house.satellites[1], house.stereos[1]):
        er.async_get(house.hass).async_update_entity(entity.entity_id, device_id=device.id)
    asking = await house.ask(house.satellites[1])
    assert house.grants == [Grant.FOREGROUND, Grant.HELD]
    house.satellites[1].plays_on.set()
    await asking
    await house.quiet()
    assert house.stereos[1].sets == []


async def test_somebody_turns_the_knob_meanwhile(house: House) -> None:
    asking = await house.ask(house.satellites[0])
    await until(lambda: house.volumes == [SOFT, LOUD])
    house.stereos[0].turn_to(0.4)
    house.satellites[0].plays_on.set()
    await asking
    await house.quiet()
    await until(lambda: not house.outputs[0].focus.lowered and house.is_at_rest)
    assert house.volumes == [0.4, LOUD]
    assert house.stereos[0].sets == [SOFT]


async def test_music_asked_for_begins_behind_the_answer(house: House) -> None:
    """Its player has the focus when the satellite is idle again, and not before."""
    house.music[0].release()
    asking = await house.ask(house.satellites[0])
    told: list[Grant] = []
    house.music[0] = house.outputs[0].focus.request(Kind.CONTENT, told.append, exclusive=True)
    assert house.music[0].grant is Grant.HELD
    house.satellites[0].plays_on.set()
    await asking
    await house.quiet()
    assert told == [Grant.FOREGROUND]
    assert house.stereos[0].sets == []


async def test_the_run_is_cancelled(house: House, pass_time) -> None:
    """The satellite may never tell that it does not listen any more."""
    satellite = house.satellites[0]
    never = asyncio.Event()

    async def silence():
        await never.wait()
        yield b""

    asking = asyncio.create_task(satellite.listen(silence()))
    await until(lambda: house.volumes == [SOFT, LOUD])
    asking.cancel()
    await asyncio.wait({asking})
    pass_time(LONGEST_SILENCE)
    await until(lambda: house.volumes == [LOUD, LOUD])


async def test_the_satellite_never_stops_responding(house: House, pass_time) -> None:
    """The music comes back once the answer must be over, and the next question is one like any."""
    satellite = house.satellites[0]
    asking = await house.ask(satellite)
    await until(lambda: house.coordinator.turns.recent)
    await asyncio.sleep(0.1)
    assert house.volumes == [SOFT, LOUD]
    pass_time(30)
    await until(lambda: house.volumes == [LOUD, LOUD])
    assert house.hass.states.get(satellite.entity_id).state == "responding"
    asking.cancel()
    await asyncio.wait({asking})
    asking = await house.ask(satellite)
    await until(lambda: house.volumes == [SOFT, LOUD])
    satellite.plays_on.set()
    await asking
    await until(lambda: house.volumes == [LOUD, LOUD])


async def test_the_satellite_is_removed(house: House) -> None:
    satellite = house.satellites[0]
    asking = await house.ask(satellite)
    await until(lambda: house.volumes == [SOFT, LOUD])
    satellite.plays_on.set()
    er.async_get(house.hass).async_remove(satellite.entity_id)
    await until(lambda: house.volumes == [LOUD, LOUD])
    await asyncio.wait({asking})


async def test_speech_without_a_satellite(house: House, pass_time) -> None:
    """A browser's: until its sound must be over, wherever that is."""
    run = Run()
    asking = asyncio.create_task(speak(house.hass, microphone(SUM), house.pipeline, run=run))
    await until(lambda: house.volumes == [SOFT, SOFT])
    await asking
    assert len(await sound_of(house.hass, run)) > 1000
    assert house.volumes == [SOFT, SOFT]
    pass_time(20)
    await until(lambda: house.volumes == [LOUD, LOUD])


async def test_speech_without_a_satellite_whose_sound_nobody_fetches(
    house: House, pass_time
) -> None:
    await speak(house.hass, microphone(SUM), house.pipeline)
    await until(lambda: house.volumes == [SOFT, SOFT])
    pass_time(LONGEST_SILENCE)
    await until(lambda: house.volumes == [LOUD, LOUD])


async def test_speech_without_a_satellite_and_without_sound(house: House) -> None:
    asking = asyncio.create_task(
        speak(house.hass, microphone(SUM), house.pipeline, end_stage=PipelineStage.INTENT)
    )
    await until(lambda: house.grants == [Grant.DUCKED] * 2)
    await asking
    await house.quiet()


async def test_what_is_typed_makes_no_sound(house: House) -> None:
    seen: list[Kind | None] = []
    for output in house.outputs:
        output.focus.watch(lambda focus=output.focus: seen.append(focus.foreground))
    typed = {"text": SUM, "agent_id": engine(house.hass, "conversation")}
    answer = await house.hass.services.async_call(
        "conversation", "process", typed, blocking=True, return_response=True
    )
    assert "5" in answer["response"]["speech"]["plain"]["speech"]
    assert seen == []


async def test_the_entry_is_unloaded_while_somebody_speaks(house: House) -> None:
    asking = asyncio.create_task(speak(house.hass, noise(60), house.pipeline))
    await until(lambda: house.volumes == [SOFT, SOFT])
    await house.hass.config_entries.async_unload(house.coordinator.config_entry.entry_id)
    await until(lambda: house.volumes == [LOUD, LOUD])
    await asyncio.wait({asking})


async def test_killed_while_it_was_soft(
    hass: HomeAssistant, cic: CicService, set_up, hass_storage
) -> None:
    """Home Assistant starts, and nothing but the disk knows how loud it was."""
    stereo = Stereo()
    await add_entities(hass, "stereos", "media_player", [stereo])
    stereo.turn_to(SOFT)
    volumes = {stereo.entity_id: {"before": LOUD, "lowered": SOFT}}
    hass_storage[STORE_KEY] = {"version": 1, "key": STORE_KEY, "data": volumes}
    await set_up(cic)
    await until(lambda: stereo.real == LOUD)
    await until(lambda: hass_storage[STORE_KEY]["data"] == {})


@pytest.mark.parametrize(("cut", "at_least"), [(cut_at_await, 3), (cut_at_step, 10)])
async def test_cut_short_anywhere(
    hass: HomeAssistant, cic: CicService, set_up, cut: Cut, at_least: int
) -> None:
    """However a run ends, the focus is given back."""
    async with voices(hass, cic, set_up) as rooms:
        focus = async_output(hass, "media_player.nowhere").focus
        music = focus.request(Kind.CONTENT, lambda grant: None)
        cuts, seen = 0, set()
        focus.watch(lambda: seen.add(focus.foreground))
        while True:
            run = run_pipeline(hass, noise(), rooms.pipeline, Run(), end_stage=PipelineStage.INTENT)
            was_cut = await cut(run, cuts + 1)
            await until(lambda: music.grant is Grant.FOREGROUND)
            if not was_cut:
                break
            cuts += 1
        assert cuts >= at_least
        assert seen == {Kind.CONTENT, Kind.DIALOG}
