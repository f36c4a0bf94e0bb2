"""The minimal Home Assistant as a child process, killed and started again on the same folder."""

import asyncio
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import socket
import subprocess
import sys
from typing import Any

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_ADDRESS, CONF_LANGUAGE

from custom_components.clova_cic.const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, DOMAIN
from tests.integration.service import CicService

ROOT = Path(__file__).parents[2]
ENTRY_ID = "entry"
# Two seconds on an idle machine; the first start compiles.
START_TIMEOUT = 60.0
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC).isoformat()


class MinimalHome:
    """One entry for a CIC service, and nothing else."""

    def __init__(
        self, folder: Path, cic: CicService, compiled: Path, login: dict[str, Any] | None = None
    ) -> None:
        """Write what is to be there at the first start; compiled keeps what Python makes of its code.

        login: what the entry's data has in place of a pasted token.
        """
        self._folder = folder
        self._compiled = compiled
        self._cic = cic
        self._process: subprocess.Popen[bytes] | None = None
        self.storage = folder / ".storage"
        prepare_home(folder, entries=[_entry(cic, login)])

    @property
    def log(self) -> str:
        """What it has complained about."""
        path = self._folder / "home.log"
        return path.read_text() if path.exists() else ""

    async def start(self, *, ahead: float = 0) -> None:
        """Start it, with its clock so many seconds ahead; returns when its downchannel is open."""
        await self.begin(ahead=ahead)
        async with asyncio.timeout(START_TIMEOUT):
            while not await self._cic.channels():
                assert self._process is not None
                assert self._process.poll() is None, self.log
                await asyncio.sleep(0.02)

    async def begin(self, *, ahead: float = 0, hangs: str = "never") -> None:
        """Start it, and return at once. hangs: when its disk does as it writes tokens, before or after."""
        log = (self._folder / "home.log").open("ab")
        command = [sys.executable, "-m", "tests.kill.minimal_home", str(self._folder), str(ahead)]
        command.append(hangs)
        with log:
            self._process = await asyncio.to_thread(
                subprocess.Popen,
                command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=self._environment(),
            )

    def _environment(self) -> dict[str, str]:
        """Return what makes it start fast: compiled once, and measured by nobody."""
        kept = {name: it for name, it in os.environ.items() if not name.startswith("COVERAGE_")}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", str(self._compiled)),
        }

    async def kill(self) -> None:
        """Have it be gone from one moment to the next (SIGKILL)."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.poll() is None, self.log
        process.kill()
        await asyncio.to_thread(process.wait)
        async with asyncio.timeout(START_TIMEOUT):
            while await self._cic.channels():
                await asyncio.sleep(0.02)


def prepare_home(folder: Path, *, entries: list[dict[str, Any]]) -> None:
    """Write what a Home Assistant with this integration and these entries finds at its first start."""
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    components = folder / "custom_components"
    components.mkdir()
    (components / DOMAIN).symlink_to(ROOT / "custom_components" / DOMAIN)
    write_store(storage, "core.config_entries", 1, 5, {"entries": entries})
    write_store(storage, "http", 2, 2, _http())


def write_store(folder: Path, key: str, version: int, minor: int, data: dict[str, Any]) -> None:
    """Write what a Store of Home Assistant reads."""
    content = {"version": version, "minor_version": minor, "key": key, "data": data}
    (folder / key).write_text(json.dumps(content))


def _entry(cic: CicService, login: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "created_at": _BEGINNING,
        "data": {
            CONF_ADDRESS: cic.address,
            **(login or {CONF_ACCESS_TOKEN: cic.access_token}),
            CONF_CA_CERTIFICATE: cic.ca_certificate,
            CONF_LANGUAGE: "en",
            CONF_DEVICE_UUID: "7c0d0b0e-0a5b-4c0e-9a50-6d7e6a1f7c11",
        },
        "disabled_by": None,
        "discovery_keys": {},
        "domain": DOMAIN,
        "entry_id": ENTRY_ID,
        "minor_version": 1,
        "modified_at": _BEGINNING,
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": "Test cloud",
        "unique_id": f"127.0.0.1:{cic.port}/alerts",
        "version": 1,
    }


def _http() -> dict[str, Any]:
    """Return an address that is on this machine only: nobody asks there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stable = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": _BEGINNING,
        "error": None,
        "error_message": None,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}
