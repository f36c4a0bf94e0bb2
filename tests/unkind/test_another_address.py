"""A host's own address on the way to a server, as a real network changes it."""

from pathlib import Path
import subprocess
import sys

import pytest

from custom_components.clova_cic.cic import surroundings
from tests.discovery.network import two_machines

pytestmark = pytest.mark.unkind

# The module alone: it needs nothing of its package, which would take seconds to import.
ASK = """
import sys
from surroundings import address_towards
for line in sys.stdin:
    print(address_towards((line.strip(), 443)), flush=True)
"""


def test_an_address_that_changes_and_a_way_that_goes() -> None:
    try:
        with two_machines() as (server, host):
            seen = list(_moved(server.address, host.name, host.inside))
    except OSError as err:
        pytest.skip(f"no network namespaces here: {err}")
    assert seen == [host.address, "10.77.0.99", "None", "10.77.0.98"]


def _moved(server: str, host: str, inside: list[str]) -> list[str]:
    """Return what a process on the host says of its address, step by step."""
    with subprocess.Popen(
        [*inside, sys.executable, "-c", ASK],
        cwd=Path(surroundings.__file__).parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as asking:
        assert asking.stdin is not None
        assert asking.stdout is not None

        def look() -> str:
            asking.stdin.write(f"{server}\n")
            return asking.stdout.readline().strip()

        def ip(*command: str) -> None:
            subprocess.run(["ip", "-n", host, *command], check=True, capture_output=True)

        seen = [look()]
        ip("address", "flush", "dev", host, "scope", "global")
        ip("address", "add", "10.77.0.99/24", "dev", host)
        seen.append(look())
        ip("link", "set", host, "down")
        seen.append(look())
        ip("address", "flush", "dev", host, "scope", "global")
        ip("address", "add", "10.77.0.98/24", "dev", host)
        ip("link", "set", host, "up")
        seen.append(look())
        asking.stdin.close()
    return seen
