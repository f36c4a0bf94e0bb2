"""When and how often a client connects again; the clock is the test's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    DownchannelClosedError,
    TooManyRequestsError,
    UnauthorizedError,
    UnreachableError,
)
from custom_components.clova_cic.cic.reconnect import Backoff, Contest, Pace, Reconnector, State
from custom_components.clova_cic.cic.surroundings import LEAP, LOOK_EVERY, Peer, Surroundings

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
    backoff.succeed(reconnect.GOOD_LIFE - 1, served=False)
    assert backoff.next_pause(0.0, LOST) == 8.0
    backoff.succeed(reconnect.GOOD_LIFE, served=False)
    assert backoff.next_pause(0.0, LOST) == 0.0


def test_a_goodbye_after_good_work_starts_over() -> None:
    """A server may limit the requests of a connection, however fast they come."""
    backoff = Backoff(uniform=highest)
    for _ in range(4):
        backoff.next_pause(0.0, LOST)
    backoff.succeed(1.0, served=True)
    assert backoff.next_pause(0.0, None) == 0.0


def test_a_server_that_says_too_many_is_given_time() -> None:
    assert Backoff().next_pause(0.0, TooManyRequestsError(429)) == reconnect.AFTER_TOO_MANY


def test_never_more_than_50_attempts_in_10_minutes() -> None:
    """Whatever a server does: here every connection is good for a minute of its own clock."""
    backoff = Backoff(uniform=lambda _low, _high: 0.0)
    now, attempts = 0.0, []
    for _ in range(500):
        attempts.append(now)
        backoff.attempt(now)
        backoff.succeed(reconnect.GOOD_LIFE, served=True)
        now += 0.1 + backoff.next_pause(now, LOST)
    for index, start in enumerate(attempts):
        assert sum(start <= at < start + 600 for at in attempts[index:]) <= 50


def test_pings_come_less_often_where_a_server_asks_for_calm() -> None:
    pace, factors = Pace(), []
    for _ in range(5):
        pace.ended(now=1_000_000.0, asked_for_calm=True)
        factors.append(pace.factor)
    assert factors == [2, 4, 8, 8, 8]


def test_a_day_without_a_complaint_brings_the_usual_pings_back() -> None:
    pace = Pace()
    pace.ended(now=1_000_000.0, asked_for_calm=True)
    pace.ended(now=1_000_000.0 + reconnect.CALM_FOR - 1, asked_for_calm=False)
    assert pace.factor == 2
    pace.ended(now=1_000_000.0 + reconnect.CALM_FOR, asked_for_calm=False)
    assert pace.factor == 1


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.pauses: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.look(seconds)

    async def look(self, seconds: float) -> None:
        sleeper = (self.now + seconds, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    async def forward(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything happen that it brings."""
        self.now += seconds
        for _ in range(20):
            for due, sleeper in self._sleepers:
                if due <= self.now and not sleeper.done():
                    sleeper.set_result(None)
            await asyncio.sleep(0)


class Session:
    """A session that ends when told to."""

    def __init__(self, clock: Clock) -> None:
        self.over: asyncio.Future[CicError | None] = asyncio.get_running_loop().create_future()
        self.idle = asyncio.Event()
        self.idle.set()
        self.heard_at = clock.now
        self.asked_for_calm = False
        self.served = False
        self.peer: Peer | None = ("127.0.0.1", 443)
        self.probes = 0
        self.ended_by = ""

    @property
    def usable(self) -> bool:
        return not self.over.done()

    def probe(self) -> None:
        self.probes += 1

    async def wait_unusable(self) -> CicError | None:
        return await asyncio.shield(self.over)

    async def wait_idle(self) -> None:
        await self.idle.wait()

    async def drain(self) -> None:
        self.ended_by = "drain"

    async def close(self) -> None:
        self.ended_by = "close"


class House:
    """A reconnector, the sessions it made and what it told."""

    def __init__(self, refusals: tuple[CicError, ...]) -> None:
        self.refusals = list(refusals)
        self.sessions: list[Session] = []
        self.changes: list[tuple[State, CicError | None]] = []
        self.clock = Clock()
        self.asleep = 0.0
        self.address = "198.51.100.1"
        self.gate = asyncio.Event()
        self.gate.set()
        self.reconnector: Reconnector[Session] = Reconnector(
            self.connect,
            lambda state, error: self.changes.append((state, error)),
            backoff=Backoff(uniform=highest),
            surroundings=Surroundings(
                clock=self.clock.time,
                wall=lambda: self.clock.now + self.asleep,
                sleep=self.clock.look,
                address=lambda _peer: self.address,
            ),
            clock=self.clock.time,
            sleep=self.clock.sleep,
        )

    @property
    def states(self) -> str:
        """What was told, in order."""
        return " ".join(state.name for state, _ in self.changes)

    async def connect(self) -> Session:
        await self.gate.wait()
        if self.refusals:
            raise self.refusals.pop()
        self.sessions.append(Session(self.clock))
        return self.sessions[-1]


@asynccontextmanager
async def running(*refusals: CicError) -> AsyncIterator[House]:
    """Run a reconnector whose first attempts are refused."""
    house = House(refusals)
    task = asyncio.create_task(house.reconnector.run())
    await house.clock.forward()
    try:
        yield house
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert house.reconnector.session is None
    assert all(session.ended_by for session in house.sessions)


async def test_a_life_with_failures_and_a_goodbye() -> None:
    async with running(UnreachableError("no"), UnreachableError("no")) as house:
        assert house.states == "CONNECTING WAITING CONNECTING WAITING"
        await house.clock.forward(1.0)
        (first,) = house.sessions
        assert house.reconnector.session is first
        first.over.set_result(None)
        await house.clock.forward()
        assert house.reconnector.session is None
        await house.clock.forward(1.9)
        assert first.ended_by == ""  # what CIC pushes meanwhile still comes
        await house.clock.forward(0.1)
        assert first.ended_by == "drain"
        second = house.sessions[1]
        assert house.reconnector.session is second
    assert second.ended_by == "close"
    assert house.states == (
        "CONNECTING WAITING CONNECTING WAITING CONNECTING CONNECTED WAITING CONNECTING CONNECTED"
    )
    assert [pause for pause in house.clock.pauses if pause < 60] == [0.0, 1.0, 2.0]
    assert [str(error) for _, error in house.changes if error] == ["no", "no"]


async def test_a_silent_session_is_replaced_before_it_is_left() -> None:
    async with running(UnreachableError("no")) as house:
        (first,) = house.sessions
        house.changes.clear()
        await house.clock.forward(reconnect.MOST_SILENCE - 1)
        assert house.states == ""
        house.gate.clear()
        await house.clock.forward(1)
        assert house.states == "RENEWING"  # at once: the failure before is forgotten
        assert house.reconnector.session is None  # for anything new
        assert house.reconnector.kept is first  # until the next one stands
        assert first.ended_by == ""
        house.gate.set()
        await house.clock.forward()
        assert house.states == "RENEWING CONNECTED"
        assert house.reconnector.session is house.sessions[1]
        assert first.ended_by == "drain"


async def test_a_session_on_which_something_comes_is_kept_for_a_day() -> None:
    async with running() as house:
        (first,) = house.sessions
        for _ in range(int(reconnect.MOST_AGE // 1000)):
            await house.clock.forward(1000)
            first.heard_at = house.clock.now
        assert house.sessions == [first]
        await house.clock.forward(reconnect.MOST_AGE % 1000)
        assert len(house.sessions) == 2
        assert first.ended_by == "drain"


async def test_a_renewal_that_fails_keeps_what_there_is() -> None:
    async with running() as house:
        (first,) = house.sessions
        house.refusals += [UnreachableError("no")] * 3
        await house.clock.forward(reconnect.MOST_SILENCE)
        assert house.states == "CONNECTING CONNECTED RENEWING CONNECTED"
        assert str(house.changes[-1][1]) == "no"
        assert house.reconnector.session is first
        for pause in (1, 2, 4):
            assert len(house.sessions) == 1
            assert house.clock.pauses[-1] == pause
            await house.clock.forward(pause)
        assert house.reconnector.session is house.sessions[1]
        assert first.ended_by == "drain"


async def test_a_session_that_ends_before_a_renewal_succeeds_is_missed_at_once() -> None:
    async with running() as house:
        (first,) = house.sessions
        house.refusals += [UnreachableError("no")] * 8
        await house.clock.forward(reconnect.MOST_SILENCE)
        for pause in (1, 2, 4, 8):
            await house.clock.forward(pause)
        told = len(house.changes)
        first.over.set_result(LOST)
        await house.clock.forward()
        assert house.reconnector.session is None
        assert first.ended_by == "drain"
        states = [state for state, _ in house.changes[told:]]
        assert states == [State.WAITING, State.CONNECTING, State.WAITING]
        assert house.changes[told][1] is LOST


async def test_a_session_that_ends_during_a_renewal_that_fails() -> None:
    """CIC ends the old downchannel when it is asked for a new one."""
    async with running() as house:
        (first,) = house.sessions
        house.gate.clear()
        await house.clock.forward(reconnect.MOST_SILENCE)
        first.over.set_result(LOST)
        house.refusals.append(UnreachableError("no"))
        house.gate.set()
        await house.clock.forward()
        assert house.states.startswith("CONNECTING CONNECTED RENEWING WAITING CONNECTING")
        assert len(house.sessions) == 2


async def test_too_many_requests_are_answered_with_time_also_after_a_renewal() -> None:
    """The session that was to be renewed ends: that shortens no pause a server has asked for."""
    async with running() as house:
        (first,) = house.sessions
        house.refusals.append(TooManyRequestsError(429))
        await house.clock.forward(reconnect.MOST_SILENCE)
        knocked = house.states.count("CONNECTING") + house.states.count("RENEWING")
        first.over.set_result(LOST)
        await house.clock.forward()
        again = house.states.count("CONNECTING") + house.states.count("RENEWING")
        assert again == knocked
        await house.clock.forward(reconnect.AFTER_TOO_MANY)
        assert len(house.sessions) == 2


async def test_what_a_renewal_met_is_told_also_where_the_session_has_ended() -> None:
    """A token that is refused then is the user's business at once."""
    refusal = UnauthorizedError(401)
    async with running() as house:
        (first,) = house.sessions
        house.gate.clear()
        await house.clock.forward(reconnect.MOST_SILENCE)
        first.over.set_result(None)  # a goodbye
        house.refusals.append(refusal)
        house.gate.set()
        await house.clock.forward()
        assert refusal in [error for _, error in house.changes]


async def test_a_session_of_a_day_starts_the_pauses_over_also_after_a_failed_renewal() -> None:
    async with running() as house:
        (first,) = house.sessions
        house.refusals += [UnreachableError("no")] * 8
        await house.clock.forward(reconnect.MOST_SILENCE)
        for pause in (1, 2, 4, 8):
            await house.clock.forward(pause)
        first.over.set_result(LOST)
        await house.clock.forward()
        assert house.clock.pauses[-1] <= reconnect.FIRST_CEILING


async def test_a_session_that_ends_buys_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house that has knocked 50 times waits, whatever its last session died of."""
    monkeypatch.setattr(reconnect, "LAST_CEILING", 1.0)
    async with running() as house:
        (first,) = house.sessions
        house.refusals += [UnreachableError("no")] * reconnect.MOST_ATTEMPTS
        await house.clock.forward(reconnect.MOST_SILENCE)
        for _ in range(reconnect.MOST_ATTEMPTS - 1):
            await house.clock.forward(1.0)
        assert house.states.count("RENEWING") == reconnect.MOST_ATTEMPTS
        first.over.set_result(LOST)
        left = reconnect.ATTEMPTS_WINDOW - (reconnect.MOST_ATTEMPTS - 1)
        await house.clock.forward(left - 1)
        assert house.changes[-1] == (State.WAITING, LOST)
        await house.clock.forward(1)
        assert house.changes[-1] == (State.CONNECTED, None)


async def test_a_defect_while_a_session_lasts_is_told() -> None:
    """It ends the reconnector, and is not taken for a session that has aged."""
    house = House(())
    task = asyncio.create_task(house.reconnector.run())
    await house.clock.forward()
    (first,) = house.sessions
    first.heard_at = "broken"
    await house.clock.forward(reconnect.MOST_SILENCE)
    with pytest.raises(TypeError):
        await asyncio.wait_for(task, 5)
    assert first.ended_by == "close"


async def test_a_renewal_disturbs_nobody() -> None:
    async with running() as house:
        (first,) = house.sessions
        first.idle.clear()
        await house.clock.forward(reconnect.MOST_SILENCE)
        assert house.states == "CONNECTING CONNECTED"
        first.idle.set()
        await house.clock.forward()
        assert len(house.sessions) == 2


async def test_a_renewal_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect, "MOST_PATIENCE", 0.01)
    async with running() as house:
        house.sessions[0].idle.clear()
        await house.clock.forward(reconnect.MOST_SILENCE)
        async with asyncio.timeout(5):
            while len(house.sessions) < 2:
                await asyncio.sleep(0.01)
                await house.clock.forward()


async def test_the_pace_follows_how_sessions_end() -> None:
    async with running() as house:
        house.sessions[0].asked_for_calm = True
        house.sessions[0].over.set_result(None)
        await house.clock.forward()
        assert house.reconnector.pace.factor == 2


# What changes around a connection


async def test_a_host_that_wakes_does_not_wait_for_the_end_of_a_stale_pause() -> None:
    async with running(*[UnreachableError("no")] * 8) as house:
        for pause in (1, 2, 4, 8, 16, 32):
            await house.clock.forward(pause)
        assert house.clock.pauses[-1] == 60
        attempts = house.states.count("CONNECTING")
        await house.clock.forward(LOOK_EVERY)
        assert house.states.count("CONNECTING") == attempts
        house.asleep += LEAP + 1
        await house.clock.forward(LOOK_EVERY)
        assert house.states.count("CONNECTING") == attempts + 1


async def test_a_host_that_wakes_during_an_attempt_tries_again_at_once() -> None:
    """That attempt was begun in another world."""
    async with running(*[UnreachableError("no")] * 8) as house:
        await house.clock.forward(1.0)
        house.gate.clear()
        await house.clock.forward(2.0)
        house.reconnector.stir()
        attempts = house.states.count("CONNECTING")
        house.gate.set()
        await house.clock.forward()
        assert house.states.count("CONNECTING") == attempts + 1


async def test_what_a_server_has_asked_for_holds_also_for_a_host_that_wakes() -> None:
    async with running(TooManyRequestsError(429)) as house:
        house.reconnector.stir()
        await house.clock.forward()
        assert house.sessions == []
        assert house.reconnector.next_attempt_in == reconnect.AFTER_TOO_MANY
        await house.clock.forward(reconnect.AFTER_TOO_MANY)
        assert len(house.sessions) == 1


async def test_a_loop_that_comes_too_late_has_slept() -> None:
    """Where its clock counts the sleep of the host."""
    async with running() as house:
        (session,) = house.sessions
        await house.clock.forward(LOOK_EVERY)
        assert session.probes == 0
        await house.clock.forward(LOOK_EVERY + LEAP + 1)
        assert session.probes == 1


async def test_a_connection_is_probed_when_the_host_has_another_address() -> None:
    async with running() as house:
        (session,) = house.sessions
        await house.clock.forward(LOOK_EVERY)  # the first with this server
        for address, probes in (("198.51.100.1", 0), ("198.51.100.2", 1), (None, 2), (None, 2)):
            house.address = address
            await house.clock.forward(LOOK_EVERY)
            assert session.probes == probes


async def throw_out(house: House) -> float:
    """End a session just after it was made, and have the next; return the pause between them."""
    house.sessions[-1].over.set_result(DownchannelClosedError("another client"))
    await house.clock.forward()
    pause = house.reconnector.next_attempt_in
    await house.clock.forward(pause)
    return pause


async def test_a_house_that_was_thrown_out_three_times_comes_back_once_a_minute() -> None:
    async with running() as house:
        pauses = [await throw_out(house) for _ in range(6)]
        _, most = reconnect.CONTESTED_PAUSE
        assert pauses == [0.0, 1.0, most, most, most, most]
        assert len(house.sessions) == 7


async def test_a_session_that_lives_ends_the_contest() -> None:
    async with running() as house:
        for _ in range(reconnect.MOST_THROWN_OUT):
            await throw_out(house)
        assert house.reconnector.contest.is_on
        await house.clock.forward(reconnect.GOOD_LIFE)
        assert await throw_out(house) == 0.0
        assert not house.reconnector.contest.is_on


@pytest.mark.parametrize(
    ("error", "lifetime"),
    [
        (LOST, 0.0),
        (None, 0.0),
        (DownchannelClosedError("later"), reconnect.THROWN_OUT_WITHIN),
    ],
)
def test_other_ends_are_no_contest(error: CicError | None, lifetime: float) -> None:
    contest = Contest()
    for _ in range(10):
        contest.ended(lifetime, error)
    assert not contest.is_on


async def test_a_second_attempt_within_one_waits_for_the_budget() -> None:
    """Where a token is refused and there is another: that knocks once more, and counts."""
    clock, backoff = Clock(), Backoff()
    reconnector = Reconnector(
        unexpected, lambda *_: None, backoff=backoff, clock=clock.time, sleep=clock.sleep
    )
    for _ in range(reconnect.MOST_ATTEMPTS):
        backoff.attempt(clock.time())
    once_more = asyncio.create_task(reconnector.once_more())
    await clock.forward(reconnect.ATTEMPTS_WINDOW - 1)
    assert not once_more.done()
    await clock.forward(1)
    assert once_more.done()
    assert backoff.least_pause(clock.time()) == 0.0


async def unexpected() -> NoReturn:
    raise AssertionError("nobody was to connect")
