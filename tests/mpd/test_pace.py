"""The player itself: it takes the time that sound takes, and what it plays is recorded."""

import asyncio

import pytest

from tests.integration.service import until

from .conftest import Songs
from .player import AHEAD, Mpd

pytestmark = pytest.mark.mpd


async def test_ten_seconds_take_ten_seconds(mpd: Mpd, songs: Songs) -> None:
    url = songs.add(500, 10.0)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await mpd.play(url)
    while (await mpd.status())["state"] == "play":
        await asyncio.sleep(0.05)
    assert 9 <= loop.time() - begun <= 12
    for recording in (await mpd.heard(), await mpd.heard_last()):
        (tone,) = [stretch for stretch in recording if stretch.hertz]
        assert tone.hertz == 500
        assert tone.seconds == pytest.approx(10.0, rel=0.05)


async def test_what_is_recorded_has_sounded(mpd: Mpd, songs: Songs) -> None:
    """The recording does not run ahead, goes on after a pause, and keeps what was before."""
    await mpd.play(songs.add(500, 20.0))
    await until(lambda: mpd.recorded >= 1.0)
    elapsed = float((await mpd.status())["elapsed"])
    assert mpd.recorded - elapsed <= AHEAD + 0.2
    await mpd.tell("pause", 1)
    await mpd.tell("pause", 0)
    await mpd.tell("stop")
    await mpd.play(songs.add(900, 1.0))
    while (await mpd.status())["state"] == "play":
        await asyncio.sleep(0.05)
    tones = [stretch for stretch in await mpd.heard() if stretch.hertz]
    assert [tone.hertz for tone in tones] == [500, 900]
    assert tones[1].seconds == pytest.approx(1.0, rel=0.06)
