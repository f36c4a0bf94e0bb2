"""The folder that keeps a demonstration's state, and the ports that go with it."""

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import json
from pathlib import Path
import socket

from .failure import Failure

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"


class State:
    """Where everything of one demonstration lies."""

    def __init__(self, folder: Path) -> None:
        """Name the places; locked() makes them."""
        self.folder = folder.absolute()
        self.home = self.folder / "home_assistant"
        self.home_log = self.folder / "home_assistant.log"
        self.server_data = self.folder / "cic_server"
        self.server_log = self.folder / "cic_server.log"
        self.ready_file = self.folder / "ready.json"
        self.bot_data = self.folder / "bot_server"
        self.bot_log = self.folder / "bot_server.log"
        self.bot_ready_file = self.folder / "bot_ready.json"
        self.player = self.folder / "mpd"
        self.answers = self.folder / "answers"
        self.speech = self.folder / "speech"
        self._ports = self.folder / "ports.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Have the folder for ourselves, made where it is missing; raises Failure."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.home, self.answers, self.speech):
                folder.mkdir(exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as err:
            raise Failure(f"The folder {self.folder} cannot be used: {err.strerror}.") from err
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(
                    f"script/run is at work in {self.folder} already; give another --state."
                ) from None
            yield

    def port(self, name: str, wanted: int | None) -> int:
        """Return a port nobody listens on: the wanted one, the last one, or any; raises Failure."""
        ports = self._remembered()
        if wanted is not None and not is_free(wanted):
            raise Failure(f"Port {wanted} is taken by another program.")
        last = ports.pop(name, None)
        port = wanted or last or any_free()
        # nobody listens yet on the port that was chosen for the other program a moment ago
        while wanted is None and (port in ports.values() or not is_free(port)):
            port = any_free()
        ports[name] = port
        self._ports.write_text(json.dumps(ports))
        return port

    def _remembered(self) -> dict[str, int]:
        try:
            ports = json.loads(self._ports.read_text())
        except OSError, ValueError:
            return {}
        if not isinstance(ports, dict):
            return {}
        return {name: port for name, port in ports.items() if isinstance(port, int)}


def is_free(port: int) -> bool:
    """Tell whether a program could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError, OverflowError:
            return False
    return True


def any_free() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
