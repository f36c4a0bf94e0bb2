"""Starts the real bot as a child process; usable by any test and by scripts."""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

ROOT = Path(__file__).parents[2]
# A busy machine.
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBot:
    """Where the bot listens, and the keys to it."""

    address: str
    port: int
    secret: str
    control_token: str
    process: subprocess.Popen[bytes]

    def stop(self) -> int:
        """Ask it to end, as a terminal or service manager would; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start_bot(folder: Path, port: int = 0) -> RunningBot:
    """Start the bot with its data below `folder`; returns once it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bot_server", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--ready-file", str(ready)]
    with (folder / "bot.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("bot_server did not start: " + (folder / "bot.log").read_text())
        time.sleep(0.02)
    found = json.loads(ready.read_text())
    found.pop("pid")
    return RunningBot(process=process, **found)


@contextlib.contextmanager
def running_bot(folder: Path, port: int = 0) -> Iterator[RunningBot]:
    """Run the bot for the length of a with block."""
    bot = start_bot(folder, port)
    try:
        yield bot
    finally:
        bot.stop()
