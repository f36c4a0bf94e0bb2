"""When the user has begun and stopped speaking, from a detector's speech probabilities."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from . import BYTES_PER_SECOND

# The detector's window: 512 samples.
WINDOW_BYTES = 1_024
WINDOW_SECONDS = WINDOW_BYTES / BYTES_PER_SECOND


class Ending(Enum):
    """Why listening is over."""

    SPEECH_OVER = auto()
    NO_SPEECH = auto()
    TOO_LONG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Thresholds (probabilities) and times (seconds)."""

    speech_from: float = 0.5
    # Below the start threshold, so that a soft syllable does not end a sentence.
    silence_below: float = 0.35
    # A click is shorter.
    start_seconds: float = 0.09
    # Longer than the pause between two words of a slow speaker.
    end_seconds: float = 0.65
    # CIC's own state diagram: listening with no speech ends after 7 s.
    no_speech_seconds: float = 7.0
    # With other people talking no detector finds the end (engines.md section 5).
    max_speech_seconds: float = 10.0


class Endpointer:
    """Counts windows of speech and silence; knows no sound."""

    def __init__(self, probability: Callable[[bytes], float], rules: Rules | None = None) -> None:
        """Judge windows of WINDOW_BYTES with this detector."""
        self._probability = probability
        self._rules = rules or Rules()
        self._heard = 0.0
        self._speech = 0.0
        self._silence = 0.0
        self._speech_began: float | None = None

    @property
    def has_speech(self) -> bool:
        """Whether speech has begun."""
        return self._speech_began is not None

    @property
    def silence(self) -> float:
        """Seconds of silence since the last speech."""
        return self._silence

    def feed(self, window: bytes) -> Ending | None:
        """Take one window of WINDOW_BYTES; returns why listening is over, once it is."""
        rules, probability = self._rules, self._probability(window)
        self._heard += WINDOW_SECONDS
        if self._speech_began is None:
            self._speech = self._speech + WINDOW_SECONDS if probability >= rules.speech_from else 0
            if self._speech >= rules.start_seconds:
                self._speech_began = self._heard
            return Ending.NO_SPEECH if self._heard >= rules.no_speech_seconds else None
        if probability < rules.silence_below:
            self._silence += WINDOW_SECONDS
        elif probability >= rules.speech_from:
            self._silence = 0.0
        if self._silence >= rules.end_seconds:
            return Ending.SPEECH_OVER
        too_long = self._heard - self._speech_began >= rules.max_speech_seconds
        return Ending.TOO_LONG if too_long else None
