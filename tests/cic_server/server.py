"""Starts the real service as a child process; usable by any test and by scripts."""

from collections.abc import Iterator, Sequence
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
# Loading the models on a busy machine.
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """Where the service listens, and the keys to it."""

    address: str
    port: int
    media_address: str
    access_token: str
    control_token: str
    auth_address: str
    client_id: str
    client_secret: str
    account_token: str
    ca_file: str
    ca_sha256: str
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


def start_server(
    folder: Path, *arguments: str, port: int = 0, within: Sequence[str] = ()
) -> RunningServer:
    """Start the service with its data below `folder`; returns once it listens.

    within: what its command begins with where it is to run elsewhere than its starter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [*within, sys.executable, "-m", "cic_server", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--ready-file", str(ready), *arguments]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("cic_server did not start: " + (folder / "server.log").read_text())
        time.sleep(0.05)
    found = json.loads(ready.read_text())
    found.pop("pid")
    return RunningServer(process=process, **found)


@contextlib.contextmanager
def running_server(folder: Path, *arguments: str, port: int = 0) -> Iterator[RunningServer]:
    """Run the service for the length of a with block."""
    server = start_server(folder, *arguments, port=port)
    try:
        yield server
    finally:
        server.stop()
