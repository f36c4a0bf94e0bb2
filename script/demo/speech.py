"""What is said: sentences made by flite or read from a file, and the room around them."""

from array import array
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import random
import wave

from .failure import Failure

RATE = 16_000
SAMPLE_BYTES = 2
FRAME_SECONDS = 0.02
FRAME_BYTES = int(RATE * FRAME_SECONDS) * SAMPLE_BYTES
# Quiet before and after, as a microphone has it that opens at the wake word.
BEFORE_SECONDS = 0.2
AFTER_SECONDS = 1.0
# A quiet room: hiss far below speech, in units of 16-bit samples.
HISS = 4
# Louder than hiss and a voice's breath, far below a voice.
AUDIBLE = 400
FLITE_SECONDS = 30.0
# Longer than any command; Assist itself listens for 15 seconds.
LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """16-bit mono sound at 16 kHz, and where in it the voice ends."""

    samples: bytes

    @property
    def frames(self) -> list[bytes]:
        """The sound with the room before and after it, cut as a microphone does."""
        whole = _room(BEFORE_SECONDS) + self.samples + _room(AFTER_SECONDS)
        return [whole[at : at + FRAME_BYTES] for at in range(0, len(whole), FRAME_BYTES)]

    @property
    def last_spoken_frame(self) -> int:
        """The number of the frame in which the voice is heard last."""
        frames = self.frames
        heard = (number for number in reversed(range(len(frames))) if _is_audible(frames[number]))
        return next(heard, len(frames) - 1)


def _room(seconds: float) -> bytes:
    hiss = random.Random(0)
    return array("h", (hiss.randint(-HISS, HISS) for _ in range(int(seconds * RATE)))).tobytes()


def _is_audible(frame: bytes) -> bool:
    return any(abs(sample) > AUDIBLE for sample in _samples(frame))


def _samples(frame: bytes) -> Iterator[int]:
    return iter(array("h", frame))


def read_wav(path: Path) -> Speech:
    """Read a 16 kHz mono 16-bit WAV file; raises Failure for anything else."""
    try:
        with wave.open(str(path), "rb") as file:
            found = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.getnframes()
            samples = file.readframes(min(frames, int(LONGEST_SECONDS * RATE) + 1))
    except FileNotFoundError:
        raise Failure(f"There is no file {path}.") from None
    except (wave.Error, EOFError) as err:
        raise Failure(f"{path} is not a PCM WAV file: {err or 'it ends too early'}.") from err
    except OSError as err:
        raise Failure(f"{path} cannot be read: {err.strerror}.") from err
    if found != (RATE, 1, SAMPLE_BYTES):
        rate, channels, width = found
        raise Failure(
            f"{path} has {rate} Hz, {channels} channel(s) and {width * 8} bits; "
            f"it must have {RATE} Hz, 1 channel and 16 bits."
        )
    if not samples:
        raise Failure(f"{path} holds no sound.")
    if len(samples) > LONGEST_SECONDS * RATE * SAMPLE_BYTES:
        raise Failure(f"{path} is longer than {LONGEST_SECONDS:.0f} seconds.")
    return Speech(samples=samples[: len(samples) // SAMPLE_BYTES * SAMPLE_BYTES])


async def synthesize(text: str, path: Path) -> Speech:
    """Have flite say a sentence, in a voice that is not the server's; raises Failure."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("flite", "-voice", "slt", "-t", text, "-o", str(path)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise Failure("flite, which says the sentences, is not installed.") from None
    try:
        async with asyncio.timeout(FLITE_SECONDS):
            status = await process.wait()
    except TimeoutError:
        raise Failure(f"flite took longer than {FLITE_SECONDS:.0f} s to say “{text}”.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if status != 0:
        raise Failure(f"flite could not say “{text}” (status {status}).")
    return read_wav(path)
