"""The real bot as a child process; usable by any test and by scripts."""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
from pathlib import Path

from tests.child import RunningChild, start_child


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBot(RunningChild):
    """Where the bot listens, and the keys to it."""

    secret: str


def start_bot(folder: Path, port: int = 0) -> RunningBot:
    """Start the bot with its data below `folder`; returns once it listens."""
    return RunningBot(**start_child("bot_server", folder, "bot.log", port=port))


@contextlib.contextmanager
def running_bot(folder: Path, port: int = 0) -> Iterator[RunningBot]:
    """Run the bot for the length of a with block."""
    bot = start_bot(folder, port)
    try:
        yield bot
    finally:
        bot.stop()
