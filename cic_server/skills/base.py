"""What a skill is: a question asked of it, and its answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
import re

from cic_server.lang import Lang
from cic_server.messages import Directive
from cic_server.music.player import RemotePlayer
from cic_server.remote import Remote


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What the user said or typed: tidied text, and the moment in the service's own time zone."""

    text: str
    lang: Lang
    now: datetime
    # The client that asks.
    remote: Remote = field(default_factory=Remote)

    @property
    def player(self) -> RemotePlayer:
        """The client's audio player."""
        return self.remote.player


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A text in one language, and how it is pronounced where the voice cannot read it."""

    text: str
    spoken: str | None = None

    @property
    def to_speak(self) -> str:
        """What the voice gets."""
        return self.text if self.spoken is None else self.spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a skill still needs; the reply goes to `reply` (CIC SpeechRecognizer.ExpectSpeech)."""

    reply: Callable[[Utterance], Answer]
    timeout_ms: int = 7_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said and shown, what is ordered then, and what is asked back."""

    # None: the orders are answer enough.
    phrase: Phrase | None
    lang: Lang
    question: Question | None = None
    # Said after the phrase, each as a speech of its own after a pause.
    more: tuple[Phrase, ...] = ()
    orders: tuple[Directive, ...] = ()

    @property
    def text(self) -> str | None:
        """All that is said."""
        if self.phrase is None:
            return None
        return " ".join(each.text for each in (self.phrase, *self.more))


def nothing(lang: Lang = Lang.EN) -> Answer:
    """Return the answer that says and orders nothing (204)."""
    return Answer(phrase=None, lang=lang)


def ordering(*orders: Directive, lang: Lang = Lang.EN) -> Answer:
    """Return an answer of orders alone."""
    return Answer(phrase=None, lang=lang, orders=orders)


type Match = Callable[[Utterance], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """One row of the table of skills."""

    name: str
    match: Match
    # Sentences for `--sentences`.
    examples: tuple[str, ...]
    # Spoken forms, in JSGF (rules of engines/grammar.py), alternatives of one list.
    grammar: tuple[str, ...] = ()
    # Not for a guest, who is asked to sign in (CIC Clova.ExpectLogin).
    needs_account: bool = False


_NOT_TEXT = re.compile(r"[^\w\s+\-*/×÷'.]")
_SINGLE_QUOTES = re.compile(r"[\u2018\u2019\u02bc`]")
_CONTRACTIONS = (
    (re.compile(r"\bwhat's\b"), "what is"),
    (re.compile(r"\bwhats\b"), "what is"),
    (re.compile(r"\bi'd\b"), "i would"),
    (re.compile(r"\b(today|tomorrow)'s\b"), r"\1s"),
)


def tidy(text: str) -> str:
    """Return the text without case, punctuation and contractions."""
    plain = _SINGLE_QUOTES.sub("'", text.casefold())
    plain = _NOT_TEXT.sub(" ", plain)
    plain = re.sub(r"\.(?!\d)", " ", plain)  # a full stop, not a decimal point
    for pattern, full in _CONTRACTIONS:
        plain = pattern.sub(full, plain)
    return " ".join(plain.split())


def detect_lang(text: str, last: Lang | None) -> Lang:
    """Return the language of typed text: by its script, else the last one spoken, else English."""
    if re.search(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]", text):
        return Lang.KO
    if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text):
        return Lang.JA
    if re.search(r"[a-z]", text.casefold()):
        return Lang.EN
    return last or Lang.EN
