"""Greetings, thanks, help, and what is said when nothing else fits."""

from dataclasses import replace
import re

from cic_server.clova.orders import suggestions
from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance

_GREETING = {
    Lang.EN: re.compile(r"(?:hello|hi|hey|good (?:morning|afternoon|evening))(?: there| clova)?"),
    Lang.KO: re.compile(r".*(?:안녕|반가워).*"),
    Lang.JA: re.compile(r".*(?:こんにちは|こんばんは|おはよう).*"),
}
_THANKS = {
    Lang.EN: re.compile(r"(?:thank you|thanks)(?: very much| a lot)?"),
    Lang.KO: re.compile(r".*(?:고마워|감사).*"),
    Lang.JA: re.compile(r".*(?:ありがとう|有難う|どうも).*"),
}
_HELP = {
    Lang.EN: re.compile(r"help(?: me)?|what can you do|what can i say"),
    Lang.KO: re.compile(r".*(?:도움말|도와줘|뭐 ?할 ?수|무엇을 ?할 ?수).*"),
    Lang.JA: re.compile(r".*(?:ヘルプ|何ができ|なにができ|助けて).*"),
}

HELLO = {
    Lang.EN: Phrase(text="Hello! How can I help you?"),
    Lang.KO: Phrase(text="안녕하세요! 무엇을 도와드릴까요?"),
    Lang.JA: Phrase(
        text="こんにちは。ご用は何ですか？", spoken="こんにちわ。ごようわ なんですか？"
    ),
}
WELCOME = {
    Lang.EN: Phrase(text="You are welcome."),
    Lang.KO: Phrase(text="천만에요."),
    Lang.JA: Phrase(text="どういたしまして。"),
}
ABILITIES = {
    Lang.EN: Phrase(
        text="I can play music, read the news, set alarms and timers, tell the time and the date, work out sums, "
        "repeat words after you, and take an order for pizza."
    ),
    Lang.KO: Phrase(
        text="음악을 틀고, 뉴스를 읽고, 알람과 타이머를 맞추고, 시간과 날짜를 알려 드리고, 계산을 하고, 말을 따라 하고, "
        "피자 주문을 받을 수 있습니다."
    ),
    Lang.JA: Phrase(
        text="音楽、ニュース、アラーム、タイマー、時間と日付、計算、復唱、ピザの注文ができます。",
        spoken="おんがく、ニュース、アラーム、タイマー、じかんと ひづけ、けいさん、ふくしょう、ピザの ちゅうもんが できます。",
    ),
}
NOT_HEARD = {
    Lang.EN: Phrase(text="Sorry, I did not hear anything."),
    Lang.KO: Phrase(text="죄송합니다. 아무 말도 듣지 못했습니다."),
    Lang.JA: Phrase(
        text="すみません、何も聞こえませんでした。",
        spoken="すみません、なにも きこえませんでした。",
    ),
}
NOT_UNDERSTOOD = {
    Lang.EN: Phrase(text="Sorry, I did not understand that."),
    Lang.KO: Phrase(text="죄송합니다. 이해하지 못했습니다."),
    Lang.JA: Phrase(text="すみません、わかりませんでした。"),
}
NOT_RECOGNISABLE = {
    Lang.EN: Phrase(text="Sorry, I can only understand spoken English. Please type instead."),
    Lang.KO: Phrase(
        text="죄송합니다. 한국어 음성은 아직 알아들을 수 없습니다. 글로 입력해 주세요."
    ),
    Lang.JA: Phrase(
        text="すみません、日本語の音声はまだ認識できません。文字で入力してください。",
        spoken="すみません、にほんごの おんせいわ まだ にんしき できません。もじで にゅうりょく してください。",
    ),
}


_TRY = {
    Lang.EN: ("play music", "what time is it", "set a timer for one minute", "tell me the news"),
    Lang.KO: ("음악 틀어 줘", "지금 몇 시야", "1분 타이머", "뉴스 들려줘"),
    Lang.JA: ("音楽をかけて", "今何時", "1分のタイマー", "ニュース"),
}


def _say(
    patterns: dict[Lang, re.Pattern[str]], phrases: dict[Lang, Phrase], asked: Utterance
) -> Answer | None:
    if not patterns[asked.lang].fullmatch(asked.text):
        return None
    return Answer(phrase=phrases[asked.lang], lang=asked.lang)


def greet(asked: Utterance) -> Answer | None:
    """Answer a greeting."""
    return _say(_GREETING, HELLO, asked)


def accept_thanks(asked: Utterance) -> Answer | None:
    """Answer thanks."""
    return _say(_THANKS, WELCOME, asked)


def explain(asked: Utterance) -> Answer | None:
    """Say what can be asked, and show some of it to choose from."""
    answer = _say(_HELP, ABILITIES, asked)
    return None if answer is None else replace(answer, orders=(suggestions(*_TRY[asked.lang]),))


GREETING = Skill(
    name="greeting",
    match=greet,
    examples=("hello", "good morning"),
    grammar=("hello [there]", "good (morning | afternoon | evening)"),
)
THANKS = Skill(
    name="thanks",
    match=accept_thanks,
    examples=("thank you",),
    grammar=("thank you [very much]", "thanks a lot"),
)
HELP = Skill(
    name="help",
    match=explain,
    examples=("what can you do",),
    grammar=("what can you do", "what can i say", "help me"),
)
