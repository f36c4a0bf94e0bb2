"""espeak-ng as a child process, its sound encoded to MP3 while it speaks."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import shutil
from typing import Self

import lameenc  # type: ignore[import-not-found]  # has no types

PROGRAM = "espeak-ng"
# CIC's languages and the voices that speak them.
VOICES = {"en": "en-us", "ko": "ko", "ja": "ja", "zh": "cmn"}
# Voices a user can choose (CIC Settings, "VoiceTypeChange"): names and espeak-ng's variants. The
# numbers are those of the documents' example, which has no V006 either.
CHOICES = {
    "V001": ("Standard", ""),
    "V002": ("Clara", "+f2"),
    "V003": ("Diana", "+f4"),
    "V004": ("Marcus", "+m3"),
    "V005": ("Bruno", "+m7"),
    "V007": ("Whisper", "+whisper"),
}
WORDS_PER_MINUTE = 160
# espeak-ng's own rate; MP3 knows it (MPEG-2 layer III).
RATE = 22_050
KBIT_PER_SECOND = 48
WAV_HEADER_BYTES = 44
# 0.09 s of sound: small enough to leave at once, large enough for some frames.
READ_BYTES = 4_096
# A longer text is cut: some minutes of speech.
MAX_TEXT = 5_000


class SynthesisError(Exception):
    """The program could not speak."""


class EspeakSynthesizer:
    """Speaks every language of CIC, robotically."""

    def __init__(self, variant: str = "") -> None:
        """Speak with the languages' own voices, or a variant of them."""
        self._variant = variant

    def in_voice(self, voice: str) -> Self:
        """Return one that speaks in another of the CHOICES."""
        _, variant = CHOICES.get(voice, ("", ""))
        return type(self)(variant)

    @staticmethod
    def is_installed() -> bool:
        """Whether the program is on the path."""
        return shutil.which(PROGRAM) is not None

    async def synthesize(self, text: str, lang: str) -> AsyncIterator[bytes]:
        """Yield bare MP3 frames as they are made; raises SynthesisError."""
        voice = VOICES.get(lang.split("-", maxsplit=1)[0].lower(), VOICES["en"])
        voice += self._variant
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, "-v", voice, "-s", str(WORDS_PER_MINUTE), "-b", "1", "--stdin", "--stdout"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(text[:MAX_TEXT].encode())
            process.stdin.close()
            async for frames in _encoded(process.stdout):
                yield frames
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()


async def _encoded(wav: asyncio.StreamReader) -> AsyncIterator[bytes]:
    try:
        await wav.readexactly(WAV_HEADER_BYTES)
    except asyncio.IncompleteReadError as err:
        raise SynthesisError("espeak-ng said nothing") from err
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(RATE)
    encoder.set_bit_rate(KBIT_PER_SECOND)
    encoder.set_quality(7)
    odd = b""
    while pcm := await wav.read(READ_BYTES):
        pcm = odd + pcm
        odd = pcm[len(pcm) & ~1 :]
        if frames := bytes(encoder.encode(pcm[: len(pcm) & ~1])):
            yield frames
    if frames := bytes(encoder.flush()):
        yield frames
