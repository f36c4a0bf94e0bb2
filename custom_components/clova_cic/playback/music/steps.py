"""What is ordered of a player, one step after another, in one task."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from homeassistant.core import callback

# Orders that wait for a slow player: the last ones count.
MOST_STEPS: Final = 8

type Step = Callable[[], Awaitable[None]]
type Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Steps:
    """Takes steps in order until told otherwise; every step has a bound of its own."""

    def __init__(self, spawn: Spawn, taken: Callable[[Exception | None], None]) -> None:
        """Tell taken after each step, with what it raised."""
        self._spawn = spawn
        self._taken = taken
        self._steps: deque[Step] = deque(maxlen=MOST_STEPS)
        self._work: asyncio.Task[Any] | None = None

    @callback
    def then(self, step: Step) -> None:
        """Take a step after those before it."""
        self._steps.append(step)
        if self._work is None:
            self._spawn(self._take_all(), "music")

    @callback
    def cancel(self) -> None:
        """Take none of those that are left, and break off the one that is being taken.

        A step that calls this itself goes on to its end.
        """
        self._steps.clear()
        work, self._work = self._work, None
        if work is not None and work is not asyncio.current_task():
            work.cancel()

    async def _take_all(self) -> None:
        # a task may run before whoever made it knows of it
        me = self._work = asyncio.current_task()
        try:
            while self._steps and self._work is me:
                error: Exception | None = None
                try:
                    await self._steps.popleft()()
                except Exception as err:  # noqa: BLE001  # the next order must find a way
                    error = err
                self._taken(error)
        finally:
            if self._work is me:
                self._work = None
