"""One HTTP request of the kept server's ASGI interface, with only what this service needs."""

from collections.abc import Awaitable, Callable, Sequence
import ipaddress
import json
import secrets
from typing import Any
from urllib.parse import parse_qs

from .messages import RefusedError, dump, exception_json
from .multipart_in import Receive
from .multipart_out import exception_response

type Send = Callable[[dict[str, Any]], Awaitable[None]]
type Headers = Sequence[tuple[bytes, bytes]]

# A pushed directive with a minute of sound in base64 is below this.
MAX_JSON_BYTES = 8 << 20
# A form of the authentication API: a few tokens of 2,048 bytes.
MAX_FORM_BYTES = 32 << 10
MAX_FORM_FIELDS = 32
JSON_HEADERS = [(b"content-type", b"application/json")]


class Request:
    """A request and the means to answer it."""

    def __init__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Wrap the three arguments of an ASGI call."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.version: str = scope["http_version"]
        self.query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        host, port = scope["client"]
        self.peer_host: str = host
        # The peer's address is what tells one connection from another (CIC: 412 on another one).
        self.connection = f"{host}:{port}"
        self.receive = receive
        self._send = send
        self.started = False

    @property
    def bearer(self) -> str | None:
        """The token of the Authorization header."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" and token else None

    @property
    def is_from_this_machine(self) -> bool:
        """Whether the peer's address is a loopback address."""
        try:
            address = ipaddress.ip_address(self.peer_host)
        except ValueError:
            return False
        return address.is_loopback

    async def start(self, status: int, headers: Headers = ()) -> None:
        """Send the status and headers."""
        self.started = True
        await self._send(
            {"type": "http.response.start", "status": status, "headers": list(headers)}
        )

    async def write(self, body: bytes) -> None:
        """Send some of the body, at once."""
        if body:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """End the response."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def answer(self, status: int, headers: Headers = (), body: bytes = b"") -> None:
        """Send a whole response."""
        await self.start(status, headers)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def refuse(self, error: RefusedError) -> None:
        """Answer with an error status and a System.Exception (CIC_API, "Error")."""
        headers, body = exception_response(exception_json(error.status, error.description))
        await self.answer(error.status, headers, body)

    async def answer_json(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        await self.answer(status, JSON_HEADERS, dump(value))

    async def _read(self, most: int) -> bytes:
        """Return the body; raises RefusedError."""
        body = bytearray()
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise RefusedError(400, "The request was taken back")
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > most:
                raise RefusedError(413, "The body is too large")
        return bytes(body)

    async def read_form(self) -> dict[str, list[str]]:
        """Return the fields of a form; raises RefusedError."""
        body = await self._read(MAX_FORM_BYTES)
        try:
            return parse_qs(body.decode(), max_num_fields=MAX_FORM_FIELDS)
        except ValueError as err:
            raise RefusedError(400, "The body is not a form") from err

    async def read_json(self) -> dict[str, Any]:
        """Return the body as a JSON object; raises RefusedError."""
        body = await self._read(MAX_JSON_BYTES)
        try:
            value = json.loads(body)
        except (ValueError, RecursionError) as err:
            raise RefusedError(400, "The body is not JSON") from err
        if not isinstance(value, dict):
            raise RefusedError(400, "The body is not a JSON object")
        return value

    async def until_disconnect(self) -> None:
        """Return when the client has reset the request or its connection is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


def same_token(given: str | None, expected: str) -> bool:
    """Compare in constant time."""
    return given is not None and secrets.compare_digest(given.encode(), expected.encode())
