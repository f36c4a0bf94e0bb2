"""An output that is mpd: polled every ten seconds, without announcing, which must not show."""

import asyncio
from itertools import groupby

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_component import async_update_entity
import pytest

from custom_components.clova_cic.playback.output.output import Ended, Media, async_output
from custom_components.clova_cic.playback.output.playing import START_TIMEOUT
from tests.integration.listening import Notes
from tests.integration.service import until
from tests.integration.tones import tones

from .conftest import Songs
from .player import AHEAD, Mpd

pytestmark = pytest.mark.mpd

# How far positions may be from the truth, in seconds.
EXACT = 1.0


def media(url: str, **more: float) -> Media:
    return Media(url, "audio/mpeg", **more)


async def polled(hass: HomeAssistant, entity_id: str) -> None:
    """Let core ask the player, as it does every ten seconds."""
    await async_update_entity(hass, entity_id)


async def elapsed(mpd: Mpd) -> float:
    return float((await mpd.status())["elapsed"])


async def test_a_song_from_beginning_to_end(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    playing = await output.play(media(songs.add(500, 4.0)), notes)
    await until(lambda: notes.has("started"))
    assert notes.last < EXACT
    assert playing.position == pytest.approx(await elapsed(mpd), abs=EXACT)
    while (await mpd.status())["state"] == "play":
        await asyncio.sleep(0.02)
    loop = asyncio.get_running_loop()
    over = loop.time()
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.has("started", "ended")
    assert notes.last == pytest.approx(4.0, abs=0.2)
    assert loop.time() - over < 0.8
    (tone,) = [one for one in await mpd.heard() if one.hertz]
    assert tone.hertz == 500 and tone.seconds == pytest.approx(4.0, rel=0.05)


async def test_pause_resume_stop(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    playing = await output.play(media(songs.add(500, 60.0)), notes)
    await until(lambda: mpd.recorded > 1.5)
    await playing.pause()
    assert notes.has("started", "paused")
    status = await mpd.status()
    assert status["state"] == "pause"
    assert notes.last == pytest.approx(float(status["elapsed"]), abs=EXACT)
    stands = playing.position
    await asyncio.sleep(0.5)
    assert playing.position == stands
    await playing.resume()
    assert notes.has("started", "paused", "resumed")
    assert (await mpd.status())["state"] == "play"
    assert notes.last == pytest.approx(await elapsed(mpd), abs=EXACT)
    await playing.stop()
    assert (await mpd.status())["state"] == "stop"
    assert not playing.active and not output.has_content
    assert notes.has("started", "paused", "resumed")


async def test_seek(hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    playing = await output.play(media(songs.add(500, 60.0)), notes)
    await until(lambda: notes.has("started"))
    await playing.seek(40.0)
    await until(lambda: mpd.recorded > 2.5)
    assert playing.position == pytest.approx(await elapsed(mpd), abs=EXACT)
    assert playing.position > 40
    assert notes.has("started")
    await playing.stop()


async def test_begin_and_end_within_a_song(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    await output.play(media(songs.add(500, 30.0), begin=10.0, duration=3.0), notes)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.has("started", "ended")
    assert notes.told[0][1] == pytest.approx(10.0, abs=EXACT)
    assert notes.last == pytest.approx(13.0, abs=0.1)
    assert (await mpd.status())["state"] == "stop"
    # what was heard before it went to 10 s is what it takes to go there
    assert 3.0 - AHEAD < mpd.recorded < 3.0 + AHEAD + EXACT


async def test_one_after_the_other(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    """The end is known soon enough that the next follows closely."""
    output = async_output(hass, mpd_entity)
    loop = asyncio.get_running_loop()
    ends = list[float]()
    for hertz in (500, 900, 1300):
        notes = Notes()
        await output.play(media(songs.add(hertz, 2.0)), notes)
        await until(lambda notes=notes: notes.how)
        assert notes.how is Ended.FINISHED
        ends.append(loop.time())
    assert tones(await mpd.heard()) == [500, 900, 1300]
    assert ends[2] - ends[0] < 2 * (2.0 + 1.5)


async def test_stopped_by_somebody_else(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    await output.play(media(songs.add(500, 60.0)), notes)
    await until(lambda: notes.has("started"))
    await until(lambda: mpd.recorded > 2.5)
    truth = await elapsed(mpd)
    await mpd.tell("stop")
    assert notes.how is None
    await polled(hass, mpd_entity)
    assert notes.how is Ended.STOPPED
    # it was last seen playing by the last poll of the beginning
    assert truth - 2.5 < notes.last < truth + EXACT


async def test_paused_resumed_and_sought_by_somebody_else(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    playing = await output.play(media(songs.add(500, 200.0)), notes)
    await until(lambda: mpd.recorded > 2.0)
    await mpd.tell("pause", 1)
    truth = await elapsed(mpd)
    await polled(hass, mpd_entity)
    assert notes.has("started", "paused")
    assert notes.last == pytest.approx(truth, abs=EXACT)
    await mpd.tell("seekcur", 100)
    await mpd.tell("pause", 0)
    await polled(hass, mpd_entity)
    assert notes.has("started", "paused", "resumed")
    assert notes.last == pytest.approx(await elapsed(mpd), abs=EXACT)
    await mpd.tell("seekcur", 30)
    await polled(hass, mpd_entity)
    assert notes.names[-1] == "moved"
    assert playing.position == pytest.approx(await elapsed(mpd), abs=EXACT)
    await playing.stop()


async def test_stolen(hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    await output.play(media(songs.add(500, 60.0)), notes)
    await until(lambda: mpd.recorded > 3.5)
    await mpd.play(songs.add(900, 60.0))
    await polled(hass, mpd_entity)
    assert notes.how is Ended.STOLEN
    assert (await mpd.status())["state"] == "play"


async def test_unplugged_and_plugged_in_again(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output, url = Notes(), async_output(hass, mpd_entity), songs.add(500, 8.0)
    playing = await output.play(media(url), notes)
    await until(lambda: mpd.recorded > 2.5)
    await mpd.stop(kill=True)
    with pytest.raises(HomeAssistantError):
        await playing.pause()
    await until(lambda: notes.how)
    assert notes.how is Ended.LOST and notes.last < 5.0
    assert not output.available
    with pytest.raises(HomeAssistantError) as refused:
        await output.play(media(url), Notes())
    assert refused.value.translation_key == "no_player"
    await mpd.start()
    await polled(hass, mpd_entity)
    assert output.available
    again = Notes()
    await output.play(media(url), again)
    await until(lambda: again.has("started"))
    await until(lambda: again.how)
    assert again.how is Ended.FINISHED


async def test_what_cannot_be_played(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    notes, output = Notes(), async_output(hass, mpd_entity)
    await output.play(media(f"{songs.base}/none.mp3"), notes)
    await until(lambda: notes.how, START_TIMEOUT + 5)
    assert notes.how is Ended.FAILED and notes.has("ended")
    again = Notes()
    await output.play(media(songs.add(500, 1.0)), again)
    await until(lambda: again.how)
    assert again.how is Ended.FINISHED


async def test_another_takes_its_place(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    first, second, output = Notes(), Notes(), async_output(hass, mpd_entity)
    await output.play(media(songs.add(500, 60.0)), first)
    await until(lambda: mpd.recorded > 1.0)
    await output.play(media(songs.add(900, 2.0)), second)
    assert first.how is Ended.STOLEN
    await until(lambda: second.how)
    assert second.how is Ended.FINISHED and first.has("started", "ended")


async def test_announcement_and_what_it_displaced(
    hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs
) -> None:
    """This player cannot announce: paused content gives way, and is played on from its place."""
    content, speech, output = Notes(), Notes(), async_output(hass, mpd_entity)
    playing = await output.play(media(songs.add(500, 60.0)), content)
    await until(lambda: mpd.recorded > 2.0)
    await playing.pause()
    where = playing.position
    await output.announce(media(songs.add(900, 1.5)), speech)
    await until(lambda: speech.how)
    assert speech.how is Ended.FINISHED and speech.has("started", "ended")
    assert content.has("started", "paused") and playing.can_resume
    await playing.resume()
    assert content.has("started", "paused", "resumed")
    assert content.last == pytest.approx(where, abs=EXACT)
    assert await elapsed(mpd) == pytest.approx(playing.position, abs=EXACT)
    await playing.stop()
    # going back to its place may leave a gap in the recording
    heard = [hertz for hertz, _ in groupby(tones(await mpd.heard()))]
    assert heard == [500, 900, 500]


async def test_taken_over(hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs) -> None:
    """What the player plays already, from before Home Assistant was started again."""
    notes, output, url = Notes(), async_output(hass, mpd_entity), songs.add(500, 6.0)
    await mpd.play(url)
    await until(lambda: mpd.recorded > 1.5)
    assert output.adopt(media(songs.add(900, 5.0)), notes) is None
    await output.calls.update()
    playing = output.adopt(media(url), notes)
    assert playing is not None
    assert playing.position == pytest.approx(await elapsed(mpd), abs=EXACT)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.has("ended")
    assert len([one for one in await mpd.heard() if one.hertz]) == 1


async def test_volume(hass: HomeAssistant, mpd: Mpd, mpd_entity: str, songs: Songs) -> None:
    output = async_output(hass, mpd_entity)
    assert output.volume == 1.0  # it knows, though its state shows none while it is off
    playing = await output.play(media(songs.add(500, 60.0)), Notes())
    assert output.can_set_volume and output.can_mute
    await output.set_volume(0.4)
    assert (await mpd.status())["volume"] == "40" and output.volume == pytest.approx(0.4)
    await output.set_muted(True)
    assert (await mpd.status())["volume"] == "0"
    await output.set_muted(False)
    assert (await mpd.status())["volume"] == "40"
    await playing.stop()
