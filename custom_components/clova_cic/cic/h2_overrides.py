"""Everything a long-lived client needs from h2 that h2 does differently, in one place.

Each override below has its reason beside it. They hang on private names of h2,
hpack and hyperframe: importing this module fails, with the version in the text,
when one of those names is gone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any

import h2
from h2 import connection as h2_connection
from h2.config import H2Configuration
from h2.connection import AllowedStreamIDs, ConnectionInputs, H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import (
    DenialOfServiceError,
    FrameTooLargeError,
    InvalidBodyLengthError,
    ProtocolError,
    StreamClosedError,
)
from h2.frame_buffer import FrameBuffer
from h2.settings import SettingCodes, Settings
from h2.stream import H2Stream, StreamClosedBy, StreamInputs, StreamState
from hpack import Decoder, Encoder
from hpack.table import HeaderTable
from hyperframe.exceptions import InvalidPaddingError
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from .field_encoder import StatelessEncoder
from .fields import Fields

# The largest response header list taken (RFC 9113, 6.5.2): CIC answers with a handful of fields.
MAX_HEADER_LIST = 64 * 1024
# How many closed streams h2 remembers. A frame still in flight belongs to a recent stream.
CLOSED_STREAMS_KEPT = 1024
# The part of the connection window that is given back in one WINDOW_UPDATE.
_CREDIT_SHARE = 4

# Length in two pieces, type, flags, stream (RFC 9113, 4.1).
_FRAME_HEADER = Struct(">BHBBL")
_STREAM_ID = 2**31 - 1
_ACK, _END_STREAM, _END_HEADERS, _PADDED = 0x1, 0x1, 0x4, 0x8
# Contents of PRIORITY and WINDOW_UPDATE (RFC 9113, 6.3 and 6.9).
_PRIORITY_SIZE, _INCREMENT_SIZE = 5, 4

_PRIVATE_NAMES: tuple[tuple[object, tuple[str, ...]], ...] = (
    (h2_connection, ("_decode_headers",)),
    (
        H2Connection(),
        (
            "_begin_new_stream",
            "_closed_streams",
            "_data_to_send",
            "_frame_dispatch_table",
            "_inbound_flow_control_window_manager",
            "_open_streams",
            "_prepare_for_sending",
            "_receive_data_frame",
            "_receive_goaway_frame",
            "_receive_headers_frame",
            "_receive_priority_frame",
            "_receive_rst_stream_frame",
            "_stream_closed_by",
            "_terminate_connection",
        ),
    ),
    (
        H2Stream(1, H2Configuration(), 0, 0),
        (
            "outbound_flow_control_window",
            "receive_data",
            "receive_headers",
            "request_method",
            "state_machine",
        ),
    ),
    (FrameBuffer(), ("_data", "_headers_buffer", "__next__")),
    (Encoder(), ("encode", "header_table_size")),
    (HeaderTable(), ("search",)),
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


@dataclass(frozen=True, slots=True)
class _PlainData:
    """A DATA frame without padding."""

    stream_id: int
    data: bytes
    ends: bool


@dataclass(frozen=True, slots=True)
class _Offence:
    """A frame that breaks a rule about its stream alone."""

    stream_id: int
    error_code: ErrorCodes


class FieldBlockError(ProtocolError):
    """A field block that cannot be decoded (RFC 9113, 4.3)."""

    error_code = ErrorCodes.COMPRESSION_ERROR


class _BoundedFrameBuffer(FrameBuffer):
    """Refuses an overlong frame at its header, and takes the shortest way with DATA.

    h2 first collects up to 16 MiB of an overlong frame, and makes for every frame
    of a sound what costs more than the rest of its way through here. hyperframe
    ends the connection for a frame that concerns one stream.
    """

    def __next__(self) -> Frame | _PlainData | _Offence:  # type: ignore[override]  # a dispatch table is all that looks
        data = self._data
        if len(data) < _FRAME_HEADER.size:
            raise StopIteration
        high, low, kind, flags, stream_id = _FRAME_HEADER.unpack_from(data)
        end = _FRAME_HEADER.size + (high << 16 | low)
        if end - _FRAME_HEADER.size > self.max_frame_size:
            raise FrameTooLargeError("frame above MAX_FRAME_SIZE announced")
        if len(data) < end:
            raise StopIteration
        stream_id &= _STREAM_ID
        if self._headers_buffer or not stream_id:
            self._check_acknowledgement(kind, flags, end)
            return super().__next__()
        if kind == DataFrame.type and not flags & _PADDED:
            with memoryview(data) as view:
                body = bytes(view[_FRAME_HEADER.size : end])
            del data[:end]
            return _PlainData(stream_id, body, flags & _END_STREAM != 0)
        error_code = _offence(kind, data[_FRAME_HEADER.size : end])
        if error_code is None:
            return super().__next__()
        del data[:end]
        return _Offence(stream_id, error_code)

    def _check_acknowledgement(self, kind: int, flags: int, end: int) -> None:
        """RFC 9113, 6.5: with a content it is an error of its size, not of protocol."""
        if kind == SettingsFrame.type and flags & _ACK and end != _FRAME_HEADER.size:
            raise FrameTooLargeError("SETTINGS acknowledgement with a content")


def _offence(kind: int, body: bytearray) -> ErrorCodes | None:
    """Return what is wrong with a frame on a stream, as far as it is that stream's (RFC 9113, 6.3, 6.9)."""
    if kind == PriorityFrame.type and len(body) != _PRIORITY_SIZE:
        return ErrorCodes.FRAME_SIZE_ERROR
    if kind == WindowUpdateFrame.type and len(body) == _INCREMENT_SIZE:
        return None if int.from_bytes(body) & _STREAM_ID else ErrorCodes.PROTOCOL_ERROR
    return None


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
        self.encoder = StatelessEncoder()
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
        self._handlers: dict[type, Callable[[Any], tuple[list[Frame], list[Event]]]] = {
            **self._frame_dispatch_table,
            _Offence: self._receive_offence,
            _PlainData: self._receive_plain_data,
        }

    def initiate_connection(self) -> None:
        """Queue the preface, our SETTINGS and the enlarged connection window."""
        super().initiate_connection()
        present = self._inbound_flow_control_window_manager.current_window_size
        # manager and peer both start at 65,535 (RFC 9113, 6.9.2), whatever the settings say
        if self._window > present:
            self.increment_flow_control_window(self._window - present)

    def open_stream(self, fields: Fields, *, ends: bool) -> int:
        """Send a request's HEADERS and return its stream; the caller counts streams.

        h2's own way spends most of its time on checks and copies of the fields.
        """
        self._open_streams(1)  # sweeps closed ones
        stream_id = self.get_next_available_stream_id()
        self.state_machine.process_input(ConnectionInputs.SEND_HEADERS)
        stream = self._begin_new_stream(stream_id, AllowedStreamIDs.ODD)
        stream.request_method = fields[0][1]
        stream.state_machine.process_input(StreamInputs.SEND_HEADERS)
        if ends:
            stream.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        block, most = self.encoder.encode(fields), self.max_outbound_frame_size
        kind, flags = HeadersFrame.type, _END_STREAM if ends else 0
        while len(block) > most:
            self._write_frame(kind, flags, stream_id, block[:most])
            kind, flags, block = ContinuationFrame.type, 0, block[most:]
        self._write_frame(kind, flags | _END_HEADERS, stream_id, block)
        return stream_id

    def is_over(self, stream_id: int) -> bool:
        """Tell whether a stream has ended on both sides."""
        stream = self.streams.get(stream_id)
        return stream is None or stream.closed

    def room(self, stream_id: int) -> int:
        """Return how many bytes one DATA frame of a stream may carry now; may be negative."""
        return min(
            self.streams[stream_id].outbound_flow_control_window,
            self.outbound_flow_control_window,
            self.max_outbound_frame_size,
        )

    def send_body(self, stream_id: int, piece: bytes | memoryview, *, ends: bool) -> None:
        """Send one DATA frame, no larger than room() says, of a body that has not ended."""
        stream = self.streams[stream_id]
        if ends:  # DATA alone changes no state (RFC 9113, 5.1)
            stream.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        stream.outbound_flow_control_window -= len(piece)
        self.outbound_flow_control_window -= len(piece)
        self._write_frame(DataFrame.type, _END_STREAM if ends else 0, stream_id, piece)

    def _write_frame(self, kind: int, flags: int, stream_id: int, body: bytes | memoryview) -> None:
        size = len(body)
        self._data_to_send += _FRAME_HEADER.pack(size >> 16, size & 0xFFFF, kind, flags, stream_id)
        self._data_to_send += body

    def events(self, data: bytes) -> Iterator[Event]:
        """Yield what the frames in data mean; ProtocolError ends the connection.

        Frame by frame, because receive_data() loses the events of all earlier
        frames of a read when a later one is bad, and formats every frame for a log.
        """
        buffer = self.incoming_buffer
        buffer.add_data(data)
        buffer.max_frame_size = self.max_inbound_frame_size
        handlers = self._handlers
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

    def _check_first(self, frame: Frame | _PlainData | _Offence) -> None:
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
        return self._receive_body(
            frame.stream_id, frame.data, frame.flow_controlled_length, "END_STREAM" in frame.flags
        )

    def _receive_plain_data(self, frame: _PlainData) -> tuple[list[Frame], list[Event]]:
        return self._receive_body(frame.stream_id, frame.data, len(frame.data), frame.ends)

    def _receive_body(
        self, stream_id: int, data: bytes, length: int, ends: bool
    ) -> tuple[list[Frame], list[Event]]:
        """Take some of a body; length counts its padding (RFC 9113, 6.1)."""
        self._inbound_flow_control_window_manager.window_consumed(length)
        self._give_back(length)
        stream = self.streams.get(stream_id)
        if stream is None or stream.closed:
            return self._on_closed(stream_id)
        try:
            return stream.receive_data(data, ends, length)
        except ProtocolError as error:
            return self._reject(stream, error)

    def _receive_offence(self, frame: _Offence) -> tuple[list[Frame], list[Event]]:
        stream = self.streams.get(frame.stream_id)
        if stream is None or stream.closed:
            if frame.error_code is ErrorCodes.PROTOCOL_ERROR:  # of WINDOW_UPDATE, not of PRIORITY
                self._check_opened(frame.stream_id)
            return [], []
        error = ProtocolError("frame against the rules")
        error.error_code = frame.error_code
        return self._reject(stream, error)

    def _receive_priority_frame(
        self, frame: HeadersFrame | PriorityFrame
    ) -> tuple[list[Frame], list[Event]]:
        # RFC 9113, 5.3.2 knows no priorities any more; h2 still ends the connection for a wrong one.
        return [], []

    def _receive_headers_frame(self, frame: HeadersFrame) -> tuple[list[Frame], list[Event]]:
        # The block is decoded whatever the stream's state: it feeds the shared table.
        try:
            headers = h2_connection._decode_headers(self.decoder, frame.data)  # noqa: SLF001  the name is checked above
        except DenialOfServiceError:
            raise
        except ProtocolError as error:
            raise FieldBlockError("field block that cannot be decoded") from error
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
