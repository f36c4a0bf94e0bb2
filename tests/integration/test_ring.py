"""An alert rings on a media player: heard for as long as it is to be, silent when it is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from aiohttp import ClientSession
from homeassistant.components.media_player import MediaPlayerState
from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.interfaces.alerts import AlertType
from custom_components.clova_cic.cic.interfaces.assets import Asset
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER
from custom_components.clova_cic.playback.alerts import round as rounds, stream
from custom_components.clova_cic.playback.alerts.ring import LONGEST_ONCE, LONGEST_RING, RingEnd
from custom_components.clova_cic.playback.alerts.ringing import MOST_ATTEMPTS
from custom_components.clova_cic.playback.alerts.sounds import AlertSounds
from custom_components.clova_cic.playback.focus import Claim, Grant, Kind
from custom_components.clova_cic.playback.output.output import Media, Output, async_output
from custom_components.clova_cic.playback.sound.mp3 import FrameCounter, length

from .conftest import PassTime, SetUp
from .listening import Notes
from .loudspeaker import Loudspeaker, add_loudspeakers
from .rings import Bench, make_bench, sounding
from .scripted_player import ScriptedPlayer, add_players, never, nothing, raises
from .service import CicService, until
from .test_announcements import push_tone, told
from .tones import measured, tones

PLAYER = "media_player.loudspeaker"
# The bells, as they are measured.
ALARM = [900] * 4 + [1100] * 4
ACTION = [500, 800]
# Nothing is heard so long after a ring was stopped, in seconds.
SILENCE = 2.0


@pytest.fixture
async def bench(
    home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> AsyncIterator[Bench]:
    """Serve Home Assistant's pages where a player can fetch them."""
    async with make_bench(home, hass_client_no_auth) as bench:
        yield bench


@pytest.fixture(params=[False, True], ids=["plays", "announces"])
async def speaker(home: HomeAssistant, bench: Bench, request: pytest.FixtureRequest) -> Loudspeaker:
    """Add a player."""
    speaker = Loudspeaker(announces=request.param)
    await add_loudspeakers(home, speaker)
    return speaker


def output_of(hass: HomeAssistant, entity_id: str = PLAYER) -> Output:
    return async_output(hass, entity_id)


def take(output: Output, kind: Kind, **how: bool) -> tuple[Claim, list[Grant]]:
    """Have something else want the player's focus."""
    grants: list[Grant] = []
    return output.focus.request(kind, grants.append, **how), grants


async def heard(speaker: Loudspeaker, plays: int = 1) -> None:
    """Wait until so many plays have been heard, the last one at least begun."""
    await until(lambda: len(speaker.played) >= plays and speaker.played[plays - 1].sound)


async def silent(speaker: Loudspeaker) -> None:
    """Wait until nothing is heard: soon."""
    await until(lambda: speaker.played[-1].ended, SILENCE)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_heard_for_several_rounds(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is whole, and the next begins when it is over; stopped, nothing is heard any more."""
    monkeypatch.setattr(stream, "ROUND", 2.0)
    _, music = take(output_of(hass), Kind.CONTENT)
    ring = bench.ring(output=output_of(hass))
    await heard(speaker, 3)
    assert sounding(ring)
    asked = now()
    await ring.stop()
    assert now() - asked < SILENCE
    assert not sounding(ring)
    await silent(speaker)
    assert speaker.played[-1].ended - asked < SILENCE
    first, second, _ = speaker.played
    for one in (first, second):
        assert tones(await measured(one.sound)) == ALARM
        assert one.announce
        assert one.whole
    assert second.began - first.ended < 1.0
    await asyncio.sleep(0.2)
    assert len(speaker.played) == 3
    assert music == [Grant.DUCKED if speaker.announces else Grant.HELD, Grant.FOREGROUND]
    assert bench.ends == []
    assert not bench.events


async def test_a_bell_is_repeated_within_a_round(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    ring = bench.ring(output=output_of(hass))
    await until(lambda: length(speaker.played[0].sound) > 5.5 if speaker.played else False)
    await ring.stop()
    (played,) = speaker.played
    assert tones(await measured(played.sound))[: 2 * len(ALARM)] == ALARM * 2


async def test_no_more_than_a_little_ahead(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    """Whoever fetches it gets it as it is heard: how far ahead is what is heard after the end."""
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    counter, ahead = FrameCounter(), []
    async with ClientSession() as session, session.get(speaker.played[0].url) as response:
        began = now()
        async for chunk in response.content.iter_any():
            counter.feed(chunk)
            ahead.append(counter.seconds - (now() - began))
            if counter.seconds > 4:
                break
    assert 1.3 < max(ahead) < SILENCE
    assert min(ahead) > 0
    await ring.stop()


async def test_who_was_slow_gets_nothing_in_a_hurry(hass: HomeAssistant, bench: Bench) -> None:
    sounds = AlertSounds(hass, AlertType.ALARM, (), bench.store())
    served = hass.data[stream.RING_STREAMS].open(sounds)
    counter, ahead = FrameCounter(), []
    slow_from: float | None = None
    begun = 0.0
    async with aclosing(served.read()) as pieces:
        async for piece in pieces:
            counter.feed(piece)
            if slow_from is not None:
                ahead.append(counter.seconds - slow_from - (now() - begun))
            elif counter.seconds > 2:
                await asyncio.sleep(4.0)
                slow_from, begun = counter.seconds, now()
            if len(ahead) == 30:
                served.end()
    assert max(ahead) < SILENCE


async def test_a_dialog_over_it(hass: HomeAssistant, bench: Bench, speaker: Loudspeaker) -> None:
    """It is silent while somebody speaks, and then rings again."""
    output = output_of(hass)
    ring = bench.ring(output=output)
    await heard(speaker)
    dialog, _ = take(output, Kind.DIALOG, exclusive=True)
    assert dialog.grant is Grant.FOREGROUND
    assert not sounding(ring)
    await silent(speaker)
    await asyncio.sleep(0.3)
    assert len(speaker.played) == 1
    dialog.release()
    await heard(speaker, 2)
    assert output.focus.foreground is Kind.ALERT
    await ring.stop()
    assert output.focus.foreground is None
    assert bench.ends == []


async def test_begun_under_a_dialog(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    """The alert takes from who speaks on the same player; it is a new one that may speak over it."""
    dialog, grants = take(output_of(hass), Kind.DIALOG, exclusive=True)
    bench.ring(output=output_of(hass))
    await heard(speaker)
    assert grants == [Grant.HELD]
    dialog.release()


async def test_replaced_by_another(hass: HomeAssistant, bench: Bench, speaker: Loudspeaker) -> None:
    bench.ring(output=output_of(hass))
    await heard(speaker)
    second = bench.ring(AlertType.ACTIONTIMER, output_of(hass))
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.REPLACED]
    await until(lambda: len(bench.ends) == 2)
    assert bench.ends[1] is RingEnd.FINISHED
    assert tones(await measured(speaker.played[1].sound)) == ACTION
    assert not sounding(second)


async def test_expired(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, pass_time: PassTime
) -> None:
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    pass_time(LONGEST_RING - 5)
    await asyncio.sleep(0.1)
    assert bench.ends == []
    pass_time(5)
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.EXPIRED]
    assert not sounding(ring)
    await silent(speaker)
    assert output_of(hass).focus.foreground is None


async def test_a_hand_that_stops_it(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(0.7)  # the player is believed only when it goes on playing
    await hass.services.async_call("media_player", "media_stop", {"entity_id": PLAYER})
    await until(lambda: bench.ends, SILENCE)
    assert bench.ends == [RingEnd.STOPPED]
    await asyncio.sleep(1.2)
    assert len(speaker.played) == 1
    await ring.stop()
    assert bench.ends == [RingEnd.STOPPED]


async def test_a_hand_that_pauses_it(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(0.7)
    speaker.pause()
    await until(lambda: bench.ends, SILENCE)
    assert bench.ends == [RingEnd.STOPPED]


async def test_a_player_that_refuses(
    hass: HomeAssistant,
    bench: Bench,
    speaker: Loudspeaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is asked again, and again later; one line in the log says so."""
    speaker.complains = True
    began = now()
    ring = bench.ring(output=output_of(hass))
    await until(lambda: bench.events["ring_failed"] == 2)
    assert now() - began >= 1.0
    assert not sounding(ring)
    speaker.complains = False
    await heard(speaker)
    assert now() - began >= 3.0
    said = [one.levelname for one in caplog.records if "does not ring" in one.getMessage()]
    assert said == ["WARNING", "DEBUG"]
    await ring.stop()
    assert bench.ends == []


async def test_a_player_that_vanishes_and_comes_back(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(0.7)
    speaker.vanish()
    await until(lambda: bench.events["ring_failed"])
    await asyncio.sleep(1.2)
    assert len(speaker.played) == 1
    speaker._attr_available = True
    speaker.async_write_ha_state()
    await heard(speaker, 2)
    await ring.stop()
    assert bench.ends == []


async def test_a_player_that_was_started_anew_was_stopped_by_nobody(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    """It is away for a moment only, and silent then."""
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(0.7)
    speaker.vanish()
    await asyncio.sleep(0.1)
    speaker._attr_available = True
    speaker.async_write_ha_state()
    await heard(speaker, 2)
    await ring.stop()
    assert bench.ends == []


async def test_a_player_that_says_something_else(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    """What somebody else has announced there does not end an alarm."""
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(3.2)  # a player may take a moment to name what it plays
    speaker.play_other()
    await until(lambda: bench.events["ring_failed"])
    await heard(speaker, 2)
    await ring.stop()
    assert bench.ends == []


async def test_a_player_that_fetches_nothing(
    hass: HomeAssistant, bench: Bench, pass_time: PassTime
) -> None:
    """It is told again, though it has taken the order."""
    player = ScriptedPlayer("Loudspeaker", Feature.PLAY_MEDIA | Feature.MEDIA_ANNOUNCE)
    await add_players(hass, player)
    ring = bench.ring(output=output_of(hass))
    await until(lambda: len(player.told) == 1)
    pass_time(rounds.FETCH_PATIENCE)
    await until(lambda: len(player.told) == 2)
    assert bench.events["ring_failed"] == 1
    await ring.stop()


async def test_a_player_that_takes_an_order_at_its_end(
    hass: HomeAssistant, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some return from it when the sound is over: rounds follow each other, and it is stopped."""
    monkeypatch.setattr(stream, "ROUND", 2.0)
    features = Feature.PLAY_MEDIA | Feature.MEDIA_ANNOUNCE | Feature.VOLUME_SET
    player = ScriptedPlayer("Loudspeaker", features)
    await add_players(hass, player)

    async def play() -> None:
        async with ClientSession() as session, session.get(player.told[-1][1]) as response:
            began = now()
            sound = await response.read()
            await asyncio.sleep(began + length(sound) - now())

    player.odd["announce"] = play
    ring = bench.ring(output=output_of(hass))
    await until(lambda: len(player.told) == 3)
    assert not bench.events
    asked = now()
    await ring.stop()
    assert now() - asked < SILENCE
    await output_of(hass).set_volume(0.3)  # it takes orders again
    assert now() - asked < SILENCE
    assert bench.ends == []


async def test_a_player_that_lets_go_and_shows_nothing(
    hass: HomeAssistant, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has lost its network, or somebody has stopped it: for the sleeper's sake it rings again."""
    monkeypatch.setattr(rounds, "LEFT_PATIENCE", 0.3)
    player = ScriptedPlayer("Loudspeaker", Feature.PLAY_MEDIA | Feature.MEDIA_ANNOUNCE)
    await add_players(hass, player)
    player.odd["announce"] = nothing
    bench.ring(output=output_of(hass))
    _, url = await until(lambda: player.told[0] if player.told else None)
    async with ClientSession() as session, session.get(url) as response:
        assert await response.content.readany()
    await until(lambda: len(player.told) == 2)
    assert bench.events["ring_failed"] == 1
    assert bench.ends == []


@pytest.mark.parametrize("how", ["stopped", "muted"])
async def test_left_while_it_is_ordered(hass: HomeAssistant, bench: Bench, how: str) -> None:
    """What its player plays next is not stopped in its place."""
    player = ScriptedPlayer("Loudspeaker")
    await add_players(hass, player)
    output = output_of(hass)

    async def slow() -> None:
        await asyncio.sleep(0.4)
        player.show_playing(player.told[-1][1])

    player.odd["announce"] = slow
    song = Media(url="https://elsewhere.invalid/song", content_type="music")

    def music(grant: Grant) -> None:
        if grant is Grant.FOREGROUND:
            hass.async_create_background_task(output.play(song, Notes()), "music")

    output.focus.request(Kind.CONTENT, music)
    ring = bench.ring(output=output)
    await until(lambda: player.told)
    if how == "stopped":
        await ring.stop()
    else:
        ring.mute()
    await until(lambda: player.told[-1] == ("play_media", song.url))
    await asyncio.sleep(0.5)
    assert player.told[-1] == ("play_media", song.url)
    assert player.state is MediaPlayerState.PLAYING


async def test_a_player_that_does_not_take_the_order_to_stop(
    hass: HomeAssistant, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for, and gets no more sound."""
    monkeypatch.setattr(rounds, "TOLD_PATIENCE", 0.3)
    player = ScriptedPlayer("Loudspeaker")
    await add_players(hass, player)
    player.odd["stop"] = never
    ring = bench.ring(output=output_of(hass))
    _, url = await until(lambda: player.told[0] if player.told else None)
    async with ClientSession() as session, session.get(url) as response:
        assert await response.content.readany()
        asked = now()
        await ring.stop()
        await response.content.read()
        assert now() - asked < SILENCE
    assert player.orders == ["announce", "stop"]


async def test_who_speaks_beside_it(hass: HomeAssistant, bench: Bench) -> None:
    """At a satellite: it goes on softly where it has a volume, so that it can be told to stop."""
    player = ScriptedPlayer("Loudspeaker")
    await add_players(hass, player)
    output = output_of(hass)
    ring = bench.ring(output=output)
    await until(lambda: player.told)
    dialog, _ = take(output, Kind.DIALOG, beside=True)
    await asyncio.sleep(0.3)
    assert player.orders.count("stop") == 0
    assert output.focus.lowered
    await ring.stop()
    assert player.orders[-1] == "stop"
    dialog.release()


async def test_speech_of_the_cloud_over_it(
    hass: HomeAssistant, bench: Bench, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """Heard whole; then it rings again, and what waits as a notification waits on."""
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: PLAYER})
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    await asyncio.sleep(0.7)
    await push_tone(cic, "one", 400, 1.0)
    coordinator.announcer.notify((Asset(asset_id="a", url="clova://notifier/sound/default"),))
    assert await told(cic, 2) == [("SpeechStarted", "one"), ("SpeechFinished", "one")]
    await heard(speaker, 3)
    await ring.stop()
    await until(lambda: coordinator.counters.events["notification_announced"])
    _, speech, again, notified = [tones(await measured(one.sound)) for one in speaker.played]
    assert speech == [400]
    assert again == ALARM[: len(again)]
    assert notified == [1000, 1200]
    assert bench.ends == []


@pytest.mark.parametrize("kind", [AlertType.ALARM, AlertType.ACTIONTIMER])
async def test_goes_on_elsewhere(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, kind: AlertType
) -> None:
    """A player that is not heard, twice, costs no alert where there is another."""
    player = ScriptedPlayer("Dead", Feature.PLAY_MEDIA | Feature.MEDIA_ANNOUNCE | Feature.STOP)
    await add_players(hass, player)
    player.odd["announce"] = raises
    dead = output_of(hass, "media_player.dead")
    ring = bench.ring(kind, dead, instead=output_of(hass))
    await heard(speaker)
    assert bench.events["ring_failed"] == MOST_ATTEMPTS
    assert player.orders == ["announce"] * MOST_ATTEMPTS
    assert dead.focus.foreground is None
    await ring.stop()
    assert bench.ends == []


async def test_what_others_play_goes_on(hass: HomeAssistant, bench: Bench) -> None:
    """A player that mixes is not told to stop: that would stop what it mixes with."""
    features = Feature.PLAY_MEDIA | Feature.MEDIA_ANNOUNCE | Feature.STOP | Feature.PAUSE
    player = ScriptedPlayer("Loudspeaker", features)
    await add_players(hass, player)
    player.show_playing("https://elsewhere.invalid/radio")
    player.odd["announce"] = nothing
    ring = bench.ring(output=output_of(hass))
    _, url = await until(lambda: player.told[0] if player.told else None)
    async with ClientSession() as session, session.get(url) as response:
        assert await response.content.readany()
        assert sounding(ring)
        asked = now()
        await ring.stop()
        await response.content.read()
        assert now() - asked < SILENCE
    assert player.orders == ["announce"]
    assert player.state is MediaPlayerState.PLAYING


async def test_without_a_player(hass: HomeAssistant, bench: Bench, pass_time: PassTime) -> None:
    ring = bench.ring()
    await asyncio.sleep(0.05)
    assert not sounding(ring)
    pass_time(LONGEST_RING)
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.EXPIRED]
    await bench.ring().stop()
    bench.ring(AlertType.ACTIONTIMER)
    assert len(bench.ends) == 1  # not within the call
    await until(lambda: len(bench.ends) == 2)
    assert bench.ends[1] is RingEnd.FINISHED


async def test_an_action_timer_is_heard_once(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker
) -> None:
    bench.ring(AlertType.ACTIONTIMER, output_of(hass))
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.FINISHED]
    (played,) = speaker.played
    assert played.whole
    assert tones(await measured(played.sound)) == ACTION


@pytest.mark.parametrize("why", ["the player refuses", "somebody speaks"])
async def test_an_action_does_not_wait_for_its_sound(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, pass_time: PassTime, why: str
) -> None:
    speaker.complains = why == "the player refuses"
    bench.ring(AlertType.ACTIONTIMER, output_of(hass))
    if why == "somebody speaks":
        take(output_of(hass), Kind.DIALOG, exclusive=True)
        await asyncio.sleep(0.2)
        assert bench.ends == []
        pass_time(LONGEST_ONCE)
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.FINISHED]


async def test_muted(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, pass_time: PassTime
) -> None:
    """Silent at once, its place given back; it is over only when it is stopped, or old."""
    output = output_of(hass)
    _, music = take(output, Kind.CONTENT)
    ring = bench.ring(output=output)
    await heard(speaker)
    ring.mute()
    assert not sounding(ring)
    assert music[-1] is Grant.FOREGROUND
    await silent(speaker)
    pass_time(60)
    await asyncio.sleep(0.1)
    assert len(speaker.played) == 1
    assert bench.ends == []
    pass_time(LONGEST_RING)
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.EXPIRED]


async def test_on_another_output(hass: HomeAssistant, bench: Bench, speaker: Loudspeaker) -> None:
    """It goes there as soon as another is chosen; to none, too, and back."""
    ring = bench.ring()
    ring.move([output_of(hass)])
    await heard(speaker)
    ring.move([])
    assert not sounding(ring)
    await silent(speaker)
    ring.move([output_of(hass)])
    await heard(speaker, 2)
    await ring.stop()
    assert bench.ends == []


async def test_served_to_who_may(hass: HomeAssistant, bench: Bench, speaker: Loudspeaker) -> None:
    ring = bench.ring(output=output_of(hass))
    await heard(speaker)
    url = speaker.played[0].url
    async with ClientSession() as session:
        async with session.head(url) as response:
            assert response.status == 200
            assert response.content_type == "audio/mpeg"
        async with session.get(url.partition("?")[0]) as response:
            assert response.status == 401
        others = [await session.get(url) for _ in range(stream.MOST_READERS)]
        assert [one.status for one in others] == [200] * (stream.MOST_READERS - 1) + [503]
        await ring.stop()
        for one in others:
            await one.read()
        async with session.get(url) as response:
            assert response.status == 404
