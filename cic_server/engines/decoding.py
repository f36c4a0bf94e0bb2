"""English speech to text with pocketsphinx: the grammar proposes, two models without one judge."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
import math
from pathlib import Path
import random
import re

import pocketsphinx  # type: ignore[import-untyped]  # has no types

# Exact digital silence breaks recognition: this much noise is added, in sample units.
NOISE_FLOOR = 8
# Decoded at once: 64 ms, some milliseconds of work.
STEP_BYTES = 2_048
# Word scores are linear and can underflow.
SMALLEST_SCORE = 1e-307
# pocketsphinx divides acoustic scores by this before it makes them linear.
SCORE_SCALE = 1_024
# Each utterance starts from the model's own channel estimate: the same sound gives the same text.
# The phone loop's name for silence.
SILENT_SOUND = "SIL"
CHANNEL = "40,3,-1,0,0,0,0,0,0,0,0,0,0"
_FILLERS = frozenset(("<s>", "</s>", "<sil>", "(NULL)", "[NOISE]", "[SPEECH]", "[COUGH]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How well a sentence of the grammar must fit the sound, to be believed.

    Both compare its score with what fits the same sound without a grammar; measured with
    tests/cic_server/evaluate.py: right sentences lie above, unrelated talk below.
    """

    # The general language model may choose any words.
    against_words: float = 0.1
    # The phone loop may choose any sounds, so it nearly always fits better.
    against_phones: float = -2.05
    # A sentence of one word.
    alone_against_phones: float = -2.45


# What may be said to a question is so little that the general words are a harsher judge, and a
# number alone is so short that one badly spoken sound weighs much ("two" of the voice slt).
REPLY_THRESHOLDS = Thresholds(against_words=-0.7, alone_against_phones=-3.1)

# After these words any number of others may come, so silence is easily heard as one more.
OPEN_END = ("repeat", "after", "me")
# A last word that fits the sound this much worse than free sounds do was not said.
LAST_WORD_AGAINST_PHONES = -3.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A word or sound between two frames (10 ms each), and its logarithmic score."""

    text: str
    first: int
    last: int
    score: float

    @property
    def frames(self) -> int:
        """Its length."""
        return self.last - self.first + 1


def mean_score(spans: Sequence[Span]) -> float:
    """Return the score per frame; minus infinity for nothing."""
    frames = sum(span.frames for span in spans)
    return sum(span.score for span in spans) / frames if frames else -math.inf


def score_within(spans: Sequence[Span], span: Span) -> float:
    """Return the score per frame of the part of `spans` that lies in one span's frames."""
    total = 0.0
    for other in spans:
        shared = min(other.last, span.last) - max(other.first, span.first) + 1
        if shared > 0:
            total += other.score * shared / other.frames
    return total / span.frames


def model_file(name: str) -> str:
    """Return a file of the model inside the package."""
    return str(Path(pocketsphinx.get_model_path()) / "en-us" / name)


def general_decoder() -> pocketsphinx.Decoder:
    """Return a decoder for any English."""
    return pocketsphinx.Decoder(
        _config(lm=model_file("en-us.lm.bin"), bestpath=False, fwdflat=False)
    )


def phone_decoder() -> pocketsphinx.Decoder:
    """Return a decoder for any sounds of speech."""
    phones = model_file("en-us-phone.lm.bin")
    return pocketsphinx.Decoder(_config(lm=None, allphone=phones, lw=2.0, beam=1e-20, pbeam=1e-20))


def grammar_decoder(grammar: Path) -> pocketsphinx.Decoder:
    """Return a decoder for a JSGF file."""
    return pocketsphinx.Decoder(_config(lm=None, jsgf=str(grammar), bestpath=False, wip=0.4))


def _config(**settings: str | float | bool | None) -> pocketsphinx.Config:
    return pocketsphinx.Config(
        hmm=model_file("en-us"),
        dict=model_file("cmudict-en-us.dict"),
        loglevel="FATAL",
        **settings,
    )


def read_spans(decoder: pocketsphinx.Decoder, *, with_silence: bool = False) -> list[Span]:
    """Return what a decoder believes now."""
    return [
        Span(
            text=re.sub(r"\(\d+\)$", "", segment.word),
            first=segment.start_frame,
            last=segment.end_frame,
            score=SCORE_SCALE * math.log(max(segment.ascore, SMALLEST_SCORE)),
        )
        for segment in decoder.seg() or ()
        if segment.end_frame >= segment.start_frame >= 0
        and segment.word != "(NULL)"
        and (with_silence or not _is_filler(segment.word))
    ]


def _is_filler(word: str) -> bool:
    return word in _FILLERS or word.startswith(("+", "<", "["))


def without_false_end(words: list[Span], sounds: Sequence[Span]) -> list[Span]:
    """Return the words without a last one that was only silence."""
    said = tuple(word.text for word in words)
    if said[: len(OPEN_END)] != OPEN_END or len(said) < len(OPEN_END) + 2:
        return words
    margin = words[-1].score / words[-1].frames - score_within(sounds, words[-1])
    return words[:-1] if margin < LAST_WORD_AGAINST_PHONES else words


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the grammar proposes, and how it fits compared with words and with sounds."""

    text: str
    against_words: float
    against_phones: float

    def holds(self, limits: Thresholds) -> bool:
        """Whether the text is believed."""
        alone = " " not in self.text
        phones = limits.alone_against_phones if alone else limits.against_phones
        return (
            self.text != ""
            and self.against_phones >= phones
            and self.against_words >= limits.against_words
        )


class Utterance:
    """One utterance on three decoders at once."""

    def __init__(
        self,
        grammar: pocketsphinx.Decoder,
        general: pocketsphinx.Decoder,
        phones: pocketsphinx.Decoder,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Begin; the decoders serve no other utterance until the end."""
        self._grammar = grammar
        self._general = general
        self._phones = phones
        self._decoders = (grammar, general, phones)
        self._thresholds = thresholds or Thresholds()
        self._random = random.Random(0)
        self._waiting = bytearray()
        for decoder in self._decoders:
            decoder.set_cmn(CHANNEL)
            decoder.start_utt()

    def feed(self, pcm: bytes) -> None:
        """Decode some sound."""
        self._waiting += pcm
        while len(self._waiting) >= STEP_BYTES:
            self._decode(bytes(self._waiting[:STEP_BYTES]))
            del self._waiting[:STEP_BYTES]

    def partial(self) -> str | None:
        """Return the text so far, if it is believed."""
        verdict = self.verdict()
        return verdict.text if verdict.holds(self._thresholds) else None

    def finish(self) -> str | None:
        """Return the final text, if it is believed."""
        if len(self._waiting) >= 2:
            self._decode(bytes(self._waiting[: len(self._waiting) & ~1]))
        for decoder in self._decoders:
            decoder.end_utt()
        return self.partial()

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

    def verdict(self) -> Verdict:
        """Judge the grammar's proposal."""
        sounds = read_spans(self._phones, with_silence=True)
        words = without_false_end(read_spans(self._grammar), sounds)
        score = mean_score(words)
        return Verdict(
            text=" ".join(word.text for word in words),
            against_words=score - mean_score(read_spans(self._general)),
            against_phones=score - mean_score([s for s in sounds if s.text != SILENT_SOUND]),
        )
