"""Music that makes way for others on its output, and moves with it: CIC hears nothing of that."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.clova_cic.const import CONF_SHARES_LOGIN, DOMAIN
from custom_components.clova_cic.playback.focus import Claim, Kind
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.output.output import Output, async_output

from .conftest import PassTime, SetUp
from .music import TURNTABLE, Music, address, music, play
from .service import CicService, until
from .test_devices import seen_as
from .turntable import ALL, Turntable, add_turntables


@pytest.fixture
async def house(home: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Music]:
    async with music(home, cic, set_up) as house:
        yield house


@pytest.fixture
def output(home: HomeAssistant) -> Output:
    return async_output(home, TURNTABLE)


def speak(output: Output) -> Claim:
    """Have somebody speak on the very output."""
    return output.focus.request(Kind.DIALOG, lambda _: None, exclusive=True)


async def test_makes_way_and_comes_back(house: Music, output: Output, pass_time: PassTime) -> None:
    await house.start("a")
    speech = output.focus.request(Kind.DIALOG, lambda _: None, exclusive=True)
    output.focus.can_duck = lambda: False
    second = output.focus.request(Kind.DIALOG, lambda _: None, beside=True)
    await house.phase(Phase.HELD)
    await until(lambda: house.turntable.asked("pause"))
    assert house.player.activity.value == "PLAYING"
    position = house.player.position
    pass_time(20)
    assert house.player.position == pytest.approx(position, abs=1)
    speech.release()
    second.release()
    await house.phase(Phase.PLAYING)
    assert house.turntable.asked("resume") == [None]
    await house.hears("PlayStarted a")


async def held(house: Music, output: Output) -> Claim:
    """Have the music make way."""
    output.focus.can_duck = lambda: False
    claim = output.focus.request(Kind.DIALOG, lambda _: None, beside=True)
    await house.phase(Phase.HELD)
    await until(lambda: house.turntable.state == "paused")
    return claim


@pytest.mark.parametrize(("order", "phase"), [("Pause", Phase.PAUSED), ("Stop", Phase.STOPPED)])
async def test_not_after_another_order(
    house: Music, output: Output, order: str, phase: Phase
) -> None:
    await house.start("a")
    claim = await held(house, output)
    await house.order(f"PlaybackController.{order}")
    await house.phase(phase)
    claim.release()
    await house.hears("PlayStarted a", "PlayPaused a" if order == "Pause" else "PlayStopped a")
    assert house.player.phase is phase
    assert not house.turntable.asked("resume")


async def test_new_music_waits_for_the_words(house: Music, output: Output) -> None:
    await house.start("a")
    claim = await held(house, output)
    await house.cic.push(play("b"))
    await house.phase(Phase.WAITING, "token-b")
    await house.hears("PlayStarted a", "PlayStopped a")
    assert house.turntable.asked("play") == [address("a")]
    claim.release()
    await house.phase(Phase.PLAYING, "token-b")
    await house.hears("PlayStarted a", "PlayStopped a", "PlayStarted b")


async def test_new_music_waits_while_somebody_seeks(house: Music, output: Output) -> None:
    """A player takes its time to seek; what is ordered meanwhile begins at its own beginning."""
    await house.start("a")
    taken, taking = asyncio.Event(), asyncio.Event()

    async def slowly(position: float) -> None:
        taken.set()
        await taking.wait()

    house.turntable.async_media_seek = slowly  # type: ignore[method-assign]
    seeking = asyncio.create_task(house.player.seek(40))
    await taken.wait()
    claim = speak(output)
    await house.cic.push(play("b"))
    await house.phase(Phase.WAITING, "token-b")
    taking.set()
    await seeking
    assert house.player.position == 0
    claim.release()
    await house.phase(Phase.PLAYING, "token-b")
    assert not house.turntable.asked("seek")


async def test_paused_music_waits_too(house: Music, output: Output) -> None:
    await house.start("a")
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    claim = output.focus.request(Kind.DIALOG, lambda _: None)
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.WAITING)
    assert not house.turntable.asked("resume")
    claim.release()
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")


async def test_interrupted_for_a_moment(house: Music, output: Output) -> None:
    """Pausing takes longer than what it was for."""
    await house.start("a")
    output.focus.can_duck = lambda: False
    for _ in range(3):
        output.focus.request(Kind.DIALOG, lambda _: None, beside=True).release()
    await house.phase(Phase.PLAYING)
    await until(lambda: house.turntable.state == "playing")
    await house.hears("PlayStarted a")


async def test_player_that_cannot_pause_makes_way(
    home: HomeAssistant, cic: CicService, set_up: SetUp, output: Output, pass_time: PassTime
) -> None:
    async with music(home, cic, set_up, Turntable(features=ALL & ~Feature.PAUSE)) as house:
        await house.start("a")
        pass_time(10)
        output.focus.can_duck = lambda: False
        claim = output.focus.request(Kind.DIALOG, lambda _: None, beside=True)
        await until(lambda: house.turntable.asked("stop"))
        await house.phase(Phase.HELD)
        claim.release()
        await house.phase(Phase.PLAYING)
        assert house.turntable.asked("seek")[-1] == pytest.approx(10, abs=2)
        await house.hears("PlayStarted a")


async def test_another_takes_the_output(house: Music, output: Output) -> None:
    await house.start("a")
    output.focus.request(Kind.CONTENT, lambda _: None)
    await house.phase(Phase.STOPPED)
    await house.hears("PlayStarted a", "PlayStopped a")
    await until(lambda: [name for name, _ in house.turntable.orders] == ["play", "stop"])


async def test_two_entries_on_one_output(house: Music, set_up: SetUp) -> None:
    """The later has it; the earlier is silent as soon as CIC hears so, and lets it be."""
    options = {"media_player": TURNTABLE}
    later = await set_up(house.cic, options=options, **{CONF_SHARES_LOGIN: True})
    service = seen_as(house.cic, later.config_entry)
    bedroom = Music(house.hass, service, later, house.turntable)
    await house.start("a")
    await bedroom.cic.push(play("b", url="clova:b", urlPlayable=False))
    await bedroom.phase(Phase.REQUESTING)
    await house.hears("PlayStarted a", "PlayStopped a")
    await until(lambda: house.turntable.state == "idle")
    stream = {"url": address("delivered")}
    await bedroom.order("AudioPlayer.StreamDeliver", audioItemId="b", audioStream=stream)
    await bedroom.phase(Phase.PLAYING)
    assert house.player.phase is Phase.STOPPED
    await house.order("PlaybackController.Stop")
    await until(lambda: house.coordinator.counters.events["nothing_to_stop"])
    assert house.turntable.state == "playing"
    house.turntable.orders.clear()
    await house.start("c")
    await bedroom.phase(Phase.STOPPED)
    # nothing sounds between them but what comes
    assert [name for name, _ in house.turntable.orders] == ["play"]
    await bedroom.hears("StreamRequested", "PlayStarted b", "PlayStopped b")
    await house.hears("PlayStarted a", "PlayStopped a", "PlayStarted c")
    await bedroom.is_clean()


async def test_default_output_changes(
    home: HomeAssistant, cic: CicService, set_up: SetUp, pass_time: PassTime
) -> None:
    """Music goes with it, and CIC hears nothing of that."""
    other = Turntable("Other")
    first = Turntable()
    await add_turntables(home, first, other)
    coordinator = await set_up(cic, options={"media_player": TURNTABLE})
    house = Music(home, cic, coordinator, first)
    await house.start("a")
    pass_time(12)
    coordinator.outputs.choose("media_player.other")
    await until(lambda: other.state == "playing" and first.state == "idle")
    await house.phase(Phase.PLAYING)
    assert other.asked("play") == [address("a")]
    assert other.asked("seek")[-1] == pytest.approx(12, abs=2)
    await house.order("PlaybackController.Pause")
    await house.phase(Phase.PAUSED)
    coordinator.outputs.choose(TURNTABLE)
    await until(lambda: other.asked("stop"))
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    assert len(first.asked("play")) == 2
    events = await house.hears("PlayStarted a", "PlayPaused a", "PlayResumed a")
    offsets = [one["payload"]["offsetInMilliseconds"] for one in events]
    assert 12_000 <= offsets[1] < 16_000
    assert offsets[2] == pytest.approx(offsets[1], abs=1000)
    await house.is_clean()


async def test_no_output_is_chosen(
    home: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """The user is asked to choose one, and no longer once that is done; then the music is there."""
    turntable = Turntable()
    await add_turntables(home, turntable)
    coordinator = await set_up(cic)
    house = Music(home, cic, coordinator, turntable)
    await cic.push(play("a"))
    await house.phase(Phase.STOPPED)
    assert "No media player is chosen" in caplog.text
    asked = (DOMAIN, f"no_output_{coordinator.config_entry.entry_id}")
    assert ir.async_get(home).async_get_issue(*asked)
    coordinator.outputs.choose(TURNTABLE)
    assert ir.async_get(home).async_get_issue(*asked) is None
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING)
    await house.hears("PlayStarted a")


@pytest.mark.parametrize(("order", "phase"), [("Pause", Phase.PAUSED), ("Stop", Phase.STOPPED)])
async def test_ordered_to_stand_before_it_sounds(
    house: Music, output: Output, order: str, phase: Phase
) -> None:
    """There is no event for it; but CIC is told that there is something to go on with."""
    claim = speak(output)
    await house.cic.push(play("a"))
    await house.phase(Phase.WAITING)
    await house.order(f"PlaybackController.{order}")
    await house.phase(phase)
    state = house.player.state()
    assert state.activity.name == phase.name
    assert state.token == "token-a"
    claim.release()
    await house.order("PlaybackController.Resume")
    await house.phase(Phase.PLAYING, "token-a")
    await house.hears("PlayStarted a")


async def test_makes_way_before_it_sounds(house: Music, output: Output) -> None:
    """Its player was told to play, and does not yet: it is told once more when the words are over."""
    house.turntable.deaf = True
    await house.cic.push(play("a"))
    await until(lambda: house.turntable.asked("play"))
    assert house.player.phase is Phase.STARTING
    claim = speak(output)
    await house.phase(Phase.WAITING)
    house.turntable.deaf = False
    claim.release()
    await house.phase(Phase.PLAYING, "token-a")
    assert house.turntable.asked("play") == [address("a")] * 2
    await house.hears("PlayStarted a")
