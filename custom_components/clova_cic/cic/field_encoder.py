"""Request fields as HPACK (RFC 7541) without a state. The names of hpack it needs are checked in h2_overrides.py."""

from functools import lru_cache

from hpack import Encoder, NeverIndexedHeaderTuple
from hpack.hpack import encode_integer
from hpack.table import HeaderTable

from .fields import REQUESTS_KEPT, Fields

# Kinds of field representation and an update of the table's size (RFC 7541, 6).
_INDEXED, _NOT_INDEXED, _NEVER_INDEXED = 0x80, 0x00, 0x10
_TABLE_SIZE_0 = b"\x20"
_STATIC_TABLE = HeaderTable()


class StatelessEncoder(Encoder):
    """Static table and literals only: no state, no Huffman coding, no log.

    A request's few fields cost more CPU in the dynamic table than the bytes that it
    saves are worth, and hpack writes every finished block to its debug log, where a
    token could be read.
    """

    def __init__(self) -> None:
        """Announce nothing yet."""
        super().__init__()
        self._announced = False

    @property
    def header_table_size(self) -> int:
        """Always 0, which whatever the peer allows includes (RFC 7541, 4.2)."""
        return 0

    @header_table_size.setter
    def header_table_size(self, value: int) -> None:
        pass

    def encode(self, headers: Fields, huffman: bool = False) -> bytes:  # type: ignore[override]  # our own only
        """Return the field block; a NeverIndexedHeaderTuple is marked as that."""
        if self._announced:
            return _block(headers)
        self._announced = True
        return _TABLE_SIZE_0 + _block(headers)


@lru_cache(maxsize=REQUESTS_KEPT)
def _block(headers: Fields) -> bytes:
    """Encode fields; nothing in it depends on what was encoded before."""
    return b"".join(
        _literal(*field, _NEVER_INDEXED)
        if isinstance(field, NeverIndexedHeaderTuple)
        else _field(*field)
        for field in headers
    )


def _field(name: bytes, value: bytes) -> bytes:
    match _STATIC_TABLE.search(name, value):
        case (index, _, bytes()):
            return bytes([_INDEXED | index])  # the static table has 61 entries
        case _:
            return _literal(name, value, _NOT_INDEXED)


def _literal(name: bytes, value: bytes, kind: int) -> bytes:
    """RFC 7541, 6.2.2 and 6.2.3."""
    known = _STATIC_TABLE.search(name, value)
    start = encode_integer(known[0] if known else 0, 4)
    start[0] |= kind
    if known is None:
        start += encode_integer(len(name), 7) + name
    return bytes(start + encode_integer(len(value), 7) + value)
