"""What the skills answer, without a server."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cic_server.lang import Lang
from cic_server.skills import SKILLS, reply_to
from cic_server.skills.base import detect_lang, tidy
from cic_server.skills.echo import WORDS
from cic_server.skills.numbers import english, find_count, kana, parse
from cic_server.skills.small_talk import NOT_UNDERSTOOD

# A Friday afternoon.
NOW = datetime(2026, 11, 20, 15, 5, tzinfo=ZoneInfo("Europe/Berlin"))


def said(text: str, lang: Lang | None = None) -> str:
    return reply_to(text, lang or detect_lang(text, None), NOW).phrase.text


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("What time is it?", "It is 3:05 PM."),
        ("what's the time", "It is 3:05 PM."),
        ("Tell me the time, please.", "It is 3:05 PM."),
        ("what time is it in London", "In London it is 2:05 PM."),
        ("what time is it in New York?", "In New York it is 9:05 AM."),
        ("what time is it in tokyo", "In Tokyo it is 11:05 PM."),
        ("What is the time in Seoul", "In Seoul it is 11:05 PM."),
        ("what time is it in sydney", "In Sydney it is 1:05 AM."),
        ("What day is it?", "Today is Friday, November 20, 2026."),
        ("What’s today’s date?", "Today is Friday, November 20, 2026."),
        ("what is the date tomorrow", "Tomorrow is Saturday, November 21, 2026."),
        ("repeat after me tiger banana", "tiger banana"),
        ("Repeat after me: Hello, World!", "hello world"),
        ("Hello!", "Hello! How can I help you?"),
        ("thanks", "You are welcome."),
        ("지금 몇 시야?", "지금은 오후 3시 5분입니다."),
        ("런던은 지금 몇 시야?", "런던은 지금 오후 2시 5분입니다."),
        ("내일 무슨 요일이야?", "내일은 2026년 11월 21일 토요일입니다."),
        ("따라 해 안녕하세요", "안녕하세요"),
        ("今何時ですか？", "今は午後3時5分です。"),
        ("東京は何時？", "東京は今午後11時5分です。"),
        ("明日は何曜日？", "明日は2026年11月21日土曜日です。"),
        ("繰り返して こんにちは", "こんにちは"),
    ],
)
def test_answers(text: str, answer: str) -> None:
    assert said(text) == answer


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("what is twelve plus thirty four", "46"),
        ("12 + 30", "42"),
        ("12+30", "42"),
        ("three minus ten", "-7"),
        ("what is minus three times minus four", "12"),
        ("nine times one hundred", "900"),
        ("7/2", "3.5"),
        ("one divided by eight", "0.125"),
        ("2 divided by 3", "2/3, about 0.667"),
        ("minus 1 divided by 3", "-1/3, about -0.333"),
        ("0.1 + 0.2", "0.3"),
        ("ninety nine minus ninety-nine", "0"),
    ],
)
def test_sums_are_right(text: str, result: str) -> None:
    assert said(text).endswith(f" is {result}.")


@pytest.mark.parametrize(
    "operation", [("plus", "+"), ("minus", "-"), ("times", "*")], ids=lambda pair: pair[0]
)
def test_every_sum_of_two_spoken_numbers(operation: tuple[str, str]) -> None:
    word, sign = operation
    for left in range(0, 101, 7):
        for right in range(0, 101, 9):
            text = f"what is {_spoken(left)} {word} {_spoken(right)}"
            assert said(text).endswith(f" is {eval(f'{left}{sign}{right}')}."), text


def _spoken(number: int) -> str:
    return english(number)


def test_division_by_zero() -> None:
    assert said("5 / 0") == "Nothing can be divided by zero."
    assert "영으로는" in said("5 나누기 0")


@pytest.mark.parametrize(
    "text",
    [
        "turn on the kitchen light",
        "Set the living room lights to fifty percent",
        "dim the office lamp",
        "불 켜 줘",
        "電気をつけて",
    ],
)
def test_home_commands_are_never_claimed_done(text: str) -> None:
    answer = said(text)
    assert any(name in answer for name in ("Home Assistant", "홈 어시스턴트", "ホームアシスタント"))


@pytest.mark.parametrize(
    "text",
    ["", "?!", "what time is it in atlantis", "colourless green ideas", "1 plus", "ㅋㅋㅋ", "愛"],
)
def test_what_is_not_understood(text: str) -> None:
    lang = detect_lang(text, None)
    assert said(text) == NOT_UNDERSTOOD[lang].text


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("three", "Ordering three pizzas."),
        ("One, please", "Ordering one pizza."),
        ("i would like twenty two pizzas", "Ordering twenty two pizzas."),
        ("4", "Ordering four pizzas."),
        ("never mind", "All right, no pizza."),
    ],
)
def test_order_replies(reply: str, text: str) -> None:
    asked = reply_to("order a pizza", Lang.EN, NOW)
    assert asked.question is not None
    answer = reply_to(reply, Lang.EN, NOW, asked.question)
    assert answer.phrase.text == text
    assert answer.question is None


def test_order_asks_again_once() -> None:
    asked = reply_to("피자 주문해 줘", Lang.KO, NOW)
    assert asked.question is not None
    again = reply_to("몰라", Lang.KO, NOW, asked.question)
    assert again.question is not None
    assert reply_to("아니", Lang.KO, NOW, again.question).question is None
    assert "2판" in reply_to("두 판", Lang.KO, NOW, again.question).phrase.text


def test_numbers_read_and_written() -> None:
    for number in range(101):
        assert parse(english(number)) == number
    assert parse("eleventy") is None
    assert find_count("make it forty two") == 42
    assert find_count("세 판 주세요") == 3
    assert find_count("none of it") is None
    assert [kana(n) for n in (0, 10, 21, 300, 2026)] == [
        "ゼロ",
        "じゅう",
        "にじゅういち",
        "さんびゃく",
        "にせんにじゅうろく",
    ]


def test_language_detection() -> None:
    assert detect_lang("안녕", None) is Lang.KO
    assert detect_lang("こんにちは", Lang.EN) is Lang.JA
    assert detect_lang("何時", None) is Lang.JA
    assert detect_lang("12 + 3", Lang.KO) is Lang.KO
    assert detect_lang("12 + 3", None) is Lang.EN
    assert detect_lang("hello", Lang.KO) is Lang.EN


def test_tidy_keeps_what_matters() -> None:
    assert tidy("  What's   the TIME?! ") == "what is the time"
    assert tidy("3.5 × 2.") == "3.5 × 2"


def test_every_example_is_answered_by_its_own_skill() -> None:
    for skill in SKILLS:
        for example in skill.examples:
            first = next(
                s
                for s in SKILLS
                if reply_to(example, Lang.EN, NOW, skills=[s]).phrase != NOT_UNDERSTOOD[Lang.EN]
            )
            assert first is skill, example


def test_words_are_many_and_distinct() -> None:
    assert 60 <= len(WORDS) <= 100
    assert len(set(WORDS)) == len(WORDS)
