"""Parts of a sound: what a Range field asks for, and when the whole was given."""

from hypothesis import given, strategies as st
import pytest

from custom_components.clova_cic.playback.web.ranges import (
    Coverage,
    Span,
    UnsatisfiableError,
    asked_span,
    content_range,
    given_span,
    is_one_range,
    none_of,
)


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-", Span(0, 10)),
        ("bytes=9-", Span(9, 10)),
        ("bytes=3-5", Span(3, 6)),
        ("Bytes=3-500", Span(3, 10)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-300", Span(0, 10)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-3", None),
        ("bytes=12-11", None),
        ("bytes=0-1,3-4", None),
        ("pages=0-1", None),
        ("bytes=0x1-2", None),
        ("bytes=+1-2", None),
        ("bytes=1_0-", None),
        ("bytes=\u0661-", None),
        ("bytes=" + "9" * 4000 + "-", None),
    ],
)
def test_asked(field: str | None, asked: Span | None) -> None:
    assert asked_span(field, 10) == asked


@pytest.mark.parametrize("field", ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=99-"])
def test_behind_the_end(field: str) -> None:
    with pytest.raises(UnsatisfiableError):
        asked_span(field, 10)


def test_nothing_has_no_parts() -> None:
    assert asked_span("bytes=0-", 0) is None
    assert asked_span("bytes=-5", 0) is None


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 20))
def test_a_part_is_what_python_would_cut(first: int, last: int, size: int) -> None:
    whole = bytes(range(size))
    field = f"bytes={first}-{last}"
    assert is_one_range(field)
    if first > last:
        assert asked_span(field, size) is None
    elif first >= size:
        with pytest.raises(UnsatisfiableError):
            asked_span(field, size)
    else:
        span = asked_span(field, size)
        assert span is not None
        assert whole[span.start : span.stop] == whole[first : last + 1]
        assert given_span(content_range(span, size)) == (span, size)


@given(st.text(max_size=30) | st.from_regex(r"bytes=[\d, -]{0,12}", fullmatch=True))
def test_no_field_breaks_it(field: str) -> None:
    try:
        span = asked_span(field, 100)
    except UnsatisfiableError:
        return
    assert span is None or 0 <= span.start < span.stop <= 100
    given_span(field)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("bytes 0-9/10", (Span(0, 10), 10)),
        ("bytes 5-9/*", (Span(5, 10), None)),
        ("bytes 5-4/10", None),
        ("bytes 5-10/10", None),
        ("bytes */10", None),
        ("bytes 0-9", None),
        (None, None),
    ],
)
def test_given(field: str | None, given: object) -> None:
    assert given_span(field) == given


def test_none_of() -> None:
    assert none_of("bytes */10") == "bytes */10"
    assert none_of("bytes 0-1/10") is None
    assert none_of("bytes */10\r\nX: y") is None
    assert none_of(None) is None


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=12))
def test_the_whole_is_given_when_every_byte_is(pieces: list[tuple[int, int]]) -> None:
    coverage, bytes_given = Coverage(), set()
    for start, stop in pieces:
        coverage.add(Span(start, stop))
        bytes_given |= set(range(start, stop))
        assert coverage.covers(10) == (set(range(10)) <= bytes_given)


def test_a_player_that_jumps_about() -> None:
    """What is counted of it is bounded; who reads the whole at last has the whole."""
    coverage = Coverage()
    for start in range(0, 100_000, 10):
        coverage.add(Span(start, start + 1))
    assert len(coverage._pieces) <= 64
    coverage.add(Span(0, 100_000))
    assert coverage.covers(100_000)
