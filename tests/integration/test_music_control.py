"""Music paused, resumed, stopped, skipped: by CIC, by a hand at the player, by a button."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Feature,
    MediaPlayerState,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.cic.interfaces.playback_controller import (
    NextCommandIssued,
    PauseCommandIssued,
    StopCommandIssued,
)
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.coordinator import CicCoordinator, Link
from custom_components.clova_cic.playback.music import commands
from custom_components.clova_cic.playback.music.phases import Phase

from .conftest import PassTime, SetUp
from .music import TURNTABLE, Music, address, answer, music, play
from .service import CicService, directive, until
from .turntable import ALL, Turntable, add_turntables


@pytest.fixture
async def house(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Music]:
    async with music(home, cic, set_up) as house:
        yield house


def offset(event: dict[str, Any]) -> float:
    return event["payload"]["offsetInMilliseconds"] / 1000


async def counted(house: Music, event: str, times: int = 1) -> None:
    await until(lambda: house.coordinator.counters.events[event] == times)


@pytest.mark.directive("PlaybackController.Pause", "PlaybackController.Resume")
@pytest.mark.event("AudioPlayer.PlayPaused", "AudioPlayer.PlayResumed")
async def test_pause_and_resume(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(5)
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    pass_time(100)
    await house.order("PlaybackController.Resume", target={"namespace": "AudioPlayer"})
    await house.phase(Phase.PLAYING)
    events = await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")
    assert [name for name, _ in house.turntable.orders] == ["play", "pause", "resume"]
    assert 5 <= offset(events[1]) < 8
    assert abs(offset(events[2]) - offset(events[1])) < 1


async def test_twice_is_told_once(house: Music) -> None:
    await house.start("a")
    for _ in range(2):
        await house.order("PlaybackController.Pause")
    await counted(house, "nothing_to_pause")
    for _ in range(2):
        await house.order("PlaybackController.Stop")
    await counted(house, "nothing_to_stop")
    await house.hears("PlayStarted a", "PlayPaused a", "PlayStopped a")


async def test_all_at_once(house: Music) -> None:
    """Orders that come faster than the player moves are done one after the other."""
    await house.start("a")
    orders = ["Pause", "Resume", "Pause", "Resume"]
    parts = answer(*(directive(f"PlaybackController.{order}") for order in orders))
    await house.cic.control(
        "POST", "next-answer", {"event": "AudioPlayer.ReportPlaybackState", "parts": parts}
    )
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    await house.hears(
        "PlayStarted a",
        "ReportPlaybackState a",
        "PlayPaused a",
        "PlayResumed a",
        "PlayPaused a",
        "PlayResumed a",
    )
    assert house.player.phase is Phase.PLAYING


@pytest.mark.directive("PlaybackController.Stop")
@pytest.mark.event("AudioPlayer.PlayStopped")
async def test_stop_and_resume(house: Music, pass_time: PassTime) -> None:
    """What was stopped is kept, and goes on from where it was."""
    await house.start("a")
    pass_time(20)
    await house.order("PlaybackController.Stop")
    await house.phase(Phase.STOPPED)
    assert house.turntable.asked("stop") == [None]
    assert house.player.state().activity.value == "STOPPED"
    assert house.player.state().stream is not None
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    events = await house.hears("PlayStarted a", "PlayStopped a", "PlayResumed a")
    assert 20 <= offset(events[1]) < 22
    assert abs(offset(events[2]) - offset(events[1])) < 1
    (sought,) = house.turntable.asked("seek")
    assert abs(sought - offset(events[1])) < 0.01


async def test_resumed_stream_is_asked_for_again(house: Music, pass_time: PassTime) -> None:
    delivered = directive(
        "AudioPlayer.StreamDeliver", {"audioItemId": "a", "stream": {"url": address("once")}}
    )
    for _ in range(2):
        plan = {"event": "AudioPlayer.StreamRequested", "parts": answer(delivered)}
        await house.cic.control("POST", "next-answer", plan)
    await house.cic.push(play("a", url="clova:a", urlPlayable=False))
    await house.phase(Phase.PLAYING)
    pass_time(5)
    await house.order("PlaybackController.Stop")
    await house.phase(Phase.STOPPED)
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    events = await house.hears(
        "StreamRequested", "PlayStarted a", "PlayStopped a", "StreamRequested", "PlayResumed a"
    )
    assert events[0]["payload"] == events[3]["payload"]
    first, second = house.turntable.asked("play")
    assert first != second


@pytest.mark.parametrize("order", ["Pause", "Resume", "Stop", "Next", "Previous", "Replay"])
async def test_nothing_there(house: Music, order: str) -> None:
    before = house.coordinator.counters.events.total()
    await house.order(f"PlaybackController.{order}")
    await until(lambda: house.coordinator.counters.events.total() > before)
    await house.start("a")
    await house.hears("PlayStarted a")


async def test_another_kind_of_player_is_meant(house: Music) -> None:
    await house.start("a")
    for order in ("Pause", "Stop"):
        await house.order(f"PlaybackController.{order}", target={"namespace": "MediaPlayer"})
    await counted(house, "other_target", 2)
    await house.order("PlaybackController.Pause", target={"namespace": "AudioPlayer"})
    await house.hears("PlayStarted a", "PlayPaused a")


@pytest.mark.directive("PlaybackController.Next", "PlaybackController.Previous")
async def test_next_and_previous(house: Music) -> None:
    await house.start("a")
    await house.cic.push(play("b", "ENQUEUE"))
    await house.order("PlaybackController.Next")
    await house.phase(Phase.PLAYING, "token-b")
    await house.order("PlaybackController.Previous")
    await house.phase(Phase.PLAYING, "token-a")
    await house.order("PlaybackController.Previous")
    await until(lambda: len(house.turntable.asked("play")) == 4)
    await house.phase(Phase.PLAYING, "token-a")
    assert [track.id for track in house.player.queue] == ["b"]
    await house.hears(
        "PlayStarted a",
        "PlayStopped a",
        "PlayStarted b",
        "PlayStopped b",
        "PlayStarted a",
        "PlayStopped a",
        "PlayStarted a",
    )


async def test_next_without_one(house: Music) -> None:
    await house.start("a")
    await house.order("PlaybackController.Next")
    await counted(house, "nothing_next")
    assert house.player.phase is Phase.PLAYING
    await house.hears("PlayStarted a")


@pytest.mark.directive("PlaybackController.Replay")
async def test_replay(house: Music, pass_time: PassTime) -> None:
    report = {"progressReportPositionInMilliseconds": 8_000}
    await house.start("a", progressReport=report)
    pass_time(10)
    await house.hears("PlayStarted a", "ProgressReportPositionPassed a")
    await house.order("PlaybackController.Replay")
    await until(lambda: house.turntable.asked("seek") == [0.0])
    await until(lambda: (house.player.position or 9) < 5)
    pass_time(10)
    await house.hears(
        "PlayStarted a", "ProgressReportPositionPassed a", "ProgressReportPositionPassed a"
    )
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    await house.order("PlaybackController.Replay")
    await house.phase(Phase.PLAYING)
    events = await house.hears(
        "PlayStarted a",
        "ProgressReportPositionPassed a",
        "ProgressReportPositionPassed a",
        "PlayPaused a",
        "PlayResumed a",
    )
    assert offset(events[-1]) < 2


@pytest.mark.parametrize(
    ("on", "off"),
    [
        pytest.param(
            ("SetRepeatMode", {"repeatMode": "REPEAT_ONE"}),
            ("SetRepeatMode", {"repeatMode": "NONE"}),
            marks=pytest.mark.directive("PlaybackController.SetRepeatMode"),
        ),
        pytest.param(
            ("TurnOnRepeatMode", {}),
            ("TurnOffRepeatMode", {}),
            marks=pytest.mark.directive(
                "PlaybackController.TurnOnRepeatMode", "PlaybackController.TurnOffRepeatMode"
            ),
        ),
    ],
)
async def test_repeat(
    house: Music, pass_time: PassTime, on: tuple[str, Any], off: tuple[str, Any]
) -> None:
    await house.start("a", durationInMilliseconds=20_000)
    await house.order(f"PlaybackController.{on[0]}", **on[1])
    await until(lambda: house.player.state().repeat_mode.value == "REPEAT_ONE")
    pass_time(20)
    await house.hears("PlayStarted a", "PlayFinished a", "PlayStarted a")
    await house.order(f"PlaybackController.{off[0]}", **off[1])
    await until(lambda: house.player.state().repeat_mode.value == "NONE")
    pass_time(20)
    await house.hears("PlayStarted a", "PlayFinished a", "PlayStarted a", "PlayFinished a")
    await house.phase(Phase.IDLE)


@pytest.mark.directive(
    "PlaybackController.Mute",
    "PlaybackController.Unmute",
    "PlaybackController.VolumeUp",
    "PlaybackController.VolumeDown",
)
async def test_volume(house: Music) -> None:
    for order in ("Mute", "Unmute", "VolumeUp", "VolumeDown"):
        await house.order(f"PlaybackController.{order}")
    await until(lambda: len(house.turntable.orders) == 4)
    assert house.turntable.orders == [
        ("mute", True),
        ("mute", False),
        ("volume", 0.6),
        ("volume", pytest.approx(0.5)),
    ]
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    await house.hears("ReportPlaybackState")
    context = (await house.cic.control("GET", "state"))["contexts"][house.cic.client]
    (volume,) = [one for one in context if one["header"]["name"] == "VolumeState"]
    assert volume["payload"] == {"volume": 5, "muted": False}


async def test_stop_means_speech_where_only_that_sounds(house: Music) -> None:
    await house.start("a")
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    await house.cic.push(say={"text": "There is much to say about the weather of today"})
    await until(lambda: len(house.turntable.asked("play")) == 2)
    await until(lambda: house.turntable.state == "playing")
    await house.order("PlaybackController.Stop")
    await until(lambda: house.turntable.asked("stop"))
    assert house.player.phase is Phase.PAUSED
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")


# By hand


async def test_paused_by_hand(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(7)
    house.turntable.orders.clear()
    await house.turntable.async_media_pause()
    await house.phase(Phase.PAUSED)
    await house.turntable.async_media_play()
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")


async def test_stopped_by_hand(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    await house.cic.push(play("b", "ENQUEUE"))
    await until(lambda: house.player.queue)
    pass_time(7)
    house.turntable.end()
    await house.phase(Phase.STOPPED)
    events = await house.hears("PlayStarted a", "PlayStopped a")
    assert 7 <= offset(events[1]) < 9
    assert house.player.queue


async def test_stolen(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(7)
    house.turntable.steal()
    await house.phase(Phase.STOPPED)
    await house.hears("PlayStarted a", "PlayStopped a")
    assert house.turntable.asked("stop") == []


async def test_unplugged(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(7)
    house.turntable.go(available=False)
    pass_time(6)
    await house.phase(Phase.STOPPED)
    events = await house.hears("PlayStarted a", "PlayStopped a")
    assert 6 <= offset(events[1]) < 10
    house.turntable.go(available=True)
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a", "PlayStopped a", "PlayResumed a")


# Players that lack something, or do not do as told


async def test_player_that_cannot_pause(
    home: HomeAssistant, cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    turntable = Turntable(features=ALL & ~(Feature.PAUSE | Feature.SEEK))
    async with music(home, cic, set_up, turntable) as house:
        await house.start("a")
        pass_time(7)
        await house.order("PlaybackController.Pause")
        await house.phase(Phase.PAUSED)
        assert turntable.asked("stop") == [None]
        await house.order("PlaybackController.Resume")
        await house.phase(Phase.PLAYING)
        events = await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")
        assert abs(offset(events[2]) - offset(events[1])) < 1
        # from the middle on it is Home Assistant that cuts it
        assert "/api/clova_cic/media/" in turntable.asked("play")[1]


async def test_player_that_refuses(house: Music, caplog: pytest.LogCaptureFixture) -> None:
    """What it does not play is passed over; a few in a row are enough."""
    house.turntable.refuses = {"play"}
    await house.cic.push(play("a"))
    for name in "bcd":
        await house.cic.push(play(name, "ENQUEUE"))
    await counted(house, "track_failed", 3)
    await house.phase(Phase.STOPPED)
    await until(lambda: [track.id for track in house.player.queue] == ["d"])
    assert caplog.text.count("Music could not be played") == 1
    house.turntable.refuses = set()
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING, "token-c")
    await house.hears("PlayStarted c")


async def test_player_that_does_not_pause(house: Music) -> None:
    await house.start("a")
    house.turntable.refuses = {"pause"}
    await house.order("PlaybackController.Pause")
    await counted(house, "player_failed")
    assert house.player.phase is Phase.PLAYING
    house.turntable.refuses = set()
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    await house.hears("PlayStarted a", "PlayPaused a")


@pytest.mark.parametrize("length", [None, 60_000])
async def test_player_that_begins_and_fails(
    house: Music, pass_time: PassTime, length: int | None
) -> None:
    """It says it plays before it knows that it cannot; a playlist is not given up for that."""
    await house.start("a", durationInMilliseconds=length)
    await house.cic.push(play("b", "ENQUEUE"))
    await until(lambda: house.player.queue)
    house.turntable.end()
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears("PlayStarted a", "PlayStopped a", "PlayStarted b")


async def test_player_that_never_begins(house: Music, pass_time: PassTime) -> None:
    house.turntable.deaf = True
    await house.cic.push(play("a"))
    await house.phase(Phase.STARTING)
    await until(lambda: house.turntable.asked("play"))
    await asyncio.sleep(0.1)
    pass_time(11)
    await counted(house, "track_failed")
    assert house.player.phase is Phase.IDLE
    house.turntable.deaf = False
    await house.start("b")
    await house.hears("PlayStarted b")


async def test_player_that_says_playing_for_ever(house: Music, pass_time: PassTime) -> None:
    """At the window's end it is stopped, and the next begins."""
    await house.start("a", durationInMilliseconds=None)
    await house.cic.push(play("b", "ENQUEUE", durationInMilliseconds=20_000))
    house.turntable._attr_media_duration = 30
    house.turntable.show(MediaPlayerState.PLAYING, house.turntable.where)
    await until(lambda: house.player.queue)
    pass_time(34)
    await house.phase(Phase.PLAYING, "token-b")
    pass_time(24)
    house.turntable.show(MediaPlayerState.PLAYING, house.turntable.where)
    await house.phase(Phase.IDLE)
    events = await house.hears("PlayStarted a", "PlayFinished a", "PlayStarted b", "PlayFinished b")
    assert (offset(events[1]), offset(events[3])) == (30, 20)
    assert house.turntable.state == "idle"
    await house.start("c")


async def test_stream_without_an_end(house: Music, pass_time: PassTime) -> None:
    await house.start("a", durationInMilliseconds=None)
    await house.cic.push(play("b", "ENQUEUE"))
    for _ in range(3):
        pass_time(36_000)
        await house.order("PlaybackController.Pause")
        await house.phase(Phase.PAUSED)
        await house.order("PlaybackController.Resume")
        await house.phase(Phase.PLAYING, "token-a")
    await house.order("PlaybackController.Next")
    await house.phase(Phase.PLAYING, "token-b")
    events = await house.hears(
        "PlayStarted a",
        *["PlayPaused a", "PlayResumed a"] * 3,
        "PlayStopped a",
        "PlayStarted b",
    )
    assert offset(events[-2]) == pytest.approx(108_000, abs=5)


@pytest.mark.parametrize("wrong", [0.0, 1e9, -5.0, 50_000.0])
async def test_player_that_tells_wrong_positions(
    house: Music, pass_time: PassTime, wrong: float
) -> None:
    """CIC is told the truth all the same, and the end is where it is."""
    report = {"progressReportIntervalInMilliseconds": 20_000}
    await house.start("a", progressReport=report)
    for passed in (5, 6):
        pass_time(passed)
        house.turntable._attr_media_position = wrong
        house.turntable._attr_media_position_updated_at = dt_util.utcnow()
        house.turntable.async_write_ha_state()
    pass_time(10)
    await house.hears("PlayStarted a", "ProgressReportIntervalPassed a")
    await house.order("PlaybackController.Stop")
    events = await house.hears("PlayStarted a", "ProgressReportIntervalPassed a", "PlayStopped a")
    assert offset(events[2]) == pytest.approx(21, abs=2)
    await house.start("b")


async def test_stopped_before_it_began(house: Music) -> None:
    house.turntable.deaf = True
    await house.cic.push(play("a"))
    await house.phase(Phase.STARTING)
    await house.order("PlaybackController.Stop")
    await house.phase(Phase.STOPPED)
    assert await house.told() == []
    house.turntable.deaf = False
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a")


# Seeking


async def test_seek(house: Music, pass_time: PassTime) -> None:
    report = {"progressReportPositionInMilliseconds": 30_000}
    await house.start("a", beginAtInMilliseconds=10_000, progressReport=report)
    await house.player.seek(40)
    assert house.turntable.asked("seek")[-1] == 40
    events = await house.hears("PlayStarted a", "ProgressReportPositionPassed a")
    assert offset(events[1]) == 30
    for outside in (9, 71):
        with pytest.raises(ServiceValidationError):
            await house.player.seek(outside)
    pass_time(31)
    events = await house.hears("PlayStarted a", "ProgressReportPositionPassed a", "PlayFinished a")
    assert offset(events[2]) == 70


async def test_seek_in_a_playlist(house: Music, pass_time: PassTime) -> None:
    """No player can leap in what Home Assistant makes of one: it is played anew from there."""
    await house.start("a", url="https://music.invalid/a.m3u8")
    pass_time(5)
    await house.player.seek(40)
    await until(lambda: len(house.turntable.asked("play")) == 2)
    await house.phase(Phase.PLAYING)
    assert house.player.position == pytest.approx(40, abs=2)
    await house.order("PlaybackController.Replay")
    await until(lambda: len(house.turntable.asked("play")) == 3)
    await house.phase(Phase.PLAYING)
    assert house.player.position == pytest.approx(0, abs=2)
    assert house.turntable.asked("seek") == []
    assert len(set(house.turntable.asked("play"))) == 3
    await house.hears("PlayStarted a")


# Buttons


async def test_button(house: Music) -> None:
    """The press itself does nothing; what CIC orders does."""
    await house.start("a")
    parts = answer(directive("PlaybackController.Pause"))
    plan = {"event": "PlaybackController.PauseCommandIssued", "parts": parts}
    await house.cic.control("POST", "next-answer", plan)
    await house.coordinator.parts.commands.press(
        PauseCommandIssued(), lambda: house.player.phase is Phase.PAUSED
    )
    await house.hears("PlayStarted a", "PauseCommandIssued", "PlayPaused a")


async def test_button_nobody_answers(house: Music, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CONFIRM_TIMEOUT", 0.5)
    await house.start("a")
    await house.cic.control(
        "POST", "next-answer", {"event": "PlaybackController.StopCommandIssued", "status": 204}
    )
    with pytest.raises(HomeAssistantError) as raised:
        await house.coordinator.parts.commands.press(
            StopCommandIssued(), lambda: house.player.phase is Phase.STOPPED
        )
    assert raised.value.translation_key == "not_confirmed"
    assert house.player.phase is Phase.PLAYING


async def test_button_is_refused(house: Music) -> None:
    await house.cic.control(
        "POST", "next-answer", {"event": "PlaybackController.NextCommandIssued", "status": 500}
    )
    with pytest.raises(HomeAssistantError) as raised:
        await house.coordinator.parts.commands.press(NextCommandIssued())
    assert raised.value.translation_key == "refused"


@pytest.mark.parametrize(
    "button",
    [
        pytest.param(
            button,
            marks=(
                pytest.mark.directive(f"PlaybackController.Expect{button}Command"),
                pytest.mark.event(f"PlaybackController.{button}CommandIssued"),
            ),
        )
        for button in ("Next", "Pause", "Previous", "Resume", "Stop")
    ],
)
async def test_button_pressed_elsewhere(house: Music, button: str) -> None:
    target = {"namespace": "AudioPlayer"}
    await house.order(f"PlaybackController.Expect{button}Command", target=target)
    await house.order(f"PlaybackController.Expect{button}Command")
    first, second = await house.hears(f"{button}CommandIssued", f"{button}CommandIssued")
    assert (first["payload"], second["payload"]) == ({"source": target}, {})


@pytest.mark.directive("PlaybackController.ExpectPlayCommand")
@pytest.mark.event("PlaybackController.PlayCommandIssued")
async def test_taken_over_from_elsewhere(house: Music) -> None:
    handover = {"deviceId": "kitchen", "customData": "ours"}
    await house.order("PlaybackController.ExpectPlayCommand", token="t", handover=handover)
    (issued,) = await house.hears("PlayCommandIssued t")
    assert issued["payload"] == {"token": "t", "handover": handover}


# Without CIC


async def back(service: CicService, coordinator: CicCoordinator) -> None:
    """Start the server again, and wait until it is noticed."""
    await service.start()
    await until(lambda: coordinator.data is Link.UP, 60)


async def test_cic_is_away_for_a_moment(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    """What is queued plays on, and CIC hears what it has missed."""
    await add_turntables(home, turntable := Turntable())
    coordinator = await set_up(mortal_cic, options={CONF_MEDIA_PLAYER: TURNTABLE})
    house = Music(home, mortal_cic, coordinator, turntable)
    await house.start("a", durationInMilliseconds=20_000)
    await mortal_cic.push(play("b", "ENQUEUE"))
    await until(lambda: house.player.queue)
    await house.hears("PlayStarted a")
    await mortal_cic.stop()
    await until(lambda: coordinator.data is Link.DOWN)
    pass_time(21)
    await house.phase(Phase.PLAYING, "token-b")
    pass_time(20)
    await back(mortal_cic, coordinator)
    events = await house.hears("PlayFinished a", "PlayStarted b")
    assert offset(events[0]) == 20
    await house.order("PlaybackController.Pause")
    await house.hears("PlayFinished a", "PlayStarted b", "PlayPaused b")


async def test_cic_is_away_for_long(
    home: HomeAssistant, mortal_cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    """What is too old is told to nobody; the state says how it is, and the next order is heard."""
    await add_turntables(home, turntable := Turntable())
    coordinator = await set_up(mortal_cic, options={CONF_MEDIA_PLAYER: TURNTABLE})
    house = Music(home, mortal_cic, coordinator, turntable)
    await house.start("a", durationInMilliseconds=20_000)
    await house.hears("PlayStarted a")
    await mortal_cic.stop()
    await until(lambda: coordinator.data is Link.DOWN)
    pass_time(21)
    await house.phase(Phase.IDLE)
    pass_time(61)
    await counted(house, "event_not_sent")
    pass_time(61)
    await back(mortal_cic, coordinator)
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    (state,) = await house.hears("ReportPlaybackState")
    assert state["payload"]["playerActivity"] == "IDLE"
    await mortal_cic.push(play("b", "ENQUEUE"))
    await house.hears("ReportPlaybackState", "PlayStarted b")
