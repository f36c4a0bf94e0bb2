"""A CIC that answers by itself, frame by frame: for whole houses that speak to it for a long time.

It listens, stops the capture after so much sound, acts on complete uploads alone, says
goodbye when told to, and counts what clients did. What it answers is the test's.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from enum import Enum, auto
import json
from typing import Any

from h2.errors import ErrorCodes
from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound

from .certificates import authority
from .frames import FRAME, PREFACE, data, goaway, reset, window
from .scripted import RELATED, delimiter, directive, sound

# Both windows we open to a client; given back in halves.
UPLOAD_WINDOW = 8 * 1024 * 1024
# A minute of speech is 1.9 MB; a test that sends more is broken.
MOST_UPLOAD = 4 * 1024 * 1024


class Goodbye(Enum):
    """When the GOAWAY of a turn goes out; its last stream is always the turn's."""

    UPLOADING = auto()  # with StopCapture, or with what stands for it
    ASKED = auto()  # before the answer's headers
    ANSWERED = auto()  # behind the answer's last frame


class Refusal(Enum):
    """How a request is not looked at."""

    UNAUTHORIZED = auto()  # 401
    REFUSED_STREAM = auto()
    GOAWAY = auto()  # its last stream is the one before


class Fate(Enum):
    """What became of a dialog."""

    EXECUTED = "executed"  # its closing boundary came
    RESET = "reset"  # given up before
    LOST = "lost"  # with its connection, before
    REFUSED = "refused"  # by us


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client wants, as far as the answer may depend on it.

    number counts the requests of all connections from 1, text is what was typed or is
    to be spoken.
    """

    number: int
    connection: int
    event: str
    dialog: str | None
    text: str | None
    payload: Mapping[str, Any] = field(repr=False)

    @property
    def is_spoken(self) -> bool:
        """Whether sound comes with it."""
        return self.event == "SpeechRecognizer.Recognize"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a client is answered; heard is the transcript, None where the cloud keeps it.

    A refusal comes when the request is complete, or, refused_early, with its first part.
    An answer that does not end waits for end_answer().
    """

    text: str = "It is noon."
    heard: str | None = "what time is it"
    sound: bytes = field(default_factory=failure_sound)
    asks_back: bool = False
    refusal: Refusal | None = None
    refused_early: bool = False
    ends: bool = True


@dataclass(slots=True)
class Tally:
    """What was counted on one connection, or on all of them.

    fates: of the dialogs, in their order. resets: RST_STREAM frames by stream. late: requests above the
    last stream of our GOAWAY, which nobody looks at.
    """

    requests: int = 0
    dialogs: int = 0
    late: int = 0
    pings: int = 0
    goaways: int = 0
    connections: int = 0
    fates: list[Fate] = field(default_factory=list)
    resets: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(slots=True)
class _Upload:
    """A request on its way up."""

    boundary: bytes
    body: bytearray = field(default_factory=bytearray)
    asked: Asked | None = None
    reply: Reply | None = None
    captured: bool = False

    @property
    def complete(self) -> bool:
        """True when the closing boundary is there."""
        return self.body.endswith(b"--" + self.boundary + b"--\r\n")

    def parts(self) -> Iterator[bytes]:
        """Yield the bodies of the parts; the last one may still grow."""
        for piece in bytes(self.body).split(b"--" + self.boundary)[1:]:
            yield piece.partition(b"\r\n\r\n")[2]

    def metadata(self) -> dict[str, Any] | None:
        """Return the event, None while its part may still grow."""
        first = next(self.parts(), b"")
        try:
            return json.loads(first)["event"]
        except ValueError:
            return None

    def sound_bytes(self) -> int:
        """Return how much sound has come."""
        _, *sounds = self.parts()
        return sum(map(len, sounds))


class VoiceConnection(asyncio.Protocol):
    """One client's connection. A protocol and no task: a thousand turns must cost little."""

    def __init__(self, cic: VoiceCic, number: int) -> None:
        """Belong to a CIC; number counts its connections from 1."""
        self._cic = cic
        self._number = number
        self._encoder, self._decoder = Encoder(), Decoder()
        self._unread = bytearray()
        self._greeted = False
        self._uploads: dict[int, _Upload] = {}
        self._outboxes: dict[int, deque[Frame]] = {}
        self._windows: dict[int, int] = {}
        self._window = self._first_window = 65_535
        self._owed = 0
        self._last_stream = 2**31 - 1
        self._transport: asyncio.Transport | None = None
        self.tally = Tally(connections=1)
        self.downchannel = 0
        """The downchannel's stream, 0 before it is asked for."""

    @property
    def is_open(self) -> bool:
        """Whether the client is still there."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def request(self) -> int:
        """The stream of the only request under way."""
        (stream_id,) = (one for one in self._outboxes if one != self.downchannel)
        return stream_id

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way but the downchannel."""
        return not self._uploads and not any(self._outboxes.values())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send our SETTINGS and open the connection's window."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        settings = {SettingsFrame.INITIAL_WINDOW_SIZE: UPLOAD_WINDOW}
        self._say(SettingsFrame(0, settings=settings), window(0, UPLOAD_WINDOW - 65_535))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was under way: nothing of it was acted on."""
        self._transport = None
        for upload in self._uploads.values():
            self._count(upload, Fate.LOST)
        self._uploads.clear()
        self._outboxes.clear()

    def data_received(self, received: bytes) -> None:
        """Take whole frames."""
        self._unread += received
        if not self._greeted:
            if len(self._unread) < len(PREFACE):
                return
            assert self._unread.startswith(PREFACE)
            del self._unread[: len(PREFACE)]
            self._greeted = True
        while len(self._unread) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(bytes(self._unread[:9])))
            if len(self._unread) < 9 + length:
                return
            frame.parse_body(memoryview(bytes(self._unread[9 : 9 + length])))
            del self._unread[: 9 + length]
            self._take(frame)

    def push(self, *parts: bytes) -> None:
        """Send parts down the downchannel, each ended by its delimiter's beginning."""
        self._send(
            self.downchannel,
            data(self.downchannel, b"".join(parts)[len(delimiter()) :] + delimiter()),
        )

    def end_answer(self, *parts: bytes) -> None:
        """Send the rest, one part at least, of the only answer under way."""
        rest = b"".join(parts)[len(delimiter()) :] + delimiter(last=True)
        self._send(self.request, data(self.request, rest, end=True))

    def goodbye(self, last_stream: int, error_code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Say GOAWAY, and look at nothing above the last stream."""
        self._last_stream = last_stream
        self.tally.goaways += 1
        self._say(goaway(last_stream, error_code))

    def close(self) -> None:
        """Drop the socket."""
        if self._transport is not None:
            self._transport.abort()

    # What the frames mean.

    def _take(self, frame: Frame) -> None:
        match frame:
            case HeadersFrame():
                self._on_headers(frame)
            case DataFrame():
                self._on_data(frame)
            case WindowUpdateFrame(stream_id=0):
                self._window += frame.window_increment
                self._push_all()
            case WindowUpdateFrame() if frame.stream_id in self._windows:
                self._windows[frame.stream_id] += frame.window_increment
                self._push_all()
            case RstStreamFrame():
                self._on_reset(frame.stream_id)
            case PingFrame() if "ACK" not in frame.flags:
                self.tally.pings += 1
                self._say(PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
            case SettingsFrame() if "ACK" not in frame.flags:
                # a client sends its SETTINGS once, before any request
                initial = SettingsFrame.INITIAL_WINDOW_SIZE
                self._first_window = frame.settings.get(initial, self._first_window)
                self._say(SettingsFrame(0, flags=["ACK"]))

    def _on_headers(self, frame: HeadersFrame) -> None:
        wanted = dict(self._decoder.decode(frame.data))  # every block counts for the shared table
        if frame.stream_id > self._last_stream:
            self.tally.late += 1
            return
        self._windows[frame.stream_id] = self._first_window
        self._outboxes[frame.stream_id] = deque()
        if wanted[":path"] == "/v1/directives":
            self.downchannel = frame.stream_id
            self._send(self.downchannel, self._head(self.downchannel))
            hello = delimiter() + directive("Clova.Hello")[len(delimiter()) :] + delimiter()
            self._send(self.downchannel, data(self.downchannel, hello))
            return
        boundary = wanted["content-type"].partition("boundary=")[2].encode()
        self._uploads[frame.stream_id] = _Upload(boundary)

    def _on_data(self, frame: DataFrame) -> None:
        self._give_back(frame)
        upload = self._uploads.get(frame.stream_id)
        if upload is None:
            return
        upload.body += frame.data
        assert len(upload.body) < MOST_UPLOAD
        if upload.asked is None and (event := upload.metadata()) is not None:
            self._on_event(upload, event)
            assert upload.reply is not None
            if upload.reply.refused_early:
                self._refuse(frame.stream_id, upload)
                return
        if upload.asked is not None:
            self._listen(frame.stream_id, upload)
            if "END_STREAM" in frame.flags:
                self._on_complete(frame.stream_id, upload)

    def _on_event(self, upload: _Upload, event: dict[str, Any]) -> None:
        header = event["header"]
        name = f"{header['namespace']}.{header['name']}"
        if name not in ANSWERED:
            if name not in SYNCHRONIZING:
                self._cic.told.append((header["name"], event["payload"].get("token")))
            upload.asked, upload.reply, upload.captured = TOLD, Reply(), True
            return
        self.tally.requests += 1
        upload.asked = self._cic.ask(
            connection=self._number,
            event=name,
            dialog=header.get("dialogRequestId"),
            text=event["payload"].get("text"),
            payload=event["payload"],
        )
        upload.reply = self._cic.reply(upload.asked)
        upload.captured = not upload.asked.is_spoken
        self.tally.dialogs += upload.asked.dialog is not None

    def _listen(self, stream_id: int, upload: _Upload) -> None:
        """End the capture when enough was heard, or when no more will come."""
        if upload.captured:
            return
        if upload.complete or upload.sound_bytes() >= self._cic.capture_after:
            assert upload.asked is not None
            assert upload.reply is not None
            upload.captured = True
            heard = {"recognizedText": upload.reply.heard} if upload.reply.heard else {}
            self.push(directive("SpeechRecognizer.StopCapture", upload.asked.dialog, **heard))
            self._leave(stream_id, upload.asked, Goodbye.UPLOADING)

    def _on_complete(self, stream_id: int, upload: _Upload) -> None:
        """Act: the closing boundary is there. Without it CIC does nothing."""
        asked, reply = upload.asked, upload.reply
        assert asked is not None
        assert reply is not None
        del self._uploads[stream_id]
        if not upload.complete:
            return
        if reply.refusal is not None:
            self._refuse(stream_id, upload)
            return
        self._count(upload, Fate.EXECUTED)
        self._leave(stream_id, asked, Goodbye.ASKED)
        if asked.event in ANSWERED:
            body = b"".join(_parts(asked, reply)) + delimiter(last=reply.ends)
            pieces = _pieces(stream_id, body, ends=reply.ends)
            self._send(stream_id, self._head(stream_id), *pieces)
        else:
            self._send(stream_id, self._head(stream_id, "204"))
        self._leave(stream_id, asked, Goodbye.ANSWERED)

    def _refuse(self, stream_id: int, upload: _Upload) -> None:
        """Look at a request no longer."""
        assert upload.reply is not None
        self._uploads.pop(stream_id, None)
        self._count(upload, Fate.REFUSED)
        match upload.reply.refusal:
            case Refusal.UNAUTHORIZED:
                self._send(stream_id, self._head(stream_id, "401"))
            case Refusal.REFUSED_STREAM:
                self._say(reset(stream_id, ErrorCodes.REFUSED_STREAM))
            case Refusal.GOAWAY:
                self.goodbye(stream_id - 2)

    def _on_reset(self, stream_id: int) -> None:
        self.tally.resets[stream_id] += 1
        upload = self._uploads.pop(stream_id, None)
        if upload is not None:
            self._count(upload, Fate.RESET)
        self._outboxes.pop(stream_id, None)
        self._windows.pop(stream_id, None)

    def _count(self, upload: _Upload, fate: Fate) -> None:
        if upload.asked is not None and upload.asked.dialog is not None:
            self.tally.fates.append(fate)

    def _leave(self, stream_id: int, asked: Asked, moment: Goodbye) -> None:
        every = self._cic.goaway_every
        if (
            every
            and asked is not TOLD
            and moment is self._cic.goaway_at
            and asked.number % every == 0
        ):
            self.goodbye(stream_id)

    # Windows, both ways.

    def _give_back(self, frame: DataFrame) -> None:
        self._owed += frame.flow_controlled_length
        if self._owed > UPLOAD_WINDOW // 2:
            self._say(window(0, self._owed))
            self._owed = 0

    def _head(self, stream_id: int, status: str = "200") -> HeadersFrame:
        fields = [(":status", status)] + ([RELATED] if status == "200" else [])
        frame = HeadersFrame(stream_id, self._encoder.encode(fields), flags=["END_HEADERS"])
        if status != "200":
            frame.flags.add("END_STREAM")
        return frame

    def _send(self, stream_id: int, *frames: Frame) -> None:
        """Queue frames of a stream; HEADERS wait for no window, but for what is before them."""
        self._outboxes[stream_id].extend(frames)
        self._push(stream_id)

    def _push_all(self) -> None:
        for stream_id in [key for key, outbox in self._outboxes.items() if outbox]:
            self._push(stream_id)

    def _push(self, stream_id: int) -> None:
        outbox, ready = self._outboxes[stream_id], []
        while outbox:
            size = len(outbox[0].data)
            if isinstance(outbox[0], DataFrame):
                if size > min(self._window, self._windows[stream_id]):
                    break
                self._window -= size
                self._windows[stream_id] -= size
            ready.append(outbox.popleft())
        if ready:
            self._say(*ready)
            if "END_STREAM" in ready[-1].flags:
                del self._outboxes[stream_id], self._windows[stream_id]

    def _say(self, *frames: Frame) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(frame.serialize() for frame in frames))


ANSWERED = {"SpeechRecognizer.Recognize", "TextRecognizer.Recognize", "SpeechSynthesizer.Request"}
"""The events that are answered with parts; every other one only tells something, and gets 204."""
# What a client asks on each new connection, which is not what a house is about.
SYNCHRONIZING = frozenset(
    {
        "Alerts.RequestSynchronizeAlert",
        "Settings.RequestVersionSpec",
        "System.RequestSynchronizeState",
    }
)
TOLD = Asked(number=0, connection=0, event="", dialog=None, text=None, payload={})
"""What asks for nothing."""


def _parts(asked: Asked, reply: Reply) -> Iterator[bytes]:
    """Yield an answer's parts: sound first, then the text, then the question back."""
    speak = {"url": f"cid:{asked.number}", "token": f"token-{asked.number}"}
    if reply.sound:
        yield directive("SpeechSynthesizer.Speak", asked.dialog, contentType="audio/mpeg", **speak)
        yield sound(str(asked.number), reply.sound)
    if asked.dialog is None:
        return
    yield directive("Clova.RenderText", asked.dialog, text=reply.text)
    if reply.asks_back:
        question = {"expectSpeechId": f"question-{asked.number}", "explicit": True}
        yield directive(
            "SpeechRecognizer.ExpectSpeech", asked.dialog, timeoutInMilliseconds=7000, **question
        )


def _pieces(stream_id: int, body: bytes, *, ends: bool) -> Iterator[DataFrame]:
    for start in range(0, len(body), FRAME):
        piece = body[start : start + FRAME]
        yield data(stream_id, piece, end=ends and start + FRAME >= len(body))


def same_for_all(_asked: Asked) -> Reply:
    """Answer everything alike."""
    return Reply()


@dataclass(slots=True)
class VoiceCic:
    """A listening CIC; made by voice_cic().

    capture_after: bytes of sound until StopCapture. goaway_every: each n-th request's turn
    brings a GOAWAY, 0 for none.
    """

    reply: Callable[[Asked], Reply] = same_for_all
    capture_after: int = 2 * 6400
    goaway_every: int = 0
    goaway_at: Goodbye = Goodbye.ANSWERED
    port: int = 0
    connections: list[VoiceConnection] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    """What clients told without a question: the event's name and its token."""
    _asked: int = 0

    @property
    def tally(self) -> Tally:
        """What was counted on all connections together."""
        return sum((connection.tally for connection in self.connections), Tally())

    @property
    def present(self) -> VoiceConnection:
        """The connection made last."""
        return self.connections[-1]

    def ask(self, **wanted: Any) -> Asked:
        """Return a request with its number."""
        self._asked += 1
        return Asked(number=self._asked, **wanted)

    def accept(self) -> VoiceConnection:
        """Return the protocol of a new connection."""
        self.connections.append(VoiceConnection(self, len(self.connections) + 1))
        return self.connections[-1]


@asynccontextmanager
async def voice_cic(**settings: Any) -> AsyncIterator[VoiceCic]:
    """Listen on a free port of this machine until left; settings are VoiceCic's."""
    cic = VoiceCic(**settings)
    server = await asyncio.get_running_loop().create_server(
        cic.accept,
        "127.0.0.1",
        0,
        ssl=authority().server_context(),
        ssl_shutdown_timeout=0.1,
    )
    cic.port = server.sockets[0].getsockname()[1]
    try:
        yield cic
    finally:
        server.close()
        for connection in cic.connections:
            connection.close()
        await server.wait_closed()
