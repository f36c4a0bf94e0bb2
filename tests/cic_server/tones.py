"""The pitch of a recorded tune: which of the catalogue's tones it holds."""

import array
import math
import subprocess

import imageio_ffmpeg

from cic_server.music.catalogue import TRACKS

RATE = 22_050


def decoded(sound: bytes) -> array.array[int]:
    """Return what ffmpeg hears, mono, 16 bit."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "pipe:0"]
    command += ["-f", "s16le", "-ac", "1", "-ar", str(RATE), "pipe:1"]
    done = subprocess.run(command, input=sound, capture_output=True, check=True)
    return array.array("h", done.stdout[: len(done.stdout) & ~1])


def strength(samples: array.array[int], pitch: float, rate: int = RATE) -> float:
    """Return how much of a tone there is (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * pitch / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + turn * last - before
    return math.sqrt(max(0.0, before**2 + last**2 - turn * before * last)) / max(1, len(samples))


def track_in(samples: array.array[int], rate: int = RATE) -> str:
    """Return the id of the track whose tone is the strongest."""
    return max(TRACKS, key=lambda name: strength(samples, TRACKS[name].pitch, rate))
