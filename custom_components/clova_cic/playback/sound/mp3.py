"""MPEG audio layer III as a stream of frames: how long it lasts, and silence in its own format.

Source: ISO/IEC 11172-3 2.4 (header, side information), 13818-3 2.4 (lower sampling rates).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

_KBIT_MPEG1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
# by the two version bits: 2.5, reserved, 2, 1
_RATES = ((11025, 12000, 8000), None, (22050, 24000, 16000), (44100, 48000, 32000))
_HEADER_BYTES = 4
# What ffmpeg wants to see: so many frames, and the block of bytes it reads to its end.
PROBE_FRAMES = 52
PROBE_BLOCK = 2048
# The block is not full to the byte, and an encoder's last frame may not be whole.
SPARE_FRAMES = 2
# Before the first frame; speech has no cover pictures.
LONGEST_PREFACE = 256 * 1024
_ID3_HEADER_BYTES = 10
# header byte 2: bitrate and rate stay, the padding bit goes; byte 1: "no checksum" is set
_NO_CHECKSUM = 0x01
_PADDING = 0x02
_MONO = 3
# An encoder's word on the whole sound, in a frame of silence, behind the header and its side
# information (MPEG-2 mono, MPEG-2 stereo or MPEG-1 mono, MPEG-1 stereo).
_TOLD_AT: Final = (13, 21, 36)
_TOLD: Final = (b"Xing", b"Info", b"VBRI")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame: its header, size in bytes, length in seconds, rate in Hz and channels."""

    header: bytes
    size: int
    seconds: float
    rate: int
    channels: int

    @classmethod
    def parse(cls, header: bytes) -> Self | None:
        """Read a frame header, or return None where there is none."""
        if len(header) < _HEADER_BYTES or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
            return None
        version, bitrate, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
        rates = _RATES[version]
        if rates is None or rate == 3 or not 1 <= bitrate <= 14:
            return None
        mpeg1 = version == 3
        kbit = (_KBIT_MPEG1 if mpeg1 else _KBIT_MPEG2)[bitrate - 1]
        samples = 1152 if mpeg1 else 576
        size = samples // 8 * kbit * 1000 // rates[rate] + (header[2] >> 1 & 1)
        return cls(
            header=bytes(header[:4]),
            size=size,
            seconds=samples / rates[rate],
            rate=rates[rate],
            channels=1 if header[3] >> 6 == _MONO else 2,
        )

    def silence(self, seconds: float) -> bytes:
        """Return at least that much silence in the format of this frame.

        All side information zero means: no data, every sample zero.
        """
        header = bytes(
            (
                self.header[0],
                self.header[1] | _NO_CHECKSUM,
                self.header[2] & ~_PADDING & 0xFF,
                self.header[3],
            )
        )
        quiet = Frame.parse(header)
        if quiet is None or seconds <= 0:
            return b""
        frame = header + bytes(quiet.size - _HEADER_BYTES)
        return frame * -int(-seconds // quiet.seconds)


class FrameCounter:
    """Follows the frames of a stream, however it is cut, without keeping it."""

    def __init__(self) -> None:
        """Start before the first byte."""
        self._tail = b""
        self._skip = 0
        self.size = 0
        """How many bytes have passed."""
        self.last: Frame | None = None
        """The newest frame, whose format silence takes."""
        self.frames = 0
        """How many frames that was."""
        self.seconds = 0.0
        """How long what has passed plays."""

    def begin_sound(self) -> None:
        """Look for a frame again: the last sound may have broken off within one."""
        self._tail = b""
        self._skip = 0

    def feed(self, data: bytes) -> None:
        """Count the frames that begin in data."""
        self.size += len(data)
        if self.last is None and self.size > LONGEST_PREFACE:
            return  # no MP3, whatever it says it is
        data = self._tail + data
        position = self._skip
        while position + _ID3_HEADER_BYTES <= len(data):
            position += self._step(data, position)
        self._tail = data[position:] if position < len(data) else b""
        self._skip = max(0, position - len(data))

    def _step(self, data: bytes, position: int) -> int:
        """Return how far the thing at this position reaches."""
        if data[position : position + 3] == b"ID3":
            return _ID3_HEADER_BYTES + _synchsafe(data[position + 6 : position + 10])
        frame = Frame.parse(data[position : position + _HEADER_BYTES])
        if frame is None:
            return 1
        self.last = frame
        self.frames += 1
        self.seconds += frame.seconds
        return frame.size


def frames(sound: bytes) -> Iterator[tuple[bytes, Frame]]:
    """Yield the frames of a sound that are whole and hold sound: no tags, no word of the encoder.

    Behind another sound, or before one, that word would be wrong.
    """
    position = 0
    while position + _HEADER_BYTES <= len(sound):
        if sound[position : position + 3] == b"ID3":
            position += _ID3_HEADER_BYTES + _synchsafe(sound[position + 6 : position + 10])
            continue
        frame = Frame.parse(sound[position : position + _HEADER_BYTES])
        if frame is None:
            position += 1
            continue
        data = sound[position : position + frame.size]
        if len(data) == frame.size and not any(data[at : at + 4] in _TOLD for at in _TOLD_AT):
            yield data, frame
        position += frame.size


def length(sound: bytes) -> float:
    """Return how long a whole sound plays, in seconds."""
    counter = FrameCounter()
    counter.feed(sound)
    return counter.seconds


def probe_padding(counter: FrameCounter) -> bytes:
    """Return the silence a short sound needs behind it to be heard before its stream ends.

    Home Assistant converts with ffmpeg for satellites that want wav or flac, and
    ffmpeg gives nothing out before it has seen this much (measured with 8 to 320 kbit/s).
    """
    frame = counter.last
    if frame is None:
        return b""
    blocks = -(-PROBE_FRAMES * frame.size // PROBE_BLOCK)
    wanted = blocks * PROBE_BLOCK // frame.size + SPARE_FRAMES
    return frame.silence((wanted - counter.frames) * frame.seconds)


def _synchsafe(data: bytes) -> int:
    """Read an ID3v2 size: four times seven bits."""
    size = 0
    for byte in data:
        size = size << 7 | byte & 0x7F
    return size
