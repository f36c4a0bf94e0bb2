"""Everything a long-lived client needs from h2 that h2 does differently, in one place.

Each override below has its reason beside it. They hang on private names of h2,
hpack and hyperframe: importing this module fails, with the version in the text,
when one of those names is gone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import h2
from h2 import connection as h2_connection
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import (
    FrameTooLargeError,
    InvalidBodyLengthError,
    ProtocolError,
    StreamClosedError,
)
from h2.frame_buffer import FrameBuffer
from h2.settings import SettingCodes, Settings
from h2.stream import H2Stream, StreamClosedBy, StreamState
from hpack import Decoder, Encoder, HeaderTuple
from hyperframe.exceptions import InvalidPaddingError
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    RstStreamFrame,
    SettingsFrame,
)

# The largest response header list taken (RFC 9113, 6.5.2): CIC answers with a handful of fields.
MAX_HEADER_LIST = 64 * 1024
# The table our requests are compressed with. The peer may offer gigabytes; the default is plenty.
MAX_ENCODER_TABLE = 4096
# How many closed streams h2 remembers. A frame still in flight belongs to a recent stream.
CLOSED_STREAMS_KEPT = 1024
# The part of the connection window that is given back in one WINDOW_UPDATE.
_CREDIT_SHARE = 4

_PRIVATE_NAMES: tuple[tuple[object, tuple[str, ...]], ...] = (
    (h2_connection, ("_decode_headers",)),
    (
        H2Connection(),
        (
            "_closed_streams",
            "_frame_dispatch_table",
            "_inbound_flow_control_window_manager",
            "_prepare_for_sending",
            "_receive_data_frame",
            "_receive_goaway_frame",
            "_receive_headers_frame",
            "_receive_rst_stream_frame",
            "_stream_closed_by",
            "_terminate_connection",
        ),
    ),
    (H2Stream, ("receive_data", "receive_headers")),
    (FrameBuffer(), ("_data", "__next__")),
    (Encoder(), ("_encode_table_size_change", "header_table", "table_size_changes")),
    (Decoder(), ("max_header_list_size",)),
)


def check_private_names() -> None:
    """ImportError when a private name the overrides rely on is gone."""
    missing = [
        f"{owner!r}.{name}"
        for owner, names in _PRIVATE_NAMES
        for name in names
        if not hasattr(owner, name)
    ]
    if missing:
        raise ImportError(f"h2 {h2.__version__} lacks what is overridden: {', '.join(missing)}")


check_private_names()


@dataclass(slots=True, kw_only=True)
class GoAwayReceived(Event):
    """The peer takes no new streams; those up to last_stream_id live on (RFC 9113, 6.8)."""

    last_stream_id: int
    error_code: int


@dataclass(slots=True, kw_only=True)
class MessageRejected(Event):
    """One answer broke the rules and its stream was reset (RFC 9113, 8.1.1)."""

    stream_id: int
    reason: str
    truncated: bool


class _QuietEncoder(Encoder):
    """Plain literals, and no log of the encoded block.

    Huffman coding costs more CPU than the bytes it saves are worth, and hpack
    writes every finished block to its debug log: a token would be readable there.
    """

    @property
    def header_table_size(self) -> int:
        """Size of the table in bytes (RFC 7541, 4.1)."""
        return self.header_table.maxsize

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        size = min(value, MAX_ENCODER_TABLE)
        self.header_table.maxsize = size
        if self.header_table.resized:
            self.table_size_changes.append(size)

    def encode(self, headers: Iterable[tuple[bytes, bytes]], huffman: bool = False) -> bytes:  # type: ignore[override]  # h2 hands over bytes pairs only
        """Return the header block; fields made as NeverIndexedHeaderTuple stay out of the table."""
        block = []
        if self.header_table.resized:
            block.append(self._encode_table_size_change())
            self.header_table.resized = False
        for field in headers:
            sensitive = isinstance(field, HeaderTuple) and not field.indexable
            block.append(self.add((field[0], field[1]), sensitive, huffman))
        return b"".join(block)


class _BoundedFrameBuffer(FrameBuffer):
    """Refuses an overlong frame at its header; h2 first collects up to 16 MiB of it."""

    def __next__(self) -> Frame:
        if len(self._data) >= 3 and int.from_bytes(self._data[:3]) > self.max_frame_size:
            raise FrameTooLargeError("frame above MAX_FRAME_SIZE announced")
        return super().__next__()


class H2Client(H2Connection):
    """The client's half of one HTTP/2 connection, without I/O.

    Connection credit is given back when bytes arrive; stream credit is the
    caller's, by increment_flow_control_window. Bodies and header values are
    never validated by h2 on the way in, so that a broken answer ends one stream.
    """

    MAX_CLOSED_STREAMS = CLOSED_STREAMS_KEPT

    def __init__(self, *, stream_window: int, connection_window: int) -> None:
        """Take the two receive windows, in bytes."""
        super().__init__(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self.encoder = _QuietEncoder()
        self.decoder.max_header_list_size = MAX_HEADER_LIST
        self.incoming_buffer = _BoundedFrameBuffer()
        self.local_settings = Settings(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: stream_window,
                SettingCodes.MAX_HEADER_LIST_SIZE: MAX_HEADER_LIST,
            },
        )
        self._window = connection_window
        self._owed = 0
        self._settings_seen = False

    def initiate_connection(self) -> None:
        """Queue the preface, our SETTINGS and the enlarged connection window."""
        super().initiate_connection()
        present = self._inbound_flow_control_window_manager.current_window_size
        # manager and peer both start at 65,535 (RFC 9113, 6.9.2), whatever the settings say
        if self._window > present:
            self.increment_flow_control_window(self._window - present)

    def events(self, data: bytes) -> Iterator[Event]:
        """Yield what the frames in data mean; ProtocolError ends the connection.

        Frame by frame, because receive_data() loses the events of all earlier
        frames of a read when a later one is bad, and formats every frame for a log.
        """
        buffer = self.incoming_buffer
        buffer.add_data(data)
        buffer.max_frame_size = self.max_inbound_frame_size
        handlers = self._frame_dispatch_table
        try:
            for frame in buffer:
                if not self._settings_seen:
                    self._check_first(frame)
                frames, events = handlers[frame.__class__](frame)
                if frames:
                    self._prepare_for_sending(frames)
                yield from events
        except InvalidPaddingError as error:
            self._terminate_connection(ErrorCodes.PROTOCOL_ERROR)
            raise ProtocolError("frame with invalid padding") from error
        except ProtocolError as error:
            self._terminate_connection(error.error_code)
            raise

    def _check_first(self, frame: Frame) -> None:
        """RFC 9113, 3.4: the server's preface is a SETTINGS frame."""
        if not isinstance(frame, SettingsFrame) or "ACK" in frame.flags:
            raise ProtocolError("first frame is not SETTINGS")
        self._settings_seen = True

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        # h2 closes its state machine and drops its output here, which kills the streams
        # that RFC 9113, 6.8 lets live.
        return [], [
            GoAwayReceived(last_stream_id=frame.last_stream_id, error_code=frame.error_code)
        ]

    def _receive_rst_stream_frame(self, frame: RstStreamFrame) -> tuple[list[Frame], list[Event]]:
        # h2 passes over a reset of a stream that was never opened (RFC 9113, 6.4).
        self._check_opened(frame.stream_id)
        return super()._receive_rst_stream_frame(frame)

    def _receive_data_frame(self, frame: DataFrame) -> tuple[list[Frame], list[Event]]:
        length = frame.flow_controlled_length
        self._inbound_flow_control_window_manager.window_consumed(length)
        self._give_back(length)
        stream = self.streams.get(frame.stream_id)
        if stream is None or stream.closed:
            return self._on_closed(frame.stream_id)
        try:
            return stream.receive_data(frame.data, "END_STREAM" in frame.flags, length)
        except ProtocolError as error:
            return self._reject(stream, error)

    def _receive_headers_frame(self, frame: HeadersFrame) -> tuple[list[Frame], list[Event]]:
        # The block is decoded whatever the stream's state: it feeds the shared table.
        headers = h2_connection._decode_headers(self.decoder, frame.data)  # noqa: SLF001  the name is checked above
        if "PRIORITY" in frame.flags and frame.depends_on == frame.stream_id:
            raise ProtocolError("stream depends on itself")
        stream = self.streams.get(frame.stream_id)
        if stream is None or stream.closed:
            return self._on_closed(frame.stream_id)
        try:
            return stream.receive_headers(headers, "END_STREAM" in frame.flags, None)
        except ProtocolError as error:
            return self._reject(stream, error)

    def _give_back(self, length: int) -> None:
        """Return connection credit on arrival: a consumer that stops must not block the others."""
        self._owed += length
        if self._owed * _CREDIT_SHARE >= self._window:
            self.increment_flow_control_window(self._owed)
            self._owed = 0

    def _check_opened(self, stream_id: int) -> None:
        if not stream_id % 2 or stream_id > self.highest_outbound_stream_id:
            raise ProtocolError("frame on a stream that was never opened")

    def _on_closed(self, stream_id: int) -> tuple[list[Frame], list[Event]]:
        """Handle DATA or HEADERS on a stream that is over (RFC 9113, 5.1).

        h2 answers each frame still in flight after our reset with one more
        RST_STREAM; peers take sixty of those for one cancelled megabyte for an attack.
        """
        self._check_opened(stream_id)
        match self._stream_closed_by(stream_id):
            case StreamClosedBy.RECV_RST_STREAM:
                self._mark_reset(stream_id)
                return [_reset_frame(stream_id, ErrorCodes.STREAM_CLOSED)], []
            case StreamClosedBy.RECV_END_STREAM | StreamClosedBy.SEND_END_STREAM:
                raise StreamClosedError(stream_id)
            case _:
                return [], []

    def _mark_reset(self, stream_id: int) -> None:
        stream = self.streams.get(stream_id)
        if stream is None:
            self._closed_streams[stream_id] = StreamClosedBy.SEND_RST_STREAM
        else:
            stream.state_machine.state = StreamState.CLOSED
            stream.state_machine.stream_closed_by = StreamClosedBy.SEND_RST_STREAM

    def _reject(self, stream: H2Stream, error: ProtocolError) -> tuple[list[Frame], list[Event]]:
        """Turn what h2 makes a connection error into a stream error (RFC 9113, 8.1.1)."""
        self._mark_reset(stream.stream_id)
        truncated = (
            isinstance(error, InvalidBodyLengthError)
            and error.actual_length < error.expected_length
        )
        rejected = MessageRejected(
            stream_id=stream.stream_id, reason=type(error).__name__, truncated=truncated
        )
        return [_reset_frame(stream.stream_id, error.error_code)], [rejected]


def _reset_frame(stream_id: int, error_code: ErrorCodes) -> RstStreamFrame:
    frame = RstStreamFrame(stream_id)
    frame.error_code = error_code
    return frame
