"""The Home Assistant of a demonstration: its folder and its process."""

import asyncio
import json
from pathlib import Path
import shutil
import sys
from typing import Any

import aiohttp
import imageio_ffmpeg

from .failure import Failure, Source
from .processes import Child, Children
from .state import HOST, ROOT, State

_HERE = Path(__file__).parent
_COMPONENTS = (
    ROOT / "custom_components" / "clova_cic",
    _HERE / "custom_components" / "demo_speaker",
)
# A first start on a slow machine.
WEB_SECONDS = 120.0
# Every onboarding step that would fetch from, or tell, the internet: done before the first start.
_STEPS_DONE = ("core_config", "analytics", "integration")


def prepare(state: State, port: int) -> None:
    """Write the configuration, and what decides the first start: the address and the onboarding."""
    home = state.home
    shutil.copyfile(_HERE / "home" / "configuration.yaml", home / "configuration.yaml")
    components = home / "custom_components"
    components.mkdir(exist_ok=True)
    for source in _COMPONENTS:
        link = components / source.name
        if link.is_symlink() or not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(source, target_is_directory=True)
    storage = home / ".storage"
    storage.mkdir(mode=0o700, exist_ok=True)
    _store(storage, "http", 2, 2, _http(port))
    if not (storage / "onboarding").exists():
        _store(storage, "onboarding", 4, 1, {"done": list(_STEPS_DONE)})


def _store(folder: Path, key: str, version: int, minor: int, data: dict[str, Any]) -> None:
    content = {"version": version, "minor_version": minor, "key": key, "data": data}
    (folder / key).write_text(json.dumps(content, indent=2))


def _http(port: int) -> dict[str, Any]:
    """Return the address as confirmed: from YAML it would be on trial, on every interface."""
    stable = {
        "server_host": [HOST],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}


async def start_home(state: State, url: str, children: Children) -> Child:
    """Start the process; wait_for_web tells when it answers."""
    environment = {"DEMO_URL": url, "DEMO_FFMPEG": imageio_ffmpeg.get_ffmpeg_exe()}
    command: list[str | Path] = [Path(sys.executable).parent / "hass", "--config", state.home]
    # script/setup has installed every requirement: nothing is looked up, so no internet is needed
    child = await Child.start(
        Source.HOME,
        [*command, "--skip-pip", "--log-no-color"],
        log=state.home_log,
        folder=state.home,
        environment=environment,
    )
    return children.add(child)


async def wait_for_web(url: str) -> None:
    """Return when the web interface answers; raises Failure."""
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with asyncio.timeout(WEB_SECONDS), aiohttp.ClientSession(timeout=timeout) as session:
            while not await _answers(session, f"{url}/manifest.json"):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Failure(
            f"Home Assistant did not answer within {WEB_SECONDS:.0f} s.", Source.HOME
        ) from None


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.ok
    except aiohttp.ClientError, TimeoutError:
        return False
