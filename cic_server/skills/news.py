"""News of this machine: several speeches, one after the other, with a pause between them."""

import re

from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance

_NEWS = {
    Lang.EN: re.compile(
        r"(?:please )?(?:tell me the news|read the news|what is the news|the news)"
    ),
    Lang.KO: re.compile(r".*뉴스.*"),
    Lang.JA: re.compile(r".*ニュース.*"),
}
_ITEMS = {
    Lang.EN: (
        Phrase(text="Here is the news."),
        Phrase(text="All services of this machine are up."),
        Phrase(text="Tones will continue through the evening."),
    ),
    Lang.KO: (
        Phrase(text="뉴스를 전해 드립니다."),
        Phrase(text="이 기기의 모든 서비스가 정상입니다."),
        Phrase(text="저녁에도 소리가 이어지겠습니다."),
    ),
    Lang.JA: (
        Phrase(text="ニュースをお伝えします。", spoken="ニュースを おつたえ します。"),
        Phrase(
            text="このマシンのサービスはすべて正常です。",
            spoken="この マシンの サービスわ すべて せいじょう です。",
        ),
        Phrase(text="今夜も音が続くでしょう。", spoken="こんやも おとが つづく でしょう。"),
    ),
}


def read(asked: Utterance) -> Answer | None:
    """Read the news."""
    if not _NEWS[asked.lang].fullmatch(asked.text):
        return None
    first, *others = _ITEMS[asked.lang]
    return Answer(phrase=first, lang=asked.lang, more=tuple(others))


NEWS = Skill(
    name="news",
    match=read,
    examples=("tell me the news",),
    grammar=("tell me the news", "read the news", "what is the news"),
)
