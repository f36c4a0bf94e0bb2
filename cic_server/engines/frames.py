"""The pipe between the service and a recogniser process: kind, session, length, content."""

from enum import Enum
import struct

HEAD = struct.Struct("<cII")
# Longest content: a client's whole sound in one piece.
MAX_CONTENT = 16 << 20


class Kind(Enum):
    """What a frame is."""

    # To the process
    START = b"S"
    AUDIO = b"A"
    FINISH = b"F"
    CANCEL = b"C"
    # From the process
    READY = b"R"
    PARTIAL = b"P"
    ENDED = b"E"
    DONE = b"D"


def pack(kind: Kind, session: int, content: bytes = b"") -> bytes:
    """Return a frame's bytes."""
    return HEAD.pack(kind.value, session, len(content)) + content


def unpack_head(head: bytes) -> tuple[Kind, int, int]:
    """Return kind, session and the length of what follows."""
    kind, session, length = HEAD.unpack(head)
    if length > MAX_CONTENT:
        raise ValueError("frame too long")
    return Kind(kind), session, length
