"""What the stages of one Assist run share: Assist tells none of them which run it is."""

import asyncio
from contextvars import ContextVar
from typing import Any

from .turn import Outcome, Turn


class Run:
    """A task, and the turn it is at.

    Timers and children copy a run's context and outlive it; they hold this, and no turn.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        """Know when the task ends."""
        self.task: asyncio.Task[Any] | None = task
        self.turn: Turn | None = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        turn, self.turn, self.task = self.turn, None, None
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
