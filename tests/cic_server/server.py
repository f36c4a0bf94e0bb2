"""The real service as a child process; usable by any test and by scripts."""

from collections.abc import Iterator, Sequence
import contextlib
from dataclasses import dataclass
from pathlib import Path

from tests.child import RunningChild, start_child


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer(RunningChild):
    """Where the service listens, and the keys to it."""

    media_address: str
    access_token: str
    auth_address: str
    client_id: str
    client_secret: str
    account_token: str
    ca_file: str
    ca_sha256: str


def start_server(
    folder: Path, *arguments: str, port: int = 0, within: Sequence[str] = ()
) -> RunningServer:
    """Start the service with its data below `folder`; returns once it listens.

    within: what its command begins with where it is to run elsewhere than its starter.
    """
    found = start_child("cic_server", folder, "server.log", *arguments, port=port, within=within)
    return RunningServer(**found)


@contextlib.contextmanager
def running_server(folder: Path, *arguments: str, port: int = 0) -> Iterator[RunningServer]:
    """Run the service for the length of a with block."""
    server = start_server(folder, *arguments, port=port)
    try:
        yield server
    finally:
        server.stop()
