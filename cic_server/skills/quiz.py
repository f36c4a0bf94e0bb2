"""A quiz of two sums: a small extension, open from its first question to its last answer."""

from dataclasses import dataclass
from functools import partial
import random
import re

from cic_server.clova.orders import clova
from cic_server.lang import Lang

from .base import Answer, Phrase, Question, Skill, Utterance
from .numbers import english, find_count, kana

NAME = "quiz"
QUESTIONS = 2
_OPEN = {
    Lang.EN: re.compile(r"(?:please )?(?:open|start|play) (?:the |a )?quiz(?: please)?"),
    Lang.KO: re.compile(r".*퀴즈.*(?:열어|시작|하자).*"),
    Lang.JA: re.compile(r".*クイズ.*(?:開|始め|はじめ|スタート).*"),
}
_CLOSE = {
    Lang.EN: re.compile(r"(?:please )?(?:close|end|stop|leave) the quiz(?: please)?"),
    Lang.KO: re.compile(r".*퀴즈.*(?:닫아|끝|그만).*"),
    Lang.JA: re.compile(r".*クイズ.*(?:閉|終わ|おわ|やめ).*"),
}
_GIVES_UP = re.compile(r".*(?:\bcancel\b|\bnever mind\b|\bstop\b|\bclose\b|그만|やめ).*")
_NOT_OPEN = {
    Lang.EN: Phrase(text="The quiz is not open."),
    Lang.KO: Phrase(text="퀴즈가 열려 있지 않습니다."),
    Lang.JA: Phrase(text="クイズは開いていません。", spoken="クイズわ ひらいて いません。"),
}
_CLOSED = {
    Lang.EN: Phrase(text="The quiz is closed."),
    Lang.KO: Phrase(text="퀴즈를 닫습니다."),
    Lang.JA: Phrase(text="クイズを終わります。", spoken="クイズを おわり ます。"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far a quiz is."""

    left: int
    right: int
    asked: int = 1
    points: int = 0


def _sum(chance: random.Random) -> tuple[int, int]:
    return chance.randint(2, 9), chance.randint(2, 9)


def open_quiz(asked: Utterance) -> Answer | None:
    """Enter the extension, and ask the first sum."""
    if not _OPEN[asked.lang].fullmatch(asked.text):
        return None
    asked.remote.extension = NAME
    left, right = _sum(_chance(asked))
    question = _question(left, right, asked.lang)
    return Answer(
        phrase=question,
        lang=asked.lang,
        orders=(clova("StartExtension", extension=NAME),),
        question=Question(reply=partial(take_answer, at=Round(left=left, right=right))),
    )


def _chance(asked: Utterance) -> random.Random:
    """Return the chance of a moment: another quiz at another time."""
    return random.Random(asked.now.timestamp())  # nothing depends on it


def take_answer(replied: Utterance, *, at: Round) -> Answer:
    """Judge an answer; ask the next sum, or say how many were right."""
    if _GIVES_UP.fullmatch(replied.text):
        return _leave(replied, _CLOSED[replied.lang])
    is_right = find_count(replied.text) == at.left + at.right
    points = at.points + is_right
    judged = _judged(at.left + at.right, replied.lang, is_right=is_right)
    if at.asked == QUESTIONS:
        return _leave(replied, judged, _points(points, replied.lang))
    left, right = _sum(_chance(replied))
    following = Round(left=left, right=right, asked=at.asked + 1, points=points)
    return Answer(
        phrase=judged,
        more=(_question(left, right, replied.lang),),
        lang=replied.lang,
        question=Question(reply=partial(take_answer, at=following)),
    )


def close_quiz(asked: Utterance) -> Answer | None:
    """Leave the extension."""
    if not _CLOSE[asked.lang].fullmatch(asked.text):
        return None
    if asked.remote.extension != NAME:
        return Answer(phrase=_NOT_OPEN[asked.lang], lang=asked.lang)
    return _leave(asked, _CLOSED[asked.lang])


def _leave(asked: Utterance, phrase: Phrase, *more: Phrase) -> Answer:
    asked.remote.extension = None
    order = clova("FinishExtension", extension=NAME)
    return Answer(phrase=phrase, more=more, lang=asked.lang, orders=(order,))


def _question(left: int, right: int, lang: Lang) -> Phrase:
    match lang:
        case Lang.EN:
            return Phrase(text=f"What is {english(left)} plus {english(right)}?")
        case Lang.KO:
            return Phrase(text=f"{left} 더하기 {right}은 얼마일까요?")
        case Lang.JA:
            return Phrase(
                text=f"{left}たす{right}はいくつですか？",
                spoken=f"{kana(left)} たす {kana(right)} わ いくつ ですか？",
            )


def _judged(result: int, lang: Lang, *, is_right: bool) -> Phrase:
    match lang:
        case Lang.EN:
            return Phrase(text="Right." if is_right else f"No, it is {english(result)}.")
        case Lang.KO:
            return Phrase(text="맞습니다." if is_right else f"아니요, {result}입니다.")
        case Lang.JA:
            if is_right:
                return Phrase(text="正解です。", spoken="せいかい です。")
            return Phrase(text=f"いいえ、{result}です。", spoken=f"いいえ、{kana(result)} です。")


def _points(points: int, lang: Lang) -> Phrase:
    match lang:
        case Lang.EN:
            return Phrase(text=f"You had {english(points)} of {english(QUESTIONS)}.")
        case Lang.KO:
            return Phrase(text=f"{QUESTIONS}문제 중 {points}문제를 맞혔습니다.")
        case Lang.JA:
            return Phrase(
                text=f"{QUESTIONS}問中{points}問正解です。",
                spoken=f"{kana(QUESTIONS)}もんちゅう {kana(points)}もん せいかい です。",
            )


QUIZ_SKILLS = (
    Skill(name="quiz", match=open_quiz, examples=("open the quiz",), grammar=("open the quiz",)),
    Skill(
        name="end of the quiz",
        match=close_quiz,
        examples=("close the quiz",),
        grammar=("close the quiz",),
    ),
)
