"""The size of an image, from its first bytes: PNG (11.2.1 of its specification), GIF89a, JPEG (ITU T.81, B.2.2)."""

from dataclasses import dataclass
import struct
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GIF: Final = (b"GIF87a", b"GIF89a")
_JPEG: Final = b"\xff\xd8"
# Frame headers of a JPEG: SOF0 to SOF15 without DHT, JPG and DAC.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers without a length: TEM and RST0 to RST7.
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image's header says; pixels."""

    kind: str
    width: int
    height: int


def read_image(data: bytes) -> Image | None:
    """Return what an image is, None where it is none of the three kinds, or cut off."""
    try:
        if data.startswith(_PNG) and data[12:16] == b"IHDR":
            width, height = struct.unpack_from(">II", data, 16)
        elif data.startswith(_GIF):
            width, height = struct.unpack_from("<HH", data, 6)
        elif data.startswith(_JPEG):
            height, width = _jpeg_size(data)
        else:
            return None
    except struct.error:
        return None
    return Image(kind=_kind(data), width=width, height=height)


def _kind(data: bytes) -> str:
    return {_PNG[:2]: "PNG", b"GI": "GIF", _JPEG: "JPEG"}[data[:2]]


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = len(_JPEG)
    while True:
        fill, marker = struct.unpack_from(">BB", data, at)
        if fill != 0xFF:
            raise struct.error("no marker where one has to be")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + length
