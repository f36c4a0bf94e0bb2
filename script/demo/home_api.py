"""Home Assistant as its web interface sees it: REST and WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Self

import aiohttp

from .failure import Failure, Source

USER = "demo"
PASSWORD = "demo"
ANSWER_SECONDS = 30.0
# Events of one run that wait to be read.
MOST_EVENTS = 1_000


class HomeApi:
    """A logged-in connection to one Home Assistant; what fails raises Failure."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        """Prepare; connected() logs in."""
        self.url = url
        self.session = session
        self._token = ""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._ids = count(1)
        self._queues: dict[int, asyncio.Queue[dict[str, Any]]] = {}

    @classmethod
    @asynccontextmanager
    async def connected(cls, url: str) -> AsyncIterator[Self]:
        """Log in, making the user first where there is none, and open the WebSocket."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            api = cls(url, session)
            api._token = await api._log_in()
            reader = asyncio.create_task(api._open())
            try:
                yield api
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)

    # REST

    async def rest(self, method: str, path: str, body: Any = None, *, form: bool = False) -> Any:
        """Send a request; return the answer's JSON."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        content = {"data": body} if form else {"json": body}
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self.session.request(method, self.url + path, headers=headers, **content) as answer,
            ):
                if not answer.ok:
                    raise Failure(_refused(method, path, answer.status), Source.HOME)
                return await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as err:
            raise Failure(
                f"Home Assistant did not answer {method} {path}: {type(err).__name__}.", Source.HOME
            ) from err

    async def state(self, entity_id: str) -> dict[str, Any]:
        """Return an entity's state."""
        return await self.rest("GET", f"/api/states/{entity_id}")

    async def act(self, domain: str, action: str, **data: Any) -> None:
        """Perform an action."""
        await self.rest("POST", f"/api/services/{domain}/{action}", data)

    # WebSocket

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send a command; return its result."""
        number, queue = await self._send(kind, fields)
        try:
            return _result(await self.next_of(queue, kind), kind)
        finally:
            self._queues.pop(number, None)

    @asynccontextmanager
    async def subscribed(
        self, kind: str, **fields: Any
    ) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        """Send a command whose messages come through the queue: its result, then events."""
        number, queue = await self._send(kind, fields)
        try:
            yield queue
        finally:
            self._queues.pop(number, None)

    async def send_sound(self, handler: int, samples: bytes) -> None:
        """Send a frame of a run's sound; an empty one is its end."""
        assert self._socket is not None
        await self._socket.send_bytes(bytes((handler,)) + samples)

    async def next_of(self, queue: asyncio.Queue[dict[str, Any]], what: str) -> dict[str, Any]:
        """Return the next message of a command; raises Failure where none comes."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await queue.get()
        except TimeoutError:
            raise Failure(f"Home Assistant did not go on with {what}.", Source.HOME) from None

    async def _send(
        self, kind: str, fields: dict[str, Any]
    ) -> tuple[int, asyncio.Queue[dict[str, Any]]]:
        await self._wait_open()
        assert self._socket is not None
        number = next(self._ids)
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_EVENTS)
        self._queues[number] = queue
        try:
            await self._socket.send_json({"id": number, "type": kind, **fields})
        except (aiohttp.ClientError, ConnectionError) as err:
            raise Failure("Home Assistant closed the connection.", Source.HOME) from err
        return number, queue

    async def _wait_open(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while self._socket is None:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise Failure("Home Assistant's WebSocket did not open.", Source.HOME) from None

    async def _open(self) -> None:
        """Log in to the WebSocket and hand its messages on until it closes."""
        async with self.session.ws_connect(f"{self.url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": self._token})
            await socket.receive_json()
            self._socket = socket
            async for message in socket:
                content = message.json()
                queue = self._queues.get(content.get("id"))
                if queue is not None:
                    queue.put_nowait(content)

    # Logging in

    async def _log_in(self) -> str:
        # Once a user is there, there is no onboarding any more.
        async with self.session.get(f"{self.url}/api/onboarding") as onboarding:
            is_fresh = onboarding.ok
        code = await (self._make_user() if is_fresh else self._enter_password())
        body = {"grant_type": "authorization_code", "code": code, "client_id": f"{self.url}/"}
        return (await self.rest("POST", "/auth/token", body, form=True))["access_token"]

    async def _make_user(self) -> str:
        user = {"name": USER.title(), "username": USER, "password": PASSWORD}
        body = {**user, "client_id": f"{self.url}/", "language": "en"}
        return (await self.rest("POST", "/api/onboarding/users", body))["auth_code"]

    async def _enter_password(self) -> str:
        client = {"client_id": f"{self.url}/"}
        body = {**client, "handler": ["homeassistant", None], "redirect_uri": f"{self.url}/"}
        flow = await self.rest("POST", "/auth/login_flow", body)
        body = {**client, "username": USER, "password": PASSWORD}
        step = await self.rest("POST", f"/auth/login_flow/{flow['flow_id']}", body)
        if step["type"] != "create_entry":
            raise Failure(f"The user {USER} cannot log in any more.", Source.HOME)
        return step["result"]


def _refused(method: str, path: str, status: int) -> str:
    return f"Home Assistant refused {method} {path} (status {status})."


def _result(message: dict[str, Any], kind: str) -> Any:
    if not message.get("success"):
        error = message.get("error", {}).get("message", "no reason given")
        raise Failure(f"Home Assistant refused {kind}: {error}.", Source.HOME)
    return message["result"]
