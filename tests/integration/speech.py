"""Spoken sentences: Debian's flite, a voice that is not the server's own."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
import subprocess
import tempfile
import wave

RATE = 16000
SECOND = RATE * 2
# 10 ms, as Assist cuts its audio
FRAME = 320
# So many frames at their own pace: 8 s.
WAITED = 800


@cache
def say(text: str) -> bytes:
    """Return a sentence as raw PCM, 16 kHz, 16-bit, mono."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", path], check=True, timeout=30)
        with wave.open(str(path), "rb") as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            return file.readframes(file.getnframes())


async def microphone(text: str, *, silence: float = 1.5) -> AsyncIterator[bytes]:
    """Yield a sentence and the silence of a room, faster than it would be spoken.

    Where the recogniser of a busy machine is not as fast, the room stays silent for a while.
    """
    sound = await asyncio.to_thread(say, text)
    sound += bytes(int(silence * RATE) * 2)
    for start in range(0, len(sound), FRAME):
        yield sound[start : start + FRAME]
        await asyncio.sleep(0)
    for _ in range(WAITED if silence else 0):
        await asyncio.sleep(FRAME / 2 / RATE)
        yield bytes(FRAME)
