"""Where the browser is at home: one Home Assistant, one CIC server, for all tests."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
import json
from pathlib import Path
import ssl
from typing import Any
from uuid import uuid4

from anyio.from_thread import BlockingPortal, start_blocking_portal
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_ADDRESS,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_LANGUAGE,
    CONF_MODEL_ID,
)
import httpx

from custom_components.clova_cic.const import (
    CONF_CA_CERTIFICATE,
    CONF_CREATE_PIPELINE,
    CONF_LOGIN,
    CONF_PREFER_LOCAL,
    DOMAIN,
)
from custom_components.clova_cic.forms import CREDENTIAL, GRANT, Grant
from custom_components.clova_cic.settings import ADVANCED
from script.demo.furnish import furnish_entry
from script.demo.server import Ready
from script.demo.state import State
from tests.cic_server.server import RunningServer, running_server
from tests.home_process import HomeProcess

from .waiting import until

MODEL = "box-1"


@dataclass(frozen=True, kw_only=True)
class House:
    """Home Assistant and the server, each asked directly: what a click has done, and what no click does."""

    home: HomeProcess
    cic: RunningServer
    portal: BlockingPortal

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send Home Assistant a command."""
        return self.portal.call(partial(self.home.api.command, kind, **fields))

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Send Home Assistant a request."""
        return self.portal.call(self.home.api.rest, method, path, body)

    def entries(self) -> list[dict[str, Any]]:
        """Return the integration's entries."""
        return list(self.ask("config_entries/get", domain=DOMAIN))

    def pasted(self) -> str:
        """Return the id of an entry of a pasted token, made where there is none, once it is set up."""
        if not self._has(CONF_ACCESS_TOKEN):
            ready = Ready(
                address=self.cic.address,
                access_token=self.cic.access_token,
                control_token=self.cic.control_token,
                ca_file=Path(self.cic.ca_file),
            )
            self.portal.call(furnish_entry, self.home.api, ready)
        return str(self.settled()["entry_id"])

    def signed_in(self) -> str:
        """Return the id of an entry that is signed in, made where there is none, once it is set up."""
        if not self._has(CONF_LOGIN):
            flows = "/api/config/config_entries/flow"
            flow = self.rest("POST", flows, {"handler": DOMAIN})
            path = f"{flows}/{flow['flow_id']}"
            self.rest("POST", path, {"next_step_id": "sign_in"})
            step = self.rest("POST", path, self._sign_in_form())
            assert step["type"] == "create_entry", step
        return str(self.settled()["entry_id"])

    def _has(self, key: str) -> bool:
        """Whether the entry there is has this in its data; others are removed."""
        for entry in self.entries():
            if key in self.stored(self.settled()["entry_id"])["data"]:
                return True
            self.rest("DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}")
        return False

    def _sign_in_form(self) -> dict[str, Any]:
        return {
            CONF_ADDRESS: self.cic.address,
            CONF_CLIENT_ID: self.cic.client_id,
            CONF_CLIENT_SECRET: self.cic.client_secret,
            CONF_MODEL_ID: MODEL,
            GRANT: Grant.ACCOUNT_TOKEN,
            CREDENTIAL: self.cic.account_token,
            CONF_LANGUAGE: "en",
            CONF_CA_CERTIFICATE: Path(self.cic.ca_file).read_text(),
            CONF_CREATE_PIPELINE: False,
            CONF_PREFER_LOCAL: False,
            ADVANCED: {},
        }

    def account(self, **changes: bool) -> str:
        """Make an account at the server; return its token."""
        token = uuid4().hex
        self.control("POST", "accounts", {"account_token": token, **changes})
        return token

    def settled(self) -> dict[str, Any]:
        """Wait until the entry is set up, and return it."""

        def found() -> dict[str, Any] | None:
            [entry] = self.entries()
            return entry if entry["state"] == "loaded" else None

        return until(found, "an entry that is set up")

    def speak(self, language: str) -> None:
        """Have Home Assistant itself speak a language, and the entry name its entities in it."""
        self.ask("config/core/update", language=language)
        entry_id = self.settled()["entry_id"]
        self.rest("POST", f"/api/config/config_entries/entry/{entry_id}/reload")
        self.settled()

    def remove_entries(self) -> None:
        """Remove all there are."""
        for entry in self.entries():
            self.rest("DELETE", f"/api/config/config_entries/entry/{entry['entry_id']}")

    def stored(self, entry_id: str) -> dict[str, Any]:
        """Return an entry as it is on disk, where it comes a second late; secrets are in it."""
        path = self.home.state.home / ".storage" / "core.config_entries"

        def found() -> dict[str, Any] | None:
            entries = json.loads(path.read_text())["data"]["entries"] if path.exists() else []
            return next((one for one in entries if one["entry_id"] == entry_id), None)

        return until(found, f"entry {entry_id}")

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

    def client(self) -> str:
        """Return the one client that is connected to the server, by the name the server has for it."""

        def found() -> str | None:
            channels = self.control("GET", "state")["downchannels"]
            return channels[0]["client"] if len(channels) == 1 else None

        return until(found, "a client that is connected")

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
