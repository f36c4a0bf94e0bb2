"""Makes the sounds the client has itself: for each alert, and for notifications.

Tones that strike and fade, as MP3 of 24 kHz, mono, without tags: what joins other
sounds of one stream. Each begins and ends in silence, so that it can be repeated.
"""

from __future__ import annotations

import array
from dataclasses import dataclass
import math
from pathlib import Path
from typing import Final

import lameenc

RATE: Final = 24000
KBIT: Final = 48
FOLDER: Final = Path(__file__).parent.parent / "custom_components" / "clova_cic" / "sounds"

# Of full scale: loud enough for an alarm, and two tones at once do not clip.
LOUDNESS: Final = 0.55
# From nothing to all of it, and at the end back to nothing, in seconds: less would click.
ATTACK: Final = 0.006
RELEASE: Final = 0.02


@dataclass(frozen=True)
class Strike:
    """One tone: when it begins and how long it can be heard, in seconds; its pitch in Hz.

    half is how soon it has half of its loudness, in seconds.
    """

    at: float
    seconds: float
    hertz: float
    half: float


@dataclass(frozen=True)
class Bell:
    """A sound: its tones, and how long all of it is, in seconds."""

    strikes: tuple[Strike, ...]
    seconds: float


def _row(begin: float, step: float, seconds: float, half: float, *pitches: float) -> list[Strike]:
    """Return tones one after another."""
    return [
        Strike(begin + step * index, seconds, hertz, half) for index, hertz in enumerate(pitches)
    ]


BELLS: Final = {
    # insistent: four short beeps, twice, the second time higher
    "alarm": Bell(
        (
            *_row(0.02, 0.16, 0.13, 0.3, 880, 880, 880, 880),
            *_row(0.98, 0.16, 0.13, 0.3, 1100, 1100, 1100, 1100),
        ),
        2.4,
    ),
    # a kitchen bell, three times
    "timer": Bell(tuple(_row(0.02, 0.4, 0.38, 0.1, 1400, 1400, 1400)), 2.0),
    # two soft tones, falling
    "reminder": Bell(tuple(_row(0.02, 0.45, 0.6, 0.15, 800, 600)), 1.8),
    # two tones, rising: something is about to happen
    "actiontimer": Bell(tuple(_row(0.02, 0.2, 0.35, 0.1, 500, 750)), 1.1),
    # one short chime
    "notification": Bell(tuple(_row(0.02, 0.14, 0.4, 0.09, 1000, 1250)), 1.0),
}


def samples(bell: Bell) -> list[float]:
    """Return a sound as samples between -1 and 1."""
    mixed = [0.0] * round(bell.seconds * RATE)
    for strike in bell.strikes:
        first = round(strike.at * RATE)
        for index in range(round(strike.seconds * RATE)):
            mixed[first + index] += LOUDNESS * _at(strike, index / RATE)
    return mixed


def _at(strike: Strike, seconds: float) -> float:
    """Return a tone at a time after its beginning: with a little of its octave, which sounds warmer."""
    edge = min(1.0, seconds / ATTACK, (strike.seconds - seconds) / RELEASE)
    phase = 2 * math.pi * strike.hertz * seconds
    wave = 0.85 * math.sin(phase) + 0.15 * math.sin(2 * phase)
    return edge * 0.5 ** (seconds / strike.half) * wave


def mp3(bell: Bell) -> bytes:
    """Return a sound as MP3."""
    pcm = array.array("h", (round(one * 32767) for one in samples(bell)))
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(KBIT)
    encoder.set_in_sample_rate(RATE)
    encoder.set_out_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_quality(2)
    encoder.silence()
    return bytes(encoder.encode(pcm.tobytes())) + bytes(encoder.flush())


def main() -> None:
    """Write all of them."""
    for name, bell in BELLS.items():
        path = FOLDER / f"{name}.mp3"
        path.write_bytes(mp3(bell))
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
