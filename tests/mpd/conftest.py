"""Home Assistant with its own integration of mpd, and songs to play."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration import conftest as integration
from tests.integration.tones import mp3

from .player import Mpd, running_mpd

cic = integration.cic
home = integration.home
integration_ready = integration.integration_ready
make_entry = integration.make_entry
mortal_cic = integration.mortal_cic
pass_time = integration.pass_time
set_up = integration.set_up
shared_server = integration.shared_server


@pytest.fixture
async def mpd(tmp_path: Path) -> AsyncIterator[Mpd]:
    """Yield an mpd of the test's own."""
    async with running_mpd(tmp_path / "mpd") as running:
        yield running


@pytest.fixture
async def mpd_entity(home: HomeAssistant, mpd: Mpd) -> AsyncIterator[str]:
    """Yield the entity id of that mpd's media player."""
    async with mpd_media_player(home, mpd) as entity_id:
        yield entity_id


@asynccontextmanager
async def mpd_media_player(hass: HomeAssistant, mpd: Mpd) -> AsyncIterator[str]:
    """Set up Home Assistant's own integration for an mpd; yield the entity's id."""
    data = {"host": "127.0.0.1", "port": mpd.port}
    entry = MockConfigEntry(domain="mpd", title="Music Player Daemon", data=data)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    (state,) = hass.states.async_all("media_player")
    yield state.entity_id
    await hass.config_entries.async_unload(entry.entry_id)


@dataclass
class Songs:
    """Tones as files of a web server that can be sought in."""

    folder: Path
    base: str = ""

    def add(self, hertz: int, seconds: float) -> str:
        """Return the address of a tone as MP3."""
        name = f"{hertz}-{seconds}.mp3"
        (self.folder / name).write_bytes(mp3(hertz, seconds, 44100, 2, 128))
        return f"{self.base}/{name}"


@pytest.fixture
async def songs(tmp_path: Path) -> AsyncIterator[Songs]:
    """Yield songs, served on this machine."""
    folder = tmp_path / "songs"
    folder.mkdir()
    app = web.Application()
    app.router.add_static("/", folder)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Songs(folder, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
