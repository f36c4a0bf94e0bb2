"""Covers of our own making: the pitch as a colour, as a PNG (players show no drawings that can hold scripts)."""

import colorsys
import struct
import zlib

from .catalogue import Track

COVER_TYPE = "image/png"
# Pixels of each side.
SIZE = 200
_LIGHTNESS, _SATURATION = 0.4, 0.55
_EIGHT_BITS, _PALETTE = 8, 3


def cover(track: Track) -> bytes:
    """Return a cover: one colour, as a palette image (PNG 11.2)."""
    colour = colorsys.hls_to_rgb(track.pitch % 360 / 360, _LIGHTNESS, _SATURATION)
    header = struct.pack(">2I5B", SIZE, SIZE, _EIGHT_BITS, _PALETTE, 0, 0, 0)
    row = bytes(1 + SIZE)  # no filter, then every pixel the first colour of the palette
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(round(255 * part) for part in colour)),
            _chunk(b"IDAT", zlib.compress(row * SIZE)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
