"""Speech that no Assist run plays: in order, on the right player, and told as it was heard."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic import Attachment
from custom_components.clova_cic.cic.interfaces.speech_synthesizer import Speak
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.origin import UNASKED
from custom_components.clova_cic.playback.focus import Claim, Grant, Kind
from custom_components.clova_cic.playback.output.output import Output, async_output
from custom_components.clova_cic.playback.speech import line, view

from .conftest import SetUp
from .house import make_pipeline, make_satellite
from .loudspeaker import Loudspeaker, Played, add_loudspeakers
from .others import make_other_voice
from .service import CicService, directive, encoded, until
from .sound_server import SoundServer, held, sound_server
from .speech import microphone
from .test_failures_are_heard import sound_part, speak_part
from .tones import Heard, hls, measured, mp3, tones, wav

PLAYER = "media_player.loudspeaker"
OPTIONS = {CONF_MEDIA_PLAYER: PLAYER}
STARTED, FINISHED, STOPPED = "SpeechStarted", "SpeechFinished", "SpeechStopped"


@pytest.fixture
async def pages(home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Serve Home Assistant's pages where a player can fetch them."""
    for one in (DOMAIN, "media_player", "assist_satellite"):  # their pages too
        assert await async_setup_component(home, one, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"


@pytest.fixture
async def speaker(home: HomeAssistant, pages: None) -> Loudspeaker:
    """Add a player that cannot announce."""
    speaker = Loudspeaker()
    await add_loudspeakers(home, speaker)
    return speaker


@pytest.fixture
async def sounds() -> AsyncIterator[SoundServer]:
    async with sound_server() as server:
        yield server


async def push_tone(cic: CicService, token: str, hertz: int, seconds: float, **more: int) -> None:
    """Push a Speak whose sound, a tone, comes with it."""
    payload = {"token": token, "url": f"cid:{token}", **more}
    tone = await asyncio.to_thread(mp3, hertz, seconds)
    await cic.push(
        directive("SpeechSynthesizer.Speak", payload), attachments={token: encoded(tone)}
    )


async def told(cic: CicService, count: int, patience: float = 10) -> list[tuple[str, str]]:
    """Return what the server was told of speech, once that is so much and nothing of it illegal."""
    async with asyncio.timeout(patience):
        while len(known := await cic.told()) < count:
            await asyncio.sleep(0.02)
    assert await cic.illegal() == []
    return known


async def heard(played: Played) -> list[Heard]:
    return await measured(played.sound)


def take(hass: HomeAssistant, kind: Kind) -> tuple[Claim, list[Grant]]:
    """Have something else want the player's focus."""
    grants: list[Grant] = []
    return output_of(hass).focus.request(kind, grants.append, exclusive=True), grants


def not_called(content_id: str) -> Attachment:
    raise AssertionError(content_id)


def output_of(hass: HomeAssistant) -> Output:
    return async_output(hass, PLAYER)


@pytest.mark.directive("SpeechSynthesizer.Speak")
@pytest.mark.event("SpeechSynthesizer.SpeechStarted", "SpeechSynthesizer.SpeechFinished")
async def test_several_in_order(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """One after another with the pauses between them, each told from its beginning to its end."""
    coordinator = await set_up(cic, options=OPTIONS)
    _, music = take(hass, Kind.CONTENT)
    await push_tone(cic, "one", 400, 1.0)
    await push_tone(cic, "two", 600, 0.8, **{"x-clova-pause-before": 600})
    await push_tone(cic, "three", 800, 0.6)
    assert await told(cic, 6) == [
        (STARTED, "one"),
        (FINISHED, "one"),
        (STARTED, "two"),
        (FINISHED, "two"),
        (STARTED, "three"),
        (FINISHED, "three"),
    ]
    assert [tones(await heard(one)) for one in speaker.played] == [[400], [600], [800]]
    assert all(one.whole for one in speaker.played)
    first, second, third = speaker.played
    assert second.began - first.ended >= 0.6
    assert third.began >= second.ended
    assert coordinator.counters.events["speech_announced"] == 3
    await until(lambda: not coordinator.announcer.busy)
    assert music == [Grant.HELD, Grant.FOREGROUND]


@pytest.mark.event("SpeechSynthesizer.SpeechStopped")
@pytest.mark.parametrize("how", ["stopped there", "stolen", "lost", "stopped here"])
async def test_interrupted(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, how: str
) -> None:
    """What sounds is told as stopped; what waited is not said, and the next one is."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await push_tone(cic, "two", 600, 0.5)
    assert await told(cic, 1) == [(STARTED, "one")]
    await until(lambda: hass.states.get(PLAYER).state == "playing")
    await asyncio.sleep(0.6)  # the player is believed only when it goes on playing
    match how:
        case "stopped there":
            await hass.services.async_call("media_player", "media_stop", {"entity_id": PLAYER})
        case "stolen":
            await asyncio.sleep(2.5)  # a player may take a moment to name what it plays
            speaker.play_other()
        case "lost":
            speaker.vanish()
            hass.states.async_remove(PLAYER)
        case "stopped here":
            coordinator.announcer.stop()
    assert await told(cic, 2) == [(STARTED, "one"), (STOPPED, "one")]
    await until(lambda: not coordinator.announcer.busy)
    assert output_of(hass).focus.foreground is None
    if how == "stopped here":
        await until(lambda: hass.states.get(PLAYER).state == "idle")
    assert len(speaker.played) == 1
    if how != "lost":
        await push_tone(cic, "three", 800, 0.6)
        assert (await told(cic, 4))[2:] == [(STARTED, "three"), (FINISHED, "three")]


async def test_what_a_player_complains_of(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, caplog
) -> None:
    """It may name the address, with which anybody could listen."""
    coordinator = await set_up(cic, options=OPTIONS)
    speaker.complains = True
    await push_tone(cic, "one", 400, 0.5)
    await until(lambda: coordinator.counters.events["speech_failed"])
    ours = [record for record in caplog.records if "clova_cic" in record.name]
    assert any("Speech was not announced" in record.getMessage() for record in ours)
    assert not any("authSig" in record.getMessage() for record in ours)


async def test_paused_at_the_player(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, monkeypatch
) -> None:
    """Who wants quiet holds nobody up for minutes."""
    monkeypatch.setattr(line, "LONGEST_PAUSED", 0.3)
    coordinator = await set_up(cic, options=OPTIONS)
    _, music = take(hass, Kind.CONTENT)
    await push_tone(cic, "one", 400, 5.0)
    await told(cic, 1)
    await until(lambda: hass.states.get(PLAYER).state == "playing")
    await asyncio.sleep(0.6)  # the player is believed only when it goes on playing
    speaker.pause()
    assert await told(cic, 2) == [(STARTED, "one"), (STOPPED, "one")]
    await until(lambda: not coordinator.announcer.busy)
    assert music == [Grant.HELD, Grant.FOREGROUND]
    await until(lambda: hass.states.get(PLAYER).state == "idle")


async def test_starts_before_it_is_complete(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, sounds: SoundServer
) -> None:
    """The player has its first bytes while the rest is held back."""
    release = asyncio.Event()
    tone = await asyncio.to_thread(mp3, 400, 1.0)
    await set_up(cic, options=OPTIONS)
    url = sounds.add("/slow.mp3", held(tone[:4000], tone[4000:], release))
    await cic.push(directive("SpeechSynthesizer.Speak", {"token": "slow", "url": url}))
    assert await told(cic, 1) == [(STARTED, "slow")]
    assert len(speaker.played[0].sound) <= 4000
    release.set()
    assert await told(cic, 2) == [(STARTED, "slow"), (FINISHED, "slow")]
    assert speaker.played[0].sound == tone


async def test_at_addresses(
    hass: HomeAssistant, cic: CicService, set_up, speaker, sounds: SoundServer, tmp_path
) -> None:
    """Whatever is there, the player gets MP3 from Home Assistant; what is not there is told of by nobody."""
    coordinator = await set_up(cic, options=OPTIONS)
    sounds.add("/1", await asyncio.to_thread(mp3, 400, 0.6))
    sounds.add("/2", await asyncio.to_thread(wav, 600, 0.6), content_type="audio/wav")
    for name, body in (await asyncio.to_thread(hls, tmp_path / "hls", 800, 1.2)).items():
        sounds.add(f"/{name}", body)
    for path in ("/1", "/nothing", "/2", "/list.m3u8"):
        payload = {"token": path, "url": sounds.url(path)}
        await cic.push(directive("SpeechSynthesizer.Speak", payload))
    known = await told(cic, 6)
    assert [name for name, _ in known] == [STARTED, FINISHED] * 3
    assert [token for _, token in known[::2]] == ["/1", "/2", "/list.m3u8"]
    assert [tones(await heard(one)) for one in speaker.played] == [[400], [600], [800]]
    assert all(one.url.startswith(hass.config.internal_url) for one in speaker.played)
    assert coordinator.counters.events["speech_failed"] == 1


async def test_something_louder(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, monkeypatch
) -> None:
    """An alarm interrupts; what waits is said when it is over, or not at all."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await push_tone(cic, "two", 600, 0.5)
    await told(cic, 1)
    alarm, _ = take(hass, Kind.ALERT)
    assert await told(cic, 2) == [(STARTED, "one"), (STOPPED, "one")]
    assert len(speaker.played) == 1
    alarm.release()
    assert (await told(cic, 4))[2:] == [(STARTED, "two"), (FINISHED, "two")]
    monkeypatch.setattr(line, "LONGEST_HELD", 0.1)
    await push_tone(cic, "three", 800, 5.0)
    await push_tone(cic, "four", 1000, 0.5)
    await told(cic, 5)
    alarm, _ = take(hass, Kind.ALERT)
    assert (await told(cic, 6))[4:] == [(STARTED, "three"), (STOPPED, "three")]
    await until(lambda: coordinator.counters.events["speech_not_announced"] == 1)
    assert not coordinator.announcer.busy
    alarm.release()
    assert output_of(hass).focus.foreground is None


async def test_somebody_else_speaks(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """A newer dialog on the same output: its place is taken for good."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await push_tone(cic, "two", 600, 0.5)
    await told(cic, 1)
    claim, _ = take(hass, Kind.DIALOG)
    assert await told(cic, 2) == [(STARTED, "one"), (STOPPED, "one")]
    await until(lambda: not coordinator.announcer.busy)
    assert coordinator.counters.events["speech_not_announced"] == 1
    assert claim.grant is Grant.FOREGROUND
    claim.release()


@pytest.mark.directive("SpeechSynthesizer.Speak")
async def test_an_answer_to_an_event(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """What CIC says to what it is told belongs to no run either."""
    await set_up(cic, options=OPTIONS)
    more = await asyncio.to_thread(mp3, 600, 0.6)
    answer = {
        "event": f"SpeechSynthesizer.{FINISHED}",
        "parts": [speak_part("more"), sound_part("more", more)],
    }
    await cic.control("POST", "next-answer", answer)
    await push_tone(cic, "one", 400, 0.6)
    async with asyncio.timeout(10):
        while len(known := await cic.told()) < 4:
            await asyncio.sleep(0.02)
    assert known == [(STARTED, "one"), (FINISHED, "one"), (STARTED, "t"), (FINISHED, "t")]
    assert [tones(await heard(one)) for one in speaker.played] == [[400], [600]]


async def test_a_word(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """It is over before the player is believed to play."""
    await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 0.2)
    assert await told(cic, 2) == [(STARTED, "one"), (FINISHED, "one")]


async def test_unloaded_in_mid_speech(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await told(cic, 1)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    assert output_of(hass).focus.foreground is None
    assert not output_of(hass).focus.has(Kind.DIALOG)


async def test_unloaded_beside_a_slow_player(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """It is told to be quiet, and has the time it needs for that."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 9.0)
    await told(cic, 1)
    speaker.stops_after = 0.3
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    await until(lambda: hass.states.get(PLAYER).state == "idle")
    assert not speaker.played[0].whole


async def test_a_player_that_announces(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, pages: None
) -> None:
    """Music goes on softly by the player's own means: nothing is held."""
    speaker = Loudspeaker(announces=True)
    await add_loudspeakers(hass, speaker)
    await set_up(cic, options=OPTIONS)
    grants: list[Grant] = []
    music = output_of(hass).focus.request(Kind.CONTENT, grants.append)
    await push_tone(cic, "one", 400, 1.2)
    assert await told(cic, 2) == [(STARTED, "one"), (FINISHED, "one")]
    assert speaker.played[0].announce
    assert Grant.HELD not in grants
    music.release()


async def test_nowhere_to_be_heard(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """The user is asked to choose an output, and no longer once one is chosen."""
    coordinator = await set_up(cic)
    issue = f"no_output_{coordinator.config_entry.entry_id}"
    registry = ir.async_get(hass)
    await push_tone(cic, "one", 400, 0.5)
    await until(lambda: registry.async_get_issue(DOMAIN, issue))
    assert coordinator.counters.events["speech_not_announced"] == 1
    coordinator.outputs.choose(PLAYER)
    assert registry.async_get_issue(DOMAIN, issue) is None
    await push_tone(cic, "two", 600, 0.5)
    assert await told(cic, 2) == [(STARTED, "two"), (FINISHED, "two")]


# Satellites without a voice


@pytest.mark.directive("SpeechSynthesizer.Speak")
async def test_a_satellite_without_a_voice(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, pages: None
) -> None:
    """Its answer is heard from the player in its room, not from the default one."""
    default, kitchen = Loudspeaker(), Loudspeaker("Kitchen radio")
    await add_loudspeakers(hass, default, kitchen)
    await set_up(cic, options=OPTIONS)
    satellite = await make_satellite(hass, await make_pipeline(hass, tts_engine=None))
    satellite.is_mute = True
    area = ar.async_get(hass).async_get_or_create("Kitchen").id
    for entity_id in (satellite.entity_id, "media_player.kitchen_radio"):
        er.async_get(hass).async_update_entity(entity_id, area_id=area)
    run = await satellite.listen(microphone("what is two plus three"))
    assert run.kinds[-1] == "run-end"
    assert [name for name, _ in await told(cic, 2)] == [STARTED, FINISHED]
    assert [len(default.played), len(kitchen.played)] == [0, 1]
    assert kitchen.played[0].whole


async def test_a_satellite_with_another_voice(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """The text is spoken there; the answer's own sound is let go."""
    coordinator = await set_up(cic, options=OPTIONS)
    voice = await make_other_voice(hass)
    satellite = await make_satellite(hass, await make_pipeline(hass, tts_engine=voice.entity_id))
    await satellite.listen(microphone("what is two plus three"))
    assert voice.said
    await until(lambda: not any(one.waiting for one in coordinator.turns._unheard))
    assert not speaker.played
    assert await cic.told() == []


async def test_one_that_waits_for_minutes(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker, monkeypatch
) -> None:
    """It is there when its turn comes, however long that takes."""
    monkeypatch.setattr(view, "LIFETIME", 0.6)
    await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 2.5)
    await push_tone(cic, "two", 600, 0.6)
    assert (await told(cic, 4))[2:] == [(STARTED, "two"), (FINISHED, "two")]


async def test_taken_from_one_that_waits(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """Somebody speaks while an alarm rings: what was to be said is not, what comes later is."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await push_tone(cic, "two", 600, 0.5)
    await told(cic, 1)
    alarm, _ = take(hass, Kind.ALERT)
    await told(cic, 2)
    assert coordinator.announcer.busy
    words, _ = take(hass, Kind.DIALOG)
    await until(lambda: not coordinator.announcer.busy)
    assert coordinator.counters.events["speech_not_announced"] == 1
    words.release()
    alarm.release()
    await push_tone(cic, "three", 800, 0.6)
    assert (await told(cic, 4))[2:] == [(STARTED, "three"), (FINISHED, "three")]


async def test_asks_anew_after_its_place_was_taken(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Loudspeaker
) -> None:
    """Also in the very moment in which that happens."""
    coordinator = await set_up(cic, options=OPTIONS)
    await push_tone(cic, "one", 400, 5.0)
    await told(cic, 1)
    _, lost = take(hass, Kind.DIALOG)
    address = f"{hass.config.internal_url}/nothing"
    coordinator.announcer.announce(Speak.from_payload({"url": address}), not_called, UNASKED)
    await until(lambda: lost == [Grant.LOST])
    await until(lambda: not coordinator.announcer.busy)
    assert output_of(hass).focus.foreground is None
