"""Multipart bodies (RFC 2046, 5.1), sans-IO: parts come out while their bytes arrive.

The reader is made for a downchannel, which never ends and whose sender may
write a delimiter without the line end behind it (CIC_API): a part is over when
its closing delimiter is complete, and sound is held back by a delimiter's prefix at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
import re
import secrets

from .errors import MalformedResponseError, TruncatedResponseError

# RFC 2046 allows 70; servers that use two UUIDs do not care.
MAX_BOUNDARY = 256
# The header block of one part: CIC sends three short lines.
MAX_HEADER_BLOCK = 16 * 1024
# The blanks that may follow a boundary on its line (RFC 2046, 5.1.1).
MAX_DELIMITER_LINE = 1024

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
# What follows the boundary: a line end or a close delimiter, as far as it is there.
_AFTER_BOUNDARY = re.compile(rb"-?\Z|(?:--)?[ \t]*(?:\r?\n|\r?\Z)")
_FOLD = re.compile(rb"\r?\n[ \t]+")


def boundary_of(content_type: str) -> bytes:
    """Return the boundary parameter of a multipart media type; MalformedResponseError."""
    if not content_type.strip().lower().startswith("multipart/"):
        raise MalformedResponseError("the answer is not multipart")
    for name, quoted, plain in _PARAMETER.findall(content_type):
        if name.lower() == "boundary":
            boundary = re.sub(r"\\(.)", r"\1", quoted) or plain.strip()
            if 0 < len(boundary) <= MAX_BOUNDARY and boundary.isascii():
                return boundary.encode()
    raise MalformedResponseError("the answer names no usable multipart boundary")


class PartHeaders:
    """The header block of one part, parsed when first asked for. Lines without a colon are ignored."""

    __slots__ = ("_fields", "_raw")

    def __init__(self, raw: bytes) -> None:
        """Take the block without the empty line that ends it."""
        self._raw = raw
        self._fields: dict[str, str] | None = None

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field, whatever the case of its name."""
        if self._fields is None:
            self._fields = self._parse()
        return self._fields.get(name.lower(), default)

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; "" where there is none."""
        return self.get("content-type").partition(";")[0].strip().lower()

    @property
    def content_id(self) -> str:
        """The Content-ID without angle brackets; "" where there is none."""
        return self.get("content-id").removeprefix("<").removesuffix(">")

    def _parse(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        raw = self._raw
        if b"\n " in raw or b"\n\t" in raw:
            raw = _FOLD.sub(b" ", raw)
        for line in raw.decode("utf-8", "replace").split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        return fields


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part's headers are complete."""

    headers: PartHeaders


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part begun last, never empty."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part begun last is complete."""


@dataclass(frozen=True, slots=True)
class PartRejected:
    """A part that cannot be read is skipped; it had no PartBegin."""

    reason: str


type PartEvent = PartBegin | PartData | PartEnd | PartRejected


class _State(Enum):
    PREAMBLE = "preamble"
    DELIMITER = "delimiter"  # behind a boundary, before its line's end
    HEADERS = "headers"
    BODY = "body"
    SKIP = "skip"  # the body of a rejected part
    EPILOGUE = "epilogue"


class MultipartReader:
    """Bytes in, events out. Knows no I/O, no clock and nothing of what parts mean."""

    def __init__(
        self,
        boundary: bytes,
        *,
        max_header_block: int = MAX_HEADER_BLOCK,
        max_delimiter_line: int = MAX_DELIMITER_LINE,
    ) -> None:
        """Take the boundary without its dashes, and limits in bytes."""
        self._token = b"--" + boundary
        self._line_token = b"\n" + self._token
        # Fixed by the first delimiter line: in a message of CRLF lines a bare LF
        # before the token is sound, not a delimiter.
        self._delimiter = b""
        self._max_header_block = max_header_block
        self._max_delimiter_line = max_delimiter_line
        self._state = _State.PREAMBLE
        self._data = b"\n"  # the start of the body counts as the start of a line
        self._at = 0
        # How many bytes before the body, its blank line, may be a delimiter's line end.
        self._lead = 0

    @property
    def closed(self) -> bool:
        """Whether the close delimiter was seen."""
        return self._state is _State.EPILOGUE

    def feed(self, data: bytes) -> list[PartEvent]:
        """Take some bytes, however they are cut; return what they complete."""
        events: list[PartEvent] = []
        self._data = self._data + data if self._data else data
        while self._step(events):
            pass
        self._data = self._data[self._at :]
        self._at = 0
        return events

    def finish(self) -> list[PartEvent]:
        """End the input; TruncatedResponseError unless it is closed."""
        if not self.closed:
            raise TruncatedResponseError("the answer ends before its closing delimiter")
        return []

    def _step(self, events: list[PartEvent]) -> bool:
        """Do one step; False when more bytes are needed."""
        match self._state:
            case _State.BODY:
                return self._read_body(events)
            case _State.HEADERS:
                return self._read_headers(events)
            case _State.DELIMITER:
                return self._read_delimiter(events)
            case _State.SKIP:
                return self._read_body(None)
            case _State.PREAMBLE:
                return self._read_preamble()
            case _State.EPILOGUE:
                self._at = len(self._data)
                return False

    def _read_preamble(self) -> bool:
        """Look for the first delimiter line, whose end decides for all others."""
        data, start = self._data, self._at
        while (found := data.find(self._line_token, start)) >= 0:
            behind = found + len(self._line_token)
            closing = data.startswith(b"--", behind)
            line_end = data.find(b"\n", behind, behind + self._max_delimiter_line + 1)
            too_long = line_end < 0 and len(data) - behind > self._max_delimiter_line
            if not closing and (too_long or not _AFTER_BOUNDARY.match(data, behind)):
                start = behind
            elif closing or line_end >= 0:
                crlf = data[line_end - 1 : line_end] == b"\r"
                self._delimiter = (b"\r\n" if crlf else b"\n") + self._token
                self._at, self._state = behind, _State.DELIMITER
                return True
            else:
                self._at = found
                return False
        self._at = _held_from(data, start, self._line_token)
        return False

    def _read_delimiter(self, events: list[PartEvent]) -> bool:
        data, start = self._data, self._at
        if data.startswith(b"\r\n", start):  # what nearly always follows
            self._at, self._state = start + 1, _State.HEADERS
            return True
        if data.startswith(b"--", start):
            self._state = _State.EPILOGUE
            return True
        line_end = data.find(b"\n", start)
        length = (len(data) if line_end < 0 else line_end) - start
        if length > self._max_delimiter_line or not _AFTER_BOUNDARY.match(data, start):
            self._reject(events, "text behind a boundary", start)
            return True
        if line_end < 0:
            return False
        self._at, self._state = line_end, _State.HEADERS
        return True

    def _read_headers(self, events: list[PartEvent]) -> bool:
        """Read from the delimiter line's LF to the empty line, or to a delimiter before it."""
        data, start = self._data, self._at
        last = start + self._max_header_block
        end = self._blank_line(data, start, last)
        cut = data.find(self._line_token, start, last + len(self._line_token) if end < 0 else end)
        if cut >= 0:
            if cut > start:
                events += (PartBegin(PartHeaders(data[start + 1 : cut])), PartEnd())
            self._at, self._state = cut + len(self._line_token), _State.DELIMITER
            return True
        if end < 0:
            # Only what would be too long however it goes on is too long.
            if len(data) - last < max(len(self._line_token), len(b"\n\r\n")):
                return False
            self._reject(events, f"header block above {self._max_header_block} bytes", start)
            return True
        body = data.index(b"\n", end + 1) + 1
        events.append(PartBegin(PartHeaders(data[start + 1 : end])))
        # An empty body's delimiter may begin with the blank line itself.
        self._lead = len(self._delimiter) - len(self._token)
        self._at, self._state = body - self._lead, _State.BODY
        return True

    def _blank_line(self, data: bytes, start: int, last: int) -> int:
        """Return where the earlier of LF LF and LF CR LF begins, -1 where neither does up to last."""
        crlf = data.find(b"\n\r\n", start, last + 3)
        plain = data.find(b"\n\n", start, (last if crlf < 0 else crlf) + 2)
        return crlf if plain < 0 else plain

    def _read_body(self, events: list[PartEvent] | None) -> bool:
        """Give the body out up to its delimiter; without events it is skipped."""
        data, start = self._data, self._at
        delimiter = self._delimiter
        found = data.find(delimiter, start)
        while found >= 0 and not _AFTER_BOUNDARY.match(data, found + len(delimiter)):
            found = data.find(delimiter, found + 1)
        end = found if found >= 0 else _held_from(data, start, delimiter)
        if events is not None and end > start + self._lead:
            events.append(PartData(data[start + self._lead : end]))
        if found < 0:
            if end > start:
                self._at, self._lead = end, 0
            return False
        if events is not None:
            events.append(PartEnd())
        self._at, self._state = found + len(delimiter), _State.DELIMITER
        return True

    def _reject(self, events: list[PartEvent], reason: str, start: int) -> None:
        events.append(PartRejected(reason))
        self._at, self._lead, self._state = start, 0, _State.SKIP


def _held_from(data: bytes, start: int, delimiter: bytes) -> int:
    """Return where a tail of data begins that may become a delimiter, else its length."""
    end = len(data)
    at = data.find(delimiter[:1], max(start, end - len(delimiter) + 1))
    while at >= 0 and not delimiter.startswith(data[at:]):
        at = data.find(delimiter[:1], at + 1)
    return end if at < 0 else at


class MultipartWriter:
    """Writes a multipart/form-data body so that only close() completes it."""

    def __init__(self, boundary: bytes | None = None) -> None:
        """Take a boundary that no part contains; a random one by default."""
        self.boundary = boundary or secrets.token_hex(16).encode()
        self._lead = b""

    @property
    def content_type(self) -> str:
        """The Content-Type of the request."""
        return f"multipart/form-data; boundary={self.boundary.decode()}"

    def part(self, headers: Iterable[tuple[str, str]], body: bytes = b"") -> bytes:
        """Return a part's delimiter, headers and body; more of the body may follow."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        begin = self._lead + b"--" + self.boundary + b"\r\n" + lines.encode() + b"\r\n"
        self._lead = b"\r\n"
        return begin + body

    def close(self) -> bytes:
        """Return the close delimiter."""
        return b"\r\n--" + self.boundary + b"--\r\n"
