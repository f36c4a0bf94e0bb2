"""What the stages of one Assist run share: Assist tells none of them which run it is."""

import asyncio
from contextvars import ContextVar
from typing import Any, Self

from .turn import Outcome, Owner, Turn


class Run:
    """A task, the turn it is at, and whose voice it ends in.

    Timers and children copy a run's context and outlive it; they hold this, and no turn.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        """Know when the task ends."""
        self.task: asyncio.Task[Any] | None = task
        self.turn: Turn | None = None
        self.voice: tuple[Owner, str] | None = None
        """Whose text-to-speech speaks the answer of which conversation."""
        task.add_done_callback(self._ended)

    @classmethod
    def here(cls) -> Self:
        """Return the run of the present task; begins it where there is none.

        Some are prepared in one task and run in another, which has the first one's context.
        """
        task, before = asyncio.current_task(), RUN.get()
        assert task is not None
        if isinstance(before, cls) and before.task is task:
            return before
        run = cls(task)
        run.voice = None if before is None else before.voice
        RUN.set(run)
        return run

    def _ended(self, task: asyncio.Task[Any]) -> None:
        turn, self.turn, self.task, self.voice = self.turn, None, None, None
        if turn is None:
            return
        if task.cancelled():
            turn.close(Outcome.CANCELLED)
        else:
            turn.answered_elsewhere()


RUN: ContextVar[Run | None] = ContextVar("clova_cic_run", default=None)


def current_turn() -> Turn | None:
    """Return the turn of the run this is called in, until the run is over."""
    run = RUN.get()
    return None if run is None else run.turn
