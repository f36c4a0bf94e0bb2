"""A room with a satellite and an mpd beside it, in a house whose cloud plays music: nothing is scripted."""

import array
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
import itertools
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.entity_component import async_update_entity

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.playback.music.player import AudioPlayer
from tests.cic_server.tones import track_in
from tests.integration.conftest import SetUp
from tests.integration.house import Run, Satellite, engine, make_pipeline, make_satellites
from tests.integration.service import CicService, until
from tests.integration.speech import microphone
from tests.integration.tones import ffmpeg

from .player import Mpd

# Tones are measured in so many samples a second, in windows of so many seconds.
RATE = 8000
WINDOW = 0.1
# A window at an edge may be taken for another track; seconds.
SHORTEST = 0.3
SILENCE = 50


@dataclass
class Evening:
    """What there is: the cloud, its player, the satellites and the loudspeaker."""

    hass: HomeAssistant
    cic: CicService
    coordinator: CicCoordinator
    satellites: dict[str, Satellite]
    mpd: Mpd
    output: str

    @property
    def player(self) -> AudioPlayer:
        return self.coordinator.player

    @property
    def playing(self) -> str | None:
        """The title of what the CLOVA player has."""
        track = self.player.track
        return None if track is None else track.item.title

    @property
    def clova(self) -> str:
        """The entity id of the CLOVA player."""
        return engine(self.hass, "media_player")

    @property
    def shown(self) -> str:
        """The state of the CLOVA player."""
        state = self.hass.states.get(self.clova)
        assert state is not None
        return state.state

    async def say(self, text: str, room: str = "Kitchen") -> Run:
        """Say something to a satellite; return when the answer has been heard."""
        return await self.satellites[room].listen(microphone(text))

    async def mpd_is(self, state: str) -> dict[str, str]:
        """Wait until mpd itself is in a state; return all it tells."""
        async with asyncio.timeout(20):
            while (status := await self.mpd.status())["state"] != state:
                await asyncio.sleep(0.02)
        return status

    async def shows(self, state: str) -> None:
        """Wait until the CLOVA player shows a state."""
        await until(lambda: self.shown == state)

    async def events(self, *namespaces: str) -> list[dict[str, Any]]:
        """Return the events CIC has heard of some namespaces."""
        return [one for one in await self.cic.log("event") if one["namespace"] in namespaces]

    async def speech(self) -> list[str]:
        """Return what CIC has heard of speech: each token's events, in short."""
        events = await self.events("SpeechSynthesizer")
        return [one["name"].removeprefix("Speech") for one in events]

    async def told(self) -> list[str]:
        """Return what CIC has heard of music, by name."""
        return [one["name"] for one in await self.events("AudioPlayer")]

    async def hears(self, *names: str) -> list[dict[str, Any]]:
        """Wait until CIC has heard just this of music."""
        async with asyncio.timeout(20):
            while len(await self.told()) < len(names):
                await asyncio.sleep(0.05)
        assert await self.told() == list(names)
        return await self.events("AudioPlayer")

    async def illegal(self) -> list[dict[str, Any]]:
        """Return what the cloud holds to be out of order."""
        found: list[dict[str, Any]] = (
            await self.cic.control("GET", f"illegal?client={self.cic.client}")
        )["illegal"]
        return found

    async def heard(self) -> dict[str, float]:
        """Return which tracks have sounded, in order, and for how many seconds."""
        return await asyncio.to_thread(tracks_heard, self.mpd)

    def volume(self) -> float:
        """Return the output's volume as Home Assistant knows it."""
        state = self.hass.states.get(self.output)
        assert state is not None
        return float(state.attributes["volume_level"])


def tracks_heard(mpd: Mpd) -> dict[str, float]:
    """Return which tracks have sounded from an mpd, in order, and for how many seconds."""
    raw = ("-f", "s16le", "-ar", "44100", "-ac", "2", "-i", mpd.folder / "all.pcm")
    sound = ffmpeg(*raw, "-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1")
    samples, size = array.array("h", sound), int(RATE * WINDOW)
    windows = (samples[at : at + size] for at in range(0, len(samples) - size, size))
    loud = (one for one in windows if max(map(abs, one)) > SILENCE)
    heard: dict[str, float] = {}
    for track, run in itertools.groupby(track_in(one, RATE) for one in loud):
        seconds = WINDOW * len(list(run))
        if seconds >= SHORTEST:
            heard[track] = heard.get(track, 0.0) + seconds
    return heard


@asynccontextmanager
async def evening(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    mpd: Mpd,
    output: str,
    *rooms: str,
    **pipeline: Any,
) -> AsyncIterator[Evening]:
    """Furnish the house; the loudspeaker is in the first room, which is the kitchen."""
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: output})
    made = await make_pipeline(hass, **pipeline)
    names = rooms or ("Kitchen",)
    satellites = dict(zip(names, await make_satellites(hass, made, *names), strict=True))
    for name, satellite in satellites.items():
        _move(hass, satellite.entity_id, name)
        satellite.in_real_time = True
    for entity_id in (output, engine(hass, "media_player")):
        _move(hass, entity_id, "Kitchen")
        async_expose_entity(hass, "conversation", entity_id, True)
    await async_update_entity(hass, output)
    await mpd.tell("setvol", 60)
    await async_update_entity(hass, output)
    yield Evening(hass, cic, coordinator, satellites, mpd, output)


def _move(hass: HomeAssistant, entity_id: str, room: str) -> None:
    """Put an entity into a room, with its device where it has one."""
    area_id = ar.async_get(hass).async_get_or_create(room).id
    entry = er.async_get(hass).async_get(entity_id)
    if entry is not None and entry.device_id is not None:
        dr.async_get(hass).async_update_device(entry.device_id, area_id=area_id)
    else:
        er.async_get(hass).async_update_entity(entity_id, area_id=area_id)


async def steadily(condition: Callable[[], bool], seconds: float) -> None:
    """Hold that something stays so for a while."""
    async with asyncio.timeout(seconds + 10):
        loop = asyncio.get_running_loop()
        until_then = loop.time() + seconds
        while loop.time() < until_then:
            assert condition()
            await asyncio.sleep(0.05)
