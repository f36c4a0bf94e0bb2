"""The answers a bot offers: read out with numbers, taken by number or by words."""

from collections.abc import Iterator, Sequence
import re
from typing import Final

from ..direct_line import Choice

_SIGNS: Final = re.compile(r"[^\w\s]|_")
# How the first ten are called, alone and in order.
_ENGLISH: Final = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_ENGLISH_TH: Final = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
]
_KOREAN: Final = ["일", "이", "삼", "사", "오", "육", "칠", "팔", "구", "십"]
_KOREAN_OWN: Final = ["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉", "열"]
_KOREAN_TH: Final = ["첫", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열"]
_JAPANESE: Final = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"]
_JAPANESE_SAID: Final = [
    "いち",
    "に",
    "さん",
    "よん",
    "ご",
    "ろく",
    "なな",
    "はち",
    "きゅう",
    "じゅう",
]


def _names(number: int) -> Iterator[str]:
    """Yield what a number is called, from 1 to 10."""
    at = number - 1
    cardinal, ordinal = _ENGLISH[at], _ENGLISH_TH[at]
    for word in (cardinal, str(number)):
        yield from (word, f"number {word}", f"option {word}")
    yield from (ordinal, f"the {ordinal}", f"{ordinal} one", f"the {ordinal} one")
    for word in (_KOREAN[at], str(number)):
        yield from (f"{word}번", f"{word} 번", f"{word}번이요", f"{word}번째")
    yield from (_KOREAN_OWN[at], f"{_KOREAN_TH[at]}번째", f"{_KOREAN_TH[at]} 번째")
    for word in (_JAPANESE[at], _JAPANESE_SAID[at], str(number)):
        yield from (f"{word}番", f"{word}番目", f"{word}番です")
    yield from (_JAPANESE[at], f"{_JAPANESE[at]}つ目", _JAPANESE_SAID[at])


_NUMBERS: Final = {name: number for number in range(1, 11) for name in _names(number)}


def read_out(choices: Sequence[Choice], text: str) -> str:
    """Return the choices as they are said, each with its number; none where the text names them all."""
    said = text.casefold()
    if all(_title(choice).casefold() in said for choice in choices):
        return ""
    return ", ".join(f"{at}. {_title(choice)}" for at, choice in enumerate(choices, 1))


def taken(text: str, choices: Sequence[Choice]) -> Choice | None:
    """Return the choice a text means: called as it is, by its number, or somewhere in the text."""
    said = _words(text)
    for choice in choices:
        if said in {_words(name) for name in (choice.title, choice.spoken or "", choice.value)}:
            return choice if said else None
    number = int(said) if said.isdecimal() and len(said) < 4 else _NUMBERS.get(said, 0)
    if 1 <= number <= len(choices):
        return choices[number - 1]
    named = [choice for choice in choices if _is_in(_words(_title(choice)), said)]
    return named[0] if len(named) == 1 else None


def _title(choice: Choice) -> str:
    return choice.spoken or choice.title


def _words(text: str) -> str:
    return " ".join(_SIGNS.sub(" ", text).casefold().split())


def _is_in(name: str, said: str) -> bool:
    """Tell whether a name stands in a text: between blanks, where the language has them."""
    return bool(name) and (name in said if not name.isascii() else f" {name} " in f" {said} ")
