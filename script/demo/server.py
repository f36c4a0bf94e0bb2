"""The CIC server: started, and read over its control interface."""

from collections.abc import Mapping
import contextlib
from dataclasses import dataclass, field
import json
from pathlib import Path
import ssl
import sys
from typing import Any, Self

import httpx

from .arguments import Options
from .failure import Failure, Source
from .processes import Child, Children, wait_ready
from .state import HOST, ROOT, State

# The first start makes keys, and reads the recogniser's models.
READY_SECONDS = 90.0
CONTROL_SECONDS = 15.0
# The server takes a client of any model.
MODEL = "demonstration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What the server's ready file says."""

    address: str
    access_token: str
    control_token: str
    ca_file: Path
    # How a device signs in, as the form has it; without: the access token is pasted.
    sign_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> list[str]:
        """What no output may show."""
        signing_in = (self.sign_in.get(name) for name in ("client_secret", "credential"))
        return [self.access_token, self.control_token, *filter(None, signing_in)]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the file's content once it is there, or None."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            content = json.loads(path.read_text())
            return cls(
                address=content["address"],
                access_token=content["access_token"],
                control_token=content["control_token"],
                ca_file=Path(content["ca_file"]),
                sign_in={
                    "client_id": content["client_id"],
                    "client_secret": content["client_secret"],
                    "model_id": MODEL,
                    "grant": "account_token",
                    "credential": content["account_token"],
                },
            )
        return None


async def start_server(state: State, options: Options, children: Children) -> Child:
    """Start the process; wait_server_ready tells when it listens."""
    state.ready_file.unlink(missing_ok=True)
    port = state.port("server", options.server_port)
    command: list[str | Path] = [sys.executable, "-m", "cic_server", "--host", HOST]
    command += ["--port", str(port), "--data", state.server_data]
    command += ["--ready-file", state.ready_file]
    command += ["--render-text-delay", str(options.text_delay)]
    if not options.transcript:
        command += ["--no-transcript", "--no-partials"]
    child = await Child.start(
        Source.SERVER,
        command,
        log=state.server_log,
        folder=ROOT,
        environment={},
        quiet=True,  # it prints its tokens
    )
    return children.add(child)


async def wait_server_ready(state: State) -> Ready:
    """Return how to reach the server, once it listens; raises Failure."""
    return await wait_ready(
        lambda: Ready.read(state.ready_file), "The CIC server", Source.SERVER, READY_SECONDS
    )


class Control:
    """The server's control interface; what fails there raises Failure."""

    def __init__(self, ready: Ready) -> None:
        """Prepare; enter the context before use."""
        context = ssl.create_default_context(cafile=ready.ca_file)
        self._client = httpx.AsyncClient(
            http1=False,
            http2=True,
            verify=context,
            trust_env=False,
            base_url=ready.address,
            headers={"Authorization": f"Bearer {ready.control_token}"},
            timeout=CONTROL_SECONDS,
        )

    async def __aenter__(self) -> Self:
        """Begin; the connection is made when it is needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self._client.aclose()

    async def log(self, since: int, wait: float = 0.0) -> tuple[list[dict[str, Any]], int]:
        """Return the entries after a number, and the number to ask with next."""
        answer = await self._ask("GET", f"/control/log?since={since}&wait={wait}")
        return answer["entries"], answer["next"]

    async def downchannels(self) -> int:
        """Return how many clients can be pushed to."""
        return len((await self._ask("GET", "/control/state"))["downchannels"])

    async def titles(self) -> dict[str, str]:
        """Return what each track of the server's is called."""
        catalogue = await self._ask("GET", "/control/catalogue")
        return {track["id"]: track["title"] for tracks in catalogue.values() for track in tracks}

    async def illegal(self) -> list[dict[str, Any]]:
        """Return what clients told, or fetched, that no document allows."""
        found: list[dict[str, Any]] = (await self._ask("GET", "/control/illegal"))["illegal"]
        return found

    async def push(self, body: dict[str, Any]) -> None:
        """Send a directive, or something to say, to every client."""
        answer = await self._ask("POST", "/control/directives", body)
        if not answer["downchannels"]:
            raise Failure("Home Assistant is not connected to the CIC server.", Source.HOME)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            response = await self._client.request(method, path, json=body)
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, ValueError) as err:
            raise Failure(
                f"The CIC server did not answer {method} {path.partition('?')[0]}: "
                f"{type(err).__name__}.",
                Source.SERVER,
            ) from err
