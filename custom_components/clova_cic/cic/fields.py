"""Field sections: what a request may say and what an answer must (RFC 9113, 8.2 and 8.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
import re

from hpack import NeverIndexedHeaderTuple

from .errors import MalformedResponseError

# Fields kept out of every compression table (RFC 7541, 7.1.3), and so out of hpack's debug log.
SENSITIVE = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
# RFC 9113, 8.2.2: fields of HTTP/1 that make a message malformed.
_CONNECTION_FIELDS = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)
# Requests whose fields are remembered, checked or encoded: those of one account and one device are few.
REQUESTS_KEPT = 64
# Names of response fields that are remembered: a server uses a dozen.
_NAMES_KEPT = 256
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_FORBIDDEN = re.compile(rb"[\x00\r\n]")
_STATUS = re.compile(rb"[1-5][0-9][0-9]")

type Field = tuple[bytes, bytes]
type Fields = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The final response's status and fields, names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field, whatever the case of its name."""
        name = name.lower()
        return next((value for key, value in self.headers if key == name), default)


@lru_cache(maxsize=REQUESTS_KEPT)
def request_fields(
    method: str, authority: str, path: str, headers: tuple[tuple[str, str], ...]
) -> Fields:
    """Return the field section of a request; ValueError for what RFC 9113, 8.2.1 forbids.

    The error names the field, never its value.
    """
    pseudo = {":method": method, ":scheme": "https", ":authority": authority, ":path": path}
    fields: list[Field] = []
    for name, value in pseudo.items():
        if not value or " " in value or _FORBIDDEN.search(value.encode()):
            raise ValueError(f"{name} is empty or holds a forbidden character")
        fields.append((name.encode(), value.encode()))
    fields.extend(_request_field(name, value) for name, value in headers)
    return tuple(fields)


def _request_field(name: str, value: str) -> Field:
    key, content = name.lower().encode(), value.encode()
    if not _NAME.fullmatch(key) or key in _CONNECTION_FIELDS:
        raise ValueError(f"{name!r} is no field name of HTTP/2")
    if content != content.strip(b" \t") or _FORBIDDEN.search(content):
        raise ValueError(f"the value of {name!r} holds a forbidden character")
    return NeverIndexedHeaderTuple(key, content) if key in SENSITIVE else (key, content)


def response_head(fields: Iterable[tuple[bytes, bytes]]) -> ResponseHead:
    """Check a response's field section (RFC 9113, 8.2 and 8.3.2); MalformedResponseError."""
    status: bytes | None = None
    headers: list[tuple[str, str]] = []
    for name, value in fields:
        if name == b":status" and status is None and not headers:
            status = value
        else:
            headers.append((check_field(name, value), value.decode("latin-1")))
    if status is None or not _STATUS.fullmatch(status):
        raise MalformedResponseError("answer without a valid :status")
    return ResponseHead(int(status), tuple(headers))


def check_field(name: bytes, value: bytes) -> str:
    """Return the name; MalformedResponseError for a field RFC 9113, 8.2 forbids.

    Pseudo-fields are among them.
    """
    if value[:1] in {b" ", b"\t"} or value[-1:] in {b" ", b"\t"} or _FORBIDDEN.search(value):
        raise MalformedResponseError("answer with a forbidden field value")
    return _checked_name(name)


@lru_cache(maxsize=_NAMES_KEPT)
def _checked_name(name: bytes) -> str:
    if not _NAME.fullmatch(name) or name in _CONNECTION_FIELDS:
        raise MalformedResponseError("answer with a forbidden field name")
    return name.decode("latin-1")
