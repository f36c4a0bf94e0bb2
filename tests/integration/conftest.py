"""Home Assistant for real, against the real CIC server of this repository."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from homeassistant import block_async_io
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import imageio_ffmpeg
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator
from tests.cic_server.server import RunningServer, running_server, start_server
from tests.peer.certificates import authority

from .player import Speaker, add_speaker
from .service import CicService, client_of
from .shown_texts import shown_texts_are_there
from .wall import Wall

type Entries = Callable[..., MockConfigEntry]
type SetUp = Callable[..., Awaitable[CicCoordinator]]
type PassTime = Callable[[float], None]


@pytest.fixture(autouse=True)
def integration_ready(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Where Home Assistant runs: this repository's integration, and the detector of blocking calls."""
    if "hass" not in request.fixturenames:
        yield
        return
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")  # it comes before Home Assistant, or not at all
    request.getfixturevalue("enable_custom_integrations")
    request.getfixturevalue("disable_block_async_io")
    block_async_io.enable()
    with (
        patch("homeassistant.components.tts._init_tts_cache_dir", return_value=str(tmp_path)),
        shown_texts_are_there(),
    ):
        yield


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Run one CIC server for all tests that leave it as it is."""
    with running_server(tmp_path_factory.mktemp("cic")) as server:
        yield server


@pytest.fixture
async def cic(shared_server: RunningServer, tmp_path: Path) -> AsyncIterator[CicService]:
    """Yield the CIC server; each test is a client of its own."""
    async with client_of(shared_server, tmp_path, uuid4().hex) as service:
        yield service


@pytest.fixture
async def mortal_cic(tmp_path: Path) -> AsyncIterator[CicService]:
    """Yield a CIC server of the test's own, to be stopped and started; its recogniser waits for speech."""
    server = await asyncio.to_thread(start_server, tmp_path / "cic", "--lazy")
    async with client_of(server, tmp_path / "cic", "mortal") as service:
        yield service
        await service.stop()


def data_for(service: CicService, **changes: Any) -> dict[str, Any]:
    """Return an entry's data for a server; what is None in the changes is not there."""
    data = {
        CONF_ADDRESS: service.address,
        CONF_ACCESS_TOKEN: service.access_token,
        CONF_CA_CERTIFICATE: service.ca_certificate,
        CONF_LANGUAGE: "en",
        CONF_DEVICE_UUID: str(uuid4()),
        **changes,
    }
    return {key: value for key, value in data.items() if value is not None}


def data_for_peer(port: int) -> dict[str, Any]:
    """Return what an entry's data says of a peer made in a test."""
    certificate = authority().directory / "authority.pem"
    return {
        CONF_ADDRESS: f"https://127.0.0.1:{port}",
        CONF_CA_CERTIFICATE: certificate.read_text(),
    }


@pytest.fixture
async def pass_time(monkeypatch: pytest.MonkeyPatch) -> PassTime:
    """Return a function by which the loop's clock goes on by so many seconds at once."""
    loop = asyncio.get_running_loop()
    clock, passed = loop.time, 0.0

    def pass_time(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(loop, "time", lambda: clock() + passed)
    return pass_time


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """Return the clock on the wall, as Home Assistant reads it."""
    wall = Wall()
    monkeypatch.setattr(dt_util, "utcnow", wall.now)
    return wall


@pytest.fixture
async def home(hass: HomeAssistant) -> HomeAssistant:
    """Return Home Assistant with what every installation has, and an ffmpeg."""
    ffmpeg = await asyncio.to_thread(imageio_ffmpeg.get_ffmpeg_exe)
    assert await async_setup_component(hass, "homeassistant", {})
    for name in (
        "repairs",
        "calendar",
    ):  # they have views, and some tests start the web server early
        assert await async_setup_component(hass, name, {})
    assert await async_setup_component(hass, "ffmpeg", {"ffmpeg": {"ffmpeg_bin": ffmpeg}})
    return hass


@pytest.fixture
async def speaker(home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> Speaker:
    """Add a speaker, and serve Home Assistant's pages where it can fetch them."""
    speaker = await add_speaker(home)
    assert await async_setup_component(home, DOMAIN, {})
    port = (await hass_client_no_auth()).port
    home.config.internal_url = f"http://127.0.0.1:{port}"
    return speaker


@pytest.fixture
def make_entry(home: HomeAssistant) -> Entries:
    """Return a function that adds an entry for a server without setting it up."""

    def make(
        service: CicService, *, options: dict[str, Any] | None = None, **changes: Any
    ) -> MockConfigEntry:
        data = data_for(service, **changes)
        entry = MockConfigEntry(
            domain=DOMAIN,
            title="Test cloud",
            data=data,
            options=options or {},
            unique_id=f"127.0.0.1:{service.port}/{data[CONF_DEVICE_UUID]}",
        )
        entry.add_to_hass(home)
        return entry

    return make


@pytest.fixture
async def set_up(hass: HomeAssistant, make_entry: Entries) -> AsyncIterator[SetUp]:
    """Return a function that adds an entry, sets it up, and returns its coordinator."""
    entries: list[MockConfigEntry] = []

    async def set_up_entry(service: CicService, **changes: Any) -> CicCoordinator:
        entry = make_entry(service, **changes)
        entries.append(entry)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        coordinator: CicCoordinator = entry.runtime_data
        return coordinator

    yield set_up_entry
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_block_till_done()
