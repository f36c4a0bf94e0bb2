"""An HTTP/2 server spoken frame by frame, over real TLS.

The server has no rules of its own: what a test sends is what goes out, so that it
can break any rule. hyperframe serialises; states, windows and order are the test's.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import ssl

from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from custom_components.clova_cic.cic.connection import Connection, ConnectionSettings

from .certificates import authority

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# No test waits longer for something that never comes.
PATIENCE = 10.0
# What a frame carries unless SETTINGS say otherwise (RFC 9113, 6.5.2).
FRAME = 16_384
OK = [(":status", "200"), ("content-type", "application/octet-stream")]


@dataclass(slots=True)
class FramePeer:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    seen: list[Frame] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    requested: dict[int, dict[str, str]] = field(default_factory=dict)
    decodes: bool = True
    _encoder: Encoder = field(default_factory=Encoder)
    _decoder: Decoder = field(default_factory=Decoder)

    async def handshake(self, settings: dict[int, int]) -> None:
        """Take the client's preface, send SETTINGS, acknowledge the client's."""
        assert await self.reader.readexactly(len(PREFACE)) == PREFACE
        self.send(SettingsFrame(0, settings=settings))
        await self.expect(SettingsFrame)
        self.send(SettingsFrame(0, flags=["ACK"]))
        await self.expect(SettingsFrame)

    async def next(self) -> Frame:
        """Read one frame."""
        async with asyncio.timeout(PATIENCE):
            frame, length = Frame.parse_frame_header(memoryview(await self.reader.readexactly(9)))
            frame.parse_body(memoryview(await self.reader.readexactly(length)))
        if (
            isinstance(frame, HeadersFrame) and self.decodes
        ):  # every block counts for the shared table
            self.fields = dict(self._decoder.decode(frame.data))
            self.requested[frame.stream_id] = self.fields
        self.seen.append(frame)
        return frame

    async def expect[F: Frame](self, kind: type[F], stream_id: int | None = None) -> F:
        """Read until a frame of this kind comes."""
        while True:
            frame = await self.next()
            if isinstance(frame, kind) and stream_id in {None, frame.stream_id}:
                return frame

    async def request(self) -> tuple[int, dict[str, str]]:
        """Read until a request's HEADERS: its stream and its fields."""
        frame = await self.expect(HeadersFrame)
        return frame.stream_id, self.fields

    async def settle(self) -> list[Frame]:
        """Send a PING and read what the client had sent before its answer."""
        before = len(self.seen)
        self.send(PingFrame(0, opaque_data=b"settled?"))
        while True:
            frame = await self.expect(PingFrame)
            if "ACK" in frame.flags and frame.opaque_data == b"settled?":
                return self.seen[before:-1]

    def send(self, *frames: Frame | bytes) -> None:
        """Write frames in one TLS record."""
        self.writer.write(
            b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames)
        )

    def headers(
        self, stream_id: int, fields: Iterable[tuple[str, str]] = OK, *, end: bool = False
    ) -> HeadersFrame:
        """Return a HEADERS frame with whatever fields, to be sent in any order, and twice."""
        block = self._encoder.encode([(name, value, True) for name, value in fields])
        frame = HeadersFrame(stream_id, block)
        frame.flags.add("END_HEADERS")
        if end:
            frame.flags.add("END_STREAM")
        return frame

    def body(self, stream_id: int) -> tuple[bytes, bool]:
        """Return what has been read of a request's body, and whether that is all."""
        frames = [
            frame
            for frame in self.seen
            if isinstance(frame, DataFrame) and frame.stream_id == stream_id
        ]
        return b"".join(frame.data for frame in frames), any(
            "END_STREAM" in frame.flags for frame in frames
        )

    def credit(self, stream_id: int) -> int:
        """Return what the WINDOW_UPDATE frames read so far give back of a window."""
        return sum(
            frame.window_increment
            for frame in self.seen
            if isinstance(frame, WindowUpdateFrame) and frame.stream_id == stream_id
        )

    def resets(self, stream_id: int | None = None) -> list[int]:
        """Return the error codes of the RST_STREAM frames read so far."""
        return [
            frame.error_code
            for frame in self.seen
            if isinstance(frame, RstStreamFrame) and stream_id in {None, frame.stream_id}
        ]


def data(stream_id: int, content: bytes = b"", *, end: bool = False) -> DataFrame:
    """Return a DATA frame."""
    return DataFrame(stream_id, content, flags=["END_STREAM"] if end else [])


def reset(stream_id: int, error_code: int) -> RstStreamFrame:
    """Return a RST_STREAM frame."""
    return RstStreamFrame(stream_id, error_code=error_code)


def goaway(last_stream_id: int, error_code: int = 0) -> GoAwayFrame:
    """Return a GOAWAY frame."""
    return GoAwayFrame(0, last_stream_id=last_stream_id, error_code=error_code)


def window(stream_id: int, increment: int) -> WindowUpdateFrame:
    """Return a WINDOW_UPDATE frame."""
    return WindowUpdateFrame(stream_id, window_increment=increment)


def ping(payload: bytes, *, ack: bool = False) -> PingFrame:
    """Return a PING frame."""
    return PingFrame(0, opaque_data=payload, flags=["ACK"] if ack else [])


def raw(kind: int, stream_id: int, payload: bytes = b"", *, flags: int = 0) -> bytes:
    """Return a frame of any type, length and flags (RFC 9113, 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def unknown(kind: int, stream_id: int) -> bytes:
    """Return a frame of a type nobody knows (RFC 9113, 5.5)."""
    return raw(kind, stream_id, b"grease")


@asynccontextmanager
async def tls_server(
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None,
) -> AsyncIterator[int]:
    """Serve on a free port of this machine; yields the port."""
    server = await asyncio.start_server(
        handler,
        "127.0.0.1",
        0,
        ssl=context,
        limit=2**20,
        **({"ssl_shutdown_timeout": 0.1} if context else {}),
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        server.close_clients()


@asynccontextmanager
async def frame_server(
    settings: dict[int, int] | None = None,
) -> AsyncIterator[tuple[int, asyncio.Queue[FramePeer]]]:
    """Serve HTTP/2 frame by frame; yields the port and the queue of connections."""
    peers: asyncio.Queue[FramePeer] = asyncio.Queue()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = FramePeer(reader, writer)
        await peer.handshake(settings or {})
        peers.put_nowait(peer)

    async with tls_server(handle, authority().server_context()) as port:
        yield port, peers


@asynccontextmanager
async def joined(
    settings: dict[int, int] | None = None, *, client: ConnectionSettings | None = None
) -> AsyncIterator[tuple[Connection, FramePeer]]:
    """Connect a Connection with a FramePeer."""
    async with frame_server(settings) as (port, peers):
        connection = await open_to(port, client)
        peer = await peers.get()
        try:
            yield connection, peer
        finally:
            await connection.close()
            peer.writer.close()


async def open_to(port: int, client: ConnectionSettings | None = None) -> Connection:
    """Connect to a server of this authority."""
    return await Connection.open(
        "127.0.0.1",
        port,
        ssl_context=authority().client_context(),
        settings=client or ConnectionSettings(),
        server_hostname="localhost",
    )
