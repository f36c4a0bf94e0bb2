"""The repository's CIC server as a child process, and its control interface."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
import ssl
from typing import Any

import httpx

from custom_components.clova_cic.coordinator import CicCoordinator
from tests.cic_server.server import RunningServer, start_server

# No test waits longer for something that does not come.
PATIENCE = 10.0
SPEECH_EVENTS = frozenset({"SpeechStarted", "SpeechFinished", "SpeechStopped"})
# What a client tells by itself on every new channel.
GREETING_EVENTS = frozenset({"ReportState"})
# What a client asks on each new connection, whatever a test is about.
SYNCHRONIZING = frozenset(
    {"RequestSynchronizeAlert", "RequestSynchronizeState", "RequestVersionSpec"}
)


@dataclass
class CicService:
    """The server as one client sees it, and its control interface."""

    folder: Path
    server: RunningServer
    client: str
    http: httpx.AsyncClient
    logged: list[dict[str, Any]] = field(default_factory=list, init=False)
    """What has been read of the server's log: thousands of entries, of which each look adds a few."""
    read_until: int = field(default=0, init=False)

    @property
    def address(self) -> str:
        """Where it is."""
        return self.server.address

    @property
    def port(self) -> int:
        """Its port on this machine."""
        return self.server.port

    @property
    def access_token(self) -> str:
        """The token of this client: one of many the server takes."""
        return f"{self.server.access_token}.{self.client}"

    @property
    def ca_certificate(self) -> str:
        """The PEM text of the authority behind its certificate."""
        return Path(self.server.ca_file).read_text()

    async def start(self) -> None:
        """Start it again where it was."""
        self.server = await asyncio.to_thread(start_server, self.folder, "--lazy", port=self.port)
        self.logged, self.read_until = [], 0
        with suppress(httpx.TransportError):  # the connection to the one before
            await self.control("GET", "state")

    async def stop(self, *, kill: bool = False) -> None:
        """End its process, or have the machine end it."""
        if kill:
            self.server.process.kill()
        await asyncio.to_thread(self.server.stop)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control interface."""
        response = await self.http.request(
            method,
            f"{self.address}/control/{path}",
            headers={"Authorization": f"Bearer {self.server.control_token}"},
            json=body,
        )
        assert response.status_code == 200, response.text
        return response.json()

    async def push(self, directive: dict[str, Any] | None = None, **more: Any) -> None:
        """Push a directive, something to say, or attachments down this client's channel."""
        body = {"client": self.client, **more}
        if directive is not None:
            body["directive"] = directive
        told = await self.control("POST", "directives", body)
        assert told["downchannels"] == 1

    async def channels(self) -> list[dict[str, Any]]:
        """Return this client's open downchannels."""
        state = await self.control("GET", "state")
        return [one for one in state["downchannels"] if one["client"] == self.client]

    async def log(self, kind: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """Return this client's log entries of a kind, but for what it asks on each connection."""
        told = await self.control("GET", f"log?since={self.read_until}")
        if told["next"] > self.read_until:  # another look may have read as far meanwhile
            new = [one for one in told["entries"] if one["seq"] > self.read_until]
            self.logged += [one for one in new if one.get("client") in (None, self.client)]
            self.read_until = told["next"]
        return [
            entry
            for entry in self.logged
            if entry.get("kind") == kind
            and (everything or kind != "event" or entry["name"] not in SYNCHRONIZING)
        ]

    async def payloads(self, event: str) -> list[Any]:
        """Return the payloads of all events of this client that have a name."""
        return [
            one["payload"]
            for one in await self.log("event", everything=True)
            if f"{one['namespace']}.{one['name']}" == event
        ]

    async def events(self) -> list[dict[str, Any]]:
        """Return this client's events, but for those that answer the channel's greeting."""
        events = await self.log("event")
        return [one for one in events if one["name"] not in GREETING_EVENTS]

    async def asked(self) -> list[str]:
        """Return the names of this client's events, but for those that tell of its speech."""
        return [one["name"] for one in await self.events() if one["name"] not in SPEECH_EVENTS]

    async def told(self) -> list[tuple[str, str]]:
        """Return what this client has told of its speech: name and token, in order."""
        events = await self.log("event")
        return [
            (one["name"], one["payload"]["token"]) for one in events if one["name"] in SPEECH_EVENTS
        ]

    async def illegal(self) -> list[dict[str, Any]]:
        """Return what this client should not have told, or not then."""
        return (await self.control("GET", f"illegal?client={self.client}"))["illegal"]

    async def dialogs(self, count: int = 1) -> list[str]:
        """Return what became of this client's dialogs, once there are so many: a reset takes a moment."""
        async with asyncio.timeout(PATIENCE):
            while (
                len(entries := [one for one in await self.log("dialog") if one["dialogRequestId"]])
                < count
            ):
                await asyncio.sleep(0.02)
        return [entry["outcome"] for entry in entries]


async def turns_of(coordinator: CicCoordinator, count: int = 1) -> list[str]:
    """Return how an entry's turns ended, once so many have."""
    await until(lambda: len(coordinator.turns.recent) >= count)
    return [turn["outcome"] for turn in coordinator.turns.recent]


@asynccontextmanager
async def client_of(server: RunningServer, folder: Path, name: str) -> AsyncIterator[CicService]:
    """Yield a server as the client of that name."""
    context = await asyncio.to_thread(ssl.create_default_context, cafile=server.ca_file)
    async with httpx.AsyncClient(http1=False, http2=True, verify=context) as http:
        service = CicService(folder, server, name, http)
        # what others have done before is not this client's
        service.read_until = (await service.control("GET", f"log?since={2**53}"))["next"]
        yield service


def directive(name: str, payload: dict[str, Any] | None = None, **header: str) -> dict[str, Any]:
    """Return a directive by its full name."""
    namespace, _, short = name.partition(".")
    return {"header": {"namespace": namespace, "name": short, **header}, "payload": payload or {}}


def encoded(sound: bytes) -> str:
    """Return sound as the control interface takes it."""
    return base64.b64encode(sound).decode()


async def greeted(coordinator: CicCoordinator) -> None:
    """Wait until the server has said what it says on each connection."""
    said = {
        "Alerts.SynchronizeAlert",
        "DeviceControl.SynchronizeState",
        "Settings.UpdateVersionSpec",
    }
    await until(lambda: said <= coordinator.counters.directives.keys())


async def until(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until something is true, and return it."""
    async with asyncio.timeout(patience):
        while not (result := condition()):
            await asyncio.sleep(0.01)
    return result


async def settled[Found](
    look: Callable[[], Awaitable[Found]],
    condition: Callable[[Found], Any],
    patience: float = PATIENCE,
) -> Found:
    """Look at the server until it shows something, and return what it shows."""
    async with asyncio.timeout(patience):
        while not condition(found := await look()):
            await asyncio.sleep(0.02)
    return found
