"""Positions and ends, as numbers."""

from hypothesis import given, strategies as st
import pytest

from custom_components.clova_cic.playback.output.ends import Ends
from custom_components.clova_cic.playback.output.media import Ended, Media
from custom_components.clova_cic.playback.output.positions import DRIFT, PositionClock, Report
from custom_components.clova_cic.playback.output.seen import number

seconds = st.floats(0, 10_000)


@given(st.lists(st.floats(0.01, 30), max_size=30), st.booleans(), st.floats(-1, 1))
def test_an_honest_player_is_followed(steps: list[float], whole: bool, late: float) -> None:
    """Whatever it reports, in whole seconds or not: we are never further off than it is."""
    clock, now = PositionClock(0.0, 0.0), 0.0
    clock.run(0.0)
    for step in steps:
        now += step
        truth = max(0.0, now + late)
        said = float(int(truth)) if whole else truth
        assert not clock.heed(Report(said, now), now)
        assert abs(clock.at(now) - truth) <= 1.3


def test_whole_seconds_are_those_begun() -> None:
    """Who knows nothing but such a report is in the middle of what it may mean."""
    assert Report(12.0, 5.0).expected(7.0, running=True) == 14.5
    assert Report(12.0, 5.0).expected(7.0, running=False) == 12.5
    assert Report(12.25, 5.0).expected(7.0, running=True) == 14.25


@given(st.lists(st.tuples(st.floats(0.01, 30), st.floats(-1e9, 1e9)), max_size=30))
def test_a_liar_does_no_more_than_lie(reports: list[tuple[float, float]]) -> None:
    """The clock is always at a place that was reported, or where it would be without."""
    clock, now = PositionClock(5.0, 0.0), 0.0
    clock.run(0.0)
    for step, said in reports:
        now += step
        clock.heed(Report(said, now), now, 300.0)
        assert 0 <= clock.at(now) <= max(305.0, 5.0 + DRIFT + now) + now


@given(seconds, seconds, seconds)
def test_stands_and_runs(start: float, first: float, second: float) -> None:
    clock = PositionClock(start, 0.0)
    assert clock.at(first) == start
    clock.run(first)
    clock.halt(first + second)
    assert clock.at(first + second + 100) == pytest.approx(start + second)


def test_distrusted_after_too_many_jumps() -> None:
    """Nobody seeks three times without letting it play: back to our own clock."""
    clock = PositionClock(0.0, 0.0)
    clock.run(0.0)
    assert not clock.heed(Report(1.0, 1.0), 1.0)
    assert clock.heed(Report(100.0, 2.0), 2.0)
    assert clock.heed(Report(30.0, 3.0), 3.0)
    assert clock.heed(Report(70.0, 4.0), 4.0)
    assert clock.at(4.0) == pytest.approx(4.0, abs=1.3)
    assert not clock.heed(Report(500.0, 5.0), 5.0)


def test_where_it_was_guessed_the_first_report_counts() -> None:
    clock = PositionClock(0.0, 0.0)
    clock.guess(1.0, 0.0)
    clock.run(0.0)
    assert clock.heed(Report(11.0, 2.0), 2.0)
    assert clock.at(2.0) == pytest.approx(11.5)
    assert not clock.heed(Report(500.0, 3.0), 3.0)  # the next is one like any other
    assert clock.at(3.0) == pytest.approx(12.5)


def test_seeking_now_and_then() -> None:
    clock = PositionClock(0.0, 0.0)
    clock.run(0.0)
    assert not clock.heed(Report(1.0, 1.0), 1.0)
    for now, place in ((2.0, 100.0), (4.0, 50.0), (6.0, 200.0), (8.0, 10.0)):
        assert clock.heed(Report(place, now), now)
        assert not clock.heed(Report(place + 1, now + 1), now + 1)
        assert clock.at(now + 1) == pytest.approx(place + 1, abs=1.3)


def ends(**media: float) -> Ends:
    return Ends(Media("http://sound.test/", "audio/mpeg", **media))


@pytest.mark.parametrize(
    ("known", "position", "how"),
    [
        (ends(), 0.3, Ended.FAILED),
        (ends(), 30.0, Ended.FINISHED),
        (ends(duration=60.0), 59.0, Ended.FINISHED),
        (ends(duration=60.0), 50.0, Ended.STOPPED),
        (ends(duration=60.0, begin=30.0), 60.0, Ended.STOPPED),
        (ends(duration=1.0), 0.5, Ended.FINISHED),
        (ends(duration=3.0), 1.0, Ended.STOPPED),
    ],
)
def test_what_silence_means(known: Ends, position: float, how: Ended) -> None:
    assert known.judge(position, known.media.begin) is how


def test_the_nearest_end_counts() -> None:
    known = ends(duration=60.0, begin=30.0)
    assert known.expected == 90.0
    known.learn(300.0)
    assert known.expected == 90.0 == known.limit
    known.learn(80.0)
    assert known.expected == 80.0
    known.pass_by(85.0)
    known.learn(80.0)
    assert known.expected == 90.0


@given(st.one_of(st.text(), st.none(), st.floats(), st.integers(), st.lists(st.integers())))
def test_a_number_or_nothing(value: object) -> None:
    found = number(value)
    assert found is None or 0 <= found < float("inf")
