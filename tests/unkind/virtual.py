"""An event loop whose time passes as soon as nobody has anything to do."""

import asyncio
from collections.abc import Callable, Coroutine
import selectors
from typing import Any


class _Leaper(selectors.DefaultSelector):
    """Waits for no socket: it leaps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everybody waits for ever"
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Has sockets for nobody, and all the time there is."""

    def __init__(self) -> None:
        self._leaper = _Leaper()
        super().__init__(self._leaper)

    def time(self) -> float:
        return self._leaper.now

    def leap(self, seconds: float) -> None:
        """Let the clock go on while nothing runs: a host that sleeps, where its clock counts that."""
        self._leaper.now += seconds


def run_at_once[Result](work: Callable[[VirtualLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run something in a loop of that kind."""
    loop = VirtualLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))
