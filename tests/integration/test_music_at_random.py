"""Orders, hands and others who speak, in any order: the player never gets stuck, and CIC hears no nonsense."""

import asyncio
from collections.abc import Awaitable, Callable
import random
from typing import Any

from homeassistant.components.media_player import MediaPlayerState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.playback.focus import Claim, Kind
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.output.output import async_output

from .conftest import PassTime, SetUp
from .music import TURNTABLE, Music, music, play
from .service import CicService

HAPPENINGS = 120
CONTROLS = ("Pause", "Resume", "Stop", "Next", "Previous", "TurnOnRepeatMode", "TurnOffRepeatMode")


class Chance:
    """What may happen to a house with music."""

    def __init__(self, house: Music, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.output = async_output(house.hass, TURNTABLE)
        self.claims: list[Claim] = []
        self.number = 0

    async def order_track(self) -> None:
        self.number += 1
        behavior = self.dice.choice(["REPLACE_ALL", "ENQUEUE"])
        length = self.dice.choice([2_000, 60_000])
        await self.house.cic.push(play(f"n{self.number}", behavior, durationInMilliseconds=length))

    async def control(self) -> None:
        await self.house.order(f"PlaybackController.{self.dice.choice(CONTROLS)}")

    async def clear(self) -> None:
        how = self.dice.choice(["CLEAR_ALL", "CLEAR_ENQUEUED"])
        await self.house.order("AudioPlayer.ClearQueue", clearBehavior=how)

    async def speak(self) -> None:
        beside = self.dice.random() < 0.5
        self.output.focus.can_duck = lambda: beside
        self.claims.append(self.output.focus.request(Kind.DIALOG, lambda _: None, beside=True))

    async def fall_silent(self) -> None:
        if self.claims:
            self.claims.pop().release()

    async def lay_hands_on(self) -> None:
        turntable = self.house.turntable
        match turntable.state, self.dice.randrange(3):
            case "playing", 0:
                turntable.show(MediaPlayerState.PAUSED, turntable.where)
            case "playing", 1:
                turntable.end()
            case "playing", 2:
                turntable.steal()
            case "paused", _:
                turntable.show(MediaPlayerState.PLAYING, turntable.where)

    async def break_down(self) -> None:
        self.house.turntable.refuses = self.dice.choice([set[str](), set[str](), {"play"}])

    def next(self) -> Awaitable[None]:
        happenings: list[Callable[[], Awaitable[None]]] = [
            self.order_track,
            self.order_track,
            self.control,
            self.control,
            self.control,
            self.clear,
            self.speak,
            self.fall_silent,
            self.fall_silent,
            self.lay_hands_on,
            self.break_down,
        ]
        return self.dice.choice(happenings)()


@pytest.mark.parametrize("seed", range(3))
async def test_anything(
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    pass_time: PassTime,
    caplog: pytest.LogCaptureFixture,
    seed: int,
) -> None:
    async with music(home, cic, set_up) as house:
        chance = Chance(house, seed)
        for _ in range(HAPPENINGS):
            await chance.next()
            await asyncio.sleep(chance.dice.choice([0, 0, 0.01, 0.1]))
            if chance.dice.random() < 0.1:
                pass_time(chance.dice.choice([0.5, 3]))
        while chance.claims:
            chance.claims.pop().release()
        house.turntable.refuses = set()
        await house.order("PlaybackController.TurnOffRepeatMode")
        await house.cic.push(play("last"))
        await house.phase(Phase.PLAYING, "token-last")
        await house.order("PlaybackController.Stop")
        await house.phase(Phase.STOPPED)
        told: list[dict[str, Any]] = await house.raw()
        assert [one["name"] for one in told][-1] == "PlayStopped"
        assert "Unexpected error" not in caplog.text
        assert "Traceback" not in caplog.text
