"""The client's side as an entry runs it, at a door where each connection meets what a test says.

A case is a dialogue: the house asks, its CIC says this frame and that. Every case ends, on
tear-down, with the next turn working and nothing left over; and it has to say, with the
mark survives or replaced, whether the connection lives through its fault.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
import socket
import ssl
import struct
import time
from typing import Any

from hyperframe.frame import SettingsFrame
import pytest

from custom_components.clova_cic.cic import (
    CicError,
    Client,
    Dialog,
    Dialogs,
    Event,
    Exchange,
    Header,
    Identity,
    Reconnector,
    State,
)
from custom_components.clova_cic.cic.client import speech_recognizer, text_recognizer
from custom_components.clova_cic.cic.connection import ConnectionSettings
from custom_components.clova_cic.cic.reconnect import Backoff
from custom_components.clova_cic.cic.surroundings import Surroundings

from .certificates import authority
from .frames import FRAME, PATIENCE, FramePeer, data, window
from .scripted import TOKEN, Owner, Request, ScriptedCic, collect, directive, endpoint, greet, sound

# The one connection lives through the fault; or it must not, and the next turn has another.
survives = pytest.mark.fault(survives=True)
replaced = pytest.mark.fault(survives=False)

# 200 ms of sound.
CHUNK = bytes(range(256)) * 25
NOON = directive("Clova.RenderText", text="noon")
SPEAK = directive("SpeechSynthesizer.Speak", url="cid:S", token="t")
# Room enough for every upload of a case that is not about windows.
ROOM = 1024 * 1024


@dataclass(slots=True)
class Turn:
    """A request of the house, and what came of it."""

    exchange: Exchange
    name: str
    mark: bytes
    """What only this request's body contains."""

    @property
    def dialog(self) -> Dialog:
        """The dialog of a spoken or typed turn."""
        assert isinstance(self.exchange, Dialog)
        return self.exchange

    async def says(self, sound: bytes) -> None:
        """Speak."""
        await self.dialog.write(sound)

    async def text(self) -> str:
        """Return the texts of a complete answer."""
        directives = await collect(self.exchange.directives())
        return " ".join(
            item.payload["text"] for item in directives if item.header.name == "RenderText"
        )

    async def begun(self) -> str:
        """Return the text of an answer's first directive, which may be all that has come."""
        async with asyncio.timeout(PATIENCE):
            return (await anext(self.exchange.directives())).payload["text"]

    async def sound(self) -> bytes:
        """Return the sound of a complete answer."""
        return b"".join(await collect(self.exchange.attachment("S")))

    async def error(self) -> CicError:
        """Return what the answer failed with."""
        async with asyncio.timeout(PATIENCE):
            await self.exchange.wait_done()
        assert self.exchange.error is not None, "the answer came to a good end"
        return self.exchange.error


class House:
    """A Reconnector that keeps a Client alive against a door on this machine."""

    def __init__(self, port: int, knocks: asyncio.Queue[asyncio.Transport]) -> None:
        """Do nothing until the first connection is awaited, so that a case can set bounds."""
        self._port = port
        self._knocks = knocks
        self.settings = ConnectionSettings(connect_timeout=5.0, close_timeout=0.2)
        """Bounds of every connection but the first."""
        self._first = self.settings
        self._reconnector = Reconnector(
            self._connect,
            self._changed,
            backoff=Backoff(uniform=lambda low, high: high if self._is_patient else low),
            surroundings=Surroundings(
                wall=lambda: time.time() + self._asleep, sleep=lambda _: asyncio.sleep(0.02)
            ),
            clock=self.time,
            sleep=self._sleep,
        )
        self._running: asyncio.Task[None] | None = None
        self._turns = 0
        self._passed = 0.0
        self._passing = asyncio.Event()
        self._asleep = 0.0
        self._is_patient = False
        self._shared = Dialogs()
        self._cics: list[ScriptedCic] = []
        self.owner = Owner()
        self.peers: list[FramePeer] = []
        self.sessions: list[Client] = []
        self.errors: list[CicError] = []
        """Why connections failed or ended, in order; a goodbye is no error."""
        self.pauses: list[float] = []
        """How long it wanted to wait before each new connection, in seconds."""

    def bounds(self, **settings: Any) -> None:
        """Change ConnectionSettings of the first connection, which is not made yet."""
        self._first = replace(self._first, **settings)

    def has_patience(self) -> None:
        """Pause as long as it may from now on, and not as short."""
        self._is_patient = True

    def lets_pass(self, seconds: float) -> None:
        """Let time pass for the Reconnector; none passes by itself."""
        self._passed += seconds
        passing, self._passing = self._passing, asyncio.Event()
        passing.set()

    def time(self) -> float:
        """Return what the clock of the house says, in seconds."""
        return asyncio.get_running_loop().time() + self._passed

    def wakes(self) -> None:
        """Wake after an hour's sleep, in which no clock went on but the one on the wall."""
        self._asleep += 3600.0

    # The door

    async def knock(self) -> asyncio.Transport:
        """Return the next TCP connection, of which nothing has been read."""
        if self._running is None:
            self._running = asyncio.create_task(self._reconnector.run(), name="house")
        async with asyncio.timeout(PATIENCE):
            return await self._knocks.get()

    @property
    def has_knocks(self) -> bool:
        """Whether a connection waits at the door."""
        return not self._knocks.empty()

    async def visitor(self, context: ssl.SSLContext | None = None) -> FramePeer:
        """Return the next connection after its TLS handshake: no frame has been sent."""
        peer = await _opened(await self.knock(), context or authority().server_context())
        self.peers.append(peer)
        return peer

    async def cic(self, settings: dict[int, int] | None = None) -> ScriptedCic:
        """Return CIC's end of the next connection, whose downchannel is open."""
        return await self.greeted(await self.visitor(), settings)

    async def greeted(self, peer: FramePeer, settings: dict[int, int] | None = None) -> ScriptedCic:
        """Let a visitor in: SETTINGS, downchannel, Clova.Hello."""
        known = len(self.sessions)
        await peer.handshake(
            {SettingsFrame.INITIAL_WINDOW_SIZE: ROOM} if settings is None else settings
        )
        if settings is None:
            peer.send(window(0, ROOM))
        cic = await greet(peer)
        await eventually(lambda: len(self.sessions) > known and self.client is self.sessions[-1])
        self._cics.append(cic)
        return cic

    # The house

    @property
    def client(self) -> Client | None:
        """The client for anything new."""
        return self._reconnector.session

    @property
    def is_contested(self) -> bool:
        """Whether another client takes this one's place."""
        return self._reconnector.contest.is_on

    @property
    def next_attempt_in(self) -> float:
        """Seconds until the next attempt."""
        return self._reconnector.next_attempt_in

    @property
    def _present(self) -> Client:
        assert self.client is not None
        return self.client

    def pings_every(self) -> float:
        """Return the seconds between two PINGs of the present connection."""
        return self._present._connection._heartbeat._interval

    def asks(self, text: str, **options: Any) -> Turn:
        """Begin a typed turn."""
        request = text_recognizer.Recognize(text=text)
        name = self._next_name()
        return _turn(self._present.recognize_text(request, dialog_request_id=name, **options), name)

    def speaks(self, *, hold: bool = False, **options: Any) -> Turn:
        """Begin a spoken turn, whose sound follows."""
        request = speech_recognizer.Recognize(lang="en", device_uuid="device")
        name = self._next_name()
        dialog = self._present.recognize(request, dialog_request_id=name, hold=hold, **options)
        return _turn(dialog, name)

    def tells(self) -> Turn:
        """Send an event that belongs to no dialog."""
        name = self._next_name()
        header = Header(namespace="Device", name="ReportState", message_id=name)
        exchange = self._present.send(Event(header=header))
        return Turn(exchange, name, f'"messageId":"{name}"'.encode())

    async def next_client(self, _error: CicError) -> Client:
        """Return whom to repeat a refused request on: the present client, or the next one."""
        await eventually(lambda: self.client is not None and self.client.usable)
        return self._present

    def _next_name(self) -> str:
        self._turns += 1
        return f"turn-{self._turns}."

    async def _connect(self) -> Client:
        bounds, self._first = self._first, self.settings
        where = replace(endpoint(self._port), connection=bounds)
        client = await Client.connect(
            where.paced(self._reconnector.pace.factor),
            Identity(access_token=TOKEN),
            self.owner.callbacks(),
            self._shared,
        )
        downchannel = client._downchannel
        downchannel._loop, downchannel.heard_at = self, self.time()  # it lives in the same time
        self.sessions.append(client)
        return client

    def _changed(self, _state: State, error: CicError | None) -> None:
        if error is not None:
            self.errors.append(error)

    async def _sleep(self, seconds: float) -> None:
        if self.client is None:
            self.pauses.append(seconds)
        due = self._passed + seconds
        while self._passed < due:
            await self._passing.wait()

    # The end of every case

    async def works_again(self, *, survives: bool) -> None:
        """Have a complete spoken turn, on the one connection or on another one."""
        if survives:
            self._assert_the_only_connection()
        elif len(self.peers) < 2 or self.client is None or not self.client.usable:
            await self.cic()
        await self._full_turn(self._cics[-1])
        await self._has_nothing_left()
        if survives:
            self._assert_the_only_connection()

    def _assert_the_only_connection(self) -> None:
        assert not self.has_knocks
        assert self.errors == []
        assert [self.client] == self.sessions

    async def _full_turn(self, cic: ScriptedCic) -> None:
        turn = self.speaks(hold=True)
        await turn.says(CHUNK)
        asked = await cic.hears(turn.mark, until=CHUNK)
        cic.says(window(asked.stream_id, len(CHUNK)), window(0, 2 * len(CHUNK)))
        await turn.says(CHUNK)
        cic.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="what time"))
        async with asyncio.timeout(PATIENCE):
            assert await turn.dialog.wait_capture_stopped() == "what time"
        turn.dialog.commit()
        asked = await cic.hears(turn.mark)
        assert asked.complete
        cic.says(*cic.reply(asked, SPEAK, sound("S", CHUNK), NOON))
        assert (await turn.text(), await turn.sound()) == ("noon", CHUNK)

    async def _has_nothing_left(self) -> None:
        """Wait until no stream, request or dialog is under way, on any connection."""
        async with asyncio.timeout(PATIENCE):
            while any(any(_left(client)) for client in self.sessions):
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        """End the Reconnector, and see every socket closed."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=PATIENCE)
        for peer in self.peers:
            await _read_to_the_end(peer)
        while not self._knocks.empty():
            self._knocks.get_nowait().abort()


def _turn(dialog: Dialog, name: str) -> Turn:
    return Turn(dialog, name, f'"dialogRequestId":"{name}"'.encode())


def _left(client: Client) -> tuple[Any, ...]:
    """Return what is under way on a connection besides its downchannel."""
    streams = client._connection._streams
    downchannel = client._downchannel._stream.id
    return (
        [key for key in streams._streams if key != downchannel or not client.usable],
        list(streams._queued),
        list(streams._blocked),
        list(streams.tasks),
        list(client._dialogs._live),
        list(client._exchanges),
    )


async def eventually(condition: Callable[[], Any]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


async def filled(cic: ScriptedCic, asked: Request, first: int) -> int:
    """Send sound until the stream's window stays shut; return how much it ever let in."""
    beginning = SPEAK + sound("S", b"")[: -len(b"\r\n")]
    cic.says(cic.head(asked), data(asked.stream_id, beginning))
    sent, quiet = len(beginning), 0
    while quiet < 5:
        room = first + cic.peer.credit(asked.stream_id) - sent
        quiet = 0 if room >= FRAME else quiet + 1
        cic.says(*[data(asked.stream_id, bytes(FRAME))] * (room // FRAME))
        sent += room // FRAME * FRAME
        await cic.peer.settle()
    return first + cic.peer.credit(asked.stream_id)


class _Knock(asyncio.Protocol):
    """A TCP connection before anybody has decided what it meets."""

    def __init__(self, knocks: asyncio.Queue[asyncio.Transport]) -> None:
        """Take where to put it."""
        self._knocks = knocks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read nothing: what comes is TLS', which is not there yet."""
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        self._knocks.put_nowait(transport)


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    """Open a door on a free port of this machine, with a house that has not left yet."""
    knocks: asyncio.Queue[asyncio.Transport] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Knock(knocks), "127.0.0.1", 0)
    house = House(server.sockets[0].getsockname()[1], knocks)
    try:
        yield house
    finally:
        await house.close()
        server.close()
        server.abort_clients()


async def _opened(transport: asyncio.Transport, context: ssl.SSLContext) -> FramePeer:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    tls = await loop.start_tls(
        transport, protocol, context, server_side=True, ssl_shutdown_timeout=0.1
    )
    assert tls is not None
    protocol.connection_made(tls)
    return FramePeer(reader, asyncio.StreamWriter(tls, protocol, reader, loop))


async def _read_to_the_end(peer: FramePeer) -> None:
    """Read until the client has closed its socket, however it did."""
    peer.writer.transport.resume_reading()
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError, ssl.SSLError):
            while await peer.reader.read(2**16):
                pass
    peer.writer.transport.abort()


def vanish(peer: FramePeer, *, reset: bool) -> None:
    """Drop the socket without a word of TLS: with a TCP RST, or with a FIN."""
    if reset:
        raw: socket.socket = peer.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()
