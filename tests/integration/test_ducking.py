"""Volumes go down under speech and come back: on real entities, over real services, from a real store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from homeassistant.components.media_player.const import MediaPlayerEntityFeature
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
import pytest

from custom_components.clova_cic.playback.ducking import (
    DUCKING,
    FACTOR,
    FLOOR,
    LAG,
    MOST_STORED,
    RETRIES,
    STORE_KEY,
    Ducking,
    async_ducking,
)
from custom_components.clova_cic.playback.focus import Claim, Grant, Kind
from custom_components.clova_cic.playback.output.output import OUTPUTS, Output, async_output

from .house import add_entities
from .service import until
from .stereo import LOUD, PolledStereo, Stereo

SOFT = round(LOUD * FACTOR, 2)


@dataclass
class Room:
    """Music on a stereo, and somebody who may speak beside it."""

    hass: HomeAssistant
    stereo: Stereo
    ducking: Ducking = field(init=False)
    output: Output = field(init=False)
    music: Claim = field(init=False)

    def __post_init__(self) -> None:
        self.move_in()

    def move_in(self) -> None:
        """Begin as Home Assistant does when it starts."""
        self.hass.data.pop(DUCKING, None)
        self.hass.data.pop(OUTPUTS, None)
        self.ducking = async_ducking(self.hass)
        self.output = async_output(self.hass, self.stereo.entity_id)
        self.music = self.output.focus.request(Kind.CONTENT, lambda grant: None)

    async def start_again(self) -> None:
        """Begin anew, after a kill: nothing but the disk tells what was."""
        self.music.release()
        self.move_in()
        await self.ducking.async_load(partial(async_output, self.hass))

    def speech(self) -> Claim:
        """Somebody speaks beside the stereo."""
        return self.output.focus.request(Kind.DIALOG, lambda grant: None, beside=True)

    @asynccontextmanager
    async def lowered(self) -> AsyncIterator[Claim]:
        """Speak until the music is soft, then fall silent."""
        claim = self.speech()
        await until(lambda: self.stereo.real == SOFT)
        await self.quiet()
        yield claim
        claim.release()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is being done to the volume."""
        await until(lambda: self.ducker._working is None)

    @property
    def ducker(self) -> Any:
        return self.ducking.watch(self.output)

    async def stored(self) -> Any:
        return await Store(self.hass, 1, STORE_KEY).async_load()


@pytest.fixture(params=[Stereo, PolledStereo])
async def room(hass: HomeAssistant, request: pytest.FixtureRequest) -> Room:
    stereo = request.param()
    await add_entities(hass, "stereos", "media_player", [stereo])
    return Room(hass, stereo)


async def test_it_goes_down_and_comes_back(room: Room) -> None:
    async with room.lowered():
        assert room.music.grant is Grant.DUCKED
        assert await room.stored() == {"media_player.stereo": {"before": LOUD, "lowered": SOFT}}
    assert room.stereo.sets == [SOFT, LOUD]
    assert await room.stored() == {}


async def test_the_volume_before_is_stored_before_it_is_touched(room: Room) -> None:
    room.stereo.busy.clear()
    speech = room.speech()
    while not await room.stored():
        await asyncio.sleep(0.01)
    assert room.stereo.real == LOUD
    room.stereo.busy.set()
    await until(lambda: room.stereo.real == SOFT)
    speech.release()
    await until(lambda: room.stereo.real == LOUD)


@pytest.mark.parametrize("changed", [0.0, SOFT - 0.06, SOFT + 0.06, 1.0])
async def test_what_somebody_sets_meanwhile_stays(room: Room, changed: float) -> None:
    async with room.lowered():
        room.stereo.turn_to(changed)
    assert room.stereo.sets == [SOFT]
    assert room.stereo.real == pytest.approx(changed, abs=0.01)
    assert await room.stored() == {}


async def test_a_player_that_rounds(room: Room) -> None:
    room.stereo.steps = 15
    room.stereo.turn_to(0.66)
    if room.stereo.should_poll:
        await room.output.refresh()
    loud = room.stereo.real
    speech = room.speech()
    await until(lambda: room.stereo.real < loud)
    await room.quiet()
    speech.release()
    await until(lambda: room.stereo.real == loud)


async def test_two_who_speak_lower_it_once(room: Room) -> None:
    async with room.lowered():
        second = room.speech()
    assert room.stereo.sets == [SOFT]
    second.release()
    await until(lambda: room.stereo.real == LOUD)
    assert room.stereo.sets == [SOFT, LOUD]


@pytest.mark.parametrize(("before", "after"), [(FLOOR, FLOOR), (0.1, FLOOR)])
async def test_it_does_not_go_below_what_can_be_heard(
    room: Room, before: float, after: float
) -> None:
    room.stereo.turn_to(before)
    speech = room.speech()
    await until(lambda: room.ducker._heeded)
    await room.quiet()
    assert room.stereo.real == after
    speech.release()
    await room.quiet()
    assert room.stereo.real == before


async def test_it_comes_back_when_the_music_ends(room: Room) -> None:
    async with room.lowered():
        room.music.release()
        await until(lambda: room.stereo.real == LOUD)


async def test_a_player_that_goes_away_gets_its_volume_when_it_is_back(room: Room) -> None:
    async with room.lowered():
        room.stereo.go(available=False)
    assert room.stereo.real == SOFT
    assert (await room.stored()).keys() == {"media_player.stereo"}
    room.stereo.go(available=True)
    await until(lambda: room.stereo.real == LOUD)
    await room.quiet()
    assert await room.stored() == {}


async def test_a_player_that_refuses_is_asked_again(room: Room, pass_time) -> None:
    async with room.lowered():
        room.stereo.refuses = len(RETRIES)
    for wait in RETRIES:
        assert room.stereo.real == SOFT
        left = room.stereo.refuses
        pass_time(wait)
        await until(lambda left=left: room.stereo.refuses < left or room.stereo.real == LOUD)
        await room.quiet()
    assert room.stereo.real == LOUD
    assert await room.stored() == {}


async def test_one_that_always_refuses_is_left_alone(room: Room, pass_time) -> None:
    """Until it is ducked again: then both volumes are known."""
    async with room.lowered():
        room.stereo.refuses = 1 + len(RETRIES)
    for wait in RETRIES:
        left = room.stereo.refuses
        pass_time(wait)
        await until(lambda left=left: room.stereo.refuses < left)
        await room.quiet()
    assert (room.stereo.real, room.ducker._retry) == (SOFT, None)
    async with room.lowered():
        assert (await room.stored())["media_player.stereo"]["before"] == LOUD
    assert room.stereo.real == LOUD


async def test_a_player_that_refuses_to_go_down(room: Room) -> None:
    room.stereo.refuses = 1
    speech = room.speech()
    await until(lambda: not room.stereo.refuses)
    speech.release()
    await room.quiet()
    assert room.stereo.real == LOUD
    assert await room.stored() == {}


async def test_killed_while_it_was_down(room: Room) -> None:
    async with room.lowered():
        await room.start_again()
        await until(lambda: room.stereo.real == LOUD)
        await room.quiet()
        assert await room.stored() == {}


async def test_killed_while_it_was_down_and_somebody_set_it(room: Room) -> None:
    async with room.lowered():
        room.stereo.turn_to(0.4)
        await room.start_again()
        await room.quiet()
        assert room.stereo.real == 0.4
        assert await room.stored() == {}


async def test_killed_while_it_was_down_and_the_player_comes_later(room: Room) -> None:
    async with room.lowered():
        room.stereo.go(available=False)
        await room.start_again()
        await room.quiet()
        room.stereo.go(available=True)
        await until(lambda: room.stereo.real == LOUD)


async def test_somebody_speaks_again_before_it_was_brought_back(room: Room) -> None:
    """Killed, started, and spoken to at once: the volume of before is still the one of before."""
    async with room.lowered():
        pass
    async with room.lowered():
        room.music.release()
        room.move_in()
        speech = room.speech()
        await room.ducking.async_load(partial(async_output, room.hass))
        await room.quiet()
        speech.release()
        await until(lambda: room.stereo.real == LOUD)


async def test_a_file_that_somebody_has_edited(hass: HomeAssistant, hass_storage) -> None:
    hass_storage[STORE_KEY] = {
        "version": 1,
        "key": STORE_KEY,
        "data": {"media_player.a": {"before": "loud"}, "media_player.b": {}},
    }
    asked: list[str] = []
    await Ducking(hass).async_load(asked.append)
    assert not asked


async def test_the_file_does_not_grow(hass: HomeAssistant, hass_storage) -> None:
    can = {"supported_features": MediaPlayerEntityFeature.VOLUME_SET}
    for number in range(MOST_STORED + 1):
        output = async_output(hass, f"media_player.stereo_{number}")
        ducker = async_ducking(hass).watch(output)
        hass.states.async_set(output.entity_id, "playing", {"volume_level": LOUD, **can})
        output.focus.request(Kind.CONTENT, lambda grant: None)
        output.focus.request(Kind.DIALOG, lambda grant: None, beside=True)
        await until(lambda ducker=ducker: ducker._heeded and ducker._working is None)
    assert list(hass_storage[STORE_KEY]["data"]) == [
        f"media_player.stereo_{number}" for number in range(1, MOST_STORED + 1)
    ]


async def test_quick_changes_end_where_they_should(room: Room) -> None:
    """However often somebody starts and stops while the player is still busy."""
    room.stereo.busy.clear()
    for _ in range(20):
        speech = room.speech()
        await asyncio.sleep(0)
        speech.release()
        await asyncio.sleep(0)
    room.stereo.busy.set()
    await room.quiet()
    assert room.stereo.real == LOUD
    assert await room.stored() in (None, {})
    for _ in range(20):
        speech = room.speech()
        await asyncio.sleep(0.001)
        speech.release()
        await asyncio.sleep(0.001)
    await room.quiet()
    assert room.stereo.real == LOUD


@pytest.mark.parametrize("room", [Stereo], indirect=True)
async def test_a_state_that_lags_is_not_taken_for_somebodys_wish(room: Room, pass_time) -> None:
    """It shows the volume of before while it is soft, and the soft one when it is back."""
    room.stereo.lags = True
    async with room.lowered():
        pass
    assert room.stereo.real == LOUD
    room.stereo._attr_volume_level = SOFT
    room.stereo.async_write_ha_state()
    speech = room.speech()
    await until(lambda: len(room.stereo.sets) == 3)
    await room.quiet()
    assert (await room.stored())["media_player.stereo"]["before"] == LOUD
    room.stereo.show()
    speech.release()
    await room.quiet()
    assert room.stereo.real == LOUD
    pass_time(LAG + 1)
    room.stereo.turn_to(SOFT)
    room.stereo.show()
    assert room.ducking.undone(room.stereo.entity_id, SOFT) == SOFT


async def test_what_it_would_be_without(room: Room) -> None:
    """The context tells CIC of the volume people have set."""
    async with room.lowered():
        assert room.ducking.undone(room.stereo.entity_id, room.output.volume) == LOUD
        assert room.ducking.undone(room.stereo.entity_id, 0.9) == 0.9
    assert room.ducking.undone(room.stereo.entity_id, LOUD) == LOUD
    assert room.ducking.undone("media_player.other", 0.5) == 0.5


async def test_louder_while_it_is_down(room: Room) -> None:
    """A spoken order: it is heard when the answer is over."""
    async with room.lowered():
        await room.output.set_content_volume(0.7)
        assert (room.stereo.real, room.output.content_volume) == (SOFT, 0.7)
        assert (await room.stored())["media_player.stereo"]["before"] == 0.7
    assert room.stereo.real == 0.7
    await room.output.set_content_volume(0.5)
    assert room.stereo.real == 0.5


@pytest.mark.parametrize("room", [PolledStereo], indirect=True)
async def test_a_polled_player_is_asked_first(room: Room) -> None:
    """Somebody has turned the knob since it was last polled."""
    room.stereo.turn_to(0.9)
    assert room.output.volume == LOUD
    speech = room.speech()
    await until(lambda: room.stereo.real == round(0.9 * FACTOR, 2))
    await room.quiet()
    speech.release()
    await until(lambda: room.stereo.real == 0.9)


@pytest.mark.parametrize("room", [PolledStereo], indirect=True)
@pytest.mark.parametrize("how", ["hangs", "raises"])
async def test_a_polled_player_that_does_not_answer(room: Room, monkeypatch, how: str) -> None:
    asked = asyncio.Event()

    async def fail() -> None:
        asked.set()
        if how == "raises":
            raise RuntimeError("of its own")
        await asyncio.Event().wait()

    monkeypatch.setattr("custom_components.clova_cic.playback.output.calls.UPDATE_TIMEOUT", 0.05)
    monkeypatch.setattr(room.stereo, "async_update", fail)
    room.stereo.lags = False
    speech = room.speech()
    await until(asked.is_set)
    await until(lambda: room.stereo.real == SOFT)
    await room.quiet()
    speech.release()
    await until(lambda: room.stereo.real == LOUD)


async def test_no_player_at_all(hass: HomeAssistant) -> None:
    """What is not there cannot go on softly."""
    output = async_output(hass, "media_player.nowhere")
    music = output.focus.request(Kind.CONTENT, lambda grant: None)
    speech = output.focus.request(Kind.DIALOG, lambda grant: None, beside=True)
    assert (music.grant, output.focus.lowered) == (Grant.HELD, False)
    speech.release()
    assert music.grant is Grant.FOREGROUND


async def test_unmuted_while_it_is_down(room: Room) -> None:
    """Muted by its volume, having nothing else: it comes back as loud as people had it."""
    async with room.lowered():
        await room.output.set_muted(True)
        assert room.stereo.real == 0
        await room.output.set_muted(False)
        assert room.stereo.real == LOUD
    assert room.stereo.real == LOUD
