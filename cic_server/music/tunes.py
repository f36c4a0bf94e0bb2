"""Tunes made by code: a steady tone, a quiet melody above it; MP3 by lameenc."""

from array import array
import asyncio
import math
from pathlib import Path

import lameenc  # type: ignore[import-not-found]  # has no types

from cic_server.data_dir import write_private

from .catalogue import Track

# MPEG-2 layer III at a constant rate: every frame has the same length in time.
RATE = 22_050
KBIT_PER_SECOND = 64
SAMPLES_PER_FRAME = 576
FRAME_SECONDS = SAMPLES_PER_FRAME / RATE
# Changes with the tunes, so that older ones in the cache are not taken for them.
VERSION = 1

FULL_SCALE = 32_767
# The tone by which a track is known stands well above the melody.
TONE = 0.30
MELODY = 0.06
# Steps of the melody, as parts of twice the tone's pitch; one each half second.
STEPS = (1.0, 1.25, 1.5, 1.25, 5 / 3, 1.5, 1.125, 1.0)
STEP_SAMPLES = RATE // 2
# Against clicks at both ends of a tune.
FADE_SAMPLES = RATE // 50


def samples(track: Track) -> array[int]:
    """Return the tune, mono, 16 bit."""
    melody = [round(2 * track.pitch * step / 2) * 2 for step in STEPS]
    bars = {pitch: _bar(track.pitch, pitch) for pitch in set(melody)}
    wanted = round(track.seconds * RATE)
    tune = array("h")
    step = 0
    while len(tune) < wanted:
        tune.extend(bars[melody[step % len(melody)]])
        step += 1
    del tune[wanted:]
    for index in range(FADE_SAMPLES):
        for place in (index, -1 - index):
            tune[place] = tune[place] * index // FADE_SAMPLES
    return tune


def _bar(tone: int, note: int) -> array[int]:
    """Return half a second: whole waves of both, so that bars join without a step."""
    turn = 2 * math.pi / RATE
    return array(
        "h",
        [
            round(
                FULL_SCALE
                * (
                    TONE * math.sin(turn * tone * at)
                    + MELODY * (1 - at / STEP_SAMPLES) * math.sin(turn * note * at)
                )
            )
            for at in range(STEP_SAMPLES)
        ],
    )


def encode(tune: array[int]) -> bytes:
    """Return bare MP3 frames."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE)
    encoder.set_bit_rate(KBIT_PER_SECOND)
    encoder.set_quality(7)
    return bytes(encoder.encode(tune.tobytes())) + bytes(encoder.flush())


def frames(mp3: bytes) -> list[bytes]:
    """Return the frames of a tune of ours (all of one rate; some are a byte longer)."""
    found, start = [], 0
    while start + 4 <= len(mp3):
        length = SAMPLES_PER_FRAME // 8 * KBIT_PER_SECOND * 1_000 // RATE + (
            mp3[start + 2] >> 1 & 1
        )
        found.append(mp3[start : start + length])
        start += length
    return found


class Tunes:
    """Every tune, made when it is first wanted, and kept in a folder."""

    def __init__(self, folder: Path) -> None:
        """Make one at a time: a second asker finds the first one's."""
        self._folder = folder
        self._making = asyncio.Lock()

    async def mp3(self, track: Track) -> bytes:
        """Return a track's MP3."""
        async with self._making:
            return await asyncio.to_thread(self._load_or_make, track)

    def _load_or_make(self, track: Track) -> bytes:
        path = self._folder / f"{track.id}-{VERSION}.mp3"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            made = encode(samples(track))
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, made)
            return made
