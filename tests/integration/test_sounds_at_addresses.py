"""An answer's sounds at addresses of the web join the ones that came with it, in order."""

import asyncio
from collections.abc import AsyncIterator
import os
from pathlib import Path
from typing import Any

from aiohttp import ClientTimeout
from aiohttp.resolver import ThreadedResolver
from homeassistant.components import tts
from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client
import pytest

from custom_components.clova_cic.cic import DEFAULT_USER_AGENT
from custom_components.clova_cic.cic.interfaces.speech_synthesizer import Speak
from custom_components.clova_cic.playback.sound import ahead
from custom_components.clova_cic.playback.sound.ahead import ReadAhead, SoundError
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.playback.sound.mp3 import Frame, length
from custom_components.clova_cic.playback.speech import remote
from custom_components.clova_cic.playback.speech.remote import RemoteSounds
from custom_components.clova_cic.playback.speech.speech import Speech
from custom_components.clova_cic.playback.web import convert, fetch
from custom_components.clova_cic.speech_reports import SpeechReports, Telling
from custom_components.clova_cic.turn import Turn
from tests.turn_table import Row

from .house import PATIENCE, WAV, Run, make_pipeline, make_satellite, speak
from .service import CicService, directive, turns_of, until
from .sound_server import SoundServer, endless, held, sound_server, truncated
from .speech import microphone
from .test_failures_are_heard import (
    EVENTS,
    SUM,
    answered_with,
    part,
    sound_part,
    speak_part,
    text_part,
    tracebacks,
)
from .tones import Heard, encoded, hls, measured, mp3, tones, wav

ASKED_FOR = {"event": "SpeechSynthesizer.Request"}


@pytest.fixture
async def sounds() -> AsyncIterator[SoundServer]:
    """Yield a web server for sounds."""
    async with sound_server() as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_left() -> Any:
    """Leave no converter behind."""
    yield
    assert not converters()


def converters() -> list[str]:
    """Return the command lines of this process' own children that convert."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if parent == os.getpid() and "ffmpeg" in command:
            found.append(command)
    return found


def at(url: str, pause: int = 0) -> dict[str, Any]:
    """Return a Speak whose sound is at an address."""
    payload = {"format": "AUDIO_MPEG", "token": "t", "url": url, "x-clova-pause-before": pause}
    return part(directive("SpeechSynthesizer.Speak", payload, messageId="m"))


class Answered:
    """A command whose answer a test has planned, on its way through a pipeline."""

    def __init__(self, hass: HomeAssistant, coordinator: Any) -> None:
        self._hass = hass
        self.run = Run()
        self.turn: Turn | None = None
        self.chunks: list[bytes] = []
        self.coordinator = coordinator
        coordinator.occurrences.async_listen(self._directive)

    def _directive(self, _header: Any) -> None:
        if self.turn is None and self.coordinator.turns._open:
            (self.turn,) = self.coordinator.turns._open

    async def listen(self) -> None:
        """Take the sound as a satellite does, from the run's beginning."""
        await until(lambda: "run-start" in self.run.kinds)
        stream = tts.async_get_stream(self._hass, self.run.token)
        assert stream is not None
        async for chunk in stream.async_stream_result():
            self.chunks.append(chunk)

    @property
    def sound(self) -> bytes:
        return b"".join(self.chunks)

    async def record(self, row: Row, cic: CicService) -> None:
        """Keep for the table what came of it."""
        row.record(self.run.outcome, await cic.dialogs(), await turns_of(self.coordinator))


async def begin(
    hass: HomeAssistant,
    cic: CicService,
    set_up: Any,
    *parts: dict[str, Any],
    output: dict[str, Any] | None = None,
) -> tuple[Answered, asyncio.Future[Any]]:
    """Speak a command; return what is heard while it goes on, and its end."""
    answered = Answered(hass, await set_up(cic))
    await cic.control("POST", "next-answer", {**EVENTS, "parts": list(parts)})
    pipeline = await make_pipeline(hass)
    speaking = speak(hass, microphone(SUM), pipeline, run=answered.run, output=output)
    return answered, asyncio.gather(speaking, answered.listen())


async def hear(
    hass: HomeAssistant, cic: CicService, set_up: Any, *parts: dict[str, Any], **more: Any
) -> Answered:
    """Speak a command; return what was heard."""
    answered, done = await begin(hass, cic, set_up, *parts, **more)
    async with asyncio.timeout(PATIENCE):
        await done
    return answered


def failures(answered: Answered) -> int:
    return answered.coordinator.counters.events["sound_failed"]


# What plays


@pytest.mark.turn("The sound of an answer: at an http(s) address")
async def test_mp3_goes_through_while_it_arrives(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, row: Row
) -> None:
    sound, release = mp3(400, 2.0), asyncio.Event()
    url = sounds.add("/a", held(sound[:2000], sound[2000:], release)) + "?key=secret"
    answered, done = await begin(hass, cic, set_up, at(url), text_part("hello"))
    await until(lambda: answered.chunks)
    assert answered.sound == sound[:2000]
    release.set()
    await done
    assert answered.sound == sound
    assert answered.run.answer == "hello"
    (headers,) = sounds.headers
    assert headers["User-Agent"] == DEFAULT_USER_AGENT
    assert "Authorization" not in headers
    assert cic.access_token not in str(headers)
    await answered.record(row, cic)


@pytest.mark.parametrize(
    ("options", "content_type"),
    [
        (("-f", "wav"), "audio/wav"),
        (("-c:a", "aac", "-f", "adts"), "audio/aac"),
        (("-c:a", "libvorbis", "-f", "ogg"), "application/octet-stream"),
        (("-c:a", "libopus", "-f", "webm"), "audio/webm"),
        (("-c:a", "aac", "-movflags", "empty_moov", "-f", "mp4"), "audio/mp4"),
        (("-c:a", "mp2", "-f", "mp2"), "audio/mpeg"),
    ],
)
async def test_other_sounds_are_converted(
    hass: HomeAssistant, cic: CicService, set_up, sounds, options, content_type
) -> None:
    sound = await asyncio.to_thread(encoded, 600, 1.0, *options)
    url = sounds.add("/a", sound, content_type=content_type)
    answered = await hear(hass, cic, set_up, at(url))
    (tone,) = [one for one in await measured(answered.sound) if one.hertz]
    assert tone.hertz == 600
    assert tone.seconds == pytest.approx(1.0, abs=0.15)
    frame = Frame.parse(answered.sound)
    assert frame is not None
    assert (frame.rate, frame.channels) == (24000, 1)


async def test_wav_is_converted_while_it_arrives(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    sound, release = wav(600, 4.0), asyncio.Event()
    half = len(sound) // 2
    url = sounds.add("/a", held(sound[:half], sound[half:], release), content_type="audio/wav")
    answered, done = await begin(hass, cic, set_up, at(url))
    await until(lambda: length(answered.sound) > 1.0)
    release.set()
    await done
    assert [one.hertz for one in await measured(answered.sound) if one.seconds > 1] == [600]
    assert length(answered.sound) == pytest.approx(4.0, abs=0.2)


@pytest.mark.turn("The sound of an answer: as HLS")
async def test_hls(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, tmp_path: Path, row: Row
) -> None:
    """Known by its first line, behind a redirect that its segments are relative to."""
    for name, content in (await asyncio.to_thread(hls, tmp_path / "hls", 800, 3.0)).items():
        sounds.add(f"/deep/{name}", content, content_type="text/plain")
    url = sounds.add("/a", status=302, headers={"Location": "/deep/list.m3u8?key=1"})
    answered = await hear(hass, cic, set_up, at(url))
    (tone,) = [one for one in await measured(answered.sound) if one.hertz]
    assert tone.hertz == 800
    assert tone.seconds == pytest.approx(3.0, abs=0.2)
    assert [path for path in sounds.asked if path.endswith(".ts")]
    for headers in sounds.headers:
        assert headers["User-Agent"] == DEFAULT_USER_AGENT
        assert "Authorization" not in headers
    await answered.record(row, cic)


@pytest.mark.turn("The sound of an answer: several, from different places")
async def test_all_kinds_in_order_and_in_one_format(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, tmp_path: Path, row: Row
) -> None:
    for name, content in (await asyncio.to_thread(hls, tmp_path / "hls", 800, 1.5)).items():
        sounds.add(f"/{name}", content)
    answered = await hear(
        hass,
        cic,
        set_up,
        speak_part("one"),
        at(sounds.add("/two", wav(600, 1.0), content_type="audio/wav"), pause=500),
        at(sounds.url("/list.m3u8")),
        speak_part("four"),
        at(sounds.add("/five", mp3(1200, 0.5)), pause=1000),
        sound_part("four", mp3(1000, 0.7)),
        sound_part("one", mp3(400, 0.8)),
        text_part("hello"),
    )
    stretches = await measured(answered.sound)
    assert tones(stretches) == [400, 600, 800, 1000, 1200]
    expected = [0.8, 1.0, 1.5, 0.7, 0.5]
    for one, seconds in zip([one for one in stretches if one.hertz], expected, strict=True):
        assert one.seconds == pytest.approx(seconds, abs=0.15)
    assert pause_before(stretches, 600) == pytest.approx(0.5, abs=0.25)
    assert pause_before(stretches, 1200) == pytest.approx(1.0, abs=0.25)
    assert formats(answered.sound) == {(16000, 1)}
    assert not failures(answered)
    await answered.record(row, cic)


def pause_before(stretches: list[Heard], hertz: int) -> float:
    """Return how long it is silent before a tone."""
    (index,) = [index for index, one in enumerate(stretches) if one.hertz == hertz]
    before = stretches[index - 1]
    return 0.0 if index == 0 or before.hertz else before.seconds


def formats(sound: bytes) -> set[tuple[int, int]]:
    """Return the rates and channels of the frames of a stream without gaps."""
    found, position = set(), 0
    while frame := Frame.parse(sound[position : position + 4]):
        found.add((frame.rate, frame.channels))
        position += frame.size
    assert position == len(sound)
    return found


# Pauses


@pytest.mark.turn("The sound of an answer: after a pause")
@pytest.mark.parametrize(("asked", "given"), [(700, 0.7), (60_000, 10.0)])
@pytest.mark.parametrize("remote_sound", [True, False])
async def test_a_pause_before_the_first_sound(
    hass: HomeAssistant, cic: CicService, set_up, sounds, asked, given, remote_sound, row: Row
) -> None:
    sound = mp3(400, 0.5, 22050, 2, 64)
    if remote_sound:
        parts = [at(sounds.add("/a", sound), pause=asked)]
    else:
        parts = [at("cid:S", pause=asked), sound_part("S", sound)]
    answered = await hear(hass, cic, set_up, *parts)
    assert answered.sound.endswith(sound)
    stretches = await measured(answered.sound)
    assert [one.hertz for one in stretches[:2]] == [0, 400]
    assert stretches[0].seconds == pytest.approx(given, abs=0.1)
    assert formats(answered.sound) == {(22050, 2)}
    await answered.record(row, cic)


async def test_a_pause_waits_for_the_first_frame_alone(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x14" + bytes(20)
    sound, release = tag + mp3(400, 1.0), asyncio.Event()
    url = sounds.add("/a", held(sound[:100], sound[100:], release))
    answered, done = await begin(hass, cic, set_up, at(url, pause=300))
    await until(lambda: answered.sound.endswith(sound[:100]))
    assert 0.3 <= length(answered.sound) < 0.5
    release.set()
    await done
    assert answered.sound.endswith(sound)


async def test_a_pause_before_what_is_no_mp3(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """It cannot be made in its format, and holds nothing back."""
    parts = [at("cid:S", pause=500), sound_part("S", b"no frame"), text_part("hello")]
    answered = await hear(hass, cic, set_up, *parts)
    assert answered.sound == b"no frame"


# Ahead of their turns


async def test_the_next_sound_is_fetched_meanwhile_and_no_more(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    first, release = mp3(400, 1.0), asyncio.Event()
    parts = [
        at(sounds.add("/1", held(first[:500], first[500:], release))),
        at(sounds.add("/2", mp3(600, 1.0))),
        at(sounds.add("/3", mp3(800, 1.0))),
    ]
    answered, done = await begin(hass, cic, set_up, *parts)
    await until(lambda: len(sounds.asked) == 2 and answered.chunks)
    await until(lambda: "intent-end" in answered.run.kinds)
    assert sounds.asked == ["/1", "/2"]
    assert answered.sound == first[:500]
    release.set()
    await done
    assert sounds.asked == ["/1", "/2", "/3"]
    assert tones(await measured(answered.sound)) == [400, 600, 800]


async def test_a_converted_sound_is_ready_before_its_turn(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    """As soon as the stream has a frame whose format it can take."""
    first, release = mp3(400, 1.0, 22050), asyncio.Event()
    parts = [
        at(sounds.add("/1", held(first[:500], first[500:], release))),
        at(sounds.add("/2", endless(wav(600, 1.0)[44:]), content_type="audio/wav")),
    ]
    sounds.add("/2", held(wav(600, 3.0), b"", release), content_type="audio/wav")
    answered, done = await begin(hass, cic, set_up, *parts)
    (command,) = await until(converters)
    assert "-ar 22050 -ac 1" in command
    assert answered.sound == first[:500]
    release.set()
    await done
    assert tones(await measured(answered.sound)) == [400, 600]


async def test_reading_ahead_is_bounded(hass: HomeAssistant, monkeypatch) -> None:
    monkeypatch.setattr(ahead, "READ_AHEAD", 1000)
    taken = 0

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(300)
            await asyncio.sleep(0)

    reader = ReadAhead(source(), hass.async_create_background_task)
    await until(lambda: taken == 4)
    for _ in range(20):
        await asyncio.sleep(0)
    assert taken == 4
    await anext(reader)
    await until(lambda: taken == 5)
    await reader.aclose()


async def test_a_source_that_trickles_is_given_up(hass: HomeAssistant, monkeypatch) -> None:
    monkeypatch.setattr(ahead, "LONGEST_READING", 0.05)

    async def source() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    with pytest.raises(SoundError, match="too long"):
        async for _ in ReadAhead(source(), hass.async_create_background_task):
            pass


async def test_a_source_that_breaks_as_nobody_foresaw(hass: HomeAssistant, caplog) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"x"
        raise ValueError("unforeseen")

    reader = ReadAhead(source(), hass.async_create_background_task)
    assert await anext(reader) == b"x"
    with pytest.raises(SoundError):
        await anext(reader)
    assert "Unexpected error reading a sound" in caplog.text


# What fails


def playlist(segment: str) -> bytes:
    """Return an HLS playlist of one segment."""
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,"
    return f"{head}\n{segment}\n#EXT-X-ENDLIST\n".encode()


class NoNames(ThreadedResolver):
    """A resolver that knows no name; tests may ask no other."""

    def __init__(self, _hass: HomeAssistant) -> None:
        super().__init__()

    real_close = ThreadedResolver.close

    async def resolve(self, host: str, *_: Any, **__: Any) -> Any:
        raise OSError(f"no such host: {host}")


# What is there, and the reason that is logged; FILE becomes the path of a real sound.
NO_SOUNDS: dict[str, tuple[str | dict[str, Any], str]] = {
    "missing": ("/nowhere", "HTTP 404"),
    "html": ({"body": b"<!DOCTYPE html>", "content_type": "text/html"}, "is no sound"),
    "html that says it is a sound": ({"body": b"\n <!DOCTYPE html>"}, "is no sound"),
    "json": ({"body": b'{"error": "gone"}', "content_type": "application/json"}, "is no sound"),
    "empty": ({"body": b""}, "is empty"),
    "noise": ({"body": bytes(range(1, 200)) * 50}, "cannot be converted"),
    "nobody there": ("http://127.0.0.1:1/b", "ClientConnectorError"),
    "no such host": ("http://sound.invalid/b", "ClientConnectorDNSError"),
    "no such port": ("http://127.0.0.1:99999/b", "BadAddressError"),
    "stalled": ({"body": held(b"", b"", asyncio.Event())}, "SocketTimeoutError"),
    "said to be large": (
        {"body": endless(b"x"), "headers": {"Content-Length": str(10**9)}},
        "too large",
    ),
    "redirected for ever": ({"status": 302, "headers": {"Location": "/b"}}, "TooManyRedirects"),
    "redirected to a file": (
        {"status": 302, "headers": {"Location": "FILE"}},
        "BadAddressError",
    ),
    "playlist of a file": ({"body": playlist("FILE")}, "cannot be converted"),
    "playlist of nothing": ({"body": playlist("none.ts")}, "cannot be converted"),
}


def no_sound(sounds: SoundServer, what: str | dict[str, Any], secret: Path) -> str:
    """Return the address of something that is no sound."""
    if isinstance(what, str):
        return what if ":" in what else sounds.url(what)
    headers = {
        name: value.replace("FILE", secret.as_uri())
        for name, value in what.get("headers", {}).items()
    }
    body = what.get("body", b"")
    if isinstance(body, bytes):
        body = body.replace(b"FILE", secret.as_uri().encode())
    return sounds.add("/b", **{**what, "headers": headers, "body": body})


@pytest.mark.parametrize("kind", NO_SOUNDS)
async def test_what_cannot_be_had_is_passed_over(
    hass: HomeAssistant, cic: CicService, set_up, sounds, tmp_path, monkeypatch, caplog, kind: str
) -> None:
    stalls = ClientTimeout(total=None, sock_connect=5, sock_read=0.3)
    monkeypatch.setattr(fetch, "TIMEOUT", stalls)
    monkeypatch.setattr(aiohttp_client, "_async_make_resolver", NoNames)
    what, reason = NO_SOUNDS[kind]
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(mp3(400, 2.0))
    url = no_sound(sounds, what, secret) + "?key=secret"
    answered = await hear(hass, cic, set_up, at(url), at(sounds.add("/ok", mp3(800, 1.0))))
    assert answered.sound == mp3(800, 1.0)
    assert failures(answered) == 1
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("custom_comp")]
    (told,) = [line for line in ours if "The sound of an answer is incomplete" in line]
    assert reason in told
    assert "secret" not in "".join(ours)
    assert not tracebacks(caplog)


@pytest.mark.parametrize("sound", [mp3(600, 2.0), wav(600, 2.0)], ids=["mp3", "wav"])
async def test_what_breaks_off_is_heard_so_far(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, caplog, sound: bytes
) -> None:
    breaking = asyncio.Event()
    longer = {"Content-Length": str(len(sound) * 2)}
    parts = [
        at(sounds.add("/b", truncated(sound, breaking), headers=longer)),
        at(sounds.add("/ok", mp3(800, 1.0))),
    ]
    answered, done = await begin(hass, cic, set_up, *parts)
    await until(lambda: length(answered.sound) > 1.5)
    breaking.set()
    await done
    stretches = await measured(answered.sound)
    assert tones(stretches) == [600, 800]
    assert stretches[0].seconds > 1.5
    assert failures(answered) == 1
    assert not tracebacks(caplog)


@pytest.mark.parametrize("sound", [mp3(600, 1.0), wav(600, 60.0)], ids=["mp3", "wav"])
async def test_what_never_ends_is_cut(
    hass: HomeAssistant, cic: CicService, set_up, sounds, monkeypatch, caplog, sound: bytes
) -> None:
    monkeypatch.setattr(remote, "LARGEST_SOUND", 500_000)
    parts = [at(sounds.add("/b", endless(sound))), at(sounds.add("/ok", mp3(800, 1.0)))]
    answered = await hear(hass, cic, set_up, *parts)
    stretches = await measured(answered.sound)
    assert sum(one.seconds for one in stretches if one.hertz == 600) > 1.0
    assert tones(stretches)[-1] == 800
    assert len(answered.sound) <= 500_000 + len(mp3(800, 1.0))
    assert failures(answered) == 1
    assert sounds.left == ["/b"]
    assert not tracebacks(caplog)


async def test_a_converter_that_stands_still(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, monkeypatch
) -> None:
    """A playlist whose segment never comes; the converter's own patience is longer than ours."""
    monkeypatch.setattr(convert, "CONVERTER_STALL", 0.5)
    sounds.add("/slow.ts", held(b"", b"", asyncio.Event()))
    answered = await hear(
        hass,
        cic,
        set_up,
        at(sounds.add("/b", playlist("slow.ts"))),
        at(sounds.add("/ok", mp3(800, 1.0))),
    )
    assert "/slow.ts" in sounds.asked
    assert answered.sound == mp3(800, 1.0)
    assert failures(answered) == 1


async def test_no_converter_at_all(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, monkeypatch
) -> None:
    await set_up(cic)
    monkeypatch.setattr(convert.get_ffmpeg_manager(hass), "_bin", "/nowhere/ffmpeg")
    fetcher = RemoteSounds(hass, DEFAULT_USER_AGENT)
    with pytest.raises(SoundError, match="FileNotFoundError"):
        async for _ in fetcher.fetch(sounds.add("/a", wav(400, 1.0)), _no_shape):
            pass


@pytest.mark.parametrize("url", ["file:///etc/passwd", "a.mp3", "ftp://127.0.0.1/a", "http://"])
async def test_other_addresses_are_malformed(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, caplog, url: str
) -> None:
    run, sound = await answered_with(hass, cic, set_up, parts=[at(url), text_part("hello")])
    assert run.answer == "hello"
    assert len(sound) > 1000
    assert "Ignoring SpeechSynthesizer.Speak" in caplog.text
    assert await cic.asked() == ["Recognize", "Request"]


async def test_the_text_is_spoken_where_no_sound_can_be_had(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    planned = [speak_part("S"), sound_part("S", mp3(400, 1.0))]
    await cic.control("POST", "next-answer", {**ASKED_FOR, "parts": planned})
    parts = [at(sounds.url("/nowhere")), speak_part("nothing"), text_part("hello")]
    answered = await hear(hass, cic, set_up, *parts)
    assert answered.sound == mp3(400, 1.0)
    assert await cic.asked() == ["Recognize", "Request"]
    assert failures(answered) == 2
    (record,) = answered.coordinator.turns.recent
    assert record["sound_bytes"] == len(answered.sound)


async def test_the_last_means_where_the_text_cannot_be_spoken_either(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, caplog
) -> None:
    await cic.control("POST", "next-answer", {**ASKED_FOR, "status": 500})
    answered = await hear(hass, cic, set_up, at(sounds.url("/nowhere")), text_part("hello"))
    assert answered.sound == failure_sound()
    assert answered.run.answer == "hello"
    assert answered.turn is not None
    assert answered.turn.sound_seconds == length(failure_sound())
    assert not tracebacks(caplog)


async def test_an_answer_of_nothing_but_a_sound_that_fails(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    answered = await hear(hass, cic, set_up, at(sounds.url("/nowhere")))
    assert answered.sound == failure_sound()
    assert answered.run.answer
    assert await cic.asked() == ["Recognize"]


async def test_other_text_may_be_spoken_from_an_address(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    url = sounds.add("/a", mp3(400, 1.0))
    await cic.control("POST", "next-answer", {**ASKED_FOR, "parts": [at(url)]})
    _, sound = await answered_with(hass, cic, set_up, parts=[text_part("hello")])
    assert sound == mp3(400, 1.0)


# Nothing is left


async def _no_shape() -> None:
    return None


@pytest.mark.parametrize("content_type", ["audio/mpeg", "audio/wav"])
async def test_a_listener_that_leaves(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, content_type: str
) -> None:
    await set_up(cic)
    sound = mp3(400, 1.0) if content_type == "audio/mpeg" else wav(400, 1.0)
    url = sounds.add("/a", endless(sound), content_type=content_type)
    stream = RemoteSounds(hass, DEFAULT_USER_AGENT).fetch(url, _no_shape)
    assert await anext(stream)
    assert len(converters()) == (content_type == "audio/wav")
    await stream.aclose()
    assert not converters()
    await until(lambda: sounds.left)


class Endless:
    """An answer of two sounds at addresses that never end; it does not end either."""

    def __init__(self, *urls: str) -> None:
        self._urls = urls

    async def speaks(self) -> AsyncIterator[Speak]:
        for url in self._urls:
            yield Speak.from_payload({"url": url})
        await asyncio.Event().wait()

    def attachment(self, content_id: str) -> Any:
        raise AssertionError(content_id)


@pytest.mark.parametrize("padded", [False, True])
async def test_a_listener_that_leaves_early(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer, padded: bool
) -> None:
    await set_up(cic)
    urls = [
        sounds.add("/1", endless(mp3(400, 1.0))),
        sounds.add("/2", endless(wav(600, 1.0)), content_type="audio/wav"),
    ]
    fetcher = RemoteSounds(hass, DEFAULT_USER_AGENT)
    telling = Telling(SpeechReports(print))
    speech = Speech(fetcher, hass.async_create_background_task, print, telling, padded=padded)
    stream = speech.play(Endless(*urls))
    assert await anext(stream)
    await until(converters)
    await stream.aclose()
    assert not converters()
    await until(lambda: sorted(sounds.left) == ["/1", "/2"])
    telling.stop()


@pytest.mark.parametrize("where", ["/endless", "/list.m3u8"])
async def test_unloading_in_mid_sound(
    hass: HomeAssistant, cic: CicService, set_up, sounds, caplog, where: str
) -> None:
    """One sound plays, the next is being converted, a third waits."""
    never = asyncio.Event()
    sounds.add("/endless", endless(wav(600, 1.0)), content_type="audio/wav")
    sounds.add("/list.m3u8", playlist("slow.ts"))
    sounds.add("/slow.ts", held(b"", b"", never))
    parts = [
        at(sounds.add("/1", held(mp3(400, 1.0), b"", never))),
        at(sounds.url(where)),
        at(sounds.url("/endless")),
    ]
    answered, done = await begin(hass, cic, set_up, *parts)
    await until(lambda: answered.chunks and converters())
    entry = answered.coordinator.config_entry
    assert await hass.config_entries.async_unload(entry.entry_id)
    async with asyncio.timeout(PATIENCE):
        await done
    assert answered.sound == mp3(400, 1.0)
    await until(lambda: not converters())
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in names if "clova" in name]
    assert not tracebacks(caplog)


async def test_the_sound_of_a_replaced_answer_is_fetched_no_longer(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    """The satellite has been told something else; nobody listens to the first any more."""
    await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    parts = [at(sounds.add("/radio", endless(mp3(400, 0.2), pause=0.05))), text_part("the news")]
    await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
    first = asyncio.create_task(satellite.listen(microphone(SUM)))
    await until(lambda: len(satellite.heard) > 3)
    first.cancel()
    playing = satellite._playing
    assert (await satellite.listen(microphone(SUM))).outcome == "an answer"
    if playing is not None:
        playing.cancel()
    await until(lambda: sounds.left == ["/radio"])


# What was played


async def test_how_long_an_answer_sounds(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    sound = mp3(400, 1.0)
    answered = await hear(
        hass, cic, set_up, speak_part("S"), sound_part("S", sound), at(sounds.add("/a", sound), 500)
    )
    turn = answered.turn
    assert turn is not None
    assert turn.sound_seconds == pytest.approx(length(sound) * 2 + 0.5, abs=0.05)
    assert turn.sound_began is not None
    marks = turn.record.marks
    assert turn.sound_began == pytest.approx(marks["first_sound"], abs=0.01)


async def test_padding_is_no_part_of_how_long_it_sounds(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    """A listener hears it where more was expected, which then did not come."""
    sound, release = mp3(400, 0.5), asyncio.Event()
    late = at(sounds.add("/2", held(b"", b"", release)))
    answered, done = await begin(
        hass, cic, set_up, speak_part("S"), sound_part("S", sound), late, output=WAV
    )
    await until(lambda: len(answered.sound) > 16000)
    release.set()
    await done
    assert answered.turn is not None
    assert answered.turn.sound_seconds == length(sound)
    assert answered.turn.record.sound_bytes == len(sound)
    stretches = await measured(answered.sound, "wav")
    assert sum(one.seconds for one in stretches) > 1.5


async def test_short_sounds_follow_each_other_without_padding(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    """What is already there needs no silence before it."""
    parts = [speak_part("1"), sound_part("1", mp3(400, 0.4))]
    parts += [speak_part("2"), sound_part("2", mp3(600, 0.4)), text_part("hi")]
    answered = await hear(hass, cic, set_up, *parts, output=WAV)
    stretches = await measured(answered.sound, "wav")
    assert tones(stretches) == [400, 600]
    assert pause_before(stretches, 600) < 0.3


async def test_a_short_sound_is_heard_before_a_late_one(
    hass: HomeAssistant, cic: CicService, set_up, sounds: SoundServer
) -> None:
    release = asyncio.Event()
    late = at(sounds.add("/2", held(b"", mp3(600, 0.5), release)))
    answered, done = await begin(
        hass, cic, set_up, speak_part("1"), sound_part("1", mp3(400, 0.4)), late, output=WAV
    )
    await until(lambda: len(answered.sound) > 16000)
    release.set()
    await done
    stretches = await measured(answered.sound, "wav")
    assert tones(stretches) == [400, 600]
    assert answered.turn is not None
    whole = sum(one.seconds for one in stretches)
    assert answered.turn.sound_seconds == pytest.approx(whole, abs=0.2)
