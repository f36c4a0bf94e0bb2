"""When a conversation is read, by a clock that a test winds."""

from itertools import pairwise

import pytest

from custom_components.clova_cic.direct_line.pace import Pace, Timing


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(Timing(), clock, lambda _low, high: high)


def read(pace: Pace, clock: Clock, *, new: bool = False) -> float:
    """Wait until a read is due, and read; return when that was."""
    clock.now += pace.read_in
    pace.read(new=new)
    return clock.now - 1000.0


def test_after_a_message(pace: Pace, clock: Clock) -> None:
    pace.sent()
    assert [round(read(pace, clock), 3) for _ in range(5)] == [0.0, 0.3, 0.6, 1.6, 2.6]


def test_after_an_answer(pace: Pace, clock: Clock) -> None:
    """It may be the first of several."""
    clock.now += 7.0
    first = read(pace, clock, new=True)
    assert [round(read(pace, clock) - first, 3) for _ in range(4)] == [0.0, 0.3, 0.6, 1.6]


def test_slower_when_nobody_says_anything(pace: Pace, clock: Clock) -> None:
    times = [read(pace, clock) for _ in range(200)]
    pauses = [round(after - before, 3) for before, after in pairwise(times)]
    assert pauses[:3] == [0.3, 0.3, 1.0]
    assert [pauses.index(pause) for pause in (1.0, 5.0, 10.0)] == [2, 32, 86]
    assert pauses[-1] == 10.0
    pace.sent()
    assert pace.read_in == 0.0


def test_at_once_after_a_page(pace: Pace, clock: Clock) -> None:
    read(pace, clock, new=True)
    assert pace.read_in == 0.0
    read(pace, clock)
    assert pace.read_in > 0.0


def test_failures(pace: Pace, clock: Clock) -> None:
    pauses = []
    for _ in range(8):
        clock.now += pace.read_in
        pace.failed()
        pauses.append(pace.read_in)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    clock.now += 1
    pace.sent()
    assert pace.read_in == 0.0  # a message is worth one try
    pace.failed()
    assert pace.read_in == 60
    clock.now += 60
    pace.read(new=False)
    assert pace.read_in == 5


def test_a_service_that_wants_to_be_left_alone(pace: Pace, clock: Clock) -> None:
    pace.failed(retry_after=100)
    pace.sent()
    assert pace.read_in == 100
    assert pace.look_in == 100


def test_behind_a_silent_stream(pace: Pace, clock: Clock) -> None:
    pace.sent()
    assert pace.look_in == 5
    clock.now += 3
    pace.heard()
    assert pace.look_in == 60
    clock.now += 59
    pace.sent()
    assert pace.look_in == 5
    clock.now += 5
    pace.read(new=False)
    assert pace.look_in == 60
    clock.now += 60
    pace.failed()
    assert pace.look_in == 1
