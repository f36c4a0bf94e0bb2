"""A month with a server, a network and a host that are kind to nobody; in seconds, by an injected clock."""

import asyncio
from bisect import bisect_left, bisect_right
from random import Random

import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.surroundings import LOOK_EVERY

from .virtual import VirtualLoop, run_at_once
from .world import CONNECT_TIMEOUT, Mood, Period, World

pytestmark = pytest.mark.unkind

DAYS = 30
DAY = 24 * 3600.0
# Whatever has happened: the budget's window, the last pause, and an attempt that hung before.
LONGEST_WAIT = reconnect.ATTEMPTS_WINDOW + reconnect.LAST_CEILING + CONNECT_TIMEOUT + 1.0


@pytest.mark.parametrize("seed", [1])
def test_thirty_days(seed: int) -> None:
    async def live(loop: VirtualLoop) -> World:
        world = World(loop, Random(seed))
        await world.lasts(DAYS * DAY)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "something has been left running"
        return world

    world = run_at_once(live)
    assert_never_more_than_50_attempts_in_10_minutes(world)
    assert_it_never_gives_up(world)
    assert_a_kind_server_is_soon_found(world)
    assert_a_host_that_wakes_looks_at_once(world)
    assert_a_contest_is_no_storm(world)
    assert_no_connection_is_left_behind(world)


def within(times: list[float], begin: float, end: float) -> list[float]:
    """Return those of a sorted list of times that lie between two."""
    return times[bisect_left(times, begin) : bisect_right(times, end)]


def periods(world: World, mood: Mood) -> list[Period]:
    """Return when the server was in a mood long enough to look at."""
    return [one for one in world.periods if one.mood is mood and one.end < float("inf")]


def assert_never_more_than_50_attempts_in_10_minutes(world: World) -> None:
    most = max(
        len(within(world.attempts, at, at + reconnect.ATTEMPTS_WINDOW - 1e-6))
        for at in world.attempts
    )
    assert most <= reconnect.MOST_ATTEMPTS
    assert most > 40, "the world was not unkind enough to prove it"


def assert_it_never_gives_up(world: World) -> None:
    """After each failure, and each end, comes an attempt: soon, and without exception."""
    last = world.attempts[-1]
    for since in world.waits:
        if since < last:
            (then, *_) = world.attempts[bisect_left(world.attempts, since) :]
            asleep = sum(nap for at, nap in world.naps if since <= at <= then)
            assert then - since - asleep <= LONGEST_WAIT
    assert len(world.waits) > 1000
    assert last > world.attempts[0] + DAYS * DAY - reconnect.MOST_AGE


def assert_a_kind_server_is_soon_found(world: World) -> None:
    found = 0
    for period in periods(world, Mood.KIND):
        if period.end - period.begin > LONGEST_WAIT:
            assert within(world.ups, period.begin, period.begin + LONGEST_WAIT) or any(
                one.opened_at <= period.begin and (one.closed_at or period.end) >= period.begin
                for one in world.sessions
            )
            found += 1
    assert found > 10


def assert_a_host_that_wakes_looks_at_once(world: World) -> None:
    """By a PING where there is a connection, else by an attempt, as far as the budget allows."""
    looked = 0
    for wake in world.wakes:
        soon = wake + LOOK_EVERY + 0.1
        spent = len(within(world.attempts, wake - reconnect.ATTEMPTS_WINDOW, soon))
        under_way = within(world.attempts, wake - CONNECT_TIMEOUT, wake)
        if spent < reconnect.MOST_ATTEMPTS and not under_way:
            assert within(world.probes, wake, soon) or within(world.attempts, wake, soon)
            looked += 1
    assert looked > 50


def assert_a_contest_is_no_storm(world: World) -> None:
    """Whoever is thrown out again and again comes back about once a minute."""
    contests = 0
    for period in periods(world, Mood.CONTESTED):
        settled = period.begin + 120.0
        minutes = (period.end - settled) / 60.0
        if minutes > 5:
            assert len(within(world.attempts, settled, period.end)) <= 1.4 * minutes + 2
            contests += 1
    assert contests > 5


def assert_no_connection_is_left_behind(world: World) -> None:
    assert [one for one in world.sessions if one.closed_at is None] == []
