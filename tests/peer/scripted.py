"""A CIC server that says what a test scripts, over real TLS and HTTP/2 frames."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
from typing import Any

from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame

from custom_components.clova_cic.cic import Callbacks, Client, Dialog, Directive, Endpoint, Identity
from custom_components.clova_cic.cic.client import speech_recognizer

from .certificates import authority
from .frames import PATIENCE, FramePeer, data, frame_server, window

TOKEN = "a-token-that-must-not-be-seen"
BOUNDARY = "scripted"
RELATED = ("content-type", f"multipart/related; boundary={BOUNDARY};")


def part(body: bytes, *headers: str) -> bytes:
    """Return a delimiter, a part and its body; the next delimiter ends it."""
    return b"\r\n".join([f"--{BOUNDARY}".encode(), *map(str.encode, headers), b"", body, b""])


def json_part(document: Any) -> bytes:
    """Return a JSON part."""
    return part(json.dumps(document).encode(), "Content-Type: application/json; charset=utf-8")


def directive(full_name: str, dialog: str | None = None, **payload: Any) -> bytes:
    """Return a directive's part."""
    namespace, name = full_name.split(".")
    header = {"namespace": namespace, "name": name, "messageId": "m"}
    if dialog is not None:
        header["dialogRequestId"] = dialog
    return json_part({"directive": {"header": header, "payload": payload}})


def sound(content_id: str, body: bytes) -> bytes:
    """Return a binary part."""
    return part(body, "Content-Type: application/octet-stream", f"Content-ID: {content_id}")


def delimiter(*, last: bool = False) -> bytes:
    """Return a delimiter alone: it ends the part before it."""
    return f"--{BOUNDARY}{'--' if last else ''}\r\n".encode()


@dataclass(slots=True)
class Request:
    """One request as the server has read it."""

    stream_id: int
    fields: dict[str, str]
    body: bytes

    @property
    def parts(self) -> list[tuple[bytes, bytes]]:
        """The parts: header block and body. Independent of the client's own reader."""
        boundary = self.fields["content-type"].partition("boundary=")[2].encode()
        pieces = (b"\r\n" + self.body).split(b"\r\n--" + boundary)
        return [tuple(piece[2:].split(b"\r\n\r\n", 1)) for piece in pieces[1:-1]]

    @property
    def complete(self) -> bool:
        """True when the closing boundary is there."""
        return self.body.endswith(b"--\r\n")

    @property
    def metadata(self) -> dict[str, Any]:
        """The JSON of the first part."""
        return json.loads(self.parts[0][1])


@dataclass(slots=True)
class ScriptedCic:
    """The server's end: its downchannel is open."""

    peer: FramePeer
    downchannel: int
    downchannel_fields: dict[str, str]

    def push(self, *parts: bytes) -> None:
        """Send parts on the downchannel, each ended by its delimiter's beginning."""
        self.peer.send(data(self.downchannel, b"".join(parts)[len(delimiter()) :] + delimiter()))

    async def event(self) -> Request:
        """Read an event to its end."""
        stream_id, fields = await self.peer.request()
        return await self.upload(stream_id, fields)

    async def upload(
        self, stream_id: int, fields: dict[str, str], until: bytes | None = None
    ) -> Request:
        """Read a request's body to its end, or until it contains something."""
        body = b""
        while True:
            frame = await self.peer.expect(DataFrame, stream_id)
            body += frame.data
            if frame.data:
                size = len(frame.data)
                self.peer.send(window(stream_id, size), window(0, size))
            if "END_STREAM" in frame.flags or (until is not None and until in body):
                return Request(stream_id, fields, body)

    def answer(self, stream_id: int, *parts: bytes, status: str = "200") -> None:
        """Answer with a complete multipart body."""
        self.begin(stream_id, status=status)
        self.peer.send(data(stream_id, b"".join(parts) + delimiter(last=True), end=True))

    def begin(self, stream_id: int, *parts: bytes, status: str = "200") -> None:
        """Begin an answer that goes on."""
        self.peer.send(self.peer.headers(stream_id, [(":status", status), RELATED]))
        if parts:
            self.more(stream_id, *parts)

    def more(self, stream_id: int, *parts: bytes, end: bool = False) -> None:
        """Send more of an answer."""
        self.peer.send(data(stream_id, b"".join(parts), end=end))

    def says(self, *frames: Frame | bytes) -> None:
        """Send frames, all in one TLS record."""
        self.peer.send(*frames)

    async def hears(self, mark: bytes, until: bytes | None = None) -> Request:
        """Read until the request that contains a mark is there: all of it, or so much of it."""
        while True:
            for stream_id, fields in self.peer.requested.items():
                body, ended = self.peer.body(stream_id)
                if mark in body and (ended or (until is not None and until in body)):
                    return Request(stream_id, fields, body)
            await self.peer.next()

    def head(self, request: Request, status: str = "200") -> HeadersFrame:
        """Return the HEADERS of a multipart answer that goes on."""
        return self.peer.headers(request.stream_id, [(":status", status), RELATED])

    def reply(self, request: Request, *parts: bytes) -> list[Frame]:
        """Return the frames of a complete answer."""
        body = b"".join(parts) + delimiter(last=True)
        return [self.head(request), data(request.stream_id, body, end=True)]

    async def reset(self, stream_id: int) -> int:
        """Wait for the client's RST_STREAM; return its error code."""
        while not (codes := self.peer.resets(stream_id)):
            await self.peer.next()
        return codes[0]

    async def goodbye(self) -> int:
        """Wait for the client's GOAWAY; return its error code."""
        return (await self.peer.expect(GoAwayFrame)).error_code


@dataclass(slots=True)
class Owner:
    """What the client told its owner."""

    directives: list[Directive] = field(default_factory=list)
    malformed: list[str] = field(default_factory=list)
    judged: list[tuple[str, bool]] = field(default_factory=list)
    count: int = 0

    def new_id(self) -> str:
        """Return ids in order."""
        self.count += 1
        return f"id{self.count}"

    def callbacks(self) -> Callbacks:
        """Return callbacks that keep everything."""
        return Callbacks(
            context=list,
            directive=lambda _client, directive: self.directives.append(directive),
            malformed=self.malformed.append,
            new_id=self.new_id,
            judged=lambda token, accepted: self.judged.append((token, accepted)),
        )


def endpoint(port: int) -> Endpoint:
    """Return where a scripted server listens."""
    return Endpoint(host="localhost", port=port, ssl_context=authority().client_context())


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Client, ScriptedCic, Owner]]:
    """Join a client and a scripted server whose downchannel is open."""
    owner = Owner()
    async with frame_server() as (port, peers):
        connecting = asyncio.create_task(
            Client.connect(endpoint(port), Identity(access_token=TOKEN), owner.callbacks())
        )
        cic = await greet(await peers.get())
        async with asyncio.timeout(PATIENCE):
            client = await connecting
        try:
            yield client, cic, owner
        finally:
            await client.close()
            cic.peer.writer.close()


async def greet(peer: FramePeer) -> ScriptedCic:
    """Answer the request for the downchannel with Clova.Hello."""
    stream_id, fields = await peer.request()
    assert (fields[":method"], fields[":path"]) == ("GET", "/v1/directives")
    cic = ScriptedCic(peer, stream_id, fields)
    cic.begin(stream_id, directive("Clova.Hello"), delimiter()[:-2])
    peer.send(data(stream_id, b"\r\n"))
    return cic


def spoken(client: Client, *, hold: bool = False, dialog: str = "d1") -> Dialog:
    """Begin a spoken turn."""
    request = speech_recognizer.Recognize(lang="en", device_uuid="device")
    return client.recognize(request, dialog_request_id=dialog, hold=hold)


async def asked(client: Client, cic: ScriptedCic) -> tuple[Dialog, Request]:
    """Begin a spoken turn without sound, and read it at the server."""
    dialog = spoken(client)
    dialog.end_audio()
    return dialog, await cic.event()


async def collect(stream: Any, take: Callable[[Any], Any] = lambda item: item) -> list[Any]:
    """Read an async iterator to its end, within bounds."""
    async with asyncio.timeout(PATIENCE):
        return [take(item) async for item in stream]
