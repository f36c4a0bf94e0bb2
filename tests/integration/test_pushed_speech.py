"""Speech on the downchannel: unasked, on a media player that fetches it over HTTP; or of a running answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
import logging

from aiohttp import ClientSession
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant
import pytest

from custom_components.clova_cic.cic import downchannel
from custom_components.clova_cic.cic.attachments import MOST_ATTACHMENTS
from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.playback.speech import line, taken, view
from tests.peer.frames import data, frame_server
from tests.peer.scripted import ScriptedCic, delimiter, directive as scripted, greet, part, sound
from tests.turn_table import Row

from .conftest import PassTime, SetUp, data_for_peer
from .names import give_names
from .player import PLAYER, Speaker
from .service import CicService, directive, encoded, until
from .voices import Cloud, noise, numbered, voices

OPTIONS = {CONF_MEDIA_PLAYER: PLAYER}
SOUND = failure_sound().ljust(10240, b"\0")


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no host but this machine."""
    give_names(monkeypatch)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "clova_cic" in record.name
    ]


async def speak(cic: CicService, content_id: str = "c1", **more: object) -> None:
    """Push a Speak whose sound comes with it."""
    one = directive("SpeechSynthesizer.Speak", {"token": "t", "url": f"cid:{content_id}"} | more)
    await cic.push(one, attachments={content_id: encoded(SOUND)})


async def settled(coordinator: CicCoordinator, event: str) -> None:
    await until(lambda: coordinator.counters.events[event])


@pytest.mark.directive("SpeechSynthesizer.Speak")
async def test_announced(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    coordinator = await set_up(cic, options=OPTIONS)
    await cic.push(say={"text": "Dinner is ready", "lang": "en"})
    (heard,) = await until(lambda: speaker.played)
    assert heard.announce
    assert heard.media_type == "music"
    assert (heard.head_status, heard.status) == (200, 200)
    assert heard.content_type == "audio/mpeg"
    assert len(heard.sound) > 1000
    assert heard.sound[0] == 0xFF
    await settled(coordinator, "speech_announced")
    assert not warnings(caplog)


async def test_served_to_all_who_may(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
) -> None:
    """Several times, with the length once it is known, and only with the signature."""
    coordinator = await set_up(cic, options=OPTIONS)
    await speak(cic)
    (heard,) = await until(lambda: speaker.played)
    await settled(coordinator, "speech_announced")
    assert heard.sound == SOUND
    async with ClientSession() as session:
        for _ in range(2):
            async with session.get(heard.url) as response:
                assert await response.read() == SOUND
                assert response.content_length == len(SOUND)
        async with session.head(heard.url) as response:
            assert response.content_length == len(SOUND)
        async with session.get(heard.url.partition("?")[0]) as response:
            assert response.status == 401
        unknown = async_sign_path(
            hass, "/api/clova_cic/speech/x.mp3", timedelta(minutes=1), use_content_user=True
        )
        for ask in (session.get, session.head):
            async with ask(f"{hass.config.internal_url}{unknown}") as response:
                assert response.status == 404
        await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
        async with session.get(heard.url) as response:
            assert response.status == 404


BYTES = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("field", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=0-", 206, 0, 10240),
        ("bytes=250-700", 206, 250, 701),
        ("bytes=-700", 206, 9540, 10240),
        ("bytes=10000-99999", 206, 10000, 10240),
        ("bytes=10240-", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, 10240),
        ("bytes=nonsense", 200, 0, 10240),
    ],
)
async def test_parts_of_what_is_complete(
    hass: HomeAssistant, speaker: Speaker, field: str, status: int, start: int, stop: int
) -> None:
    clip = hass.data[view.CLIPS].add()
    for at in range(0, len(BYTES), 500):
        assert clip.feed(BYTES[at : at + 500])
    clip.end()
    url = view.async_clip_url(hass, clip)
    async with ClientSession() as session:
        async with session.head(url, headers={"Range": field}) as response:
            assert response.status == status
        assert not clip.fetched.is_set()
        async with session.get(url, headers={"Range": field}) as response:
            assert response.status == status
            assert await response.read() == BYTES[start:stop]
            given = response.headers.get("Content-Range")
            tag = response.headers.get("ETag", "")
            assert response.headers.get("Accept-Ranges") == (None if status == 416 else "bytes")
        parts = {206: f"bytes {start}-{stop - 1}/{len(BYTES)}", 416: f"bytes */{len(BYTES)}"}
        assert given == parts.get(status)
        assert clip.fetched.is_set() == (status != 416)
        for condition, expected in ((tag, status), ('"other"', 200)):
            asks = {"Range": field, "If-Range": condition or '"other"'}
            async with session.get(url, headers=asks) as response:
                assert response.status == (expected if condition else 200)
    hass.data[view.CLIPS].remove(clip.token)


async def test_what_still_arrives_has_no_parts(hass: HomeAssistant, speaker: Speaker) -> None:
    """And no length; the first byte that goes out is told of."""
    clip = hass.data[view.CLIPS].add()
    url = view.async_clip_url(hass, clip)
    async with ClientSession() as session:
        async with session.head(url, headers={"Range": "bytes=5-"}) as response:
            assert (response.status, response.content_length) == (200, None)
        async with session.get(url, headers={"Range": "bytes=5-"}) as response:
            assert (response.status, response.content_length) == (200, None)
            assert not clip.fetched.is_set()
            clip.feed(SOUND)
            assert await response.content.readexactly(len(SOUND)) == SOUND
            assert clip.fetched.is_set()
            clip.end()
            assert await response.read() == b""
    hass.data[view.CLIPS].remove(clip.token)


async def test_a_clip_lives_until_nobody_wants_it(
    hass: HomeAssistant, speaker: Speaker, pass_time: PassTime
) -> None:
    """Whatever else is said meanwhile."""
    clips = hass.data[view.CLIPS]
    clip = clips.add()
    clip.feed(SOUND)
    clip.end()
    url = view.async_clip_url(hass, clip)
    async with ClientSession() as session:
        for _ in range(3):
            for _ in range(15):
                other = clips.add()
                other.feed(SOUND)
            pass_time(view.LIFETIME - 1)
            async with session.get(url) as response:
                assert await response.read() == SOUND
        pass_time(view.LIFETIME + 1)
        await until(lambda: not clips._clips)
        async with session.get(url) as response:
            assert response.status == 404


async def test_the_memory_of_all_clips(hass: HomeAssistant) -> None:
    """The oldest others go; one that still arrives and is the largest stays."""
    clips = view.Clips(hass)
    kept = [clips.add() for _ in range(12)]
    for clip in kept:
        assert clip.feed(bytes(view.MOST_BYTES))
    alive = [clip for clip in kept if clips.get(clip.token)]
    assert alive == kept[-view.MOST_MEMORY // view.MOST_BYTES :]
    assert not kept[-1].feed(b"more")
    for clip in alive:
        clips.remove(clip.token)


async def test_no_player_chosen(
    cic: CicService, set_up: SetUp, speaker: Speaker, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)
    await speak(cic)
    await settled(coordinator, "speech_not_announced")
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "https://sound.invalid/a.mp3"}))
    await until(lambda: coordinator.counters.events["speech_not_announced"] == 2)
    assert not speaker.played
    assert not warnings(caplog)


async def test_late_speech_of_a_dialog(cic: CicService, set_up: SetUp, speaker: Speaker) -> None:
    """Announced, unless the dialog was given up."""
    coordinator = await set_up(cic, options=OPTIONS)
    coordinator.drop_dialog("given up")
    for dialog in ("given up", "still the last"):
        one = directive(
            "SpeechSynthesizer.Speak",
            {"token": dialog, "url": f"cid:{dialog[:5]}"},
            dialogRequestId=dialog,
        )
        await cic.push(one, attachments={dialog[:5]: encoded(SOUND)})
    await settled(coordinator, "speech_announced")
    assert len(speaker.played) == 1
    assert coordinator.counters.directives["SpeechSynthesizer.Speak"] == 1
    assert {token for _, token in await cic.told()} == {"still the last"}


async def test_player_is_missing(
    cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: "media_player.gone"})
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "https://sound.invalid/a.mp3"}))
    await settled(coordinator, "speech_failed")
    (told,) = warnings(caplog)
    assert "The media player media_player.gone does not exist or is unavailable" in told


async def test_house_has_no_address(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    coordinator = await set_up(cic, options=OPTIONS)
    hass.config.internal_url = None
    hass.config.api.use_ssl = True
    await speak(cic)
    await settled(coordinator, "speech_failed")
    (told,) = warnings(caplog)
    assert "Home Assistant has no address a media player could fetch the sound from" in told


async def test_sound_never_comes(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(downchannel, "ARRIVAL_TIMEOUT", 0.2)
    coordinator = await set_up(cic, options=OPTIONS)
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "cid:never"}))
    await settled(coordinator, "speech_failed")
    assert len(warnings(caplog)) == 1
    assert not speaker.played
    assert coordinator.connected


@asynccontextmanager
async def scripted_cic(
    set_up: SetUp, cic: CicService
) -> AsyncIterator[tuple[CicCoordinator, ScriptedCic]]:
    """Set up an entry on a server that says what the test scripts."""
    async with frame_server() as (port, peers):
        servers: asyncio.Queue[ScriptedCic] = asyncio.Queue()

        async def greet_all() -> None:
            while True:
                servers.put_nowait(await greet(await peers.get()))

        greeting = asyncio.create_task(greet_all())
        coordinator = await set_up(cic, options=OPTIONS, **data_for_peer(port))
        server = await servers.get()
        try:
            yield coordinator, server
        finally:
            await coordinator.hass.config_entries.async_unload(coordinator.config_entry.entry_id)
            greeting.cancel()
            server.peer.writer.close()


def begin_speech(server: ScriptedCic) -> None:
    """Push a Speak and the beginning of its sound, whose end is held back."""
    speech = scripted("SpeechSynthesizer.Speak", url="cid:c1")
    headers = ("Content-Type: application/octet-stream", "Content-ID: c1")
    server.push(speech)
    server.peer.send(data(server.downchannel, part(SOUND, *headers)[len(delimiter()) : -2]))


async def test_played_while_it_arrives(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
) -> None:
    async with scripted_cic(set_up, cic) as (_, server):
        begin_speech(server)
        await asyncio.wait_for(speaker.first_bytes.wait(), 5)
        assert not speaker.played
        server.peer.send(data(server.downchannel, SOUND + b"\r\n" + delimiter()))
        (heard,) = await until(lambda: speaker.played)
        assert heard.sound == SOUND * 2


async def test_sound_breaks_off(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with scripted_cic(set_up, cic) as (coordinator, server):
        begin_speech(server)
        await asyncio.wait_for(speaker.first_bytes.wait(), 5)
        server.peer.writer.close()
        (heard,) = await until(lambda: speaker.played)
        assert heard.sound == SOUND[: len(heard.sound)]
        await settled(coordinator, "speech_failed")
        told = [line for line in warnings(caplog) if "not to its end" in line]
        assert told == ["Speech was not announced, or not to its end: The connection was lost"]
        # Not in the middle of connecting again.
        await until(lambda: coordinator.counters.events["connected"] == 2)


async def test_sound_stands_still(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(taken, "LONGEST_ARRIVAL", 0.3)
    async with scripted_cic(set_up, cic) as (coordinator, server):
        begin_speech(server)
        await until(lambda: speaker.played)
        await settled(coordinator, "speech_failed")
        assert len(warnings(caplog)) == 1


async def test_too_much_sound(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view, "MOST_BYTES", len(SOUND) * 3 // 2)
    async with scripted_cic(set_up, cic) as (coordinator, server):
        begin_speech(server)
        await asyncio.wait_for(speaker.first_bytes.wait(), 5)
        server.peer.send(data(server.downchannel, SOUND))
        await settled(coordinator, "speech_failed")
        (heard,) = await until(lambda: speaker.played)
        assert len(heard.sound) <= len(SOUND) * 3 // 2
        assert len(warnings(caplog)) == 1


async def test_what_is_too_long_is_let_go_at_once(
    hass: HomeAssistant, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its source must not wait until the speech is over."""
    monkeypatch.setattr(view, "MOST_BYTES", len(SOUND))
    let_go = asyncio.Event()

    async def source() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield SOUND
        finally:
            let_go.set()

    spawn = hass.async_create_background_task
    speech = taken.TakenSpeech(hass, source(), spawn)
    await asyncio.wait_for(let_go.wait(), 5)
    assert speech.error is not None
    hass.data[view.CLIPS].remove(speech.clip.token)


async def test_too_many_at_once(
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The second is left out; the first ends with its entry, without a word."""
    monkeypatch.setattr(line, "MOST_WAITING", 1)
    coordinator = await set_up(cic, options=OPTIONS)
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "cid:waits"}))
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "https://sound.invalid/a.mp3"}))
    await settled(coordinator, "speech_not_announced")
    assert not speaker.played
    waiting = [task for task in asyncio.all_tasks() if task.get_name() == f"{DOMAIN} announcement"]
    assert len(waiting) == 1
    await coordinator.async_shutdown()
    await asyncio.wait(waiting, timeout=5)
    assert waiting[0].cancelled()
    assert not warnings(caplog)


async def test_a_flood_of_speech(
    cic: CicService, set_up: SetUp, speaker: Speaker, caplog: pytest.LogCaptureFixture
) -> None:
    """More sounds than one channel may owe: the rest is refused, nothing breaks."""
    async with scripted_cic(set_up, cic) as (coordinator, server):
        speeches = (scripted("SpeechSynthesizer.Speak", url=f"cid:c{i}") for i in range(80))
        server.push(*speeches, scripted("Clova.Help"))
        await until(lambda: coordinator.counters.directives["Clova.Help"])
        assert coordinator.counters.events["malformed"] == 80 - MOST_ATTACHMENTS
        assert coordinator.connected
        assert not [record for record in caplog.records if record.exc_info]


async def test_clips_are_few_and_short_lived(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = view.Clips(hass)
    first = clips.add()
    others = [clips.add() for _ in range(view.MOST_CLIPS)]
    assert clips.get(first.token) is None
    assert not first.feed(b"more")
    assert all(clips.get(clip.token) is clip for clip in others)
    for clip in others:
        clips.remove(clip.token)
    clips.remove("unknown")
    monkeypatch.setattr(view, "LIFETIME", 0.01)
    fleeting = clips.add()
    await until(lambda: clips.get(fleeting.token) is None)


# Speech of an answer that is under way


@pytest.mark.turn("The sound of an answer: on the downchannel")
async def test_speech_of_a_running_answer(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, row: Row
) -> None:
    """The directive goes to its dialog; its sound is beside it on the downchannel."""
    late = failure_sound() * 6
    cloud = Cloud(numbered(1, sound=b"", ends=False))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        listening = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: any(one.text for one in house.answers))
        (dialog,) = cloud.dialogs
        speak = scripted("SpeechSynthesizer.Speak", dialog, url="cid:late", token="t")
        house.cloud.present.push(speak, sound("late", late))
        await until(lambda: any(one.has_sound for one in house.answers))
        house.cloud.present.end_answer(scripted("Clova.RenderText", dialog, text="done"))
        run = await listening
        await house.settled(1)
        assert run.answer == "answer 1 done"
        assert house.coordinator.turns.recent[0]["sound_bytes"] == len(late)
        row.record(run.outcome, house.dialogs, house.outcomes)
