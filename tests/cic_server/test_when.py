"""Spans and times of day as they are said, and when what repeats comes again."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cic_server.alerts.book import MAX_ALERTS, Alert, AlertBook, Repeat
from cic_server.lang import Lang
from cic_server.messages import Directive
from cic_server.remote import Remote
from cic_server.skills import reply_to
from cic_server.skills.alert_words import span_words
from cic_server.skills.base import detect_lang, tidy
from cic_server.skills.clock import kana_minutes
from cic_server.skills.when import find_span, find_when

BERLIN = ZoneInfo("Europe/Berlin")
# A Friday afternoon.
NOW = datetime(2026, 11, 20, 15, 5, tzinfo=BERLIN)


def moment(text: str, *, wakes: bool = False) -> str | None:
    found = find_when(tidy(text), detect_lang(text, None), NOW, wakes=wakes)
    return None if found is None else found.moment.strftime("%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        # the next of both halves of the day
        ("seven thirty", "20 19:30:00"),
        ("at three", "21 03:00:00"),
        ("7:30 a.m.", "21 07:30:00"),
        ("7.30 pm", "20 19:30:00"),
        ("19:05", "20 19:05:00"),
        ("0:15", "21 00:15:00"),
        ("seven oh five p m", "20 19:05:00"),
        ("seven thirty five", "20 19:35:00"),
        ("three o'clock", "21 03:00:00"),
        ("half past seven", "20 19:30:00"),
        ("quarter past four", "20 16:15:00"),
        ("twelve", "21 00:00:00"),
        ("tomorrow at 7", "21 07:00:00"),
        ("at 8 in the evening", "20 20:00:00"),
        # what repeats is of the morning, and on its day
        ("every day at seven", "21 07:00:00"),
        ("every evening at seven", "20 19:00:00"),
        ("every monday at nine", "23 09:00:00"),
        ("every friday at 4 pm", "20 16:00:00"),
        ("in ten minutes", "20 15:15:00"),
        ("half an hour", "20 15:35:00"),
        ("an hour and twenty five minutes", "20 16:30:00"),
        ("ninety seconds", "20 15:06:30"),
        ("오전 7시 30분", "21 07:30:00"),
        ("내일 아침 일곱 시 반", "21 07:30:00"),
        ("매주 월요일 8시", "23 08:00:00"),
        ("두 시간 뒤에", "20 17:05:00"),
        ("5분 30초", "20 15:10:30"),
        ("午前七時三十分", "21 07:30:00"),
        ("明日の朝9時半", "21 09:30:00"),
        ("毎週月曜8時", "23 08:00:00"),
        ("十五分後に", "20 15:20:00"),
        ("25 hours", None),
        ("0 seconds", None),
        ("99999999999999999999 minutes", None),
        ("twenty five", None),
        ("25:00", None),
        ("7:75", None),
        ("soon", None),
        ("", None),
    ],
)
def test_when(text: str, when: str | None) -> None:
    assert moment(text) == when


def test_who_is_woken_is_woken_in_the_morning() -> None:
    assert moment("at seven", wakes=True) == "21 07:00:00"


def test_a_span_is_nothing_else() -> None:
    assert find_span("five minutes to play music", Lang.EN) is None
    assert find_span("24 hours", Lang.EN) == timedelta(days=1)


def test_spans_in_words() -> None:
    span = timedelta(hours=1, minutes=30, seconds=5)
    said = {lang: span_words(span, lang) for lang in Lang}
    assert said[Lang.EN].text == "1 hour 30 minutes 5 seconds"
    assert said[Lang.KO].text == "1시간 30분 5초"
    assert said[Lang.JA].text == "1時間30分5秒"
    assert said[Lang.JA].to_speak == "いちじかん さんじゅっぷん ごびょう"
    assert [kana_minutes(minutes) for minutes in (1, 10, 20, 45)] == [
        "いっぷん",
        "じゅっぷん",
        "にじゅっぷん",
        "よんじゅうごふん",
    ]


@pytest.mark.parametrize(
    ("last", "now", "repeat", "after"),
    [
        # over the change of the clock it stays the same time of day
        ("2026-10-24T07:00", "2026-10-24T07:01", Repeat(), "2026-10-25T07:00:00+01:00"),
        ("2026-03-28T07:00", "2026-03-28T07:01", Repeat(), "2026-03-29T07:00:00+02:00"),
        # stopped before its time, or missed for days
        ("2026-11-20T07:00", "2026-11-19T07:00", Repeat(), "2026-11-21T07:00:00+01:00"),
        ("2026-11-20T07:00", "2026-12-24T08:00", Repeat(), "2026-12-25T07:00:00+01:00"),
        ("2026-11-20T07:00", "2026-12-24T06:00", Repeat(), "2026-12-24T07:00:00+01:00"),
        (
            "2026-11-20T07:00",
            "2026-11-20T07:01",
            Repeat(days=("monday", "wednesday")),
            "2026-11-23T07:00:00+01:00",
        ),
    ],
)
def test_what_repeats_comes_again(last: str, now: str, repeat: Repeat, after: str) -> None:
    moments = (datetime.fromisoformat(each).replace(tzinfo=BERLIN) for each in (last, now))
    assert repeat.following(*moments).isoformat() == after


def test_the_book_is_bounded_and_forgets_first_what_is_over() -> None:
    book = AlertBook()
    for number in range(MAX_ALERTS):
        book.add(Alert(payload={"token": str(number)}))
    book.ordered(Directive(namespace="Alerts", name="DeleteAlert", payload={"token": "7"}))
    book.add(Alert(payload={"token": "one more"}))
    assert book.get("7") is None
    assert book.get("0") is not None
    book.add(Alert(payload={"token": "and one more"}))
    assert book.get("0") is None
    assert len(list(book)) == MAX_ALERTS


@pytest.mark.parametrize(
    ("sets", "lists", "template"),
    [
        ("set an alarm for seven", "what alarms are set", "AlarmList"),
        ("remind me in an hour to eat", "show me my reminders", "ReminderList"),
        ("in an hour play music", "list the action timers", "ActionTimerList"),
        ("set a timer for an hour", "which timers are there", "TimerList"),
        ("한 시간 뒤에 음악 틀어 줘", "예약 뭐 있어", "ActionTimerList"),
        ("30분 뒤에 밥 먹으라고 알려 줘", "리마인더 보여 줘", "ReminderList"),
        ("5分後に音楽をかけて", "アクションタイマーを見せて", "ActionTimerList"),
        ("5分後に電話するように知らせて", "リマインダーは何がある", "ReminderList"),
    ],
)
def test_lists_have_what_was_set(sets: str, lists: str, template: str) -> None:
    remote = Remote()
    first, second = (
        reply_to(text, detect_lang(text, None), NOW, remote=remote) for text in (sets, lists)
    )
    [order] = first.orders
    [shown] = second.orders
    assert (order.name, shown.payload["type"]) == ("SetAlert", template)
    [items] = [value for key, value in shown.payload.items() if key.endswith("List") and value]
    assert [item["token"]["value"] for item in items] == [order.payload["token"]]
    assert second.text == shown.payload["failureMessage"]["value"]
