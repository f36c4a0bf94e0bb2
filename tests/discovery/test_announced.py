"""A server announces itself on a network, Home Assistant finds it there, and finds it again."""

import asyncio
from collections.abc import Iterator
import json
import os
from pathlib import Path
import sys
from typing import Any

import pytest

from tests.child import ROOT
from tests.cic_server.server import start_server
from tests.kill.home import prepare_home

from .network import Machine, two_machines

# Home Assistant starts, and waits as long as home.PATIENCE itself.
PATIENCE = 120.0


@pytest.fixture
def machines() -> Iterator[tuple[Machine, Machine]]:
    """Yield a network of two machines."""
    try:
        with two_machines() as machines:
            yield machines
    except OSError as err:
        pytest.skip(f"no network namespaces here: {err}")


def environment() -> dict[str, str]:
    """Return what a child needs; nobody measures it, which would slow it down."""
    kept = {name: it for name, it in os.environ.items() if not name.startswith("COVERAGE_")}
    return kept | {"PYTHONPATH": str(ROOT)}


async def heard(home: asyncio.subprocess.Process) -> dict[str, Any]:
    """Return what Home Assistant tells next."""
    assert home.stdout is not None
    async with asyncio.timeout(PATIENCE):
        line = await home.stdout.readline()
    assert line, "Home Assistant has ended"
    told: dict[str, Any] = json.loads(line)
    return told


async def test_found_on_a_network(machines: tuple[Machine, Machine], tmp_path: Path) -> None:
    """From nothing to an entry that is connected; then the server has another port."""
    there, here = machines
    announce = ("--announce", "--host", there.address)
    folder = tmp_path / "cic"
    server = await asyncio.to_thread(start_server, folder, *announce, within=there.inside)
    prepare_home(tmp_path / "home", entries=[])
    with (tmp_path / "home.log").open("wb") as log:
        home = await asyncio.create_subprocess_exec(
            *here.inside,
            sys.executable,
            "-m",
            "tests.discovery.home",
            str(tmp_path / "home"),
            server.access_token,
            cwd=ROOT,
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        found = await heard(home)
        assert found["step"] == "discovery_confirm"
        assert found["address"] == server.address == f"https://{there.address}:{server.port}"
        assert found["fingerprint"].replace(" ", "") == server.ca_sha256
        assert await heard(home) == {
            "title": found["name"],
            "address": server.address,
            "state": "loaded",
        }
        await asyncio.to_thread(server.stop)
        server = await asyncio.to_thread(start_server, folder, *announce, within=there.inside)
        assert await heard(home) == {"address": server.address}
        async with asyncio.timeout(PATIENCE):
            assert await home.wait() == 0
    finally:
        if home.returncode is None:
            home.kill()
            await home.wait()
        await asyncio.to_thread(server.stop)
    complaints = (tmp_path / "home.log").read_text()
    assert " ERROR " not in complaints, complaints
