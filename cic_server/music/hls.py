"""Lists of segments (RFC 8216): MP3 frames, each segment headed by its time (3.4, packed audio)."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from .tunes import FRAME_SECONDS, frames

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
# About four seconds.
FRAMES_PER_SEGMENT = 150
SEGMENT_SECONDS = FRAMES_PER_SEGMENT * FRAME_SECONDS
# Segments a live list shows: RFC 8216 6.2.2 wants three target durations at least.
LIVE_SEGMENTS = 5
# Ticks of MPEG-2's clock, in which a segment's time is told, and where it wraps.
TICKS = 90_000
TICKS_END = 1 << 33
_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of sound and its length in seconds."""

    sound: bytes
    seconds: float


def segments(mp3: bytes) -> list[Segment]:
    """Cut a tune."""
    all_frames = frames(mp3)
    cut = [
        all_frames[start : start + FRAMES_PER_SEGMENT]
        for start in range(0, len(all_frames), FRAMES_PER_SEGMENT)
    ]
    return [Segment(sound=b"".join(each), seconds=len(each) * FRAME_SECONDS) for each in cut]


def loop(mp3: bytes) -> list[Segment]:
    """Cut a tune into segments of one length that follow each other for ever."""
    return [
        each for each in segments(mp3) if math.isclose(each.seconds, SEGMENT_SECONDS, abs_tol=1e-6)
    ]


def timed(segment: Segment, begin: float) -> bytes:
    """Return a segment behind an ID3 tag that tells its time, in seconds."""
    content = _OWNER + (round(begin * TICKS) % TICKS_END).to_bytes(8)
    frame = b"PRIV" + _synchsafe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame + segment.sound


def _synchsafe(size: int) -> bytes:
    """Return a length as ID3v2.4 writes it: seven bits a byte."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def whole_list(name: str, found: Sequence[Segment]) -> str:
    """Return the list of a tune that ends."""
    lines = _head(max(each.seconds for each in found), 0)
    for number, each in enumerate(found):
        lines += [f"#EXTINF:{each.seconds:.5f},", f"{name}/{number}.mp3"]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def live_list(name: str, elapsed: float) -> str:
    """Return what is on the air so many seconds after the station began."""
    first = int(elapsed / SEGMENT_SECONDS)
    lines = _head(SEGMENT_SECONDS, first)
    for number in range(first, first + LIVE_SEGMENTS):
        lines += [f"#EXTINF:{SEGMENT_SECONDS:.5f},", f"{name}/{number}.mp3"]
    return "\n".join([*lines, ""])


def _head(longest: float, first: int) -> list[str]:
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{math.ceil(longest)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
    ]
