"""Plus, minus, times, divided by."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
import operator
import re

from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance
from .numbers import approximation, kana_value, parse, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A kind of sum and its names."""

    signs: tuple[str, ...]
    en: str
    ko: str
    ja: str
    apply: Callable[[Fraction, Fraction], Fraction]


OPERATIONS = (
    Operation(signs=("+", "plus"), en="plus", ko="더하기", ja="たす", apply=operator.add),
    Operation(signs=("-", "minus"), en="minus", ko="빼기", ja="ひく", apply=operator.sub),
    Operation(
        signs=("*", "×", "x", "times", "multiplied by"),
        en="times",
        ko="곱하기",
        ja="かける",
        apply=operator.mul,
    ),
    Operation(
        signs=("/", "÷", "divided by", "over"),
        en="divided by",
        ko="나누기",
        ja="わる",
        apply=operator.truediv,
    ),
)
_BY_SIGN = {
    sign: operation
    for operation in OPERATIONS
    for sign in (*operation.signs, operation.ko, operation.ja)
}
# A sign that is a word stands alone: there is an "x" in "six".
_SIGNS = "|".join(
    rf"(?<![a-z]){re.escape(sign)}(?![a-z])"
    if sign.isascii() and sign.isalpha()
    else re.escape(sign)
    for sign in sorted(_BY_SIGN, key=len, reverse=True)
)
_QUESTION = re.compile(
    r"(?:(?:what is|how much is|calculate) )?"
    rf"(?P<left>.+?) ?(?P<sign>{_SIGNS}) ?(?P<right>.+?)"
    r"(?: ?(?:은|는|は|わ|을 계산해줘?|은 얼마(?:야|예요)?|はいくつ|はいくら|얼마(?:야|예요)?|please))?"
)


def calculate(asked: Utterance) -> Answer | None:
    """Work out a sum of two numbers."""
    found = _QUESTION.fullmatch(asked.text)
    if found is None:
        return None
    left, right = parse(found["left"]), parse(found["right"])
    if left is None or right is None:
        return None
    operation = _BY_SIGN[found["sign"]]
    if operation.apply is operator.truediv and right == 0:
        return Answer(phrase=_BY_ZERO[asked.lang], lang=asked.lang)
    result = operation.apply(left, right)
    return Answer(phrase=_phrase(left, operation, right, result, asked.lang), lang=asked.lang)


_BY_ZERO = {
    Lang.EN: Phrase(text="Nothing can be divided by zero."),
    Lang.KO: Phrase(text="영으로는 나눌 수 없습니다."),
    Lang.JA: Phrase(text="ゼロで割ることはできません。", spoken="ゼロで わることわ できません。"),
}


def _phrase(
    left: Fraction, operation: Operation, right: Fraction, result: Fraction, lang: Lang
) -> Phrase:
    about = approximation(result)
    match lang:
        case Lang.EN:
            text = f"{shown(left)} {operation.en} {shown(right)} is {shown(result)}"
            text += f", about {about}." if about else "."
            return Phrase(
                text=text, spoken=re.sub(r"-(?=\d)", "minus ", text).replace("/", " over ")
            )
        case Lang.KO:
            value = about or shown(result)
            text = f"{shown(left)} {operation.ko} {shown(right)}, 답은 {value}입니다."
            if about:
                text = text.replace("답은 ", "답은 약 ")
            return Phrase(text=text, spoken=re.sub(r"-(?=\d)", "마이너스 ", text))
        case Lang.JA:
            value = f"約{about}" if about else shown(result)
            spoken = (
                f"{kana_value(left)} {operation.ja} {kana_value(right)} わ "
                f"{'やく ' if about else ''}{kana_value(result)} です。"
            )
            text = f"{shown(left)} {operation.ja} {shown(right)} は {value} です。"
            return Phrase(text=text, spoken=spoken)


SUMS = Skill(
    name="sums",
    match=calculate,
    examples=("what is twelve plus thirty four", "what is seven divided by two", "12 + 30"),
    grammar=("(what is | how much is) <number> (plus | minus | times | divided by) <number>",),
)
