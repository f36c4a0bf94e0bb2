"""From Assist's audio to a dialog, which is a real one, to a scripted server."""

import asyncio
from collections.abc import AsyncIterator
import io
import wave

import pytest

from custom_components.clova_cic import microphone
from custom_components.clova_cic.microphone import NotPcmError, pump
from tests.peer.scripted import connected, directive, spoken

SOUND = bytes(range(1, 201)) * 80


def wav(pcm: bytes, *, rate: int = 16000, channels: int = 1, width: int = 2) -> bytes:
    """Return a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(pcm)
    return target.getvalue()


async def cut(data: bytes, step: int) -> AsyncIterator[bytes]:
    """Yield data in pieces, as Assist (320 bytes) or /api/stt (4096) do."""
    for start in range(0, len(data), step):
        yield data[start : start + step]


async def no_time(_seconds: float) -> None:
    """Let a pause pass at once."""
    await asyncio.sleep(0)


async def uploaded(stream: AsyncIterator[bytes]) -> tuple[bytes, list[str]]:
    """Return the sound a server gets of a stream, and what was reported."""
    ends: list[str] = []
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        pumping = asyncio.create_task(pump(stream, dialog, lambda: ends.append("end"), no_time))
        stream_id, fields = await cic.peer.request()
        request = await cic.upload(stream_id, fields)
        await pumping
    return b"".join(body for _, body in request.parts[1:]), ends


@pytest.mark.parametrize("step", [10, 320, 4096, 1 << 20])
async def test_sound_then_silence(step) -> None:
    sound, ends = await uploaded(cut(SOUND, step))
    assert sound[: len(SOUND)] == SOUND
    silence = sound[len(SOUND) :]
    assert not silence.strip(b"\0")
    assert len(silence) / 32000 == pytest.approx(microphone.SILENCE_AFTER, abs=0.2)
    assert ends == ["end"]


@pytest.mark.parametrize("step", [1, 5, 43, 44, 4096])
async def test_a_wav_header_is_no_sound(step) -> None:
    short = SOUND[:6000]
    sound, _ = await uploaded(cut(wav(short), step))
    assert sound[: len(short)] == short


async def test_chunks_before_the_samples_are_skipped() -> None:
    file = wav(SOUND)
    odd = b"LIST" + (5).to_bytes(4, "little") + b"hello\0"
    sound, _ = await uploaded(cut(file[:36] + odd + file[36:], 320))
    assert sound[: len(SOUND)] == SOUND


async def test_empty_audio() -> None:
    sound, ends = await uploaded(cut(b"", 320))
    assert not sound.strip(b"\0")
    assert ends == ["end"]


async def test_two_bytes_of_audio() -> None:
    sound, _ = await uploaded(cut(b"RI", 1))
    assert sound.startswith(b"RI")


@pytest.mark.parametrize(
    "file",
    [
        wav(SOUND, rate=44100),
        wav(SOUND, channels=2),
        wav(SOUND, width=1),
        b"RIFF\0\0\0\0WAVE" + b"junk\x04\0\0\0beef" * 400,
    ],
)
async def test_a_wav_file_of_another_kind_is_refused(file) -> None:
    async with connected() as (client, _, _):
        dialog = spoken(client)
        with pytest.raises(NotPcmError):
            await pump(cut(file, 320), dialog, lambda: None, no_time)


async def test_stop_capture_ends_it_while_the_stream_goes_on() -> None:
    async def microphone_of_assist() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield bytes(320)

    async with connected() as (client, cic, _):
        dialog = spoken(client)
        ends: list[str] = []
        pumping = asyncio.create_task(
            pump(microphone_of_assist(), dialog, lambda: ends.append("end"), no_time)
        )
        stream_id, fields = await cic.peer.request()
        reading = asyncio.create_task(cic.upload(stream_id, fields))
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="x"))
        await pumping
        assert (await reading).complete
    assert ends == []


async def test_silence_goes_on_while_the_cloud_recognises() -> None:
    said = 10
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        pauses = 0

        async def pause(_seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            before = dialog.recognising_at
            if pauses <= said:
                cic.push(directive("SpeechRecognizer.KeepRecording", "d1"))
                while dialog.recognising_at == before:
                    await asyncio.sleep(0)

        pumping = asyncio.create_task(pump(cut(SOUND, 320), dialog, lambda: None, pause))
        stream_id, fields = await cic.peer.request()
        request = await cic.upload(stream_id, fields)
        await pumping
    silence = b"".join(body for _, body in request.parts[1:])[len(SOUND) :]
    expected = said * 0.2 + microphone.SILENCE_AFTER
    assert len(silence) / 32000 == pytest.approx(expected, abs=0.2)
