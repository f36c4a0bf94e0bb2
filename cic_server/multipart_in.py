"""Reading an event's multipart body while it arrives."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .messages import RefusedError

type Receive = Callable[[], Awaitable[dict[str, Any]]]

# A metadata part with every context object is some kilobytes; a megabyte is no honest client.
MAX_METADATA_BYTES = 1 << 20
# A minute of raw sound is 1.9 MB; a recogniser stops listening long before this.
MAX_BODY_BYTES = 16 << 20
# One audio part per 200 ms for a minute is 300 parts. (The library bounds each part's headers.)
MAX_PARTS = 2_000

UNDECODABLE = "Could not decode multipart"


class UploadResetError(Exception):
    """The client took the request back, or its connection broke."""


class UploadIncompleteError(RefusedError):
    """The request ended without its closing boundary."""

    def __init__(self) -> None:
        """Refuse it as undecodable."""
        super().__init__(400, UNDECODABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The complete JSON part."""

    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """Some bytes of an audio part."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The closing boundary was seen; nothing after it counts."""


type Piece = Metadata | Audio | Closed


def boundary_of(content_type: str | None) -> bytes:
    """Return the boundary a Content-Type names; raises RefusedError (400)."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not kind.startswith(b"multipart/") or not boundary:
        raise RefusedError(400, UNDECODABLE)
    return boundary


class UploadParser:
    """Bytes in, pieces out; a thin shell around the library's callbacks."""

    def __init__(self, boundary: bytes) -> None:
        """Expect a body with this boundary."""
        self._pieces: list[Piece] = []
        self._field = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._metadata: bytearray | None = None
        self._in_audio = False
        self._parts = 0
        self._bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": lambda: self._pieces.append(Closed()),
            },
        )

    def feed(self, data: bytes) -> list[Piece]:
        """Return what these bytes completed; raises RefusedError (400)."""
        self._bytes += len(data)
        if self._bytes > MAX_BODY_BYTES:
            raise RefusedError(400, "The body is too large")
        try:
            self._parser.write(data)
        except FormParserError as err:
            raise RefusedError(400, UNDECODABLE) from err
        pieces, self._pieces = self._pieces, []
        return pieces

    def _part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise RefusedError(400, "Too many parts")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        kind = self._headers.get(b"content-type", b"").lower()
        name = options.get(b"name", b"")
        is_metadata = name == b"metadata" or kind.startswith(b"application/json")
        self._metadata = bytearray() if is_metadata else None
        self._in_audio = not is_metadata and name in (b"audio", b"")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._metadata is not None:
            self._metadata += data[start:end]
            if len(self._metadata) > MAX_METADATA_BYTES:
                raise RefusedError(400, "The metadata part is too large")
        elif self._in_audio:
            self._pieces.append(Audio(data=data[start:end]))

    def _part_end(self) -> None:
        if self._metadata is not None:
            self._pieces.append(Metadata(body=bytes(self._metadata)))
        self._metadata, self._in_audio = None, False


async def read_upload(receive: Receive, boundary: bytes) -> AsyncIterator[Piece]:
    """Yield pieces as they arrive; the last one is Closed.

    Raises UploadResetError, UploadIncompleteError or RefusedError. The end is the closing boundary:
    an ended stream without it is incomplete, however politely it ended.
    """
    parser = UploadParser(boundary)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise UploadResetError
        for piece in parser.feed(message.get("body", b"")):
            yield piece
            if isinstance(piece, Closed):
                return
        if not message.get("more_body", False):
            raise UploadIncompleteError
