"""Speech as test input: flite reads a sentence, outside the test's process."""

from array import array
from functools import cache
from pathlib import Path
import subprocess
import tempfile
import wave

RATE = 16_000
BYTES_PER_SECOND = RATE * 2
VOICE = "slt"


@cache
def speech(text: str, voice: str = VOICE, lead: float = 0.3, tail: float = 0.9) -> bytes:
    """Return raw 16 kHz sound of a sentence with silence (seconds) around it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        command = ["flite", "-voice", voice, "-t", text, "-o", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(file)) as recording:
            rate = recording.getframerate()
            pcm = recording.readframes(recording.getnframes())
    if rate != RATE:
        pcm = _resampled(pcm, rate)
    return silence(lead) + pcm + silence(tail)


def silence(seconds: float) -> bytes:
    """Return digital silence."""
    return bytes(int(seconds * RATE) * 2)


def _resampled(pcm: bytes, rate: int) -> bytes:
    """Return the sound at 16 kHz, linearly interpolated."""
    source = array("h", pcm)
    count = len(source) * RATE // rate
    result = array("h")
    for index in range(count):
        at, part = divmod(index * rate, RATE)
        following = source[min(at + 1, len(source) - 1)]
        result.append(source[at] + (following - source[at]) * part // RATE)
    return result.tobytes()
