"""What time and what day it is, here and in some cities."""

from dataclasses import dataclass
from datetime import datetime, timedelta
import re
from zoneinfo import ZoneInfo

from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance
from .numbers import english, kana, korean_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city whose time can be asked for."""

    zone: str
    ko: str
    ja: str
    ja_spoken: str


CITIES = {
    "london": City(zone="Europe/London", ko="런던", ja="ロンドン", ja_spoken="ロンドン"),
    "paris": City(zone="Europe/Paris", ko="파리", ja="パリ", ja_spoken="パリ"),
    "berlin": City(zone="Europe/Berlin", ko="베를린", ja="ベルリン", ja_spoken="ベルリン"),
    "rome": City(zone="Europe/Rome", ko="로마", ja="ローマ", ja_spoken="ローマ"),
    "madrid": City(zone="Europe/Madrid", ko="마드리드", ja="マドリード", ja_spoken="マドリード"),
    "moscow": City(zone="Europe/Moscow", ko="모스크바", ja="モスクワ", ja_spoken="モスクワ"),
    "new york": City(
        zone="America/New_York", ko="뉴욕", ja="ニューヨーク", ja_spoken="ニューヨーク"
    ),
    "chicago": City(zone="America/Chicago", ko="시카고", ja="シカゴ", ja_spoken="シカゴ"),
    "los angeles": City(
        zone="America/Los_Angeles", ko="로스앤젤레스", ja="ロサンゼルス", ja_spoken="ロサンゼルス"
    ),
    "tokyo": City(zone="Asia/Tokyo", ko="도쿄", ja="東京", ja_spoken="とうきょう"),
    "seoul": City(zone="Asia/Seoul", ko="서울", ja="ソウル", ja_spoken="ソウル"),
    "beijing": City(zone="Asia/Shanghai", ko="베이징", ja="北京", ja_spoken="ペキン"),
    "singapore": City(
        zone="Asia/Singapore", ko="싱가포르", ja="シンガポール", ja_spoken="シンガポール"
    ),
    "delhi": City(zone="Asia/Kolkata", ko="델리", ja="デリー", ja_spoken="デリー"),
    "sydney": City(zone="Australia/Sydney", ko="시드니", ja="シドニー", ja_spoken="シドニー"),
    "cairo": City(zone="Africa/Cairo", ko="카이로", ja="カイロ", ja_spoken="カイロ"),
}

_TIME = {
    Lang.EN: re.compile(
        r"(?:please )?(?:what time is it|what is the time|tell me the time|what is the current time)"
        r"(?: now| right now)?(?: in (?P<city>[a-z ]+?))?(?: now| right now| please)?"
    ),
    Lang.KO: re.compile(r".*(?:몇 ?시|시간 ?(?:을 )?알려|시각).*"),
    Lang.JA: re.compile(r".*(?:何時|なんじ|時刻|時間を教え).*"),
}
_DATE = {
    Lang.EN: re.compile(
        r"(?:please )?(?:what day is it|what is the date|what is todays date|what date is it"
        r"|what is tomorrows date|what day is tomorrow|what day is today|tell me the date)"
        r"(?: (?P<day>today|tomorrow))?(?: please)?"
    ),
    Lang.KO: re.compile(r".*(?:며칠|몇 ?월|무슨 ?요일|날짜).*"),
    Lang.JA: re.compile(r".*(?:何日|なんにち|何曜日|なんようび|日付).*"),
}

_WEEKDAYS_EN = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS_KO = "월화수목금토일"
_WEEKDAYS_JA = "月火水木金土日"
_WEEKDAYS_KANA = ["げつ", "か", "すい", "もく", "きん", "ど", "にち"]
_MONTHS_KANA = [
    "いち",
    "に",
    "さん",
    "し",
    "ご",
    "ろく",
    "しち",
    "はち",
    "く",
    "じゅう",
    "じゅういち",
    "じゅうに",
]
_HOURS_KANA = [
    "れい",
    "いち",
    "に",
    "さん",
    "よ",
    "ご",
    "ろく",
    "しち",
    "はち",
    "く",
    "じゅう",
    "じゅういち",
]
_MINUTE_ENDS_KANA = {1: "いっぷん", 3: "さんぷん", 4: "よんぷん", 6: "ろっぷん", 8: "はっぷん"}
_DAYS_KANA = {
    1: "ついたち",
    2: "ふつか",
    3: "みっか",
    4: "よっか",
    5: "いつか",
    6: "むいか",
    7: "なのか",
    8: "ようか",
    9: "ここのか",
    10: "とおか",
    14: "じゅうよっか",
    20: "はつか",
    24: "にじゅうよっか",
}


def tell_time(asked: Utterance) -> Answer | None:
    """Answer what time it is, also in a city."""
    found = _TIME[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    name = _city_in(asked, found)
    if name is None:
        return Answer(phrase=_time_phrase(asked.now, asked.lang, None), lang=asked.lang)
    city = CITIES.get(name)
    if city is None:
        return None
    there = asked.now.astimezone(ZoneInfo(city.zone))
    return Answer(phrase=_time_phrase(there, asked.lang, name), lang=asked.lang)


def _city_in(asked: Utterance, found: re.Match[str]) -> str | None:
    if asked.lang is Lang.EN:
        return found["city"]
    for name, city in CITIES.items():
        if (city.ko if asked.lang is Lang.KO else city.ja) in asked.text:
            return name
    return None


def _time_phrase(moment: datetime, lang: Lang, city: str | None) -> Phrase:
    time = time_of_day(moment, lang)
    match lang:
        case Lang.EN:
            place = f"In {city.title()} it is" if city else "It is"
            return Phrase(text=f"{place} {time.text}.", spoken=f"{place} {time.to_speak}.")
        case Lang.KO:
            place = f"{CITIES[city].ko}은 지금 " if city else "지금은 "
            return Phrase(
                text=f"{place}{time.text}입니다.", spoken=f"{place}{time.to_speak}입니다."
            )
        case Lang.JA:
            place = f"{CITIES[city].ja}は今" if city else "今は"
            place_kana = f"{CITIES[city].ja_spoken}わ いま" if city else "いまわ"
            return Phrase(
                text=f"{place}{time.text}です。", spoken=f"{place_kana} {time.to_speak} です。"
            )


def time_of_day(moment: datetime, lang: Lang) -> Phrase:
    """Return a time of day by the twelve-hour clock, without a sentence around it."""
    hour = moment.hour % 12 or 12
    match lang:
        case Lang.EN:
            half = "AM" if moment.hour < 12 else "PM"
            return Phrase(
                text=f"{hour}:{moment.minute:02} {half}",
                spoken=f"{english(hour)}{_minutes_en(moment.minute)} {' '.join(half)}",
            )
        case Lang.KO:
            half = "오전" if moment.hour < 12 else "오후"
            return Phrase(
                text=f"{half} {hour}시 {moment.minute}분",
                spoken=f"{half} {korean_hour(hour)} 시 {moment.minute}분",
            )
        case Lang.JA:
            half, half_kana = ("午前", "ごぜん") if moment.hour < 12 else ("午後", "ごご")
            hour = moment.hour % 12
            minutes = kana_minutes(moment.minute) if moment.minute else "ちょうど"
            return Phrase(
                text=f"{half}{hour}時{moment.minute}分",
                spoken=f"{half_kana} {kana_hour(hour)}じ {minutes}",
            )


def kana_hour(hour: int) -> str:
    """Return an hour from 0 to 23 in kana, without its unit."""
    return _HOURS_KANA[hour] if hour < 12 else kana(hour)


def _minutes_en(minute: int) -> str:
    if minute == 0:
        return " o'clock"
    return f" oh {english(minute)}" if minute < 10 else f" {english(minute)}"


def kana_minutes(minutes: int) -> str:
    """Return 1 to 59 minutes in kana, with their unit."""
    tens, ones = divmod(minutes, 10)
    if not ones:
        return f"{kana(tens * 10)[:-3]}じゅっぷん"
    start = kana(tens * 10) if tens else ""
    return start + _MINUTE_ENDS_KANA.get(ones, f"{kana(ones)}ふん")


def tell_date(asked: Utterance) -> Answer | None:
    """Answer what day it is, or tomorrow."""
    found = _DATE[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    tomorrow = any(word in asked.text for word in ("tomorrow", "내일", "明日", "あした"))
    day = asked.now + timedelta(days=1) if tomorrow else asked.now
    return Answer(phrase=_date_phrase(day, asked.lang, tomorrow=tomorrow), lang=asked.lang)


def _date_phrase(day: datetime, lang: Lang, *, tomorrow: bool) -> Phrase:
    weekday = day.weekday()
    match lang:
        case Lang.EN:
            start = "Tomorrow is" if tomorrow else "Today is"
            month = _MONTHS_EN[day.month - 1]
            return Phrase(text=f"{start} {_WEEKDAYS_EN[weekday]}, {month} {day.day}, {day.year}.")
        case Lang.KO:
            start = "내일은" if tomorrow else "오늘은"
            date = f"{day.year}년 {day.month}월 {day.day}일 {_WEEKDAYS_KO[weekday]}요일"
            return Phrase(text=f"{start} {date}입니다.")
        case Lang.JA:
            start, start_kana = ("明日は", "あしたわ") if tomorrow else ("今日は", "きょうわ")
            date = f"{day.year}年{day.month}月{day.day}日{_WEEKDAYS_JA[weekday]}曜日"
            date_kana = (
                f"{kana(day.year)}ねん {_MONTHS_KANA[day.month - 1]}がつ "
                f"{_DAYS_KANA.get(day.day, f'{kana(day.day)}にち')} {_WEEKDAYS_KANA[weekday]}ようび"
            )
            return Phrase(text=f"{start}{date}です。", spoken=f"{start_kana} {date_kana} です。")


TIME = Skill(
    name="time",
    match=tell_time,
    examples=("what time is it", "tell me the time", "what time is it in tokyo"),
    grammar=("(what time is it | what is the time | tell me the time) [in <city>]",),
)
DATE = Skill(
    name="date",
    match=tell_date,
    examples=("what day is it", "what is the date tomorrow", "what is today's date"),
    grammar=(
        "what (day | date) is it [today | tomorrow]",
        "what is (the date [today | tomorrow] | today's date | tomorrow's date)",
        "what day is tomorrow",
        "tell me the date",
    ),
)
