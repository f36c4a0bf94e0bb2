"""Music by voice on a real player: spoken through Assist, ordered by the cloud, measured at the loudspeaker."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.playback.music.phases import Phase
from tests.integration.conftest import SetUp
from tests.integration.service import CicService, until

from .evening import Evening, evening
from .player import Mpd

pytestmark = pytest.mark.mpd

# Offsets as CIC is told them may be from the truth by so much, in seconds.
EXACT = 1.0
# Between two tracks of a queue nothing sounds for no longer than this, in seconds.
LONGEST_GAP = 1.5


@pytest.fixture
async def house(
    home: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    cic: CicService,
    set_up: SetUp,
    mpd: Mpd,
    mpd_entity: str,
) -> AsyncIterator[Evening]:
    """Furnish a kitchen, and serve Home Assistant's pages where mpd can fetch them."""
    async with evening(home, cic, set_up, mpd, mpd_entity) as house:
        port = (await hass_client_no_auth()).port
        home.config.internal_url = f"http://127.0.0.1:{port}"
        yield house


def offset(event: dict[str, dict[str, float]]) -> float:
    return event["payload"]["offsetInMilliseconds"] / 1000


async def elapsed(mpd: Mpd) -> float:
    return float((await mpd.status())["elapsed"])


async def test_an_evening(house: Evening) -> None:
    """Play, pause, resume, next, stop: each by a spoken word."""
    run = await house.say("play music")
    assert run.answer == "Playing Jazz."
    await house.mpd_is("play")
    await house.shows("playing")
    await until(lambda: house.mpd.recorded > 2)

    await house.say("pause")
    where = float((await house.mpd_is("pause"))["elapsed"])
    await house.shows("paused")
    events = await house.hears("PlayStarted", "PlayPaused")
    assert offset(events[1]) == pytest.approx(where, abs=EXACT)

    await house.say("resume")
    await house.mpd_is("play")
    await house.shows("playing")
    events = await house.hears("PlayStarted", "PlayPaused", "PlayResumed")
    assert offset(events[2]) == pytest.approx(where, abs=EXACT)

    await house.say("next")
    await until(lambda: house.playing == "Night Current")
    await house.shows("playing")
    await until(lambda: house.mpd.recorded > 5)

    await house.say("stop the music")
    await house.mpd_is("stop")
    await until(lambda: house.shown != "playing")
    await house.hears(
        "PlayStarted", "PlayPaused", "PlayResumed", "PlayStopped", "PlayStarted", "PlayStopped"
    )
    assert not await house.illegal()
    assert list(await house.heard()) == ["jazz-1", "jazz-2"]


async def test_a_queue_to_its_end(house: Evening) -> None:
    """Three short tracks: each heard whole, in order, soon after the one before."""
    await house.say("play the bells")
    gaps, silent_since = [], None
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(40):
        while (await house.told()).count("PlayFinished") < 3:
            sounds = (await house.mpd.status())["state"] == "play"
            if not sounds and silent_since is None:
                silent_since = loop.time()
            elif sounds and silent_since is not None:
                gaps.append(loop.time() - silent_since)
                silent_since = None
            await asyncio.sleep(0.02)
    events = await house.hears(*["PlayStarted", "PlayFinished"] * 3)
    assert [offset(event) for event in events] == pytest.approx([0, 4, 0, 4, 0, 4], abs=EXACT)
    assert not await house.illegal()
    heard = await house.heard()
    assert list(heard) == ["bells-1", "bells-2", "bells-3"]
    assert list(heard.values()) == pytest.approx([4, 4, 4], rel=0.05)
    # the first is the time before any of it sounds
    assert len(gaps) == 3 and max(gaps[1:]) <= LONGEST_GAP


async def test_a_playlist_of_segments(house: Evening) -> None:
    """HLS, which mpd gets as one stream: sought in, and heard to its end; then what comes next."""
    await house.say("play the podcast")
    await house.mpd_is("play")
    await until(lambda: house.mpd.recorded > 2)
    await house.cic.control("POST", "seek", {"client": house.cic.client})
    service = {"entity_id": house.clova, "seek_position": 14}
    await house.hass.services.async_call("media_player", "media_seek", service, blocking=True)
    await until(lambda: house.player.phase is Phase.PLAYING)
    assert house.player.position == pytest.approx(14, abs=EXACT)
    await until(lambda: house.playing == "An Excerpt", 20)
    await house.shows("playing")
    await house.say("stop the music")
    await house.mpd_is("stop")
    async with asyncio.timeout(20):
        while "PlayStopped" not in (told := await house.told()):
            await asyncio.sleep(0.05)
    told = [one for one in told if not one.startswith("ProgressReport")]
    assert told == ["PlayStarted", "PlayFinished", "PlayStarted", "PlayStopped"]
    (finished,) = [
        one for one in await house.events("AudioPlayer") if one["name"] == "PlayFinished"
    ]
    assert offset(finished) == pytest.approx(20, abs=EXACT)
    assert not await house.illegal()
    heard = await house.heard()
    assert list(heard) == ["podcast-1", "podcast-2"]
    assert 7 < heard["podcast-1"] < 13
