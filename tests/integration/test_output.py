"""Outputs that are odd media players."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from homeassistant.components.media_player import (
    MediaPlayerEntityFeature as Feature,
    MediaPlayerState as State,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.playback.output.calls import CALL_TIMEOUT
from custom_components.clova_cic.playback.output.output import (
    DEAF_AFTER,
    Ended,
    Media,
    Output,
    Playing,
    async_output,
)
from custom_components.clova_cic.playback.output.playing import (
    AWAY_TIMEOUT,
    BLIND_AFTER,
    LONGEST_ANNOUNCEMENT,
    OBEY_TIMEOUT,
    START_TIMEOUT,
)

from .conftest import PassTime
from .listening import Notes
from .scripted_player import EVERYTHING, ScriptedPlayer, add_players, never, nothing, raises
from .service import until

URL = "http://sound.test/song.mp3"
OTHER = "http://sound.test/other.mp3"
SPEECH = "http://sound.test/speech.mp3"


def song(duration: float | None = None, begin: float = 0.0) -> Media:
    return Media(URL, "audio/mpeg", duration=duration, begin=begin)


async def output_of(hass: HomeAssistant, player: ScriptedPlayer) -> Output:
    (entity_id,) = await add_players(hass, player)
    return async_output(hass, entity_id)


async def begun(output: Output, media: Media | None = None) -> tuple[Playing, Notes]:
    """Play until it sounds."""
    notes = Notes()
    playing = await output.play(media or song(), notes)
    await until(lambda: "started" in notes.names)
    return playing, notes


async def settled(pass_time: PassTime) -> None:
    """Let the time after an order go by, in which positions are not heeded."""
    pass_time(2.0)
    await asyncio.sleep(0.02)


# Beginning


async def test_what_the_player_is_told(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    media = Media(URL, "audio/mpeg", "A title", "A band", "An album", "http://a.test/a.png")
    notes = Notes()
    await output.play(media, notes)
    assert player.told == [("play_media", URL)]
    (extra,) = player.extra
    assert extra["media_type"] == "audio/mpeg"
    metadata = extra["extra"]["metadata"]
    assert (metadata["title"], metadata["artist"], metadata["albumName"]) == media_names(media)
    assert metadata["images"] == [{"url": media.image_url}]


def media_names(media: Media) -> tuple[str | None, ...]:
    return media.title, media.artist, media.album


async def test_started_once_it_sounds(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    player.odd["play_media"] = nothing
    output, notes = await output_of(home, player), Notes()
    await output.play(song(), notes)
    player.show(state=State.BUFFERING)
    await asyncio.sleep(0.5)
    assert not notes.told
    player.show_playing(URL, 0.0)
    await until(lambda: notes.has("started"))


async def test_never_starts(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    player.odd["play_media"] = nothing
    output, notes = await output_of(home, player), Notes()
    await output.play(song(), notes)
    await asyncio.sleep(0.4)
    pass_time(START_TIMEOUT)
    await until(lambda: notes.how)
    assert notes.how is Ended.FAILED and notes.has("ended")
    assert player.orders == ["play_media", "stop"]


async def test_goes_on_with_what_it_played(home: HomeAssistant, pass_time: PassTime) -> None:
    """It says it plays, but never what it was told to."""
    player = ScriptedPlayer()
    player.odd["play_media"] = nothing
    output, notes = await output_of(home, player), Notes()
    player.show_playing(OTHER, 30.0)
    await output.play(song(), notes)
    player.show_position(31.0)
    await asyncio.sleep(0.7)
    assert not notes.told
    pass_time(START_TIMEOUT)
    await until(lambda: notes.how)
    assert notes.how is Ended.FAILED


async def test_sounds_a_moment_and_cannot(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    output, notes = await output_of(home, player), Notes()
    await output.play(song(), notes)
    await asyncio.sleep(0.1)
    player.show_idle()
    await until(lambda: notes.how)
    assert notes.how is Ended.FAILED and notes.has("ended")


@pytest.mark.parametrize(
    "shows", [lambda _: None, lambda url: f"player:{url[-8:]}", lambda url: url]
)
async def test_whatever_id_it_shows(
    home: HomeAssistant, shows: Callable[[str], str | None], pass_time: PassTime
) -> None:
    player = ScriptedPlayer(shows=shows, duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    await settled(pass_time)
    pass_time(20)
    player.show_position(22.0)
    assert notes.has("started")
    player.show_idle()
    assert notes.how is Ended.STOPPED


async def test_refuses(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    player.odd["play_media"] = raises
    output, notes = await output_of(home, player), Notes()
    with pytest.raises(HomeAssistantError) as refused:
        await output.play(song(), notes)
    assert refused.value.translation_key == "player_failed"
    assert not notes.told and not output.has_content
    player.odd.clear()
    await begun(output)


async def test_hangs(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    player.odd["play_media"] = never
    output = await output_of(home, player)
    order = asyncio.create_task(output.play(song(), Notes()))
    await until(lambda: player.told)
    pass_time(CALL_TIMEOUT)
    with pytest.raises(HomeAssistantError) as refused:
        await order
    assert refused.value.translation_key == "player_hangs"


async def test_stop_behind_an_order_that_hangs(home: HomeAssistant) -> None:
    """It is not waited for: the order is withdrawn, then the player stopped."""
    player = ScriptedPlayer()
    player.odd["play_media"] = never
    output, notes = await output_of(home, player), Notes()
    order = asyncio.create_task(output.play(song(), notes))
    await until(lambda: player.told)
    playing = output._content
    assert playing is not None
    await playing.stop()
    assert await order is playing and not playing.active
    assert player.orders == ["play_media", "stop"] and not notes.told


async def test_cancelled_while_it_is_ordered(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    player.odd["play_media"] = never
    output, notes = await output_of(home, player), Notes()
    order = asyncio.create_task(output.play(song(), notes))
    await until(lambda: player.told)
    order.cancel()
    await until(lambda: player.orders == ["play_media", "stop"])
    assert not notes.told


async def test_orders_do_not_overlap(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    taken = asyncio.Event()
    player.odd["play_media"] = taken.wait  # type: ignore[assignment]
    output = await output_of(home, player)
    order = asyncio.create_task(output.play(song(), Notes()))
    await until(lambda: player.told)
    louder = asyncio.create_task(output.set_volume(0.8))
    await asyncio.sleep(0.05)
    assert player.orders == ["play_media"]
    taken.set()
    await asyncio.gather(order, louder)
    assert player.orders == ["play_media", "volume"]


async def test_begin_where_it_cannot_seek(home: HomeAssistant) -> None:
    """It begins at its beginning, and that is told."""
    player = ScriptedPlayer(features=EVERYTHING & ~Feature.SEEK)
    output = await output_of(home, player)
    _, notes = await begun(output, song(begin=30.0))
    assert notes.last < 2 and "seek" not in player.orders


async def test_begin_where_it_refuses_to_seek(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    player.odd["seek"] = raises
    output = await output_of(home, player)
    _, notes = await begun(output, song(begin=30.0))
    assert notes.last < 3 and player.orders.count("seek") > 1


async def test_begin(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output, song(begin=30.0))
    assert player.told == [("play_media", URL), ("seek", 30.0)]
    assert notes.told == [("started", pytest.approx(30.0, abs=0.5))]
    assert 30 <= playing.position < 31


# Positions


async def test_frozen_position(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output)
    for _ in range(4):
        pass_time(10)
        player.show_position(0.0)
    assert playing.position == pytest.approx(40, abs=2) and notes.has("started")


@pytest.mark.parametrize("wrong", [5_000_000.0, -3.0, float("nan"), "soon"])
async def test_nonsense_for_a_position(
    home: HomeAssistant, pass_time: PassTime, wrong: float
) -> None:
    player = ScriptedPlayer(duration=100.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await settled(pass_time)
    player.show_position(wrong)
    assert playing.position == pytest.approx(2, abs=1.5) and notes.has("started")


async def test_milliseconds_for_seconds(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output)
    for second in range(3, 12):
        pass_time(1)
        player.show_position(second * 1000.0)
    assert playing.position == pytest.approx(9, abs=2.5) and notes.has("started")


async def test_buffering_in_between(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=100.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    pass_time(10)
    player.show(state=State.BUFFERING)
    pass_time(30)
    player.show(state=State.PLAYING)
    assert playing.position == pytest.approx(10, abs=2) and notes.has("started")


async def test_somebody_seeks(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=100.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await settled(pass_time)
    player.show_position(2.0)
    player.show_position(50.0)
    assert notes.has("started", "moved") and notes.last == pytest.approx(50, abs=1)
    player.show_position(10.0)
    assert notes.has("started", "moved", "moved")
    assert playing.position == pytest.approx(10, abs=1)


async def test_a_position_from_before(home: HomeAssistant, pass_time: PassTime) -> None:
    """What a player says of the time before an order is old."""
    player = ScriptedPlayer(duration=300.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await settled(pass_time)
    await playing.seek(200.0)
    before = dt_util.utcnow() - timedelta(seconds=5)
    player.show(media_position=3.0, media_position_updated_at=before)
    await settled(pass_time)
    player.show(media_position=3.0, media_position_updated_at=before, media_title="Title")
    assert playing.position == pytest.approx(202, abs=1.5) and notes.has("started")


# Standing still


async def test_pause_and_resume_take_their_time(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output)
    player.odd["pause"] = nothing
    pause = asyncio.create_task(playing.pause())
    await until(lambda: "pause" in player.orders)
    assert not pause.done() and notes.has("started")
    player.show(state=State.PAUSED)
    await pause
    assert notes.has("started", "paused")
    await playing.pause()
    assert player.orders.count("pause") == 1
    await playing.resume()
    assert notes.has("started", "paused", "resumed")


async def test_disobeys(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output)
    player.odd["pause"] = nothing
    pause = asyncio.create_task(playing.pause())
    await until(lambda: "pause" in player.orders)
    pass_time(OBEY_TIMEOUT)
    with pytest.raises(HomeAssistantError) as refused:
        await pause
    assert refused.value.translation_key == "player_disobeys"
    assert playing.active and notes.has("started")


async def test_cannot_pause_nor_seek_nor_anything(home: HomeAssistant) -> None:
    player = ScriptedPlayer(features=Feature.PLAY_MEDIA)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    assert not playing.can_pause and not playing.can_seek and not output.can_set_volume
    for order, reason in (
        (playing.pause(), "player_cannot_pause"),
        (playing.seek(3.0), "player_cannot_seek"),
        (output.set_volume(0.1), "player_has_no_volume"),
        (output.set_muted(True), "player_has_no_volume"),
        (playing.stop(), "player_cannot_stop"),
    ):
        with pytest.raises(HomeAssistantError) as refused:
            await order
        assert refused.value.translation_key == reason
    assert not playing.active and notes.has("started")


@pytest.mark.parametrize(
    ("feature", "order"), [(Feature.PAUSE, "pause"), (Feature.TURN_OFF, "turn_off")]
)
async def test_stop_without_stop(home: HomeAssistant, feature: Feature, order: str) -> None:
    player = ScriptedPlayer(features=Feature.PLAY_MEDIA | feature)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await playing.stop()
    assert player.orders[-1] == order and notes.has("started")


async def test_stops_when_it_is_to_pause(home: HomeAssistant) -> None:
    """As players do with live streams: it is paused, and resumed by playing it anew."""
    player = ScriptedPlayer()
    output = await output_of(home, player)
    playing, notes = await begun(output)

    async def stop() -> None:
        player.show_idle()

    player.odd["pause"] = stop
    await playing.pause()
    assert notes.has("started", "paused") and playing.can_resume
    await playing.resume()
    assert notes.has("started", "paused", "resumed")
    assert player.orders.count("play_media") == 2


async def test_seek_when_it_is_no_more_in_the_player(home: HomeAssistant) -> None:
    """It is played anew from there."""
    player = ScriptedPlayer(duration=100.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await playing.pause()
    announcement = await output.announce(speech(3.0), Notes())
    await announcement.stop()
    await playing.seek(40.0)
    assert playing.position == 40.0 and "seek" not in player.orders
    await playing.resume()
    assert player.told[-2:] == [("play_media", URL), ("seek", 40.0)]
    assert notes.has("started", "paused", "resumed")
    assert playing.position == pytest.approx(40, abs=1)


async def test_orders_before_it_sounds(home: HomeAssistant) -> None:
    """They wait until it does."""
    player = ScriptedPlayer(duration=100.0)
    player.odd["play_media"] = nothing
    output, notes = await output_of(home, player), Notes()
    playing = await output.play(song(), notes)
    seek = asyncio.create_task(playing.seek(30.0))
    pause = asyncio.create_task(playing.pause())
    await asyncio.sleep(0.05)
    assert player.orders == ["play_media"]
    player.show_playing(URL)
    await asyncio.gather(seek, pause)
    assert notes.has("started", "paused") and playing.position == pytest.approx(30, abs=1)


async def test_stopped_while_it_stands_still(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    await playing.pause()
    player.show_idle()
    assert notes.how is Ended.STOPPED


# Ends


async def test_ends_by_itself(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    pass_time(59.5)
    player.show_idle()
    assert notes.how is Ended.FINISHED and notes.last == pytest.approx(60, abs=1)
    assert "stop" not in player.orders


async def test_stands_still_at_its_end(home: HomeAssistant, pass_time: PassTime) -> None:
    """Some players pause there."""
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    pass_time(59.9)
    player.show(state=State.PAUSED)
    assert notes.how is Ended.FINISHED


async def test_says_playing_for_ever(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    pass_time(63.5)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.last == pytest.approx(60)
    assert player.orders == ["play_media", "stop"]


async def test_its_own_duration_was_an_estimate(home: HomeAssistant, pass_time: PassTime) -> None:
    """Its position goes on past that: so does the sound."""
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    for position in (30, 59, 62, 66, 80):
        pass_time(position - playing.position)
        player.show_position(position + 0.1)
        await asyncio.sleep(0.02)
    assert notes.has("started") and "stop" not in player.orders
    player.show_idle()
    assert notes.how is Ended.FINISHED


async def test_window(home: HomeAssistant, pass_time: PassTime) -> None:
    """It is to be played from 10 s on for 20 s, however long it is."""
    player = ScriptedPlayer(duration=300.0)
    output = await output_of(home, player)
    _, notes = await begun(output, song(begin=10.0, duration=20.0))
    pass_time(20.0)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.last == pytest.approx(30)
    assert player.orders == ["play_media", "seek", "stop"]


async def test_nothing_known_of_its_length(home: HomeAssistant, pass_time: PassTime) -> None:
    output = await output_of(home, player := ScriptedPlayer())
    playing, notes = await begun(output)
    pass_time(1000)
    await asyncio.sleep(0.05)
    assert playing.active
    player.show_idle()
    assert notes.how is Ended.FINISHED


async def test_hint(home: HomeAssistant, pass_time: PassTime) -> None:
    """Whoever serves the sound learns its length when it is all there."""
    output = await output_of(home, player := ScriptedPlayer())
    playing, notes = await begun(output)
    playing.finish_hint = 50.0
    assert playing.duration == 50.0
    pass_time(10)
    player.show_idle()
    assert notes.how is Ended.STOPPED


async def test_asked_around_the_end_only(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=60.0)
    asked = 0

    async def update() -> None:
        nonlocal asked
        asked += 1

    player.async_update = update  # type: ignore[method-assign]
    output = await output_of(home, player)
    _, notes = await begun(output)
    await settled(pass_time)
    await asyncio.sleep(0.5)
    before = asked
    pass_time(40)
    await asyncio.sleep(1.0)
    assert asked == before
    pass_time(16.8)
    await until(lambda: asked > before)
    player.show_idle()
    assert notes.how is Ended.FINISHED


async def test_something_else_follows(home: HomeAssistant, pass_time: PassTime) -> None:
    """A queue of the player's own goes on: this one has come to its end."""
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    pass_time(59.5)
    player.show_playing(OTHER)
    assert notes.how is Ended.FINISHED


@pytest.mark.parametrize("change", [{"media_content_id": OTHER}, {"app_id": "television"}])
async def test_stolen(home: HomeAssistant, pass_time: PassTime, change: dict[str, str]) -> None:
    player = ScriptedPlayer(duration=60.0)
    player._attr_app_id = "ours"
    output = await output_of(home, player)
    _, notes = await begun(output)
    pass_time(20)
    player.show(**change)
    assert notes.how is Ended.STOLEN and notes.last == pytest.approx(20, abs=1)
    assert player.orders == ["play_media"] and not output.has_content


async def test_away_for_a_moment(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    pass_time(10)
    player.show(available=False)
    pass_time(AWAY_TIMEOUT - 2)
    player.show(available=True)
    assert playing.active and notes.has("started")


async def test_away(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    pass_time(10)
    player.show(available=False)
    with pytest.raises(HomeAssistantError) as refused:
        await playing.seek(1.0)
    assert refused.value.translation_key == "no_player"
    pass_time(AWAY_TIMEOUT)
    await until(lambda: notes.how)
    assert notes.how is Ended.LOST and notes.last == pytest.approx(10, abs=1.5)


async def test_removed(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    _, notes = await begun(output)
    er.async_get(home).async_remove(player.entity_id)
    await until(lambda: notes.how)
    assert notes.how is Ended.LOST
    with pytest.raises(HomeAssistantError):
        await output.play(song(), Notes())


async def test_forgotten(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    playing, notes = await begun(output)
    playing.forget()
    player.show_idle()
    await playing.stop()
    assert notes.has("started") and player.orders == ["play_media"]


async def test_a_listener_that_breaks(
    home: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Notes):
        def started(self, position: float) -> None:
            super().started(position)
            raise RuntimeError("broken")

    player = ScriptedPlayer(duration=60.0)
    output, notes = await output_of(home, player), Broken()
    await output.play(song(), notes)
    await until(lambda: notes.has("started"))
    player.show_idle()
    assert notes.how is Ended.STOPPED
    assert "Unexpected error of one who listens" in caplog.text


# Taking over


async def test_taken_over(home: HomeAssistant) -> None:
    player = ScriptedPlayer(duration=60.0)
    output, notes = await output_of(home, player), Notes()
    assert output.adopt(song(), notes) is None
    player.show_playing(URL, 12.0)
    playing = output.adopt(song(), notes)
    # it says whole seconds
    assert playing is not None and playing.position == pytest.approx(12.5, abs=0.4)
    assert player.orders == [] and notes.told == []
    player.show(state=State.PAUSED)
    assert notes.has("paused")


async def test_taken_over_where_it_told_long_ago(home: HomeAssistant) -> None:
    """Many players tell their position once, when it begins."""
    player = ScriptedPlayer(duration=60.0)
    output = await output_of(home, player)
    player.show_playing(URL, 0.0)
    player.show(media_position_updated_at=dt_util.utcnow() - timedelta(seconds=25))
    playing = output.adopt(song(), Notes(), position=3.0)
    assert playing is not None and playing.position == pytest.approx(25, abs=1)


async def test_taken_over_where_it_tells_no_position(home: HomeAssistant) -> None:
    player = ScriptedPlayer()
    output, notes = await output_of(home, player), Notes()
    player.show_playing(URL)
    player.show(state=State.PAUSED)
    playing = output.adopt(song(), notes, position=33.0)
    assert playing is not None and playing.position == 33.0
    await playing.resume()
    assert notes.has("resumed")


# Announcing


def speech(duration: float | None = None) -> Media:
    return Media(SPEECH, "audio/mpeg", duration=duration)


ANNOUNCES = EVERYTHING | Feature.MEDIA_ANNOUNCE


async def test_announcement_that_shows(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(features=ANNOUNCES)
    player.odd["announce"] = nothing
    output, notes = await output_of(home, player), Notes()
    await output.announce(speech(4.0), notes)
    assert player.extra[-1]["announce"] is True
    player.show_playing(SPEECH)
    await until(lambda: notes.has("started"))
    pass_time(4.0)
    player.show_idle()
    assert notes.how is Ended.FINISHED


async def test_announcement_that_does_not_show(home: HomeAssistant, pass_time: PassTime) -> None:
    """Its order counts, and its length."""
    player = ScriptedPlayer(features=ANNOUNCES)
    player.odd["announce"] = nothing
    output, notes = await output_of(home, player), Notes()
    playing = await output.announce(speech(), notes)
    pass_time(BLIND_AFTER)
    await until(lambda: notes.has("started"))
    playing.finish_hint = 6.0
    pass_time(3.0)
    await asyncio.sleep(0.05)
    assert playing.active
    pass_time(3.0)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and player.orders == ["announce"]


async def test_announcement_without_an_end(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(features=ANNOUNCES)
    player.odd["announce"] = nothing
    output, notes = await output_of(home, player), Notes()
    await output.announce(speech(), notes)
    pass_time(BLIND_AFTER)
    await until(lambda: notes.has("started"))
    pass_time(LONGEST_ANNOUNCEMENT)
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED


async def test_player_that_waits_for_the_end(home: HomeAssistant, pass_time: PassTime) -> None:
    """Some orders to announce return when it is over."""
    player = ScriptedPlayer(features=ANNOUNCES)
    over = asyncio.Event()
    player.odd["announce"] = over.wait  # type: ignore[assignment]
    output, notes = await output_of(home, player), Notes()
    await output.announce(speech(20.0), notes)
    pass_time(19.0)
    over.set()
    await until(lambda: notes.how)
    assert notes.how is Ended.FINISHED and notes.has("started", "ended")


async def test_content_goes_on_beside_an_announcement(
    home: HomeAssistant, pass_time: PassTime
) -> None:
    """What the player shows meanwhile, and a little longer, is not the content's."""
    player = ScriptedPlayer(features=ANNOUNCES, duration=100.0)
    output, said = await output_of(home, player), Notes()
    playing, notes = await begun(output)
    player.odd["announce"] = nothing
    await output.announce(speech(3.0), said)
    player.show_playing(SPEECH)
    await until(lambda: said.has("started"))
    pass_time(3.0)
    player.show_idle()
    assert said.how is Ended.FINISHED
    await asyncio.sleep(0.05)
    assert playing.active
    player.show_playing(URL, 1.0)
    pass_time(DEAF_AFTER)
    await asyncio.sleep(0.05)
    assert playing.active and notes.names[0] == "started" and "ended" not in notes.names
    player.show_idle()
    assert notes.how is Ended.STOPPED


async def test_content_ordered_just_before_an_announcement(
    home: HomeAssistant, pass_time: PassTime
) -> None:
    """Its time to begin does not run out while nobody can see it."""
    player = ScriptedPlayer(features=ANNOUNCES)
    player.odd["play_media"] = player.odd["announce"] = nothing
    output, said, notes = await output_of(home, player), Notes(), Notes()
    playing = await output.play(song(), notes)
    await output.announce(speech(START_TIMEOUT * 2), said)
    player.show_playing(SPEECH)
    await until(lambda: said.has("started"))
    pass_time(START_TIMEOUT * 2)
    player.show_idle()
    assert said.how is Ended.FINISHED
    player.show_playing(URL)
    pass_time(DEAF_AFTER)
    await until(lambda: notes.told)
    assert notes.has("started")
    assert playing.active and player.orders == ["play_media", "announce"]


async def test_content_that_did_not_come_back(home: HomeAssistant, pass_time: PassTime) -> None:
    player = ScriptedPlayer(features=ANNOUNCES, duration=100.0)
    output, said = await output_of(home, player), Notes()
    _, notes = await begun(output)
    player.odd["announce"] = nothing
    announcement = await output.announce(speech(3.0), said)
    player.show_idle()
    announcement.forget()
    assert notes.has("started")
    pass_time(DEAF_AFTER)
    await until(lambda: notes.how)
    assert notes.how is Ended.STOPPED


async def test_stopping_speech_beside_content(home: HomeAssistant) -> None:
    """A player that mixes would stop both: it is let speak on."""
    player = ScriptedPlayer(features=ANNOUNCES, duration=100.0)
    output, said = await output_of(home, player), Notes()
    await begun(output)
    player.odd["announce"] = nothing
    announcement = await output.announce(speech(3.0), said)
    await announcement.stop()
    assert "stop" not in player.orders and not said.told


async def test_announcement_is_refused_late(home: HomeAssistant) -> None:
    player = ScriptedPlayer(features=ANNOUNCES)
    refuse = asyncio.Event()

    async def refused() -> None:
        await refuse.wait()
        await raises()

    player.odd["announce"] = refused
    output, notes = await output_of(home, player), Notes()
    await output.announce(speech(3.0), notes)
    refuse.set()
    await until(lambda: notes.how)
    assert notes.how is Ended.FAILED and notes.has("ended")


async def test_displaced_content_where_it_cannot_seek(home: HomeAssistant) -> None:
    player = ScriptedPlayer(features=EVERYTHING & ~Feature.SEEK, duration=1.0)
    output, said = await output_of(home, player), Notes()
    player.duration = 100.0
    playing, notes = await begun(output)
    await until(lambda: playing.position > 1.0)
    await playing.pause()
    announcement = await output.announce(speech(3.0), said)
    await until(lambda: said.has("started"))
    await announcement.stop()
    assert not playing.can_resume
    with pytest.raises(HomeAssistantError) as refused:
        await playing.resume()
    assert refused.value.translation_key == "player_cannot_seek"
    assert notes.has("started", "paused")


async def test_announcement_while_it_is_being_paused(home: HomeAssistant) -> None:
    """The order before is carried out, and seen to be, before the player is lost to the other."""
    player = ScriptedPlayer(duration=100.0)
    output, said = await output_of(home, player), Notes()
    playing, notes = await begun(output)
    taken = asyncio.Event()

    async def pause() -> None:
        await taken.wait()
        player.show(state=State.PAUSED)

    player.odd["pause"] = pause
    pausing = asyncio.create_task(playing.pause())
    await until(lambda: "pause" in player.orders)
    announcing = asyncio.create_task(output.announce(speech(3.0), said))
    await asyncio.sleep(0.05)
    taken.set()
    await pausing
    announcement = await announcing
    assert notes.has("started", "paused")
    await until(lambda: said.has("started"))
    await announcement.stop()
    await playing.resume()
    assert notes.has("started", "paused", "resumed")


async def test_announcement_while_it_says_it_plays(home: HomeAssistant) -> None:
    """It took the order to pause; that it shows it late is lost behind the announcement."""
    player = ScriptedPlayer(duration=100.0)
    output, said = await output_of(home, player), Notes()
    playing, notes = await begun(output)
    player.odd["pause"] = nothing
    pausing = asyncio.create_task(playing.pause())
    await until(lambda: "pause" in player.orders)
    announcement = await output.announce(speech(3.0), said)
    await pausing
    assert notes.has("started", "paused")
    await announcement.stop()
    await playing.resume()
    assert notes.has("started", "paused", "resumed")


async def test_announcement_before_the_content_sounds(home: HomeAssistant) -> None:
    """It gives way, and begins when it is told to go on."""
    player = ScriptedPlayer(duration=100.0)
    player.odd["play_media"] = nothing
    output, said, notes = await output_of(home, player), Notes(), Notes()
    playing = await output.play(song(), notes)
    pausing = asyncio.create_task(playing.pause())
    announcement = await output.announce(speech(3.0), said)
    await pausing
    await announcement.stop()
    assert playing.active and not notes.told
    player.odd.clear()
    await playing.resume()
    assert notes.has("started")


async def test_displaced_content_whose_player_is_taken(
    home: HomeAssistant, pass_time: PassTime
) -> None:
    player = ScriptedPlayer(duration=100.0)
    output, said = await output_of(home, player), Notes()
    playing, notes = await begun(output)
    await playing.pause()
    announcement = await output.announce(speech(3.0), said)
    await announcement.stop()
    pass_time(DEAF_AFTER)
    player.show_playing(OTHER)
    await until(lambda: notes.how)
    assert notes.how is Ended.STOLEN


# Volume


async def test_mute_by_volume(home: HomeAssistant) -> None:
    player = ScriptedPlayer(features=EVERYTHING & ~Feature.VOLUME_MUTE)
    output = await output_of(home, player)
    await output.set_muted(True)
    assert output.volume == 0 and output.muted is True
    await output.set_muted(True)
    await output.set_muted(False)
    assert output.volume == 0.5 and output.muted is not True
    await output.set_muted(True)
    await output.set_volume(0.7)
    await output.set_muted(False)
    assert output.volume == 0.7


async def test_mute_and_volume(home: HomeAssistant) -> None:
    output = await output_of(home, player := ScriptedPlayer())
    await output.set_muted(True)
    await output.set_volume(7.0)
    assert player.told == [("mute", True), ("volume", 1.0)]
    assert output.muted is True and output.volume == 1.0
