"""HLS playlists (RFC 8216), rewritten so that all they name is fetched through Home Assistant.

Only what a player of sound needs goes through; a tag nobody here knows might name an address.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import re
from typing import Final

from yarl import URL

from .addresses import BadAddressError, followed
from .kinds import PLAYLIST, extension

# Ten hours in segments of two seconds. Bytes.
LARGEST_PLAYLIST: Final = 1024 * 1024
# As much of a body as tells a playlist: its first line, behind a byte order mark.
SNIFFED: Final = 10

_FIRST_LINE: Final = b"#EXTM3U"
_BYTE_ORDER_MARK: Final = "\ufeff"
# Some players end a line at NUL; there must be no line that they see and we do not.
_LINE_ENDS: Final = re.compile(r"[\r\n\0]+")
_ATTRIBUTE: Final = re.compile(r'\s*([A-Za-z0-9-]+)\s*=\s*("[^"]*"|[^",]*)\s*(?:,|$)')

# Tags with an address in them, and what lies there.
_LINKED: Final = {
    "EXT-X-KEY": "key",
    "EXT-X-SESSION-KEY": "key",
    "EXT-X-MAP": "mp4",
    "EXT-X-MEDIA": PLAYLIST,
}
_KEPT: Final = frozenset(
    {
        "EXTM3U",
        "EXT-X-VERSION",
        "EXT-X-TARGETDURATION",
        "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-DISCONTINUITY",
        "EXT-X-DISCONTINUITY-SEQUENCE",
        "EXT-X-PLAYLIST-TYPE",
        "EXT-X-INDEPENDENT-SEGMENTS",
        "EXT-X-START",
        "EXT-X-BITRATE",
        "EXT-X-GAP",
        "EXT-X-PROGRAM-DATE-TIME",
    }
)

type Link = Callable[[str, str], str]


class PlaylistError(Exception):
    """A playlist that cannot be served; the text holds no address."""


@dataclass(frozen=True, slots=True)
class LastSegment:
    """Where a playlist that has an end ends: an address, and the byte behind its part of it."""

    address: str
    stop: int | None


def is_playlist(head: bytes) -> bool:
    """Tell a playlist by its first bytes, whatever its type says."""
    return head.removeprefix(_BYTE_ORDER_MARK.encode()).startswith(_FIRST_LINE)


class Rewriter:
    """Rewrites one playlist: link makes the address a player is told, of another and its end."""

    def __init__(self, base: URL, link: Link) -> None:
        """Take addresses relative to base, where the playlist was found."""
        self._base = base
        self._link = link
        self._variant = False
        self._part: tuple[int, int | None] | None = None
        self._stop = 0
        self._segment: LastSegment | None = None
        self.last: LastSegment | None = None
        """The last segment, once the playlist has said that there will be no other."""

    def lines(self, text: str) -> Iterator[str]:
        """Yield the lines of a playlist, rewritten; raises PlaylistError."""
        for line in _LINE_ENDS.split(text.removeprefix(_BYTE_ORDER_MARK)):
            line = line.strip()
            if line.startswith("#EXT"):
                yield from self._tag(line)
            elif line and not line.startswith("#"):
                yield self._address(line)

    def _tag(self, line: str) -> Iterator[str]:
        name, _, value = line[1:].partition(":")
        match name:
            case "EXTINF":
                yield f"#EXTINF:{value.partition(',')[0]},"
            case "EXT-X-BYTERANGE":
                self._part = _byte_range(value)
                yield line
            case "EXT-X-STREAM-INF":
                self._variant = True
                yield line
            case "EXT-X-ENDLIST":
                self.last = self._segment
                yield line
            case _ if name in _LINKED:
                yield f"#{name}:{','.join(self._attributes(value, _LINKED[name]))}"
            case _ if name in _KEPT:
                yield line

    def _attributes(self, value: str, end: str) -> Iterator[str]:
        position = 0
        while position < len(value):
            found = _ATTRIBUTE.match(value, position)
            if found is None:
                raise PlaylistError("a tag is malformed")
            position = found.end()
            name, content = found[1], found[2]
            if name.upper() == "URI":
                address = content.strip('"')
                # A key or a header within the playlist itself: nothing is fetched.
                inline = address.startswith("data:") and end != PLAYLIST
                content = f'"{address if inline else self._linked(address, end)}"'
            yield f"{name}={content}"

    def _address(self, line: str) -> str:
        if self._variant:
            self._variant = False
            return self._linked(line, PLAYLIST)
        address = str(self._joined(line))
        stop = None
        if self._part is not None:
            size, start = self._part
            self._stop = stop = (self._stop if start is None else start) + size
            self._part = None
        self._segment = LastSegment(address, stop)
        return self._linked(line, "ts")

    def _linked(self, address: str, end: str) -> str:
        url = self._joined(address)
        return self._link(str(url), extension(url) or end)

    def _joined(self, address: str) -> URL:
        try:
            return followed(self._base, address)
        except BadAddressError as err:
            raise PlaylistError("it names what is no address of the web") from err


def _byte_range(value: str) -> tuple[int, int | None]:
    """Read EXT-X-BYTERANGE: how many bytes, and from where."""
    size, _, start = value.partition("@")
    try:
        return int(size), int(start) if start else None
    except ValueError as err:
        raise PlaylistError("a tag is malformed") from err
