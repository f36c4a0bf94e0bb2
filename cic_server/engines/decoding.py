"""English speech to text with pocketsphinx: the grammar proposes, the general model judges."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
import math
from pathlib import Path
import random
import re

import pocketsphinx  # type: ignore[import-untyped]

# Exact digital silence breaks recognition: this much noise is added, in sample units.
NOISE_FLOOR = 8
# Decoded at once: 64 ms, some milliseconds of work.
STEP_BYTES = 2_048
# Word scores are linear and can underflow.
SMALLEST_SCORE = 1e-307
_FILLERS = frozenset(("<s>", "</s>", "<sil>", "(NULL)", "[NOISE]", "[SPEECH]", "[COUGH]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How good a sentence of the grammar must fit the sound to be believed.

    Both are mean logarithms of the acoustic score per frame of speech; measured by evaluate.py.
    """

    absolute: float = -4.53
    # The grammar's score less the general model's: unrelated talk fits the general model better.
    against_general: float = -0.28


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A decoder's best guess."""

    text: str
    score: float


def model_file(name: str) -> str:
    """Return a file of the model inside the package."""
    return str(Path(pocketsphinx.get_model_path()) / "en-us" / name)


def general_decoder() -> pocketsphinx.Decoder:
    """Return a decoder for any English."""
    return pocketsphinx.Decoder(_config(lm=model_file("en-us.lm.bin")))


def grammar_decoder(grammar: Path) -> pocketsphinx.Decoder:
    """Return a decoder for a JSGF file."""
    return pocketsphinx.Decoder(_config(lm=None, jsgf=str(grammar), bestpath=False, wip=0.1))


def _config(**settings: str | float | bool | None) -> pocketsphinx.Config:
    return pocketsphinx.Config(
        hmm=model_file("en-us"),
        dict=model_file("cmudict-en-us.dict"),
        loglevel="FATAL",
        **settings,
    )


def read_hypothesis(decoder: pocketsphinx.Decoder) -> Hypothesis:
    """Return what a decoder believes now."""
    words: list[str] = []
    total, frames = 0.0, 0
    for segment in decoder.seg() or ():
        if segment.word in _FILLERS or segment.word.startswith(("+", "<", "[")):
            continue
        words.append(re.sub(r"\(\d+\)$", "", segment.word))
        total += math.log(max(segment.ascore, SMALLEST_SCORE))
        frames += segment.end_frame - segment.start_frame + 1
    return Hypothesis(text=" ".join(words), score=total / frames if frames else -math.inf)


class Utterance:
    """One utterance on two decoders at once."""

    def __init__(
        self,
        grammar: pocketsphinx.Decoder,
        general: pocketsphinx.Decoder,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Begin; the decoders serve no other utterance until the end."""
        self._grammar = grammar
        self._general = general
        self._thresholds = thresholds or Thresholds()
        self._random = random.Random(0)
        self._waiting = bytearray()
        for decoder in self._decoders:
            decoder.start_utt()

    @property
    def _decoders(self) -> Iterable[pocketsphinx.Decoder]:
        return (self._grammar, self._general)

    def feed(self, pcm: bytes) -> None:
        """Decode some sound."""
        self._waiting += pcm
        while len(self._waiting) >= STEP_BYTES:
            self._decode(bytes(self._waiting[:STEP_BYTES]))
            del self._waiting[:STEP_BYTES]

    def partial(self) -> str | None:
        """Return the text so far, if it is believed."""
        return self._believed()

    def finish(self) -> str | None:
        """Return the final text, if it is believed."""
        if len(self._waiting) >= 2:
            self._decode(bytes(self._waiting[: len(self._waiting) & ~1]))
        for decoder in self._decoders:
            decoder.end_utt()
        return self._believed()

    def _decode(self, pcm: bytes) -> None:
        noisy = self._with_noise_floor(pcm)
        for decoder in self._decoders:
            decoder.process_raw(noisy)

    def _with_noise_floor(self, pcm: bytes) -> bytes:
        samples = array("h", pcm)
        noise = self._random.choices(range(-NOISE_FLOOR, NOISE_FLOOR + 1), k=len(samples))
        limit = 32_767 - NOISE_FLOOR
        return array(
            "h",
            [
                max(-limit, min(limit, sample)) + extra
                for sample, extra in zip(samples, noise, strict=True)
            ],
        ).tobytes()

    def _believed(self) -> str | None:
        proposed = read_hypothesis(self._grammar)
        if not proposed.text or proposed.score < self._thresholds.absolute:
            return None
        margin = proposed.score - read_hypothesis(self._general).score
        return proposed.text if margin >= self._thresholds.against_general else None
