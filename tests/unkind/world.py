"""A server, a network and a host that do to a connection what thirty days bring; seeded."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from random import Random

from custom_components.clova_cic.cic.errors import (
    CertificateError,
    CicError,
    ConnectionLostError,
    DownchannelClosedError,
    NameNotFoundError,
    NoDownchannelError,
    NotCicError,
    NotHttp2Error,
    SilentPeerError,
    StatusError,
    TooManyRequestsError,
    UnauthorizedError,
    UnreachableError,
)
from custom_components.clova_cic.cic.reconnect import Backoff, Reconnector, State
from custom_components.clova_cic.cic.surroundings import Peer, Surroundings

from .virtual import VirtualLoop

# As the connection has them, in seconds.
PING_INTERVAL = 60.0
PING_TIMEOUT = 10.0
CONNECT_TIMEOUT = 10.0
SHORTEST_MOOD, LONGEST_MOOD = 10.0, 6 * 3600.0
SHORTEST_SLEEP, LONGEST_SLEEP = 20.0, 10 * 3600.0
BETWEEN_SLEEPS = 8 * 3600.0
BETWEEN_MOVES = 12 * 3600.0
# As often as not the server is kind: there are outages, and there are days without.
LENIENCE = 4
SERVER: Peer = ("192.0.2.1", 443)


class Mood(Enum):
    """What the server does to whoever comes."""

    KIND = auto()
    REFUSING = auto()  # connections, in any of the ways there are
    HANGING = auto()  # nothing answers a new connection
    FICKLE = auto()  # connections end, soon or late, in any of the ways there are
    FAREWELLS = auto()  # each connection is left politely after an answer or two
    CONTESTED = auto()  # another client has the same device


REFUSALS = (
    CertificateError("expired"),
    NameNotFoundError("no such name"),
    NotCicError("a portal"),
    NotHttp2Error("a portal"),
    StatusError(500),
    StatusError(503),
    TooManyRequestsError(429),
    UnauthorizedError(401),
    UnreachableError("refused"),
)
ENDS = (
    None,
    ConnectionLostError("gone"),
    DownchannelClosedError("gone"),
    NoDownchannelError(412),
    SilentPeerError("gone"),
)


@dataclass(slots=True)
class Period:
    """A mood, and from when until when it lasted, by the loop's clock."""

    mood: Mood
    begin: float
    end: float = float("inf")


class Session:
    """A connection that the world ends."""

    def __init__(self, world: World, *, served: bool = False) -> None:
        self.opened_at = self.heard_at = world.loop.time()
        self.peer: Peer | None = SERVER
        self.served = served
        self.asked_for_calm = world.random.random() < 0.01
        self.closed_at: float | None = None
        self.is_dead = False
        """Whether nothing comes any more, and no PING is answered."""
        self._world = world
        self._over: asyncio.Future[CicError | None] = world.loop.create_future()
        self._ping: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        return not self._over.done()

    def dies(self) -> None:
        """Go without a word: the next PING finds out."""
        self.is_dead = True
        self._ping = self._world.loop.call_later(
            self._world.random.uniform(0, PING_INTERVAL) + PING_TIMEOUT, self._is_silent
        )

    def probe(self) -> None:
        self._world.probes.append(self._world.loop.time())
        if self.is_dead and self._ping is not None:
            self._ping.cancel()
            self._ping = self._world.loop.call_later(PING_TIMEOUT, self._is_silent)

    def ends(self, error: CicError | None) -> None:
        if not self._over.done():
            self._over.set_result(error)

    def _is_silent(self) -> None:
        self.ends(SilentPeerError("no answer to PING"))

    async def wait_unusable(self) -> CicError | None:
        return await asyncio.shield(self._over)

    async def wait_idle(self) -> None:
        await asyncio.sleep(self._world.random.choice((0.0, 0.0, 5.0, 200.0)))

    async def drain(self) -> None:
        try:
            await asyncio.sleep(self._world.random.uniform(0, 30))
        finally:
            await self.close()

    async def close(self) -> None:
        self.closed_at = self._world.loop.time()
        self.ends(None)


@dataclass(slots=True)
class World:
    """Everything around one Reconnector, and what it did in it."""

    loop: VirtualLoop
    random: Random
    mood: Mood = Mood.KIND
    periods: list[Period] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    ups: list[float] = field(default_factory=list)
    """When a connection was made."""
    wakes: list[float] = field(default_factory=list)
    """When the host woke, or moved to another network."""
    probes: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """When an attempt had failed, or a connection had ended."""
    naps: list[tuple[float, float]] = field(default_factory=list)
    """When the loop's clock has gone on while the host slept, and for how long."""
    slept: float = 0.0
    address: str | None = "198.51.100.1"
    reconnector: Reconnector[Session] = field(init=False)

    def __post_init__(self) -> None:
        self.reconnector = Reconnector(
            self._connect,
            self._changed,
            backoff=Backoff(uniform=self.random.uniform),
            surroundings=Surroundings(
                clock=self.loop.time,
                wall=lambda: self.loop.time() + self.slept,
                address=lambda _peer: self.address,
            ),
            clock=self.loop.time,
        )

    async def lasts(self, seconds: float) -> None:
        """Live so long."""
        tasks = [
            asyncio.create_task(work)
            for work in (self.reconnector.run(), self._moods(), self._sleeps(), self._moves())
        ]
        _, pending = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert pending == set(tasks), "something has come to an end"

    def between(self, least: float, most: float) -> float:
        """Return a number whose magnitude is as likely as any other."""
        return least * (most / least) ** self.random.random()

    # What happens

    async def _moods(self) -> None:
        while True:
            self.mood = self.random.choice([*Mood, *[Mood.KIND] * LENIENCE])
            self.periods.append(Period(self.mood, self.loop.time()))
            if (session := self.reconnector.kept) is not None and self.mood is not Mood.KIND:
                self._fares(session)
            await asyncio.sleep(self.between(SHORTEST_MOOD, LONGEST_MOOD))
            self.periods[-1].end = self.loop.time()

    async def _sleeps(self) -> None:
        """Let the host sleep; some clocks count that, most do not."""
        while True:
            await asyncio.sleep(self.random.expovariate(1 / BETWEEN_SLEEPS))
            asleep = self.between(SHORTEST_SLEEP, LONGEST_SLEEP)
            if self.random.random() < 0.2:
                self.loop.leap(asleep)
                self.naps.append((self.loop.time(), asleep))
            else:
                self.slept += asleep
            self._is_elsewhere()

    async def _moves(self) -> None:
        """Give the host another address, some time after it has lost the one before."""
        for number in count():
            await asyncio.sleep(self.random.expovariate(1 / BETWEEN_MOVES))
            self.address = None
            await asyncio.sleep(self.between(1.0, 600.0))
            self.address = f"198.51.100.{number % 256}"
            self._is_elsewhere()

    def _is_elsewhere(self) -> None:
        self.wakes.append(self.loop.time())
        session = self.reconnector.kept
        if session is not None and self.random.random() < 0.8:
            session.dies()

    async def _connect(self) -> Session:
        self.attempts.append(self.loop.time())
        match self.mood:
            case Mood.HANGING:
                await asyncio.sleep(CONNECT_TIMEOUT)
                raise UnreachableError("no answer in time")
            case Mood.REFUSING:
                await asyncio.sleep(self.random.uniform(0, 0.5))
                error = self.random.choice(REFUSALS)
                if isinstance(error, UnauthorizedError):  # the next token is no better
                    await self.reconnector.once_more()
                    self.attempts.append(self.loop.time())
                    await asyncio.sleep(self.random.uniform(0, 0.5))
                raise error
        await asyncio.sleep(self.random.uniform(0.02, 0.5))
        session = Session(self, served=self.mood is Mood.FAREWELLS)
        self.sessions.append(session)
        self._fares(session)
        return session

    def _fares(self, session: Session) -> None:
        """Let a session end as the mood has it."""
        match self.mood:
            case Mood.FICKLE:
                self.loop.call_later(
                    self.between(0.01, 48 * 3600.0), session.ends, self.random.choice(ENDS)
                )
            case Mood.FAREWELLS:
                self.loop.call_later(self.random.uniform(0.01, 2.0), session.ends, None)
            case Mood.CONTESTED:
                closed = DownchannelClosedError("another client")
                self.loop.call_later(self.random.uniform(0.01, 3.0), session.ends, closed)

    def _changed(self, state: State, error: CicError | None) -> None:
        if state is State.CONNECTED and error is None:
            self.ups.append(self.loop.time())
        if state is State.WAITING:
            self.waits.append(self.loop.time())
