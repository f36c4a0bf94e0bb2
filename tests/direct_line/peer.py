"""A Direct Line server of few words: the plain protocol, and what a test plans in its place."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
import json
from typing import Any

from aiohttp import WSCloseCode, web

from custom_components.clova_cic.direct_line import Version

SECRET = "s3cret"
USER = "dl_7f31"

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came."""

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)

    @property
    def bearer(self) -> str | None:
        """What it was authorised with."""
        return self.header("Authorization")

    def header(self, name: str) -> str | None:
        """Return a header, None where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


def drop(request: web.Request) -> None:
    """Break the connection off."""
    if request.transport is not None:
        request.transport.abort()


async def dropped(request: web.Request) -> web.StreamResponse:
    """Answer nothing, and break off."""
    drop(request)
    return web.Response()


def says(status: int = 200, text: str = "", *, kind: str = "text/html", **headers: str) -> Answer:
    """Plan a status and a body."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=kind, headers=headers)

    return answer


def replies(document: Any, status: int = 200, **headers: str) -> Answer:
    """Plan a JSON document."""
    return says(status, json.dumps(document), kind="application/json", **headers)


DISABLED = replies({"message": "BadArgument:Site missing or disabled"}, 403)
ERROR_PAGE = says(text="<html><body>Bad Gateway</body></html>")


class Peer:
    """One site of the service with one conversation."""

    conversation_id = "K3|xQ"

    def __init__(self, version: Version, *, streaming: bool = True) -> None:
        self.version = version
        self.streaming = streaming and version is Version.V3
        self.asked: list[Asked] = []
        self.planned: dict[str, deque[Answer]] = defaultdict(deque)
        self.log: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.says: Callable[[dict[str, Any]], list[str]] = lambda message: []
        self.tokens: set[str] = set()
        self.expires_in: float | None = 1800
        self.page_size = 100
        self.sockets: list[web.WebSocketResponse] = []
        self.changed = asyncio.Condition()
        self.address = ""
        self._numbers = count(1)

    # what a test looks at, and says

    def asked_for(self, operation: str) -> list[Asked]:
        return [one for one in self.asked if one.operation == operation]

    def plan(self, operation: str, *answers: Answer) -> None:
        self.planned[operation].extend(answers)

    def entry(self, sender: str, **fields: Any) -> dict[str, Any]:
        """Return a message of somebody's in the words of the version."""
        entry: dict[str, Any] = {"id": f"K3|{len(self.log):018}"}
        at = f"2026-01-05T08:00:00.{len(self.log):07}Z"
        if self.version is Version.V1:
            return entry | {"created": at, "from": sender, "images": [], "attachments": []} | fields
        return entry | {"type": "message", "timestamp": at, "from": {"id": sender}} | fields

    async def say(self, *texts: str, sender: str = "bot", **fields: Any) -> None:
        for text in texts:
            self.log.append(self.entry(sender, text=text, **fields))
        async with self.changed:
            self.changed.notify_all()

    async def close_sockets(self, code: int = WSCloseCode.GOING_AWAY, reason: bytes = b"") -> None:
        for socket in list(self.sockets):
            await socket.close(code=code, message=reason)

    # the protocol

    def routes(self) -> list[web.RouteDef]:
        def to(method: str, path: str, operation: str, handler: Answer) -> web.RouteDef:
            async def handle(request: web.Request) -> web.StreamResponse:
                return await self.handle(operation, request, handler)

            return web.route(method, path, handle)

        if self.version is Version.V1:
            base, messages = "/api", "messages"
            others = [
                to("POST", "/api/tokens/conversation", "generate", self.generate),
                to("*", "/api/tokens/{id}/renew", "renew", self.generate),
            ]
        else:
            base, messages = "/v3/directline", "activities"
            others = [
                to("POST", f"{base}/tokens/generate", "generate", self.generate),
                to("POST", f"{base}/tokens/refresh", "renew", self.generate),
                to("GET", f"{base}/conversations/{{id}}", "reconnect", self.start),
                to("GET", f"{base}/conversations/{{id}}/stream", "stream", self.stream),
            ]
        one = f"{base}/conversations/{{id}}"
        return [
            *others,
            to("POST", f"{base}/conversations", "start", self.start),
            to("GET", f"{one}/{messages}", "read", self.read),
            to("POST", f"{one}/{messages}", "send", self.send),
            to("POST", f"{one}/upload", "upload", self.upload),
            to("GET", "/attachments/{name}", "file", says(404)),
        ]

    async def handle(
        self, operation: str, request: web.Request, handler: Answer
    ) -> web.StreamResponse:
        self.asked.append(
            Asked(
                operation=operation,
                method=request.method,
                path=request.path_qs,
                query=dict(request.query),
                headers=list(request.headers.items()),
                body=await request.read(),
            )
        )
        if self.planned[operation]:
            return await self.planned[operation].popleft()(request)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if operation not in {"stream", "file"} and bearer not in {SECRET, *self.tokens}:
            return await replies({"error": {"code": "TokenExpired"}}, 403)(request)
        return await handler(request)

    async def generate(self, request: web.Request) -> web.StreamResponse:
        token = self.new_token()
        if self.version is Version.V1:
            return web.json_response(token)
        return web.json_response(self.grant(token))

    async def start(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.grant(self.new_token(), request), status=201)

    async def read(self, request: web.Request) -> web.StreamResponse:
        begin = self.position(request.query.get("watermark"))
        end = min(begin + self.page_size, len(self.log))
        return web.json_response(self.page(begin, end))

    async def send(self, request: web.Request) -> web.StreamResponse:
        number = await self.take(await request.json())
        if self.version is Version.V1:
            return web.Response(status=204)
        return web.json_response({"id": f"K3|{number:018}"})

    async def upload(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        feeding = asyncio.create_task(
            self.feed(socket, self.position(request.query.get("watermark")))
        )
        try:
            async for _ in socket:
                pass
        finally:
            feeding.cancel()
            self.sockets.remove(socket)
        return socket

    async def feed(self, socket: web.WebSocketResponse, position: int) -> None:
        while True:
            async with self.changed:
                while position == len(self.log):
                    await self.changed.wait()
            end = min(position + self.page_size, len(self.log))
            await socket.send_json(self.page(position, end))
            position = end

    # its words

    async def take(self, message: dict[str, Any]) -> int:
        """Let the bot hear a message; return its number."""
        self.heard.append(message)
        number = len(self.log)
        await self.say(message.get("text") or "", sender=USER)
        await self.say(*self.says(message))
        return number

    def new_token(self) -> str:
        token = f"t{next(self._numbers)}.x"
        self.tokens.add(token)
        return token

    def grant(self, token: str, request: web.Request | None = None) -> dict[str, Any]:
        grant: dict[str, Any] = {"conversationId": self.conversation_id, "token": token}
        if self.expires_in is not None:
            grant["expires_in"] = self.expires_in
        if self.streaming:
            watermark = request.query.get("watermark", "w0-") if request else "w0-"
            path = f"/v3/directline/conversations/x/stream?watermark={watermark}&t=sesame"
            grant["streamUrl"] = self.address.replace("http", "ws") + path
        return grant

    def page(self, begin: int, end: int) -> dict[str, Any]:
        key = "messages" if self.version is Version.V1 else "activities"
        return {key: self.log[begin:end], "watermark": f"w{end}-"}

    @staticmethod
    def position(watermark: str | None) -> int:
        return int(watermark[1:-1]) if watermark else 0


@asynccontextmanager
async def served(peer: Peer) -> AsyncIterator[Peer]:
    """Serve a site on this machine."""
    application = web.Application(client_max_size=64 * 1024 * 1024)
    application.add_routes(peer.routes())
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.address = site.name
    host, port = runner.addresses[0][:2]
    peer.address = f"http://{host}:{port}"
    try:
        yield peer
    finally:
        await peer.close_sockets()
        await runner.cleanup()
