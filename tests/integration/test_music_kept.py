"""Music across a restart of Home Assistant, of the entry, and a kill."""

from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components.media_player import MediaPlayerState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.cic.interfaces.audio_player import Play
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.playback.music import player as player_module
from custom_components.clova_cic.playback.music.kept import Memory
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.music.queue import Track

from .conftest import Entries, PassTime, SetUp
from .music import TURNTABLE, Music, address, answer, music, play
from .service import CicService, directive, until
from .test_reports import Note
from .turntable import Turntable, add_turntables


@pytest.fixture
async def house(
    hass_storage: dict[str, Any], home: HomeAssistant, cic: CicService, set_up: SetUp
) -> AsyncIterator[Music]:
    async with music(home, cic, set_up) as house:
        yield house


async def begin_again(house: Music) -> None:
    """Unload the entry and set it up, as a restart does."""
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    assert await house.hass.config_entries.async_setup(entry.entry_id)
    house.coordinator = entry.runtime_data


def offset(event: dict[str, Any]) -> float:
    return event["payload"]["offsetInMilliseconds"] / 1000


async def test_plays_on(house: Music, pass_time: PassTime) -> None:
    """What the player fetches by itself is taken over, with its queue and its progress."""
    report = {
        "progressReportDelayInMilliseconds": 1_000,
        "progressReportPositionInMilliseconds": 30_000,
    }
    await house.start("a", progressReport=report)
    await house.cic.push(play("b", "ENQUEUE"))
    await until(lambda: house.player.queue)
    pass_time(10)
    await house.hears("PlayStarted a", "ProgressReportDelayPassed a")
    # only the loop's clock went on: what it told at the beginning would be no older
    house.turntable.show(MediaPlayerState.PLAYING, house.turntable.where)
    await begin_again(house)
    await house.phase(Phase.PLAYING, "token-a")
    assert [name for name, _ in house.turntable.orders] == ["play"]
    assert house.player.position == pytest.approx(10, abs=3)
    pass_time(20)
    told = ["PlayStarted a", "ProgressReportDelayPassed a", "ProgressReportPositionPassed a"]
    await house.hears(*told)
    pass_time(30)
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears(*told, "PlayFinished a", "PlayStarted b")


async def test_what_was_not_told_yet(house: Music) -> None:
    """CIC hears it before the entry is unloaded, though other events come first."""
    await house.start("a")
    for number in range(20):
        house.coordinator.reports.send(Note(number=number))
    await house.turntable.async_media_pause()
    await begin_again(house)
    assert house.player.phase is Phase.PAUSED
    await house.hears("PlayStarted a", "PlayPaused a")


async def test_paused_at_the_player_meanwhile(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(10)
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    await house.turntable.async_media_pause()
    assert await house.hass.config_entries.async_setup(entry.entry_id)
    house.coordinator = entry.runtime_data
    await house.phase(Phase.PAUSED)
    events = await house.hears("PlayStarted a", "PlayPaused a")
    assert offset(events[1]) == pytest.approx(10, abs=3)
    await house.order("PlaybackController.Resume")
    await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")


async def test_stopped_at_the_player_meanwhile(house: Music, pass_time: PassTime) -> None:
    await house.start("a")
    pass_time(10)
    entry = house.coordinator.config_entry
    assert await house.hass.config_entries.async_unload(entry.entry_id)
    house.turntable.end()
    assert await house.hass.config_entries.async_setup(entry.entry_id)
    house.coordinator = entry.runtime_data
    await house.phase(Phase.STOPPED)
    events = await house.hears("PlayStarted a", "PlayStopped a")
    assert offset(events[1]) == pytest.approx(10, abs=3)


async def test_served_by_home_assistant(house: Music, pass_time: PassTime) -> None:
    """What the player fetched from Home Assistant ends with it, and is resumed."""
    delivered = directive(
        "AudioPlayer.StreamDeliver", {"audioItemId": "a", "stream": {"url": address("once")}}
    )
    for _ in range(2):
        plan = {"event": "AudioPlayer.StreamRequested", "parts": answer(delivered)}
        await house.cic.control("POST", "next-answer", plan)
    await house.cic.push(play("a", url="clova:a", urlPlayable=False))
    await house.phase(Phase.PLAYING)
    pass_time(10)
    await begin_again(house)
    await house.phase(Phase.PLAYING)
    assert [name for name, _ in house.turntable.orders] == ["play", "stop", "play", "seek"]
    events = await house.hears(
        "StreamRequested", "PlayStarted a", "PlayStopped a", "StreamRequested", "PlayResumed a"
    )
    assert offset(events[2]) == pytest.approx(10, abs=3)
    assert offset(events[4]) == pytest.approx(offset(events[2]), abs=1)


@pytest.mark.parametrize(("order", "phase"), [("Pause", Phase.PAUSED), ("Stop", Phase.STOPPED)])
async def test_stands_still(house: Music, pass_time: PassTime, order: str, phase: Phase) -> None:
    await house.start("a")
    pass_time(10)
    await house.order("PlaybackController.SetRepeatMode", repeatMode="REPEAT_ONE")
    await house.order(f"PlaybackController.{order}")
    await house.phase(phase)
    before = house.player.state()
    await begin_again(house)
    assert house.player.phase is phase
    assert house.player.state() == before
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    stood = "PlayPaused a" if order == "Pause" else "PlayStopped a"
    events = await house.hears("PlayStarted a", stood, "PlayResumed a")
    assert offset(events[2]) == pytest.approx(offset(events[1]), abs=1)


async def test_killed(
    hass_storage: dict[str, Any],
    home: HomeAssistant,
    cic: CicService,
    make_entry: Entries,
) -> None:
    """What was stored last counts; the player is waited for."""
    entry = make_entry(cic, options={CONF_MEDIA_PLAYER: TURNTABLE})
    memory = Memory(
        track=Track.of(Play.from_payload(play("a")["payload"])),
        activity=player_module.PlayerActivity.PLAYING,
        ready=True,
        offset=10.0,
        output=TURNTABLE,
        url=address("a"),
    )
    key = f"clova_cic.player.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "key": key, "data": memory.as_dict()}
    turntable = Turntable()
    turntable._attr_media_content_id = address("a")
    turntable._attr_state = MediaPlayerState.PLAYING
    turntable._attr_available = False
    await add_turntables(home, turntable)
    assert await home.config_entries.async_setup(entry.entry_id)
    player = entry.runtime_data.player
    assert (player.phase, player.activity.value) == (Phase.HELD, "PLAYING")
    turntable.go(available=True)
    await until(lambda: player.phase is Phase.PLAYING)
    assert not turntable.orders
    house = Music(home, cic, entry.runtime_data, turntable)
    await house.order("PlaybackController.Pause")
    await house.hears("PlayPaused a")
    await home.config_entries.async_remove(entry.entry_id)
    assert key not in hass_storage


@pytest.mark.parametrize(
    ("order", "phase", "at_player"),
    [("Pause", Phase.PAUSED, "paused"), ("Stop", Phase.STOPPED, "idle")],
)
async def test_ordered_before_its_player_is_back(
    house: Music, order: str, phase: Phase, at_player: str
) -> None:
    """What plays on is silenced when there is somebody to be told."""
    await house.start("a")
    house.turntable.go(available=False)
    await begin_again(house)
    await house.order(f"PlaybackController.{order}")
    await until(lambda: house.coordinator.counters.directives[f"PlaybackController.{order}"])
    await house.hears("PlayStarted a")
    house.turntable.go(available=True)
    await house.phase(phase)
    assert house.turntable.state == at_player
    await house.hears("PlayStarted a", "PlayPaused a" if order == "Pause" else "PlayStopped a")


@pytest.mark.parametrize("stored", [{}, {"track": 5}, {"track": {"play": {}}, "coming": None}])
async def test_unreadable(
    hass_storage: dict[str, Any],
    home: HomeAssistant,
    cic: CicService,
    make_entry: Entries,
    stored: dict[str, Any],
) -> None:
    entry = make_entry(cic)
    key = f"clova_cic.player.{entry.entry_id}"
    hass_storage[key] = {"version": 1, "key": key, "data": stored}
    assert await home.config_entries.async_setup(entry.entry_id)
    assert entry.runtime_data.player.phase is Phase.IDLE
    await home.config_entries.async_unload(entry.entry_id)
