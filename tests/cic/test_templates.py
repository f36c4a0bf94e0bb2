"""Content templates as text, whatever is in them."""

from datetime import UTC, timedelta, timezone
import json
import time
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.clova import RenderSuggestion, RenderTemplate
from custom_components.clova_cic.cic.interfaces.templates import (
    LONGEST_SHOWN,
    LONGEST_SPOKEN,
    Rendered,
    render,
)
from custom_components.clova_cic.cic.messages import DEEPEST, decode_directive

from .json_documents import objects, values

SEOUL = ZoneInfo("Asia/Seoul")
PICTURE = "https://pictures.invalid/1.png"
KINDS = [
    *("Text", "ImageText", "ImageList", "CardList", "Popup"),
    *("Alarm", "AlarmList", "Reminder", "ReminderList", "Timer", "TimerList"),
    *("ActionTimer", "ActionTimerList", "Memo", "MemoList", "Schedule", "ScheduleList"),
    *("TodayWeather", "TomorrowWeather", "WeeklyWeather", "Atmosphere", "Humidity", "WindSpeed"),
]


def leaf(value: Any, kind: str = "string") -> dict[str, Any]:
    return {"type": kind, "value": value}


def leaves(kind: str = "string", **fields: Any) -> dict[str, Any]:
    return {name: leaf(value, kind) for name, value in fields.items()}


def rendered(kind: str, *objects: dict[str, Any]) -> Rendered:
    template = {"type": kind, "meta": {"version": leaf("1.0")}}
    for one in objects:
        template |= one
    return render(kind, template, SEOUL)


AT_SEVEN = leaves("datetime", scheduledTime="2026-12-01T07:00:00+09:00")
WEEKLY = {"repeatPeriod": leaf("weekly"), "repeatDay": [leaf("monday"), leaf("friday")]}
SUMMARIES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "Text",
        leaves(mainText="Noon", subText="in Seoul", highlightText="in Seoul")
        | {"tableList": [leaves(item1="a", item2="b", item3="c"), leaves(item1="d")]},
        "Noon\nin Seoul\na, b, c\nd",
        "in Seoul\na, b, c\nd",
    ),
    (
        "ImageText",
        leaves(mainText="A cat") | {"subTextList": [leaf("it purrs"), leaf("it eats")]},
        "A cat\nit purrs, it eats",
        "it purrs, it eats",
    ),
    (
        "ImageList",
        {"thumbImageUrlList": [leaves(imageTitle="one", imageReference="a.invalid")]},
        "one",
        "one, a.invalid",
    ),
    (
        "ImageList",  # as 2018 named it
        {"ImageList": [leaves(imageTitle="one"), leaves(imageTitle="two")]},
        "one\ntwo",
        "one\ntwo",
    ),
    (
        "CardList",
        leaves(noticeText="Mind", noticeLink="https://notice.invalid/")
        | {"cardList": [leaves(title="News") | {"description": [leaf("x"), leaf("y")]}]},
        "Mind\nNews, x, y",
        "Mind\nNews, x, y\nhttps://notice.invalid/",
    ),
    (
        "Popup",
        leaves(title="Wait", mainText="Sure?", positiveButtonText="Yes"),
        "Wait\nSure?",
        "Sure?\nYes",
    ),
    ("Alarm", AT_SEVEN | WEEKLY, "2026-12-01 07:00", "2026-12-01 07:00\nweekly, monday, friday"),
    (
        "AlarmList",
        {"alarmList": [AT_SEVEN | WEEKLY, AT_SEVEN | leaves(label="up")]},
        "2026-12-01 07:00\n2026-12-01 07:00, up",
        "2026-12-01 07:00, weekly, monday, friday\n2026-12-01 07:00, up",
    ),
    (
        "Reminder",
        AT_SEVEN | leaves(label="milk", status="TODO"),
        "2026-12-01 07:00, milk",
        "2026-12-01 07:00, milk\nTODO",
    ),
    (
        "ReminderList",
        {"reminderList": [AT_SEVEN | leaves(content="milk", status="DONE")]},
        "2026-12-01 07:00, milk",
        "2026-12-01 07:00, milk, DONE",
    ),
    ("Timer", AT_SEVEN, "2026-12-01 07:00", "2026-12-01 07:00"),
    (
        "TimerList",
        {"timerList": [AT_SEVEN | leaves(label="eggs")]},
        "2026-12-01 07:00, eggs",
        "2026-12-01 07:00, eggs",
    ),
    ("ActionTimer", AT_SEVEN | leaves(label="off"), *["2026-12-01 07:00, off"] * 2),
    ("ActionTimerList", {"actionTimerList": [AT_SEVEN]}, *["2026-12-01 07:00"] * 2),
    ("Memo", leaves(content="buy bread"), "buy bread", "buy bread"),
    (
        "MemoList",
        {"memoList": [leaves(content="bread") | leaves("datetime", lastModified="20261130 10:00")]},
        "bread",
        "bread, 2026-11-30 10:00",
    ),
    (
        "Schedule",
        leaves(content="Party") | leaves("date", start="20261224", end="2026-12-25"),
        "2026-12-24, 2026-12-25, Party",
        "2026-12-24, 2026-12-25, Party",
    ),
    ("ScheduleList", {"scheduleList": [leaves(content="Party")]}, "Party", "Party"),
    (
        "TodayWeather",
        leaves(location="Seoul", nowWeather="clear", concentrationOfFineDust="good")
        | leaves("temperature-c", nowTemperature=-3)
        | {
            "hourlyWeatherList": [
                leaves(hourlyTime="13", temperatureImageCode="9")
                | leaves("temperature-c", hourlyTemperature="-2")
                | leaves("percentage", rainfallProbability=20)
            ]
        },
        "Seoul\n-3°C, clear\ngood",
        "-3°C, clear\ngood\n13, 🌧, -2°C, 20%",
    ),
    (
        "TomorrowWeather",
        leaves(location="Seoul", lowTempWeather="snow", highTempWeather="clear")
        | leaves("temperature-f", lowTemperature="20", highTemperature="31.5"),
        "Seoul\n20°F, snow\n31.5°F, clear",
        "20°F, snow\n31.5°F, clear",
    ),
    (
        "WeeklyWeather",
        leaves(location="Seoul", description="cold")
        | {
            "dailyWeatherList": [
                leaves("date", date="20261201")
                | leaves("temperature", lowTemperature="-5°", highTemperature="3")
                | leaves(iconImageCode="1")
            ]
        },
        "Seoul\ncold\n2026-12-01, -5°, 3°C",
        "cold\n2026-12-01, -5°, 3°C, ☀",
    ),
    (
        "Atmosphere",
        leaves(location="Seoul", valueOfAtmosphere="35", concentrationOfAtmosphere="fair")
        | {"halfDayAtmosphereList": [leaves(time="am", temperatureCode="3", state="good")]},
        "Seoul\n35, fair",
        "35, fair\nam, good",
    ),
    (
        "Humidity",
        leaves(location="Seoul") | leaves("percentage", humidity="20%"),
        "Seoul\n20%",
        "20%",
    ),
    (
        "WindSpeed",
        leaves(location="Seoul", windSpeed="3 m/s", windDirection="NE"),
        "Seoul\n3 m/s, NE",
        "3 m/s, NE",
    ),
]


@pytest.mark.parametrize(("kind", "fields", "said", "shown"), SUMMARIES)
def test_said_and_shown(kind: str, fields: dict[str, Any], said: str, shown: str) -> None:
    found = rendered(kind, fields)
    assert (found.text, found.card.content) == (said, shown)
    assert rendered(kind.upper(), fields) == found


def test_all_templates_are_here() -> None:
    assert {kind for kind, *_ in SUMMARIES} == set(KINDS)


@pytest.mark.parametrize("kind", [*KINDS, "CarRoute", "", "t" * 1000])
def test_instead_of_a_template(kind: str) -> None:
    """What cannot be shown says what it has for such a case."""
    failure = leaves(failureMessage="Look at your phone.")
    assert rendered(kind).text == ""
    found = rendered(kind, failure, leaves(subtitle="Sub"))
    assert (found.text, found.card.content, found.card.title) == (
        "Look at your phone.",
        "Look at your phone.",
        "Sub",
    )
    assert rendered(kind, leaves(subtitle="Sub", failureMessage="")).text == "Sub"


@pytest.mark.parametrize("value", [None, "", " ", True, [], {}, {"value": None}, leaf([])])
def test_blank_values(value: Any) -> None:
    found = rendered("Text", {"mainText": value, "subText": leaf(value)}, leaves(sentenceText="x"))
    assert (found.text, found.card.title, found.card.content) == ("x", "", "x")


@pytest.mark.parametrize(
    "value", ["plain", ["plain"], leaf(["plain"]), leaf("plain", "unheard of")]
)
def test_other_shapes(value: Any) -> None:
    assert rendered("Memo", {"content": value}).text == "plain"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-11-30T22:00:00Z", "2026-12-01 07:00"),
        ("20261201 07:00", "2026-12-01 07:00"),
        ("2026-12-01", "2026-12-01"),
        ("tomorrow", "tomorrow"),
        ("9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"),
        (20261201, "2026-12-01"),
    ],
)
def test_moments(value: Any, said: str) -> None:
    assert rendered("Timer", {"scheduledTime": leaf(value, "datetime")}).text == said


@pytest.mark.parametrize("code", ["0", "31", "-1", "1e9", "²", None, ["1", 2]])
def test_skies(code: Any) -> None:
    day = {"iconImageCode": leaf(code), "date": leaf("today")}
    shown = rendered("WeeklyWeather", {"dailyWeatherList": [day]}).card.content
    assert shown == ("today, ☀, 🌙" if isinstance(code, list) else "today")


def test_pictures() -> None:
    assert rendered("Text", {"imageUrl": leaf(PICTURE, "url")}).card.image_url == PICTURE
    listed = {"cardList": [{}, {"imageUrl": PICTURE}]}
    assert rendered("CardList", listed).card.image_url == PICTURE
    for bad in ("clova://x", "file:///etc/passwd", 7, None, ["https://a.invalid/"]):
        assert rendered("Text", {"imageUrl": leaf(bad, "url")}).card.image_url is None


def test_actions_are_shown() -> None:
    """They are text like any other."""
    actions = {"actionList": [leaf("clova://webview?url=x", "action")]}
    found = rendered("Text", leaves(mainText="x"), actions)
    assert (found.text, found.card.content) == ("x", "clova://webview?url=x")


def test_lengths() -> None:
    """A megabyte is read at once, and cut."""
    began = time.monotonic()
    long = rendered("Text", leaves(mainText="a " * 500_000, subText="b" * 500_000))
    many = rendered("MemoList", {"memoList": [leaves(content=str(i)) for i in range(10_000)]})
    wide = rendered("ImageText", {"subTextList": [leaf("x")] * 10_000})
    assert time.monotonic() - began < 1
    for found in (long, many, wide):
        assert 0 < len(found.text) <= LONGEST_SPOKEN
        assert 0 < len(found.card.content) <= LONGEST_SHOWN
        assert len(found.card.title) <= LONGEST_SPOKEN


def deep(levels: int) -> bytes:
    """Return a RenderTemplate in which a value lies so deep."""
    value = '{"value":' * levels + '"deep"' + "}" * levels
    header = '"header":{"namespace":"Clova","name":"RenderTemplate"}'
    payload = f'"payload":{{"type":"Memo","content":{value}}}'
    return f'{{"directive":{{{header},{payload}}}}}'.encode()


def test_depth() -> None:
    template = read(decode_directive(deep(DEEPEST - 4)))
    assert isinstance(template, RenderTemplate)
    assert render(template.type, template.raw, UTC).text == ""
    with pytest.raises(MessageError):
        decode_directive(deep(DEEPEST + 1))


def test_ten_thousand_suggestions() -> None:
    chips = [{"label": f"chip {i}", "query": 7} for i in range(10_000)]
    found = RenderSuggestion.from_payload({"suggestions": [None, {}, *chips]})
    assert len(found.suggestions) == 100
    assert found.suggestions[0].query == "chip 0"


_FIELDS = st.sampled_from(
    sorted({"type", "value", *(key for _, fields, *_ in SUMMARIES for key in fields)})
)
_LEAVES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["date", "datetime", "percentage", "temperature-c", "url"]),
        "value": values(),
    }
)
_TEMPLATES = st.one_of(
    objects(),
    st.dictionaries(
        _FIELDS,
        st.one_of(
            values(), _LEAVES, st.lists(st.one_of(_LEAVES, st.dictionaries(_FIELDS, _LEAVES)))
        ),
    ),
)


@given(
    kind=st.one_of(st.sampled_from(KINDS), st.text()),
    template=_TEMPLATES,
    hours=st.integers(-12, 14),
)
def test_any_template(kind: str, template: dict[str, Any], hours: int) -> None:
    found = render(kind, template, timezone(timedelta(hours=hours)))
    assert len(found.text) <= LONGEST_SPOKEN
    assert len(found.card.title) <= LONGEST_SPOKEN
    assert len(found.card.content) <= LONGEST_SHOWN
    assert not found.text or found.card.title or found.card.content
    json.dumps([found.text, found.card.content, found.card.image_url])
