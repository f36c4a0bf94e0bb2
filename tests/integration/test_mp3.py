"""Frames, lengths and silence, held against a real encoder and a real decoder."""

import array
import math
import os
import select
import subprocess

import imageio_ffmpeg
import lameenc
import pytest

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.playback.sound.mp3 import (
    Frame,
    FrameCounter,
    length,
    probe_padding,
)

# kbit/s, Hz, channels
FORMATS = [
    (24, 16000, 1),
    (32, 16000, 1),
    (48, 16000, 1),
    (48, 24000, 1),
    (48, 22050, 1),
    (64, 24000, 2),
    (128, 44100, 2),
    (8, 8000, 1),
]


def encode(kbit: int, rate: int, channels: int, seconds: float) -> bytes:
    """Return a tone as MP3."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbit)
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(channels)
    encoder.silence()
    tone = array.array("h")
    for index in range(int(rate * seconds)):
        tone.extend([int(8000 * math.sin(index * 0.05))] * channels)
    return bytes(encoder.encode(tone.tobytes())) + bytes(encoder.flush())


def decode(sound: bytes) -> array.array:
    """Return 16 kHz mono samples."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "mp3", "-i", "pipe:0"]
    command += ["-f", "s16le", "-ar", "16000", "-ac", "1", "pipe:1"]
    ran = subprocess.run(command, input=sound, capture_output=True, check=True)
    assert ran.stderr == b""
    return array.array("h", ran.stdout)


def counted(sound: bytes, step: int = 1 << 30) -> FrameCounter:
    """Feed a whole sound, cut."""
    counter = FrameCounter()
    for start in range(0, len(sound), step):
        counter.feed(sound[start : start + step])
    return counter


@pytest.mark.parametrize(("kbit", "rate", "channels"), FORMATS)
@pytest.mark.parametrize("step", [1, 7, 1000, 1 << 20])
def test_the_length_of_a_stream_however_it_is_cut(kbit, rate, channels, step) -> None:
    sound = encode(kbit, rate, channels, 1.5)
    counter = counted(sound, step)
    assert counter.seconds == pytest.approx(len(decode(sound)) / 16000, abs=0.1)
    assert counter.size == len(sound)
    assert counter.last is not None
    assert (counter.last.rate, counter.last.channels) == (rate, channels)


def test_a_sound_that_broke_off_within_a_frame() -> None:
    sound = encode(48, 22050, 1, 1.0)
    counter = counted(sound[:1000])
    before = counter.seconds
    counter.begin_sound()
    counter.feed(sound)
    assert counter.seconds == pytest.approx(before + length(sound))


def test_a_tag_before_the_sound_is_no_sound() -> None:
    sound = encode(48, 22050, 1, 1.0)
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 10, 20]) + b"\xff\xfb\x90\x00" * 325
    assert counted(tag + sound, 33).seconds == counted(sound).seconds


@pytest.mark.parametrize(("kbit", "rate", "channels"), FORMATS)
def test_silence_continues_a_stream(kbit, rate, channels) -> None:
    sound = encode(kbit, rate, channels, 1.0)
    counter = counted(sound)
    assert counter.last is not None
    silence = counter.last.silence(0.5)
    with_silence = decode(sound + silence)
    assert len(with_silence) / 16000 == pytest.approx(counter.seconds + 0.5, abs=0.15)
    tail = with_silence[-int(16000 * 0.3) :]
    assert max(abs(sample) for sample in tail) < 8
    assert counter.last.silence(0.0) == b""


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"RIFF",
        b"\xff\xfb",
        b"\xff\xfb\x00\x00",
        b"\xff\xfb\xf0\x00",
        b"\xff\xfb\x9c\x00",
        b"\xff\xeb\x90\x00",
        b"\xff\xfd\x90\x00",
    ],
)
def test_what_is_no_frame(header) -> None:
    assert Frame.parse(header) is None


@pytest.mark.parametrize(("kbit", "rate", "channels"), FORMATS)
@pytest.mark.parametrize("seconds", [0.2, 1.0])
def test_a_padded_sound_is_heard_before_its_stream_ends(kbit, rate, channels, seconds) -> None:
    """What Home Assistant's converter gives out while its input stays open."""
    sound = encode(kbit, rate, channels, seconds)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "mp3", "-i", "pipe:0"]
    command += ["-f", "wav", "-ar", "16000", "-ac", "1", "pipe:1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as converter:
        assert converter.stdin
        assert converter.stdout
        converter.stdin.write(sound + probe_padding(counted(sound)))
        converter.stdin.flush()
        heard = b""
        while len(heard) < 1000 and select.select([converter.stdout], [], [], 10)[0]:
            heard += os.read(converter.stdout.fileno(), 65536)
        converter.stdin.close()
    assert len(heard) >= 1000


def test_a_long_sound_needs_no_padding() -> None:
    assert probe_padding(counted(encode(48, 22050, 1, 3.0))) == b""
    assert probe_padding(FrameCounter()) == b""


def test_the_sound_of_failure_is_a_sound() -> None:
    samples = decode(failure_sound())
    assert 0.3 < len(samples) / 16000 < 1.0
    assert max(samples) > 3000
