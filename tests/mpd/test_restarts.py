"""Music on a real player while the real Home Assistant is restarted, or killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from custom_components.clova_cic.cic.interfaces.audio_player import PlayerActivity
from custom_components.clova_cic.playback.ducking import FACTOR
from tests.integration.service import CicService
from tests.integration.tones import ffmpeg

from .conftest import Songs
from .evening import tracks_heard
from .player import Mpd
from .real_home import RealHome, becomes, real_home

# Home Assistant starts up to six times, on a machine that may have other things to do.
pytestmark = [pytest.mark.mpd, pytest.mark.timeout(400)]

# What is played from its own address: a track of the server's, in a recording that outlasts every restart.
TRACK, TITLE, PITCH = "jazz-1", "Blue Wave", 330
SECONDS = 360
# What mpd can only have from Home Assistant: a list of segments.
LIST, LIST_TRACK, LIST_TITLE = "podcast", "podcast-1", "In Pieces"

# In percent.
LOUD = 60
SOFT = round(LOUD * FACTOR)


@pytest.fixture
async def house(tmp_path: Path, cic: CicService, mpd: Mpd) -> AsyncIterator[RealHome]:
    await mpd.tell("setvol", LOUD)
    async with real_home(tmp_path / "house", cic, mpd) as house:
        yield house


async def elapsed(mpd: Mpd) -> float:
    return float((await mpd.status()).get("elapsed", 0))


async def volume(mpd: Mpd) -> int:
    return int((await mpd.status())["volume"])


async def play_from_its_address(house: RealHome, songs: Songs) -> None:
    """Have CIC order music that mpd fetches by itself; return when it plays and that is on disk."""
    file = songs.folder / "long.mp3"
    tone = f"sine=frequency={PITCH}:sample_rate=44100:duration={SECONDS}"
    await asyncio.to_thread(ffmpeg, *("-f", "lavfi", "-i", tone, "-ac", "2", file))
    stream = {"url": f"{songs.base}/{file.name}", "durationInMilliseconds": SECONDS * 1000}
    order = {"client": house.cic.client, "tracks": [TRACK], "stream": stream}
    await house.cic.control("POST", "play", order)
    await house.hears("PlayStarted")

    async def is_stored() -> bool:
        return house.stored().get("activity") == PlayerActivity.PLAYING.value

    await becomes(is_stored)


@asynccontextmanager
async def undisturbed(mpd: Mpd) -> AsyncIterator[None]:
    """Hold that mpd plays one song all the time, and never again what it has played."""

    async def watch() -> None:
        before = await mpd.status()
        while True:
            now = await mpd.status()
            assert now["state"] == "play"
            assert now["songid"] == before["songid"]
            assert float(now["elapsed"]) >= float(before["elapsed"])
            before = now
            await asyncio.sleep(0.1)

    watching = asyncio.create_task(watch())
    try:
        yield
        assert not watching.done(), await watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def is_taken_over(house: RealHome) -> None:
    """Hold that the CLOVA player shows what mpd plays, and where it is: both tell whole seconds."""
    await house.shows("playing", TITLE)

    async def is_near() -> bool:
        return await house.position() == pytest.approx(await elapsed(house.mpd), abs=1.5)

    await becomes(is_near)  # Home Assistant's client of mpd may learn it with its second look
    await house.hears("PlayStarted")


async def test_restarted(house: RealHome, mpd: Mpd, songs: Songs) -> None:
    """What mpd fetches by itself plays on; what it has from Home Assistant ends, and comes back."""
    await play_from_its_address(house, songs)
    async with undisturbed(mpd):
        await house.stop()
        await house.start()
        await is_taken_over(house)
    await house.press("media_pause")
    _, paused_at = await house.hears("PlayStarted", "PlayPaused")
    assert (await mpd.status())["state"] == "pause"
    assert paused_at == pytest.approx(await elapsed(mpd), abs=1)
    assert list(await asyncio.to_thread(tracks_heard, mpd)) == [TRACK]
    assert not await house.cic.illegal()

    told = len(await house.told())
    await house.say(f"play the {LIST}")
    await house.hears("PlayStopped", "PlayStarted", after=told)
    await house.shows("playing", LIST_TITLE)

    async def has_sounded() -> bool:
        return await elapsed(mpd) > 3

    await becomes(has_sounded)
    await house.stop()
    assert (await mpd.status())["state"] == "stop"
    sounded = (await asyncio.to_thread(tracks_heard, mpd))[LIST_TRACK]
    await house.start()
    _, _, stopped_at, resumed_at = await house.hears(
        "PlayStopped", "PlayStarted", "PlayStopped", "PlayResumed", after=told
    )
    assert stopped_at == pytest.approx(sounded, abs=1)
    assert resumed_at == pytest.approx(stopped_at, abs=1)
    await house.shows("playing", LIST_TITLE)
    assert (await mpd.status())["state"] == "play"
    await house.press("media_stop")
    *_, ended_at = await house.hears(
        "PlayStopped", "PlayStarted", "PlayStopped", "PlayResumed", "PlayStopped", after=told
    )
    sounded = (await asyncio.to_thread(tracks_heard, mpd))[LIST_TRACK]
    assert ended_at == pytest.approx(sounded, abs=1.5)
    assert not await house.cic.illegal()


async def test_killed(house: RealHome, mpd: Mpd, songs: Songs) -> None:
    """The music is taken over; and the volume comes back that was down for a question."""
    await play_from_its_address(house, songs)
    async with undisturbed(mpd):
        await house.kill()
        await house.start()
        await is_taken_over(house)

        asking = asyncio.create_task(house.say("what is two plus three", fast=False))

        async def is_soft() -> bool:
            return await volume(mpd) == SOFT

        async def is_loud() -> bool:
            return await volume(mpd) == LOUD

        await becomes(is_soft)
        await house.kill()
        asking.cancel()
        assert await is_soft()
        await house.start()
        await becomes(is_loud)
        await is_taken_over(house)
    await house.press("media_pause")
    _, paused_at = await house.hears("PlayStarted", "PlayPaused")
    assert (await mpd.status())["state"] == "pause"
    assert paused_at == pytest.approx(await elapsed(mpd), abs=1)
    assert not await house.cic.illegal()
