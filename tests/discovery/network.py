"""Two network namespaces with a cable between them (ip-netns(8), veth(4))."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
import os
import shutil
import subprocess


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One end: a namespace with an address on the cable."""

    name: str
    address: str

    @property
    def inside(self) -> list[str]:
        """What a command has to begin with to run there."""
        return ["ip", "netns", "exec", self.name]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """Yield two machines on one network. Raises OSError where this one may not make any."""
    if shutil.which("ip") is None:
        raise OSError("there is no ip(8)")
    names = [f"cic{os.getpid()}{end}" for end in "ab"]
    machines = [Machine(name=name, address=f"10.77.0.{at + 1}") for at, name in enumerate(names)]
    with ExitStack() as stack:
        try:
            for name in names:
                _run("ip", "netns", "add", name)
                stack.callback(_run, "ip", "netns", "del", name)
            first, second = names
            _run(
                "ip",
                "link",
                "add",
                first,
                "netns",
                first,
                "type",
                "veth",
                "peer",
                second,
                "netns",
                second,
            )
            for one in machines:
                _run("ip", "-n", one.name, "address", "add", f"{one.address}/24", "dev", one.name)
                for device in ("lo", one.name):
                    _run("ip", "-n", one.name, "link", "set", device, "up")
                _run("ip", "-n", one.name, "route", "add", "default", "dev", one.name)
        except subprocess.CalledProcessError as err:
            raise OSError(err.stderr.decode(errors="replace").strip()) from err
        yield machines[0], machines[1]
