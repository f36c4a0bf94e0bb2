"""Sounds that can be told apart by measuring, and the measuring."""

import array
import asyncio
from dataclasses import dataclass
from functools import cache
import io
import itertools
import math
from pathlib import Path
import subprocess
import wave

import imageio_ffmpeg
import lameenc

RATE = 16000
# Windows in which a sound is measured, and what is too short to be more than an edge: seconds.
WINDOW = 0.02
SHORTEST = 0.1


@cache
def pcm(hertz: int, seconds: float, rate: int = RATE, channels: int = 1) -> bytes:
    """Return a tone as raw PCM, 16-bit; 0 Hz is silence."""
    step = 2 * math.pi * hertz / rate
    samples = array.array("h")
    for index in range(int(rate * seconds)):
        samples.extend([int(8000 * math.sin(index * step))] * channels)
    return samples.tobytes()


@cache
def mp3(hertz: int, seconds: float, rate: int = RATE, channels: int = 1, kbit: int = 48) -> bytes:
    """Return a tone as MP3."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbit)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(channels)
    encoder.silence()
    return bytes(encoder.encode(pcm(hertz, seconds, rate, channels))) + bytes(encoder.flush())


@cache
def wav(hertz: int, seconds: float, rate: int = 44100, channels: int = 2) -> bytes:
    """Return a tone as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm(hertz, seconds, rate, channels))
    return file.getvalue()


def ffmpeg(*arguments: str | Path, feed: bytes = b"") -> bytes:
    """Run ffmpeg; return what it writes."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *arguments]
    ran = subprocess.run(command, input=feed, capture_output=True, timeout=30, check=True)
    return ran.stdout


def encoded(hertz: int, seconds: float, *options: str) -> bytes:
    """Return a tone in a format that ffmpeg's options name."""
    return ffmpeg("-i", "pipe:0", *options, "pipe:1", feed=wav(hertz, seconds))


def hls(folder: Path, hertz: int, seconds: float) -> dict[str, bytes]:
    """Return the files of an HLS playlist with segments of a second, list.m3u8 among them."""
    folder.mkdir(parents=True, exist_ok=True)
    cut = ("-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0")
    ffmpeg("-i", "pipe:0", *cut, folder / "list.m3u8", feed=wav(hertz, seconds))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@dataclass(frozen=True)
class Heard:
    """A stretch of one tone, or of silence (0 Hz)."""

    hertz: int
    seconds: float


def heard(sound: bytes, kind: str = "mp3") -> list[Heard]:
    """Return what is in a sound, in order; edges between the stretches count as neither."""
    decoded = ffmpeg(
        *("-f", kind, "-i", "pipe:0", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "pipe:1"),
        feed=sound,
    )
    samples = array.array("h", decoded)
    size = int(RATE * WINDOW)
    windows = [_hertz(samples[at : at + size]) for at in range(0, len(samples) - size, size)]
    stretches = [(hertz, WINDOW * len(list(run))) for hertz, run in itertools.groupby(windows)]
    return [Heard(hertz, round(length, 2)) for hertz, length in stretches if length >= SHORTEST]


def _hertz(samples: array.array[int]) -> int:
    """Return the frequency of a window to the nearest 100 Hz, 0 for silence."""
    if max(map(abs, samples)) < 500:
        return 0
    crossings = sum((one < 0) != (two < 0) for one, two in itertools.pairwise(samples))
    return round(crossings / 2 / WINDOW / 100) * 100


async def measured(sound: bytes, kind: str = "mp3") -> list[Heard]:
    """Measure beside the event loop."""
    return await asyncio.to_thread(heard, sound, kind)


def tones(stretches: list[Heard]) -> list[int]:
    """Return the frequencies alone, silence left out."""
    return [one.hertz for one in stretches if one.hertz]
