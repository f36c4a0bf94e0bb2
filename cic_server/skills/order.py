"""Ordering a pizza: a question in two steps. No shop is called."""

from functools import partial
import re

from cic_server.lang import Lang

from .base import Answer, Phrase, Question, Skill, Utterance
from .numbers import english, find_count, kana

_ORDER = {
    Lang.EN: re.compile(
        r"(?:please )?(?:i (?:want|would like) to )?order (?:a |some )?pizzas?(?: please)?"
    ),
    Lang.KO: re.compile(r".*피자.*(?:주문|시켜).*"),
    Lang.JA: re.compile(r".*ピザ.*(?:注文|頼).*"),
}
_CANCEL = re.compile(r".*(?:\bcancel\b|\bnever mind\b|\bforget it\b|취소|キャンセル|やめ).*")

# The most pizzas one order takes; more is a slip of the ear.
MAX_PIZZAS = 100

_HOW_MANY = {
    Lang.EN: Phrase(text="How many pizzas would you like?"),
    Lang.KO: Phrase(text="피자를 몇 판 주문할까요?"),
    Lang.JA: Phrase(
        text="ピザを何枚注文しますか？", spoken="ピザを なんまい ちゅうもん しますか？"
    ),
}
_AGAIN = {
    Lang.EN: Phrase(text="I need a number. How many pizzas?"),
    Lang.KO: Phrase(text="숫자로 말씀해 주세요. 몇 판인가요?"),
    Lang.JA: Phrase(
        text="数を言ってください。何枚ですか？", spoken="かずを いってください。なんまい ですか？"
    ),
}
_GIVEN_UP = {
    Lang.EN: Phrase(text="All right, no pizza."),
    Lang.KO: Phrase(text="알겠습니다. 주문을 취소합니다."),
    Lang.JA: Phrase(
        text="わかりました。注文をやめます。", spoken="わかりました。ちゅうもんを やめます。"
    ),
}


def order(asked: Utterance) -> Answer | None:
    """Ask how many pizzas it shall be."""
    if not _ORDER[asked.lang].fullmatch(asked.text):
        return None
    question = Question(reply=partial(take_count, may_ask_again=True))
    return Answer(phrase=_HOW_MANY[asked.lang], lang=asked.lang, question=question)


def take_count(replied: Utterance, *, may_ask_again: bool) -> Answer:
    """Confirm the number, or ask for it once more."""
    if _CANCEL.fullmatch(replied.text):
        return Answer(phrase=_GIVEN_UP[replied.lang], lang=replied.lang)
    count = find_count(replied.text)
    if count is not None and 0 < count <= MAX_PIZZAS:
        return Answer(phrase=_confirmation(count, replied.lang), lang=replied.lang)
    if may_ask_again:
        question = Question(reply=partial(take_count, may_ask_again=False))
        return Answer(phrase=_AGAIN[replied.lang], lang=replied.lang, question=question)
    return Answer(phrase=_GIVEN_UP[replied.lang], lang=replied.lang)


def _confirmation(count: int, lang: Lang) -> Phrase:
    match lang:
        case Lang.EN:
            what = "pizza" if count == 1 else "pizzas"
            return Phrase(text=f"Ordering {english(count)} {what}.")
        case Lang.KO:
            return Phrase(text=f"피자 {count}판을 주문합니다.")
        case Lang.JA:
            return Phrase(
                text=f"ピザを{count}枚注文します。",
                spoken=f"ピザを {kana(count)}まい ちゅうもん します。",
            )


ORDER = Skill(
    name="order a pizza",
    match=order,
    examples=("order a pizza", "i would like to order a pizza"),
    grammar=("[i (want | would like) to] order [a] pizza",),
    needs_account=True,
)
# What can be said to a question.
REPLY_GRAMMAR = (
    "[i (want | would like)] <number> [pizza | pizzas] [please]",
    "never mind",
    "cancel [the order]",
)
