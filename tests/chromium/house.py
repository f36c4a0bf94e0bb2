"""Where the browser is at home: one Home Assistant, one CIC server, for all tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
import ssl
import time
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
import httpx

from custom_components.clova_cic.const import DOMAIN
from script.demo.furnish import diagnostics, furnish_entry
from script.demo.server import Ready
from script.demo.state import State
from tests.cic_server.server import RunningServer, running_server
from tests.home_process import HomeProcess

from .browser import PATIENCE


@dataclass(frozen=True, kw_only=True)
class House:
    """Home Assistant and the server, each asked directly: what a click has done, and what no click does."""

    home: HomeProcess
    cic: RunningServer
    portal: BlockingPortal

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send Home Assistant a command."""
        return self.portal.call(partial(self.home.api.command, kind, **fields))

    def entries(self) -> list[dict[str, Any]]:
        """Return the integration's entries."""
        return list(self.ask("config_entries/get", domain=DOMAIN))

    def entry(self) -> str:
        """Return the id of the entry, once it is set up; one of a pasted token is made where there is none."""
        if not self.entries():
            ready = Ready(
                address=self.cic.address,
                access_token=self.cic.access_token,
                control_token=self.cic.control_token,
                ca_file=Path(self.cic.ca_file),
            )
            return self.portal.call(furnish_entry, self.home.api, ready)
        return self.settled()["entry_id"]

    def settled(self) -> dict[str, Any]:
        """Wait until the entry is set up, and return it."""
        deadline = time.monotonic() + PATIENCE
        while (entry := self.entries()[0])["state"] != "loaded":
            assert time.monotonic() < deadline, entry
            time.sleep(0.05)
        return entry

    def speak(self, language: str) -> None:
        """Have Home Assistant itself speak a language, and the entry name its entities in it."""
        self.ask("config/core/update", language=language)
        entry_id = self.settled()["entry_id"]
        path = f"/api/config/config_entries/entry/{entry_id}/reload"
        self.portal.call(self.home.api.rest, "POST", path)
        self.settled()

    def remove_entries(self) -> None:
        """Remove all there are."""
        for entry in self.entries():
            path = f"/api/config/config_entries/entry/{entry['entry_id']}"
            self.portal.call(self.home.api.rest, "DELETE", path)

    def stored(self, entry_id: str) -> dict[str, Any]:
        """Return an entry as its diagnostics tell it: data and options, without secrets."""
        told = self.portal.call(diagnostics, self.home.api, entry_id)
        return dict(told["entry"])

    def device_id(self, entry_id: str) -> str:
        """Return the id of an entry's device."""
        devices = self.ask("config/device_registry/list")
        [found] = [one["id"] for one in devices if entry_id in one["config_entries"]]
        return str(found)

    @cached_property
    def _http(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.cic.ca_file)
        return httpx.Client(http1=False, http2=True, verify=context)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the server's control interface."""
        headers = {"Authorization": f"Bearer {self.cic.control_token}"}
        url = f"{self.cic.address}/control/{path}"
        answer = self._http.request(method, url, headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def push(self, name: str, payload: dict[str, Any] | None = None) -> None:
        """Push a directive to every client."""
        namespace, _, short = name.partition(".")
        header = {"namespace": namespace, "name": short}
        body = {"directive": {"header": header, "payload": payload or {}}}
        assert self.control("POST", "directives", body)["downchannels"]


@asynccontextmanager
async def _running_home(folder: Path) -> AsyncIterator[HomeProcess]:
    state = State(folder)
    with state.locked():
        home = HomeProcess(state)
        try:
            await home.start()
            yield home
        finally:
            await home.close()


@contextmanager
def running_house(folder: Path) -> Iterator[House]:
    """Yield it, all of it running."""
    with (
        running_server(folder / "cic") as cic,
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_running_home(folder / "home")) as home,
    ):
        yield House(home=home, cic=cic, portal=portal)
