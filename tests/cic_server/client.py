"""An independent CIC client for tests, on the plain h2 library: it can do what polite clients cannot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
import contextlib
from dataclasses import dataclass, field
import json
import ssl
from typing import Any, Self
from uuid import uuid4

import h2.config
import h2.connection
import h2.events

from tests.cic_server.server import RunningServer

AGENT = "Tester/CicServer/0.1.0 (Linux 6.1;PC;target=test)"
BOUNDARY = "tEsTbOuNdArY"
SECONDS = 30


class StreamResetByServerError(Exception):
    """The server reset the stream."""


@dataclass
class Part:
    """One part of an answer or of the downchannel."""

    headers: dict[str, str]
    body: bytes

    @property
    def directive(self) -> dict[str, Any]:
        return json.loads(self.body)["directive"]

    @property
    def name(self) -> str:
        if "json" not in self.headers.get("content-type", ""):
            return "attachment"
        header = self.directive["header"]
        return f"{header['namespace']}.{header['name']}"

    @property
    def payload(self) -> dict[str, Any]:
        return self.directive["payload"]


@dataclass
class Stream:
    """One request and its answer."""

    client: Client
    id: int
    headers: dict[str, str] = field(default_factory=dict)
    chunks: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    was_reset: bool = False
    rest: bytes = b""
    complete: bool = False
    writes: int = 0

    async def send(self, data: bytes, *, end: bool = False) -> None:
        await self.client.send(self.id, data, end=end)

    async def send_raw(self, data: bytes) -> None:
        await self.client.send(self.id, data)

    async def reset(self) -> None:
        await self.client.reset(self.id)

    @property
    async def status(self) -> int:
        async with asyncio.timeout(SECONDS):
            await self.answered.wait()
        if ":status" not in self.headers:
            raise StreamResetByServerError
        return int(self.headers[":status"])

    async def body(self) -> bytes:
        data = b""
        while (chunk := await self._chunk()) is not None:
            data += chunk
        return data

    async def _chunk(self) -> bytes | None:
        async with asyncio.timeout(SECONDS):
            chunk = await self.chunks.get()
        if chunk is None and self.was_reset:
            raise StreamResetByServerError
        self.writes += 1
        return chunk

    async def parts(self) -> AsyncIterator[Part]:
        """Yield parts as soon as the delimiter after them is here."""
        await self.status
        boundary = self.headers["content-type"].partition("boundary=")[2].strip('"; ')
        delimiter = f"\r\n--{boundary}".encode()
        if not self.rest:
            self.rest = b"\r\n"
        while True:
            while delimiter in self.rest:
                before, _, after = self.rest.partition(delimiter)
                if len(after) < 2:
                    break
                self.rest = after[2:] if after[:2] == b"\r\n" else after
                if before.strip():
                    yield _part(before)
                if after[:2] == b"--":
                    self.complete = True
                    return
            if (chunk := await self._chunk()) is None:
                return
            self.rest += chunk

    async def all_parts(self) -> list[Part]:
        return [part async for part in self.parts()]

    async def part(self, name: str) -> Part:
        """Return the next part of this name."""
        async with asyncio.timeout(SECONDS):
            async for part in self.parts():
                if part.name == name:
                    return part
        raise AssertionError(f"{name} did not come")


def _part(data: bytes) -> Part:
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().strip().splitlines()
    pairs = (line.partition(":") for line in lines)
    return Part({name.strip().lower(): value.strip() for name, _, value in pairs}, body)


class Client:
    """One connection."""

    def __init__(self, server: RunningServer, token: str | None = None) -> None:
        self.server = server
        self.token = server.access_token if token is None else token
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._streams: dict[int, Stream] = {}
        self._window = asyncio.Event()
        self._pong = asyncio.Event()
        self.goaway = False
        self.name = "default"
        # What every whole event says of this client.
        self.context: list[dict[str, Any]] = []

    def named(self) -> Client:
        """Give this client a name of its own, so that others keep their downchannels."""
        self.name = uuid4().hex
        self.token = f"{self.token}.{self.name}"
        return self

    @property
    def connection(self) -> str:
        """This connection as the service's log names it."""
        host, port = self._writer.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(cafile=self.server.ca_file)
        context.set_alpn_protocols(["h2"])
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self.server.port, ssl=context, server_hostname="localhost"
        )
        self._h2.initiate_connection()
        self._flush()
        self._pump_task = asyncio.create_task(self._pump())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pump_task.cancel()
        self._writer.transport.abort()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._pump_task

    def _flush(self) -> None:
        self._writer.write(self._h2.data_to_send())

    async def _pump(self) -> None:
        try:
            while data := await self._reader.read(65536):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
        except OSError:
            pass
        for stream in self._streams.values():
            stream.was_reset = True
            stream.answered.set()
            stream.chunks.put_nowait(None)

    def _take(self, event: h2.events.Event) -> None:
        self._window.set()
        match event:
            case h2.events.ResponseReceived():
                stream = self._streams[event.stream_id]
                stream.headers = dict(event.headers)
                stream.answered.set()
            case h2.events.DataReceived():
                self._streams[event.stream_id].chunks.put_nowait(event.data)
                size = event.flow_controlled_length
                self._h2.acknowledge_received_data(size, event.stream_id)
            case h2.events.StreamEnded():
                self._streams[event.stream_id].chunks.put_nowait(None)
            case h2.events.StreamReset():
                stream = self._streams[event.stream_id]
                stream.was_reset = True
                stream.answered.set()
                stream.chunks.put_nowait(None)
            case h2.events.PingAckReceived():
                self._pong.set()
            case h2.events.ConnectionTerminated():
                self.goaway = True

    async def request(self, method: str, path: str, *, end: bool = True, **headers: str) -> Stream:
        number = self._h2.get_next_available_stream_id()
        all_headers = {
            ":method": method,
            ":scheme": "https",
            ":authority": f"localhost:{self.server.port}",
            ":path": path,
            "user-agent": AGENT,
            "authorization": f"Bearer {self.token}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        sent = [(name, value) for name, value in all_headers.items() if value]
        self._h2.send_headers(number, sent, end_stream=end)
        stream = self._streams[number] = Stream(self, number)
        self._flush()
        return stream

    async def send(self, number: int, data: bytes, *, end: bool = False) -> None:
        while data:
            size = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
            if size <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            self._h2.send_data(number, data[:size])
            data = data[size:]
            self._flush()
            await self._writer.drain()
        if end:
            self._h2.end_stream(number)
            self._flush()

    async def ping(self) -> None:
        """Send an HTTP/2 PING and wait for its acknowledgement."""
        self._h2.ping(b"12345678")
        self._flush()
        await self._pong.wait()

    async def reset(self, number: int, code: int = 8) -> None:
        self._h2.reset_stream(number, code)
        self._flush()

    async def downchannel(self, **headers: str) -> Stream:
        """Open the downchannel and wait for Hello."""
        stream = await self.request("GET", "/v1/directives", **headers)
        assert await stream.status == 200
        hello = await anext(stream.parts())
        assert hello.name == "Clova.Hello"
        return stream

    async def open_event(self, body: bytes, **headers: str) -> Stream:
        """Begin an event whose metadata part is `body`; the boundary stays open."""
        kind = {"content_type": f"multipart/form-data; boundary={BOUNDARY}"} | headers
        stream = await self.request("POST", "/v1/events", end=False, **kind)
        await stream.send(part_head("metadata", "application/json; charset=UTF-8") + body)
        return stream

    async def event(
        self, namespace: str, name: str, payload: dict[str, Any], **header: str
    ) -> Stream:
        """Send a whole event without sound."""
        body = event_json(namespace, name, payload, self.context, **header)
        stream = await self.open_event(body)
        await stream.send(CLOSING, end=True)
        return stream

    async def json_event(self, document: dict[str, Any]) -> Stream:
        """Send a whole event as it is given, with its context."""
        stream = await self.open_event(json.dumps(document).encode())
        await stream.send(CLOSING, end=True)
        return stream

    async def say_text(self, text: str, dialog: str = "", **payload: Any) -> Stream:
        """Send typed text."""
        dialog = dialog or str(uuid4())
        payload = {"text": text} | payload
        return await self.event("TextRecognizer", "Recognize", payload, dialogRequestId=dialog)

    async def open_voice(self, dialog: str, lang: str = "en", **payload: Any) -> Stream:
        """Begin a voice request; sound may follow."""
        payload = {"lang": lang, "format": "AUDIO_L16_RATE_16000_CHANNELS_1"} | payload
        body = event_json(
            "SpeechRecognizer", "Recognize", payload, self.context, dialogRequestId=dialog
        )
        stream = await self.open_event(body)
        await stream.send(b"\r\n" + part_head("audio", "application/octet-stream"))
        return stream


CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode()


def part_head(name: str, kind: str) -> bytes:
    lines = f'Content-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return f"--{BOUNDARY}\r\n{lines}".encode()


def event_json(
    namespace: str,
    name: str,
    payload: dict[str, Any],
    context: Sequence[dict[str, Any]] = (),
    **header: str,
) -> bytes:
    head = {"namespace": namespace, "name": name, "messageId": str(uuid4())} | header
    return json.dumps(
        {"context": [*context], "event": {"header": head, "payload": payload}}
    ).encode()


class Control:
    """The control interface."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        headers = {"authorization": f"Bearer {self._client.server.control_token}"} | headers
        has_body = body is not None
        stream = await self._client.request(method, path, end=not has_body, **headers)
        if has_body:
            await stream.send(json.dumps(body).encode(), end=True)
        status = await stream.status
        answer = await stream.body()
        assert status == 200, (status, answer)
        return json.loads(answer)

    async def now(self) -> int:
        """Return the log's end."""
        return (await self.call("GET", "/control/log?since=999999999"))["next"]

    async def entry(self, since: int, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for a log entry."""
        async with asyncio.timeout(SECONDS):
            while True:
                log = await self.call("GET", f"/control/log?since={since}&wait=5")
                for found in log["entries"]:
                    if found["kind"] == kind and fields.items() <= found.items():
                        return found
                since = log["next"]
