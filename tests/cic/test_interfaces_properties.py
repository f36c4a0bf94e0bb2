"""What holds for every directive and every event, whatever is in it."""

from collections.abc import Iterable
import json
from typing import Any

from hypothesis import example, given, settings, strategies as st
import pytest

from cic_server import messages as service
from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces.any_event import EVENTS, any_event
from custom_components.clova_cic.cic.messages import DEEPEST, Event, Header, encode_event

from .json_documents import ANY_TEXT, objects, values
from .message_fixtures import (
    DIRECTIVE_FIXTURES,
    EVENT_FIXTURES,
    FIXTURES,
    MISSING,
    Fixture,
    Place,
    content,
    of_each,
    paths,
    put,
)


def nested(levels: int, outer: Any) -> Any:
    """Return so many lists or objects within each other."""
    value: Any = 1e999
    for _ in range(levels):
        value = {"type": value} if outer is dict else [value]
    return value


# What a sender in trouble, or with bad intent, puts where something else belongs.
ODD: list[Any] = [
    *(None, True, False, 0, -1, -0.0, 1e999, -1e999, float("nan"), 10**400, 10**4299),
    *("", "-1", "1e9", "1e999", "NaN", "7" * 400, "\ud83d", "\udc00\ud83d", "\u0000", "http://["),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "2031-02-30T25:61:61Z", "loud"),
    *("clova://", "cid:", "x" * 10_000, "\u212a" * 5_000),
    *([], {}, [[]], [{}], [None] * 2_000, {str(key): "v" for key in range(2_000)}),
    *(nested(DEEPEST - 5, dict), nested(DEEPEST - 5, list)),
]
# There are many names, and every odd value is tried in every place beside this.
HALF = settings(max_examples=settings().max_examples // 2)
ANYTHING = st.one_of(st.sampled_from(ODD), st.sampled_from(ODD), values())


@st.composite
def spoilt(draw: st.DrawFn, payloads: list[Any]) -> Any:
    """Draw one of the payloads with a member or two replaced, or without them."""
    payload = draw(st.sampled_from(payloads))
    for _ in range(draw(st.integers(1, 2))):
        places: list[Place] = list(paths(payload)) if isinstance(payload, dict) else []
        if not places:
            return draw(ANYTHING)
        place = draw(st.sampled_from(places))
        payload = put(payload, place, draw(st.one_of(st.just(MISSING), ANYTHING, ANYTHING)))
    return payload


def by_name(fixtures: Iterable[Fixture]) -> pytest.MarkDecorator:
    """Give a test each name with the payloads of all its fixtures, of all sizes alike."""
    names: dict[str, list[Any]] = {}
    for one in fixtures:
        names.setdefault(one.name, []).extend(one.payloads)
    return pytest.mark.parametrize(("name", "payloads"), names.items(), ids=names)


def any_of(payloads: list[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(spoilt(payloads), spoilt(payloads), objects())


def read_or_refused(name: str, payload: Any) -> None:
    """Read a directive; nothing but MessageError may be raised, by what becomes of it neither."""
    try:
        got = content(name, payload if isinstance(payload, dict) else {})
    except MessageError:
        return
    hash(got)
    repr(got)


def sent_or_refused(name: str, payload: Any) -> None:
    """Send an event; what is not refused must arrive at a service as it was given."""
    try:
        EVENTS[name](payload, "")
        event = any_event(*name.split("."), payload)
    except MessageError:
        return
    head = Header(namespace=event.NAMESPACE, name=event.NAME, message_id="m")
    text = encode_event(Event(header=head, payload=event.as_payload()), [])
    json.loads(text, parse_constant=proper)
    assert service.parse_event(text).payload == payload


def proper(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@by_name(DIRECTIVE_FIXTURES.values())
def test_a_directive_is_read_or_is_a_message_error(name: str, payloads: list[Any]) -> None:
    HALF(given(st.just(name), any_of(payloads))(read_or_refused))()


@by_name(EVENT_FIXTURES.values())
def test_an_event_is_refused_or_arrives_as_it_was_given(name: str, payloads: list[Any]) -> None:
    HALF(given(st.just(name), any_of(payloads))(sent_or_refused))()


@of_each(FIXTURES)
def test_every_odd_value_in_every_place(one: Fixture) -> None:
    tried = sent_or_refused if one.stem in EVENT_FIXTURES else read_or_refused
    for place in paths(one.all):
        for odd in ODD:
            tried(one.name, put(one.all, place, odd))


@given(ANY_TEXT, ANY_TEXT, objects())
@example("\ud83d", "x" * 10_000, {})
def test_any_name_is_a_message_error(namespace: str, name: str, payload: Any) -> None:
    with pytest.raises(MessageError) as caught:
        any_event(namespace, name, payload)
    assert len(str(caught.value)) < 200
