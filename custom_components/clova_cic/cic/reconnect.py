"""When and how to connect again; beside the client, not inside it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
import contextlib
from dataclasses import dataclass, field
from enum import Enum, auto
import random
import time
from typing import Any, Protocol

from .errors import CicError, DownchannelClosedError, TooManyRequestsError
from .surroundings import Peer, Surroundings

# Full jitter below a ceiling that doubles from one second to a minute.
FIRST_CEILING = 1.0
LAST_CEILING = 60.0
# CIC refuses downchannels asked for within a second (429); stay clear of that.
AFTER_TOO_MANY = 2.0
# A connection that lived this long was a good one: start over at once when it ends.
GOOD_LIFE = 60.0
# However connections come and go, a house does not knock more often than this.
MOST_ATTEMPTS = 50
ATTEMPTS_WINDOW = 600.0
# CIC ends a client's downchannel when the client asks for another (CIC_API). Where that happens so
# soon, in seconds, and so often in a row, somebody else is that client, and comes back as we do.
THROWN_OUT_WITHIN = 10.0
MOST_THROWN_OUT = 3
# From then on this long lies between two attempts, in seconds: about a minute, and less than
# GOOD_LIFE, so that two of our own never take each other for gone.
CONTESTED_PAUSE = (45.0, 55.0)
# A downchannel on which nothing has come for so long, in seconds, may be one on which nothing will:
# a PING proves the connection alone. CIC sends nothing to keep it alive, so the silence may be real.
MOST_SILENCE = 30 * 60.0
# Closed streams, routes and tokens age with a connection, in seconds.
MOST_AGE = 24 * 3600.0
# A renewal waits for a moment in which nothing is under way, but no longer than this, in seconds.
MOST_PATIENCE = 120.0
# Times the usual interval between two PINGs: eight minutes, where CIC asks for one.
LONGEST_PACE = 8
# So long without a complaint, in seconds, and PINGs come as usual again.
CALM_FOR = 24 * 3600.0


class Session(Protocol):
    """What a Reconnector keeps alive: a Client, seen from here."""

    @property
    def usable(self) -> bool:
        """Whether anything new may be begun."""

    @property
    def heard_at(self) -> float:
        """When something last came unasked, by the clock of the Reconnector."""

    @property
    def peer(self) -> Peer | None:
        """Where it leads to: a numeric address and a port."""

    def probe(self) -> None:
        """Find out now whether the other end is there; where it is not, the session ends."""

    @property
    def served(self) -> bool:
        """Whether the server answered on it, and then said goodbye without a complaint."""

    @property
    def asked_for_calm(self) -> bool:
        """Whether the server has ended it for being asked too much (RFC 9113, 7)."""

    async def wait_unusable(self) -> CicError | None:
        """Wait until it is of no use for anything new; return why."""

    async def wait_idle(self) -> None:
        """Wait until nothing is under way."""

    async def drain(self) -> None:
        """Let what is under way finish, then close."""

    async def close(self) -> None:
        """Close now."""


class State(Enum):
    """Where a Reconnector is."""

    CONNECTING = auto()
    CONNECTED = auto()
    RENEWING = auto()  # connecting once more; what is under way on the old session goes on
    WAITING = auto()


@dataclass(slots=True)
class Backoff:
    """The pause before each attempt, in seconds; the caller brings the time."""

    uniform: Callable[[float, float], float] = random.uniform
    _attempts: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_ATTEMPTS))
    _failures: int = 0
    _not_before: float = 0.0

    def attempt(self, now: float) -> None:
        """Count an attempt that begins now."""
        self._attempts.append(now)

    def succeed(self, lifetime: float, *, served: bool) -> None:
        """Tell how long the last connection lived, and whether it was left after good work."""
        if served or lifetime >= GOOD_LIFE:
            self._failures = 0

    def next_pause(self, now: float, error: CicError | None) -> float:
        """Return the pause after a connection ended or failed: none the first time.

        What a server has asked for holds whatever ends or fails meanwhile.
        """
        ceiling = min(LAST_CEILING, FIRST_CEILING * 2 ** min(self._failures - 1, 10))
        pause = self.uniform(0.0, ceiling) if self._failures else 0.0
        self._failures += 1
        if isinstance(error, TooManyRequestsError):
            self._not_before = now + AFTER_TOO_MANY
        return max(pause, self.least_pause(now))

    def least_pause(self, now: float) -> float:
        """Return the pause that nothing shortens: what a server has asked for, and the budget."""
        least = self._not_before
        if len(self._attempts) == MOST_ATTEMPTS:
            least = max(least, self._attempts[0] + ATTEMPTS_WINDOW)
        return max(0.0, least - now)


@dataclass(slots=True)
class Pace:
    """How many times the usual interval lies between PINGs; the caller brings the time."""

    factor: int = 1
    _complained: float = 0.0

    def ended(self, now: float, *, asked_for_calm: bool) -> None:
        """Tell how a connection has ended."""
        if asked_for_calm:
            self.factor = min(LONGEST_PACE, 2 * self.factor)
            self._complained = now
        elif now - self._complained >= CALM_FOR:
            self.factor = 1


@dataclass(slots=True)
class Contest:
    """Whether somebody else with this client's token and device takes its place, again and again."""

    _thrown_out: int = 0

    @property
    def is_on(self) -> bool:
        """Whether nothing is to be gained by hurry."""
        return self._thrown_out >= MOST_THROWN_OUT

    def ended(self, lifetime: float, error: CicError | None) -> None:
        """Tell how long a session lived, in seconds, and what has ended it."""
        if lifetime >= GOOD_LIFE:
            self._thrown_out = 0
        elif lifetime < THROWN_OUT_WITHIN and isinstance(error, DownchannelClosedError):
            self._thrown_out += 1


class Reconnector[S: Session]:
    """Keeps one session alive, for ever; makes the next before it leaves one that has aged."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[S]],
        on_change: Callable[[State, CicError | None], None],
        *,
        backoff: Backoff | None = None,
        surroundings: Surroundings | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        """Report each change of state, with the error that caused it, to on_change."""
        self._connect = connect
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._surroundings = surroundings or Surroundings()
        self._clock = clock
        self._sleep = sleep
        self._state = State.WAITING
        self._connected_at = 0.0
        self._next_at = 0.0
        self._brought_forward = asyncio.Event()
        self._peer: Peer | None = None
        self._leaving: S | None = None  # it has said goodbye, and still brings what it has begun
        self._draining: set[asyncio.Task[None]] = set()
        self.contest = Contest()
        """Whether another client takes this one's place."""
        self.pace = Pace()
        """How often the next connection should PING."""
        self.kept: S | None = None
        """The session there is, also during a renewal: for what can wait for no other."""

    @property
    def session(self) -> S | None:
        """The session for anything new, while there is one.

        None during a renewal: CIC refuses what is new on the old connection (412) from
        the moment it is asked for a downchannel on another one.
        """
        return self.kept if self._state is State.CONNECTED else None

    @property
    def next_attempt_in(self) -> float:
        """Seconds until the next attempt, where one is planned; not below zero."""
        return max(0.0, self._next_at - self._clock())

    async def run(self) -> None:
        """Connect, wait until that ends or has aged, and begin again, until cancelled."""
        watching = asyncio.create_task(
            self._surroundings.watch(lambda: self._peer, self.stir), name="CIC surroundings"
        )
        try:
            while True:
                if await self._attempt() and (session := self.kept) is not None:
                    if await self._lasts(session, self._age(session)):
                        self._plan(None)
                await self._rest()
        finally:
            watching.cancel()
            await self._close()

    def stir(self) -> None:
        """Take nothing for granted: the host has slept, or reaches the server otherwise now.

        A session that is dead is noticed at once, and a pause is over: also the next one,
        where the attempt that is under way fails.
        """
        if self.kept is not None:
            self.kept.probe()
        else:
            self._brought_forward.set()

    async def once_more(self) -> None:
        """Count a second attempt within the one that is under way, once the budget has room for it."""
        await self._sleep(self._backoff.least_pause(self._clock()))
        self._backoff.attempt(self._clock())

    async def _attempt(self) -> bool:
        """Connect, and let the new session take the place of the old; return whether it does."""
        self._backoff.attempt(self._clock())
        self._move(State.CONNECTING if self.kept is None else State.RENEWING)
        try:
            session = await self._connect()
        except CicError as err:
            if self.kept is not None and not self.kept.usable:
                self._drain(self._end(self.kept))
            self._plan(err)
            self._move(State.WAITING if self.kept is None else State.CONNECTED, err)
            return False
        if self.kept is not None:
            self._drain(self._end(self.kept))
        if self._leaving is not None:
            self._drain(self._leaving)
        self.kept, self._connected_at = session, self._clock()
        self._leaving, self._peer = None, session.peer
        self._brought_forward.clear()
        self._move(State.CONNECTED)
        return True

    async def _rest(self) -> None:
        """Wait for the next attempt; a session that ends meanwhile is missed at once."""
        session = self.kept
        if session is None or not await self._lasts(session, self._pause()):
            await self._pause()

    async def _pause(self) -> None:
        """Wait until the next attempt is due, or brought forward."""
        while True:
            pause = self._sleep(self.next_attempt_in)
            if await _interrupted(pause, by=self._brought_forward.wait()) is None:
                return
            self._brought_forward.clear()
            now = self._clock()
            self._next_at = min(self._next_at, now + self._backoff.least_pause(now))

    async def _lasts(self, session: S, work: Coroutine[Any, Any, None]) -> bool:
        """Do something for as long as the session lasts; return whether that was long enough."""
        ended = await _interrupted(work, by=session.wait_unusable())
        if ended is None:
            return True
        error = ended.result()
        self._end(session, error)
        if error is None:
            self._leaving = session
        else:
            self._drain(session)
        self._plan(error)
        self._move(State.WAITING, error)
        return False

    async def _age(self, session: S) -> None:
        """Wait until a session is to be renewed, and until that disturbs nobody."""
        while (left := self._renewal_at(session) - self._clock()) > 0:
            await self._sleep(left)
        self._credit(session)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MOST_PATIENCE):
                await session.wait_idle()

    def _renewal_at(self, session: S) -> float:
        return min(self._connected_at + MOST_AGE, session.heard_at + MOST_SILENCE)

    def _plan(self, error: CicError | None) -> None:
        """Choose when the next attempt is, after one or a session has ended."""
        now = self._clock()
        pause = self._backoff.next_pause(now, error)
        if self.contest.is_on:
            pause = max(pause, self._backoff.uniform(*CONTESTED_PAUSE))
        self._next_at = now + pause

    def _credit(self, session: S, error: CicError | None = None) -> None:
        """Start the pauses over where the session was a good one."""
        lifetime = self._clock() - self._connected_at
        self._backoff.succeed(lifetime, served=session.served)
        self.contest.ended(lifetime, error)

    def _end(self, session: S, error: CicError | None = None) -> S:
        """Keep a session no longer that is replaced, or has ended; return it."""
        self.kept = None
        self._credit(session, error)
        self.pace.ended(self._clock(), asked_for_calm=session.asked_for_calm)
        return session

    def _drain(self, session: S) -> None:
        """Let a session finish what it has begun."""
        task = asyncio.get_running_loop().create_task(session.drain(), name="CIC drain")
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    def _move(self, state: State, error: CicError | None = None) -> None:
        self._state = state
        self._on_change(state, error)

    async def _close(self) -> None:
        sessions = [one for one in (self.kept, self._leaving) if one is not None]
        self.kept = self._leaving = None
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        for session in sessions:
            await session.close()


async def _interrupted[Result](
    work: Coroutine[Any, Any, None], *, by: Coroutine[Any, Any, Result]
) -> asyncio.Task[Result] | None:
    """Do something until something else happens; return that, or None where the work was done."""
    ended = asyncio.ensure_future(by)
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait({ended, working}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        ended.cancel()
    if working.done():
        working.result()
    return ended if ended.done() else None
