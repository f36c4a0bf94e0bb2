"""Spans and times of day in what is said or typed: "five minutes", "half past seven", "7시 반", "毎日7時"."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import re

from cic_server.alerts.book import WEEKDAYS, Repeat
from cic_server.lang import Lang

from .numbers import english, find_count

# A longer one is a slip of the ear, or a date.
MAX_SPAN = timedelta(days=1)

_TENS = "|".join(english(number) for number in range(20, 100, 10))
_UNDER_TWENTY = "|".join(sorted((english(n) for n in range(20)), key=len, reverse=True))
_DIGIT = "|".join(english(number) for number in range(1, 10))
_NUMBER_EN = re.compile(rf"\b(?:(?:{_TENS})(?:[ -](?:{_DIGIT}))?|{_UNDER_TWENTY})\b")
_KOREAN = "열한|열두|하나|다섯|여섯|일곱|여덟|아홉|한|두|둘|세|셋|네|넷|열"
_NUMBER_KO = re.compile(rf"(?:{_KOREAN})(?= ?(?:시|분|초))")
_NUMBER_JA = re.compile(r"[一二三四五六七八九十]+(?=時|分|秒)")

_UNITS = {
    "hour": 3_600,
    "minute": 60,
    "second": 1,
    "시간": 3_600,
    "분": 60,
    "초": 1,
    "時間": 3_600,
    "分": 60,
    "秒": 1,
}
_SPAN = {
    Lang.EN: re.compile(r"(\d+) (hour|minute|second)s?\b"),
    Lang.KO: re.compile(r"(\d+) ?(시간|분|초)"),
    Lang.JA: re.compile(r"(\d+)(時間|分|秒)"),
}
# What may stand between and around the parts of a span.
_BESIDE_SPAN = re.compile(r"\s|\band\b|\bin\b|\ba\b|\bfor\b|뒤에?|후에?|짜리|後に?|の")

_CLOCK = {
    Lang.EN: re.compile(
        r"(?:\bat )?(?P<hour>\d{1,2})(?:[. ](?P<minute>\d{2}|0 \d)| oclock| o'clock)?"
        r"(?: (?:in the )?(?P<half>a\.? ?m|p\.? ?m|morning|afternoon|evening)\b\.?)?"
    ),
    Lang.KO: re.compile(
        r"(?:(?P<half>오전|오후|아침|저녁|밤|새벽) ?)?(?P<hour>\d{1,2}) ?시(?!간)"
        r"(?: ?(?P<minute>\d{1,2}) ?분| ?(?P<thirty>반))?"
    ),
    Lang.JA: re.compile(
        r"(?:(?P<half>午前|午後|朝|夕方|夜|今夜)の?)?(?P<hour>\d{1,2})時(?!間)"
        r"(?:(?P<minute>\d{1,2})分|(?P<thirty>半))?"
    ),
}
_MORNING = frozenset(("a m", "am", "a.m", "a. m", "morning", "오전", "아침", "새벽", "午前", "朝"))
_TOMORROW = re.compile(r"\btomorrow\b|내일|明日|あした")
_DAILY = re.compile(r"\bevery (?:day|morning|evening)\b|\bdaily\b|매일|毎日|毎朝")
_WEEKLY = {
    day: re.compile(rf"\bevery {day}\b|매주 ?{ko}요일|毎週{ja}曜")
    for day, ko, ja in zip(WEEKDAYS, "월화수목금토일", "月火水木金土日", strict=True)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When something is to be: a moment, and how it was said."""

    moment: datetime
    span: timedelta | None = None
    repeat: Repeat | None = None


def with_digits(text: str, lang: Lang) -> str:
    """Return the text with its numbers as digits; tens and ones in English are one number."""
    match lang:
        case Lang.EN:
            text = re.sub(r"\bhalf an hour\b", "30 minutes", text)
            text = re.sub(r"\b(?:an|a) (?=hour|minute|second)", "1 ", text)
            text = re.sub(r"\boh (?=\w)", "0 ", text)
            text = _NUMBER_EN.sub(lambda found: str(find_count(found[0])), text)
            text = re.sub(r"\bhalf past (\d{1,2})\b", r"\1 30", text)
            return re.sub(r"\bquarter past (\d{1,2})\b", r"\1 15", text)
        case Lang.KO:
            return _NUMBER_KO.sub(lambda found: str(find_count(found[0])), text)
        case Lang.JA:
            return _NUMBER_JA.sub(lambda found: str(_kanji(found[0])), text)


def _kanji(text: str) -> int:
    """Return a number below a hundred."""
    digits = "〇一二三四五六七八九"
    tens, has_tens, ones = text.rpartition("十")
    ten = (digits.find(tens[-1]) if tens else 1) if has_tens else 0
    return 10 * ten + (digits.find(ones[-1]) if ones else 0)


def find_span(text: str, lang: Lang) -> timedelta | None:
    """Return the span a text is, and nothing else; None for anything else."""
    text = with_digits(text, lang)
    parts = _SPAN[lang].findall(text)
    if not parts or _BESIDE_SPAN.sub("", _SPAN[lang].sub("", text)):
        return None
    span = timedelta()
    for count, unit in parts:
        if len(count) > len(str(MAX_SPAN // timedelta(seconds=1))):
            return None
        span += timedelta(seconds=int(count) * _UNITS[unit])
    return span if timedelta() < span <= MAX_SPAN else None


def find_when(text: str, lang: Lang, now: datetime, *, wakes: bool = False) -> When | None:
    """Return the moment a text names; `wakes`: in the morning, where it does not say.

    What repeats is taken for the morning as well.
    """
    span = find_span(text, lang)
    if span is not None:
        return When(moment=now + span, span=span)
    text = with_digits(text, lang)
    found = _CLOCK[lang].search(text)
    # any number can be an hour in English: "25 hours" and "0 seconds" are none
    if found is None or (lang is Lang.EN and _SPAN[lang].search(text)):
        return None
    parts, repeat = found.groupdict(), _repeat(text)
    minute = 30 if parts.get("thirty") else int((parts["minute"] or "0").replace(" ", ""))
    hour, half = int(parts["hour"]), parts["half"] or _half_of_every_day(text)
    if hour > 23 or minute > 59:
        return None
    hours = _hours(hour, half, wakes=wakes or repeat is not None)
    start = now.replace(hour=0, minute=minute, second=0, microsecond=0)
    days = (1,) if _TOMORROW.search(text) else (0, 1)
    moments = [start.replace(hour=each) + timedelta(days=day) for day in days for each in hours]
    moment = min(each for each in moments if each > now)
    if repeat is not None and not repeat.includes(moment):
        moment = repeat.following(moment, now)
    return When(moment=moment, repeat=repeat)


def _hours(hour: int, half: str | None, *, wakes: bool) -> tuple[int, ...]:
    """Return the hours of the day that are meant: both halves where nothing tells them apart."""
    if hour > 12 or hour == 0:
        return (hour,)
    first, second = hour % 12, hour % 12 + 12
    if half is not None:
        return (first,) if half in _MORNING else (second,)
    return (first,) if wakes else (first, second)


def _half_of_every_day(text: str) -> str | None:
    found = re.search(r"\bevery (morning|evening)\b", text)
    return found[1] if found is not None else None


def _repeat(text: str) -> Repeat | None:
    days = tuple(day for day, pattern in _WEEKLY.items() if pattern.search(text))
    if days:
        return Repeat(days=days)
    return Repeat() if _DAILY.search(text) else None
