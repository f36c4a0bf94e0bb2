"""Child processes that end with us, and a say in the matter when they end before."""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Callable, Coroutine, Mapping, Sequence
import contextlib
from dataclasses import dataclass, field
import os
from pathlib import Path
import signal
from typing import Any, Self

from .failure import Failure, Source

# Home Assistant writes its registries before it goes: about three seconds.
STOP_SECONDS = 20.0
# From a connection that breaks to the news that the process at its end is gone.
NOTICE_SECONDS = 0.5
TAIL_LINES = 20
# A line of a log can be a whole traceback's locals.
TAIL_BYTES = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Child:
    """One process in a group of its own, so that Ctrl-C reaches us alone and we end it in order."""

    source: Source
    log: Path
    process: asyncio.subprocess.Process
    # Never shown, wherever it turns up in the log.
    secrets: list[str] = field(default_factory=list)

    @classmethod
    async def start(
        cls,
        source: Source,
        command: Sequence[str | Path],
        *,
        log: Path,
        folder: Path,
        environment: Mapping[str, str],
        quiet: bool = False,
    ) -> Self:
        """Start it; quiet keeps what it prints, other than errors, out of the log."""
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=own | dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL if quiet else output,
                stderr=output,
                start_new_session=True,
            )
        return cls(source=source, log=log, process=process)

    async def stop(self) -> None:
        """End it, politely first, and whatever it has started."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self.process.wait()
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def ended(self) -> Failure:
        """Wait for an end that nobody asked for."""
        status = await self.process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return Failure(f"{_capital(self.source.value)} ended by itself, {how}.", self.source)

    def tail(self) -> str:
        """Return the log's last lines."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - TAIL_BYTES))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return "\n".join(text.splitlines()[-TAIL_LINES:])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Children:
    """The processes of one demonstration; leaving the context ends them, the latest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them all."""
        await self.stop()

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._children)

    def add(self, child: Child) -> Child:
        """Take charge of a process."""
        self._children.append(child)
        return child

    async def stop(self) -> None:
        """End all; a second signal does not interrupt that."""
        while self._children:
            await asyncio.shield(self._children.pop().stop())

    def tail_of(self, source: Source | None) -> str:
        """Return the last log lines of a process, under a heading; empty where there are none."""
        for child in self._children:
            if child.source is source and (tail := child.tail()):
                return f"The last lines of {child.log}:\n{tail}"
        return ""

    async def guard[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something for as long as every process lives; raises Failure when one ends."""
        task = asyncio.ensure_future(work)
        ends = [asyncio.ensure_future(child.ended()) for child in self._children]
        try:
            await asyncio.wait({task, *ends}, return_when=FIRST_COMPLETED)
            if ends and task.done() and task.exception() is not None:
                # What the work says of a peer that has gone is worth less than that it has gone.
                await asyncio.wait(ends, timeout=NOTICE_SECONDS, return_when=FIRST_COMPLETED)
            for end in ends:
                if end.done():
                    raise end.result()
            return task.result()
        finally:
            for waiting in (task, *ends):
                waiting.cancel()
            await asyncio.gather(task, *ends, return_exceptions=True)


async def wait_ready[T](
    read: Callable[[], T | None], what: str, source: Source, seconds: float
) -> T:
    """Return what a process says of itself, once it listens; raises Failure."""
    try:
        async with asyncio.timeout(seconds):
            while (ready := read()) is None:
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Failure(f"{what} was not ready within {seconds:.0f} s.", source) from None
    return ready
