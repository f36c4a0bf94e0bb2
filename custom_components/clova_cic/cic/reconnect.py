"""When and how to connect again; beside the client, not inside it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
import random
from typing import Protocol

from .errors import CicError, TooManyRequestsError

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


class Session(Protocol):
    """What a Reconnector keeps alive: a Client, seen from here."""

    async def wait_unusable(self) -> CicError | None:
        """Wait until it is of no use for anything new; return why."""

    async def drain(self) -> None:
        """Let what is under way finish, then close."""

    async def close(self) -> None:
        """Close now."""


class State(Enum):
    """Where a Reconnector is."""

    CONNECTING = auto()
    CONNECTED = auto()
    WAITING = auto()


@dataclass(slots=True)
class Backoff:
    """The pause before each attempt, in seconds; the caller brings the time."""

    uniform: Callable[[float, float], float] = random.uniform
    _attempts: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_ATTEMPTS))
    _failures: int = 0

    def attempt(self, now: float) -> None:
        """Count an attempt that begins now."""
        self._attempts.append(now)

    def succeed(self, lifetime: float) -> None:
        """Tell how long the last connection lived."""
        if lifetime >= GOOD_LIFE:
            self._failures = 0

    def next_pause(self, now: float, error: CicError | None) -> float:
        """Return the pause after a connection ended or failed: none the first time."""
        ceiling = min(LAST_CEILING, FIRST_CEILING * 2 ** min(self._failures - 1, 10))
        pause = self.uniform(0.0, ceiling) if self._failures else 0.0
        self._failures += 1
        if isinstance(error, TooManyRequestsError):
            pause = max(pause, AFTER_TOO_MANY)
        if len(self._attempts) == MOST_ATTEMPTS:
            pause = max(pause, self._attempts[0] + ATTEMPTS_WINDOW - now)
        return pause


class Reconnector[S: Session]:
    """Keeps one session alive, for ever."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[S]],
        on_change: Callable[[State, CicError | None], None],
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Report each change of state, with the error that caused it, to on_change."""
        self._connect = connect
        self._on_change = on_change
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._draining: set[asyncio.Task[None]] = set()
        self.session: S | None = None
        """The session for anything new, while there is one."""

    async def run(self) -> None:
        """Connect, wait until that ends, and begin again, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                error = await self._live_once(loop)
                pause = self._backoff.next_pause(loop.time(), error)
                self._on_change(State.WAITING, error)
                await self._sleep(pause)
        finally:
            await self._close()

    async def _live_once(self, loop: asyncio.AbstractEventLoop) -> CicError | None:
        """Live through one connection; return what ended it."""
        self._backoff.attempt(loop.time())
        self._on_change(State.CONNECTING, None)
        try:
            self.session = session = await self._connect()
        except CicError as err:
            return err
        connected = loop.time()
        self._on_change(State.CONNECTED, None)
        error = await session.wait_unusable()
        self._backoff.succeed(loop.time() - connected)
        self.session = None
        task = loop.create_task(session.drain(), name="CIC drain")
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)
        return error

    async def _close(self) -> None:
        session, self.session = self.session, None
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if session is not None:
            await session.close()
