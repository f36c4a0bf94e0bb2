"""When progress is due: by time that sounded, and by places that were passed."""

from hypothesis import given, strategies as st
import pytest

from custom_components.clova_cic.cic.interfaces.audio_stream import ProgressReport
from custom_components.clova_cic.playback.music.progress import (
    SHORTEST_INTERVAL,
    Due,
    Passed,
    Plan,
    Progress,
)

times = st.floats(min_value=0, max_value=10_000)


def test_plan() -> None:
    assert Plan.of(ProgressReport(delay=1500, interval=3, position=0)) == Plan(
        delay=1.5, interval=SHORTEST_INTERVAL, position=0
    )
    assert Plan.of(ProgressReport()) == Plan()


def test_each_where_it_is_due() -> None:
    progress = Progress(Plan(delay=4, interval=10, position=25), 10)
    assert progress.next_after() == 4
    assert progress.advance(14.5) == [Due(Passed.DELAY, 14)]
    assert progress.next_after() == 5.5
    assert progress.advance(20) == [Due(Passed.INTERVAL, 20)]
    assert progress.next_after() == 5
    assert progress.advance(31) == [Due(Passed.POSITION, 25), Due(Passed.INTERVAL, 30)]
    assert progress.next_after() == 9


def test_what_lies_at_the_beginning() -> None:
    progress = Progress(Plan(delay=0, position=10), 10)
    assert progress.next_after() == 0
    assert progress.advance(10) == [Due(Passed.DELAY, 10), Due(Passed.POSITION, 10)]
    assert progress.next_after() is None
    assert Progress(Plan(position=9), 10).next_after() is None


def test_leaps() -> None:
    """Forward over the place: at once, as that place. Back: again. Neither counts as playing."""
    progress = Progress(Plan(delay=5, interval=10, position=30), 0)
    assert progress.leap(40) == [Due(Passed.POSITION, 30)]
    assert progress.leap(50) == []
    assert progress.next_after() == 5
    assert progress.leap(20) == []
    assert progress.advance(24) == []
    assert progress.advance(31) == [
        Due(Passed.DELAY, 25),
        Due(Passed.INTERVAL, 30),
        Due(Passed.POSITION, 30),
    ]


def test_a_better_reading_is_no_leap() -> None:
    progress = Progress(Plan(interval=10, position=9), 0)
    assert progress.advance(9.5) == [Due(Passed.POSITION, 9)]
    assert progress.advance(8.5) == []
    assert progress.advance(9.9) == []
    (due,) = progress.advance(10.1)
    assert (due.passed, due.position) == (Passed.INTERVAL, pytest.approx(10))


@given(
    begin=times,
    plan=st.builds(
        Plan,
        delay=st.none() | times,
        interval=st.none() | st.floats(min_value=1, max_value=1000),
        position=st.none() | times,
    ),
    steps=st.lists(st.floats(min_value=0, max_value=1.0), max_size=30),
)
def test_nothing_twice_nothing_early(begin: float, plan: Plan, steps: list[float]) -> None:
    """Whoever looks when told to misses nothing, in whatever steps it plays."""
    progress = Progress(plan, begin)
    position, told = begin, list[Due]()
    for step in steps:
        wait = progress.next_after()
        due = progress.advance(position + step)
        if wait is not None and step < wait - 1e-6:
            assert due == []
        assert all(position - 1e-6 <= one.position <= position + step + 1e-6 for one in due)
        position += step
        told += due
    played = position - begin
    count = {kind: sum(one.passed is kind for one in told) for kind in Passed}
    if plan.delay is None or played < plan.delay - 1e-6:
        assert count[Passed.DELAY] == 0
    elif played > plan.delay + 1e-6 and steps:
        assert count[Passed.DELAY] == 1
    if plan.position is not None and plan.position > position + 1e-6:
        assert count[Passed.POSITION] == 0
    assert count[Passed.POSITION] <= 1
    if plan.interval is not None:
        assert abs(count[Passed.INTERVAL] - played / plan.interval) <= 1
