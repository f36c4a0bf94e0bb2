"""When and how often a client connects again; the clock is the test's."""

import asyncio

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    TooManyRequestsError,
    UnreachableError,
)
from custom_components.clova_cic.cic.reconnect import Backoff, Reconnector, State

LOST = ConnectionLostError("gone")


def highest(_low: float, high: float) -> float:
    return high


def test_first_at_once_then_a_doubling_ceiling_up_to_a_minute() -> None:
    backoff = Backoff(uniform=highest)
    pauses = [backoff.next_pause(0.0, LOST) for _ in range(9)]
    assert pauses == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_full_jitter() -> None:
    bounds = []
    backoff = Backoff(uniform=lambda low, high: bounds.append((low, high)) or 0.0)
    for _ in range(3):
        backoff.next_pause(0.0, LOST)
    assert bounds == [(0.0, 1.0), (0.0, 2.0)]


def test_a_good_life_starts_over_and_a_short_one_does_not() -> None:
    backoff = Backoff(uniform=highest)
    for _ in range(4):
        backoff.next_pause(0.0, LOST)
    backoff.succeed(reconnect.GOOD_LIFE - 1)
    assert backoff.next_pause(0.0, LOST) == 8.0
    backoff.succeed(reconnect.GOOD_LIFE)
    assert backoff.next_pause(0.0, LOST) == 0.0


def test_a_server_that_says_too_many_is_given_time() -> None:
    assert Backoff().next_pause(0.0, TooManyRequestsError(429)) == reconnect.AFTER_TOO_MANY


def test_never_more_than_50_attempts_in_10_minutes() -> None:
    """Whatever a server does: here every connection is good for a minute of its own clock."""
    backoff = Backoff(uniform=lambda _low, _high: 0.0)
    now, attempts = 0.0, []
    for _ in range(500):
        attempts.append(now)
        backoff.attempt(now)
        backoff.succeed(reconnect.GOOD_LIFE)
        now += 0.1 + backoff.next_pause(now, LOST)
    for index, start in enumerate(attempts):
        assert sum(start <= at < start + 600 for at in attempts[index:]) <= 50


class Session:
    """A session that ends when told to."""

    def __init__(self) -> None:
        self.over: asyncio.Future[CicError | None] = asyncio.get_running_loop().create_future()
        self.ended_by = ""

    async def wait_unusable(self) -> CicError | None:
        return await self.over

    async def drain(self) -> None:
        self.ended_by = "drain"

    async def close(self) -> None:
        self.ended_by = "close"


async def test_a_life_with_failures_and_a_goodbye() -> None:
    sessions: list[Session] = []
    changes: list[tuple[State, CicError | None]] = []
    pauses: list[float] = []
    refusals = [UnreachableError("no"), UnreachableError("no")]
    connected: asyncio.Queue[Session] = asyncio.Queue()

    async def connect() -> Session:
        if refusals:
            raise refusals.pop()
        sessions.append(Session())
        connected.put_nowait(sessions[-1])
        return sessions[-1]

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    reconnector = Reconnector(
        connect,
        lambda state, error: changes.append((state, error)),
        backoff=Backoff(uniform=highest),
        sleep=sleep,
    )
    running = asyncio.create_task(reconnector.run())
    first = await connected.get()
    await asyncio.sleep(0)
    assert reconnector.session is first
    first.over.set_result(None)
    second = await connected.get()
    await asyncio.sleep(0)
    assert first.ended_by == "drain"
    running.cancel()
    await asyncio.wait({running})
    assert second.ended_by == "close"
    assert reconnector.session is None
    assert [state.name for state, _ in changes] == [
        *["CONNECTING", "WAITING"] * 2,
        *["CONNECTING", "CONNECTED", "WAITING"],
        *["CONNECTING", "CONNECTED"],
    ]
    assert pauses == [0.0, 1.0, 2.0]
    assert [str(error) for _, error in changes if error] == ["no", "no"]
