"""Starts node_peer.js as a child process, and stops that process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import select
import shutil
import signal
import subprocess

import pytest

from tests.peer.certificates import authority

SCRIPT = Path(__file__).with_name("node_peer.js")
# Node starts in a fifth of a second on an idle machine.
START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class NodePeer:
    """A running server."""

    port: int
    process: subprocess.Popen[str]

    def freeze(self) -> None:
        """Stop the process without ending it: its sockets stay open and silent."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def node_peer(**settings: int) -> Iterator[NodePeer]:
    """Run a server with these http2 settings."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is not installed; script/setup names the package")
    certificate, key = authority().issue("localhost")
    process = subprocess.Popen(
        [node, str(SCRIPT), str(certificate), str(key), json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT)
        if not ready:
            pytest.fail("node did not start in time")
        yield NodePeer(int(process.stdout.readline()), process)
    finally:
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
