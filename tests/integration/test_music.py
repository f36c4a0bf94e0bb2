"""Tracks that CIC orders: played in order on a media player, and what CIC hears of them."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.music.queue import MOST_QUEUED

from .conftest import PassTime, SetUp
from .music import Music, address, answer, music, play
from .service import CicService, directive, until


@pytest.fixture
async def house(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Music]:
    async with music(home, cic, set_up) as house:
        yield house


def offset(event: dict[str, dict[str, int]]) -> float:
    return event["payload"]["offsetInMilliseconds"] / 1000


@pytest.mark.directive("AudioPlayer.Play")
@pytest.mark.event("AudioPlayer.PlayStarted")
async def test_play(house: Music) -> None:
    await house.start("a")
    assert house.turntable.asked("play") == [address("a")]
    (started,) = await house.hears("PlayStarted a")
    assert offset(started) < 1
    state = (await house.cic.control("GET", "state"))["contexts"][house.cic.client]
    (player,) = [one for one in state if one["header"]["name"] == "PlaybackState"]
    assert player["payload"]["playerActivity"] == "PLAYING"
    assert player["payload"]["totalInMilliseconds"] == 60_000
    assert player["payload"]["stream"]["url"] == address("a")


@pytest.mark.event("AudioPlayer.PlayFinished")
async def test_queue_plays_on(house: Music, pass_time: PassTime) -> None:
    await house.start("a", durationInMilliseconds=30_000)
    await house.cic.push(play("b", "ENQUEUE"))
    await house.cic.push(play("b", "ENQUEUE"))
    await until(lambda: len(house.player.queue) == 1)
    await until(lambda: house.coordinator.counters.events["track_known"])
    pass_time(30)
    await house.phase(Phase.PLAYING, "token-b")
    events = await house.hears("PlayStarted a", "PlayFinished a", "PlayStarted b")
    assert offset(events[1]) == 30
    assert not house.player.queue


async def test_answer_to_the_end_brings_the_next(house: Music, pass_time: PassTime) -> None:
    await house.start("a", durationInMilliseconds=30_000)
    await house.cic.control(
        "POST",
        "next-answer",
        {"event": "AudioPlayer.PlayFinished", "parts": answer(play("b", "ENQUEUE"))},
    )
    pass_time(30)
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears("PlayStarted a", "PlayFinished a", "PlayStarted b")


async def test_replace_all(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    await house.cic.push(play("b", "ENQUEUE"))
    pass_time(10)
    await house.start("c", beginAtInMilliseconds=5_000)
    events = await house.hears("PlayStarted a", "PlayStopped a", "PlayStarted c")
    assert 10 <= offset(events[1]) < 12
    assert 5 <= offset(events[2]) < 6
    assert house.turntable.asked("seek") == [5.0]
    assert not house.player.queue


async def test_twice_is_once(house: Music) -> None:
    await house.start("a")
    await house.cic.push(play("a"))
    await house.cic.push(play("a", "ENQUEUE"))
    await until(lambda: house.coordinator.counters.events["track_known"] == 2)
    assert house.turntable.asked("play") == [address("a")]
    await house.hears("PlayStarted a")


@pytest.mark.directive("AudioPlayer.StreamDeliver")
@pytest.mark.event("AudioPlayer.StreamRequested")
async def test_stream_is_asked_for_right_before(house: Music, pass_time: PassTime) -> None:
    await house.start("a", durationInMilliseconds=20_000)
    await house.cic.push(
        play(
            "b",
            "ENQUEUE",
            url="clova:b",
            urlPlayable=False,
            customData="ours",
            progressReport={"progressReportDelayInMilliseconds": None},
        )
    )
    await until(lambda: house.player.queue)
    await house.hears("PlayStarted a")
    delivered = directive(
        "AudioPlayer.StreamDeliver",
        {
            "audioItemId": "another id",
            "audioStream": {
                "token": "token-b",
                "url": address("delivered"),
                "progressReport": {"progressReportDelayInMilliseconds": 3_000},
            },
        },
    )
    await house.cic.control(
        "POST",
        "next-answer",
        {"event": "AudioPlayer.StreamRequested", "parts": answer(delivered)},
    )
    pass_time(20)
    await house.phase(Phase.PLAYING, "token-b")
    # what was delivered is fetched by Home Assistant
    assert "/api/clova_cic/media/" in house.turntable.asked("play")[1]
    pass_time(3)
    events = await house.hears(
        "PlayStarted a",
        "PlayFinished a",
        "StreamRequested",
        "PlayStarted b",
        "ProgressReportDelayPassed b",
    )
    asked = events[2]["payload"]
    assert asked["audioItemId"] == "b"
    assert (asked["audioStream"]["url"], asked["audioStream"]["customData"]) == ("clova:b", "ours")
    assert 3 <= offset(events[4]) < 4


async def test_another_is_ordered_while_one_is_asked_for(house: Music) -> None:
    """The stream of the second is the second's, whatever became of the first request."""
    for name in "ab":
        await house.cic.push(play(name, url=f"clova:{name}", urlPlayable=False))
        await house.phase(Phase.REQUESTING, f"token-{name}")
    await house.hears("StreamRequested", "StreamRequested")
    stream = {"url": address("delivered")}
    await house.order("AudioPlayer.StreamDeliver", audioItemId="b", audioStream=stream)
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears("StreamRequested", "StreamRequested", "PlayStarted b")


async def test_no_stream_comes(house: Music, caplog: pytest.LogCaptureFixture) -> None:
    """The next track plays; when nothing is left the user is told once."""
    await house.cic.push(play("a", url="clova:a", urlPlayable=False))
    await house.cic.push(play("b", "ENQUEUE"))
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears("StreamRequested", "PlayStarted b")
    assert house.coordinator.counters.events["track_failed"] == 1


@pytest.mark.event(
    "AudioPlayer.ProgressReportDelayPassed",
    "AudioPlayer.ProgressReportIntervalPassed",
    "AudioPlayer.ProgressReportPositionPassed",
)
async def test_progress_reports(house: Music, pass_time: PassTime) -> None:
    await house.start(
        "a",
        progressReport={
            "progressReportDelayInMilliseconds": 4_000,
            "progressReportIntervalInMilliseconds": 10_000,
            "progressReportPositionInMilliseconds": 15_000,
        },
    )
    expected = ["PlayStarted a", "ProgressReportDelayPassed a"]
    pass_time(4.9)
    await house.hears(*expected)
    pass_time(6)
    expected += ["ProgressReportIntervalPassed a"]
    await house.hears(*expected)
    pass_time(10)
    expected += ["ProgressReportPositionPassed a", "ProgressReportIntervalPassed a"]
    events = await house.hears(*expected)
    begin = offset(events[0])
    assert begin < 2
    passed = [event for event in events if "Position" not in event["name"]]
    assert [round(offset(event) - begin, 2) for event in passed] == [0, 4, 10, 20]
    assert offset(events[3]) == 15


@pytest.mark.directive("AudioPlayer.ClearQueue")
@pytest.mark.event("AudioPlayer.PlaybackQueueCleared")
async def test_clear(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    await house.cic.push(play("b", "ENQUEUE"))
    await house.order("AudioPlayer.ClearQueue", clearBehavior="CLEAR_ENQUEUED")
    await house.hears("PlayStarted a", "PlaybackQueueCleared")
    assert house.player.phase is Phase.PLAYING
    assert not house.player.queue
    pass_time(2)
    await house.order("AudioPlayer.ClearQueue", clearBehavior="CLEAR_ALL")
    events = await house.hears(
        "PlayStarted a", "PlaybackQueueCleared", "PlayStopped a", "PlaybackQueueCleared"
    )
    assert [one["payload"].get("clearBehavior") for one in events] == [
        None,
        "CLEAR_ENQUEUED",
        None,
        "CLEAR_ALL",
    ]
    assert house.player.state().as_payload() == {"playerActivity": "IDLE", "repeatMode": "NONE"}
    await until(lambda: house.turntable.asked("stop"))


@pytest.mark.directive("AudioPlayer.ExpectReportPlaybackState")
@pytest.mark.event("AudioPlayer.ReportPlaybackState")
async def test_state_is_reported(house: Music) -> None:
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    (idle,) = await house.hears("ReportPlaybackState")
    assert idle["payload"] == {"playerActivity": "IDLE", "repeatMode": "NONE"}
    await house.start("a", customData="ours")
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    events = await house.hears("ReportPlaybackState", "PlayStarted a", "ReportPlaybackState a")
    playing = events[2]["payload"]
    assert (playing["playerActivity"], playing["totalInMilliseconds"]) == ("PLAYING", 60_000)
    assert playing["stream"]["customData"] == "ours"


async def test_a_thousand_tracks(house: Music) -> None:
    await house.start("a")
    parts = answer(*(play(f"n{each}", "ENQUEUE") for each in range(900)))
    await house.cic.control(
        "POST", "next-answer", {"event": "AudioPlayer.ReportPlaybackState", "parts": parts}
    )
    await house.order("AudioPlayer.ExpectReportPlaybackState")
    await until(lambda: house.coordinator.counters.events["queue_full"] == 900 - MOST_QUEUED)
    assert len(house.player.queue) == MOST_QUEUED
    await house.order("PlaybackController.Next")
    await house.phase(Phase.PLAYING, "token-n0")


async def test_a_storm_of_tracks(house: Music) -> None:
    """The last one plays, and CIC hears an end of every one it heard a start of."""
    for each in range(30):
        await house.cic.push(play(f"n{each}"))
    await house.phase(Phase.PLAYING, "token-n29")
    while (await house.told())[-1:] != [("PlayStarted", "token-n29")]:
        await asyncio.sleep(0.02)
    started = [token for name, token in await house.told() if name == "PlayStarted"]
    stopped = [token for name, token in await house.told() if name == "PlayStopped"]
    assert started == [*stopped, "token-n29"]
    assert house.turntable.asked("play")[-1] == address("n29")


@pytest.mark.parametrize(
    "stream",
    [
        {"url": "ftp://music.invalid/a.mp3"},
        {"url": ""},
        {"url": "http://[::1"},
    ],
)
async def test_address_of_another_kind(
    house: Music, stream: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    await house.cic.push(play("a", **stream))
    await until(lambda: house.coordinator.counters.events["track_failed"])
    assert house.player.phase is Phase.IDLE
    assert "Music could not be played on media_player.turntable" in caplog.text
    await house.start("b")
    await house.hears("PlayStarted b")


async def test_token_of_three_kilobytes(house: Music) -> None:
    token = "t" * 3072
    await house.cic.push(play("a", token=token, beginAtInMilliseconds=-5.5))
    await house.phase(Phase.PLAYING)
    (started,) = await house.hears("PlayStarted")
    assert started["payload"]["token"] == token


async def test_stream_nobody_asked_for(house: Music) -> None:
    await house.start("a")
    await house.order("AudioPlayer.StreamDeliver", audioItemId="a", audioStream={"url": "x"})
    await until(lambda: house.coordinator.counters.events["stream_not_asked_for"])
    assert house.turntable.asked("play") == [address("a")]
    await house.hears("PlayStarted a")
