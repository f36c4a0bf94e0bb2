"""What the service wants of a speech engine; each engine is one module."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

# What clients send: 16 kHz, 16 bit, mono, little endian (CIC SpeechRecognizer).
SAMPLE_RATE = 16_000
BYTES_PER_SECOND = SAMPLE_RATE * 2


class Outcome(StrEnum):
    """Why a recogniser has, or has no, text."""

    RECOGNISED = "recognised"
    # Something was said, but nothing the engine stands by.
    REJECTED = "rejected"
    # Nobody spoke.
    SILENCE = "silence"
    # The engine knows no words of this language; it only hears when speech ends.
    LANGUAGE = "language"
    # The engine broke.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What was understood so far; the whole of it, not an addition."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechEnded:
    """Nothing more is listened to; the final result follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """The last word of a session: final text, or why there is none."""

    text: str | None
    outcome: Outcome


type Result = Partial | SpeechEnded | Recognised


class RecognizerSession(Protocol):
    """One utterance. It finds the end of speech itself; finish() ends it early."""

    async def feed(self, pcm: bytes) -> None:
        """Take raw audio; ignored after the end."""

    async def finish(self) -> None:
        """No more audio comes: decide on what there is."""

    def results(self) -> AsyncIterator[Result]:
        """Yield partial results, SpeechEnded, then exactly one Recognised."""

    async def close(self) -> None:
        """Let go of the engine."""


class Recognizer(Protocol):
    """Speech to text, away from the event loop."""

    async def start(self, lang: str, *, expects_reply: bool) -> RecognizerSession:
        """Begin an utterance; `expects_reply` when it answers a question."""

    async def close(self) -> None:
        """Stop what runs."""


class Synthesizer(Protocol):
    """Text to speech."""

    def synthesize(self, text: str, lang: str) -> AsyncIterator[bytes]:
        """Yield MP3 frames as they are made."""

    def in_voice(self, voice: str) -> Self:
        """Return one that speaks in another voice; an unknown one is the usual voice."""
