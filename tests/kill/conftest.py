"""A minimal Home Assistant for a CIC server of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cic_server.server import start_server
from tests.integration.service import CicService, client_of

from .home import MinimalHome


@pytest.fixture
async def cic(tmp_path: Path) -> AsyncIterator[CicService]:
    """Yield a server that has nobody else."""
    server = await asyncio.to_thread(start_server, tmp_path / "cic", "--lazy")
    async with client_of(server, tmp_path / "cic", "kill") as service:
        yield service
        await service.stop()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where what Python compiles is kept from one start to the next."""
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture
async def home(tmp_path: Path, cic: CicService, compiled: Path) -> AsyncIterator[MinimalHome]:
    """Yield a Home Assistant that has not been started."""
    home = MinimalHome(tmp_path / "home", cic, compiled)
    yield home
    await home.kill()
    assert " ERROR " not in home.log, home.log
