"""Content templates as text: what to say and what to show of a Clova.RenderTemplate (ContentTemplates).

A template is an object whose `type` says which fields it has. Nearly every field is itself an
object of a type and a value, and the value is in the user's language; so nothing is added to it but
units. Fields that are missing or of another kind are passed over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice
import re
from typing import Any, Final

from ..messages import Payload
from .fields import web_address

# Somebody listens to it: a minute or two, in characters.
LONGEST_SPOKEN: Final = 1_000
# Somebody reads it, on a card, in characters.
LONGEST_SHOWN: Final = 8_000
# Items of a list, and values on a line.
MOST_ITEMS: Final = 100
# A list of objects of values is the deepest there is.
DEEPEST_VALUE: Final = 6

_UNITS: Final = {
    "percentage": "%",
    "temperature": "°C",
    "temperature-c": "°C",
    "temperature-f": "°F",
}
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_MOMENTS: Final = frozenset({"date", "datetime"})
# Shared_Weather_Code, 1 to 30: the sky as a sign that is read in every language.
_SKIES: Final = "☀🌙🌤🌙🌥🌥☁🌧🌧🌧🌨🌨🌨🌨🌦🌨🌫⛈🌨🌫🌧🌦🌨🌨🌤🌤🌤🌤🌧🌨"
_SKY: Final = "ImageCode"
# Members nobody wants to read, where no document names the others.
_NOT_TO_READ: Final = ("Code", "Url", "token", "type")
_PICTURES: Final = ("imageUrl", "thumbImageUrl", "nowTemperatureImageUrl")

type Line = tuple[str, ...]
"""Fields whose values stand on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What to show: plain text of several lines, and the address of a picture."""

    title: str = field(repr=False)
    content: str = field(repr=False)
    image_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A template as it is said, and as it is shown; both may be empty."""

    text: str = field(repr=False)
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """The fields of one template.

    title, said and shown are the template's own. items is where its list may stand, item and
    item_shown are the fields of each in it. What is said is also shown.
    """

    title: Line = ()
    said: Sequence[Line] = ()
    shown: Sequence[Line] = ()
    items: Line = ()
    item: Line = ()
    item_shown: Line = ()


_WEB: Final[Sequence[Line]] = (("linkUrl",), ("referenceText", "referenceUrl"))
_SOURCE: Final[Sequence[Line]] = (("lastUpdate", "contentProviderText"), *_WEB)
_REPEATED: Final[Line] = ("repeatPeriod", "repeatDay")
_HOURLY: Final[Line] = (
    "hourlyTime",
    "temperatureImageCode",
    "hourlyTemperature",
    "rainfallProbability",
)


def _one_and_list(
    name: str, items: str, said: Line, shown: Line = ()
) -> Iterable[tuple[str, _Shape]]:
    """Yield a template of one thing, and the one of a list of them."""
    yield name, _Shape(said=(said,), shown=(shown,))
    yield f"{name}List", _Shape(items=(items,), item=said, item_shown=shown)


_SHAPES: Final[Mapping[str, _Shape]] = {
    "Text": _Shape(
        title=("mainText",),
        said=(("subText",), ("sentenceText",), ("paragraphText",), ("highlightText",)),
        shown=_WEB,
        items=("tableList",),
        item=("item1", "item2", "item3"),
        item_shown=("item2Link",),
    ),
    "ImageText": _Shape(title=("mainText",), said=(("subTextList",),), shown=_WEB),
    "ImageList": _Shape(
        # 2018 named the list as the template
        items=("thumbImageUrlList", "ImageList"),
        item=("imageTitle",),
        item_shown=("imageReference", "referenceText", "referenceUrl"),
    ),
    "CardList": _Shape(
        said=(("noticeText",),),
        shown=(("noticeLink",), *_WEB),
        items=("cardList",),
        item=("title", "description"),
        item_shown=("press", "publishDate", "contentProviderText", "linkUrl", "videoUrl"),
    ),
    "Popup": _Shape(
        title=("title",),
        said=(("mainText",), ("alertText",), ("toastText",)),
        shown=(
            ("toastLinkText", "toastLinkUrl"),
            ("positiveButtonText", "positiveButtonUrl"),
            ("negativeButtonText", "negativeButtonUrl"),
        ),
    ),
    **dict(_one_and_list("Alarm", "alarmList", ("scheduledTime", "label"), _REPEATED)),
    **dict(
        _one_and_list(
            "Reminder",
            "reminderList",
            ("scheduledTime", "label", "content"),
            (*_REPEATED, "status"),
        )
    ),
    **dict(_one_and_list("Timer", "timerList", ("scheduledTime", "label"))),
    **dict(_one_and_list("ActionTimer", "actionTimerList", ("scheduledTime", "label"), _REPEATED)),
    **dict(_one_and_list("Memo", "memoList", ("content",), ("timestamp", "lastModified"))),
    **dict(_one_and_list("Schedule", "scheduleList", ("start", "end", "content"), _REPEATED)),
    "TodayWeather": _Shape(
        title=("location",),
        said=(("nowTemperature", "nowWeather"), ("concentrationOfFineDust",)),
        shown=_SOURCE,
        items=("hourlyWeatherList",),
        item_shown=_HOURLY,
    ),
    "TomorrowWeather": _Shape(
        title=("location",),
        said=(
            ("lowTemperature", "lowTempWeather"),
            ("highTemperature", "highTempWeather"),
        ),
        shown=_SOURCE,
        items=("hourlyWeatherList",),
        item_shown=_HOURLY,
    ),
    "WeeklyWeather": _Shape(
        title=("location",),
        said=(("description",),),
        shown=_SOURCE,
        items=("dailyWeatherList",),
        item=("date", "lowTemperature", "highTemperature"),
        item_shown=("iconImageCode",),
    ),
    "Atmosphere": _Shape(
        title=("location",),
        said=(("valueOfAtmosphere", "concentrationOfAtmosphere"), ("announcementOfAtmosphere",)),
        shown=(("halfDayAtmosphereList",), *_SOURCE),
    ),
    "Humidity": _Shape(title=("location",), said=(("humidity",),), shown=_SOURCE),
    "WindSpeed": _Shape(title=("location",), said=(("windSpeed", "windDirection"),), shown=_SOURCE),
}
_BY_LOWER_CASE: Final = {name.lower(): shape for name, shape in _SHAPES.items()}


def render(kind: str, template: Payload, zone: tzinfo) -> Rendered:
    """Return a template of that kind as text; times are told in that zone.

    A kind nobody knows, or one without its fields, says what the template has for such
    a case (failureMessage), or its subtitle.
    """
    shape = _BY_LOWER_CASE.get(kind.lower(), _Shape())
    line = _Reader(zone).line
    items = list(islice(_items(template, shape.items), MOST_ITEMS))
    title, subtitle = line(template, shape.title), line(template, ("subtitle",))
    said = [line(template, fields) for fields in shape.said]
    text = _joined((title, *said, *(line(item, shape.item) for item in items)), LONGEST_SPOKEN)
    if not text:
        text = (line(template, ("failureMessage",)) or subtitle)[:LONGEST_SPOKEN]
    listed = [line(item, (*shape.item, *shape.item_shown)) for item in items]
    more = [line(template, fields) for fields in (*shape.shown, ("actionList",))]
    return Rendered(
        text=text,
        card=Card(
            title=(title or subtitle)[:LONGEST_SPOKEN],
            content=_joined((*said, *listed, *more), LONGEST_SHOWN) or text,
            image_url=_picture(template, *items),
        ),
    )


class _Reader:
    """Reads what fields say."""

    def __init__(self, zone: tzinfo) -> None:
        """Tell times in that zone."""
        self._zone = zone

    def line(self, item: Payload, fields: Line) -> str:
        """Return what fields of an object say, on one line."""
        texts = (
            text
            for key in fields
            for text in self._texts(item.get(key), _SKY if key.endswith(_SKY) else "")
        )
        return ", ".join(islice(texts, MOST_ITEMS))

    def _texts(self, value: Any, kind: str, deep: int = 0) -> Iterator[str]:
        """Yield what is said by a value, an object that has one, or a list of either."""
        if deep > DEEPEST_VALUE:
            return
        match value:
            case {"value": content, **rest}:
                yield from self._texts(content, kind or _kind(rest.get("type")), deep + 1)
            case dict():
                for key, content in value.items():
                    if not key.endswith(_NOT_TO_READ):
                        yield from self._texts(content, kind, deep + 1)
            case list():
                for content in value:
                    yield from self._texts(content, kind, deep + 1)
            case str() | int() | float() if not isinstance(value, bool):
                text = str(value).strip()[:LONGEST_SHOWN]
                if text := self._formatted(text, kind):
                    yield text

    def _formatted(self, text: str, kind: str) -> str:
        if kind in _UNITS and _NUMBER.fullmatch(text):
            return f"{text}{_UNITS[kind]}"
        if kind == _SKY:
            number = int(text) if text.isdecimal() and len(text) <= 2 else 0
            return _SKIES[number - 1] if 0 < number <= len(_SKIES) else ""
        return self._moment(text) if kind in _MOMENTS else text

    def _moment(self, text: str) -> str:
        """Return a date or a time without seconds; what is none stays as it is."""
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                moment = moment.astimezone(self._zone)
        except ValueError, OverflowError:
            return text
        if len(text) <= len("2021-02-03"):
            return moment.date().isoformat()
        return moment.replace(tzinfo=None).isoformat(" ", "minutes")


def _kind(told: Any) -> str:
    return told.lower() if isinstance(told, str) and len(told) < MOST_ITEMS else ""


def _items(template: Payload, names: Line) -> Iterator[Payload]:
    """Yield the objects of the list that stands under one of these names."""
    for name in names:
        value = template.get(name)
        content = value.get("value") if isinstance(value, dict) else value
        if isinstance(content, list):
            yield from (item for item in content if isinstance(item, dict))


def _joined(lines: Iterable[str], longest: int) -> str:
    """Return the lines that say something, each once, cut to a length."""
    return "\n".join(line for line in dict.fromkeys(lines) if line)[:longest]


def _picture(*objects: Payload) -> str | None:
    """Return the address of the first picture there is."""
    for item in objects:
        for key in _PICTURES:
            value = item.get(key)
            found = value if isinstance(value, dict) else {"value": value}
            url = web_address(found, "value")
            if url is not None:
                return url
    return None
