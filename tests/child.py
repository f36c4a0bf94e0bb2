"""Starts one of the repository's servers as a child process; usable by any test and by scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any

ROOT = Path(__file__).parents[1]
# Loading the models on a busy machine.
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningChild:
    """Where it listens, and its process."""

    address: str
    port: int
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


def start_child(
    module: str, folder: Path, log: str, *arguments: str, port: int, within: Sequence[str] = ()
) -> dict[str, Any]:
    """Start a module with its data below `folder`; once it listens, return what it says of itself, and its process.

    within: what its command begins with where it is to run elsewhere than its starter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [*within, sys.executable, "-m", module, "--port", str(port)]
    command += ["--data", str(folder / "data"), "--ready-file", str(ready), *arguments]
    with (folder / log).open("ab") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=file, stderr=file, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"{module} did not start: " + (folder / log).read_text())
        time.sleep(0.02)
    found: dict[str, Any] = json.loads(ready.read_text())
    del found["pid"]
    return found | {"process": process}
