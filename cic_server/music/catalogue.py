"""What can be played: every track has one steady pitch of its own, by which a recording is judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import uuid4

# Between a track's id and what makes the token of one order of it unlike any other.
TOKEN_SEPARATOR = "."


class Kind(Enum):
    """How a track's sound is got."""

    # Its address is in the Play.
    DIRECT = "direct"
    # Its address comes with StreamDeliver, for a while (urlPlayable: false).
    PROTECTED = "protected"
    # A list of segments (RFC 8216).
    HLS = "hls"
    # A list of segments that never ends.
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One piece; lengths in seconds, pitch in Hz (even: half a second holds whole waves)."""

    id: str
    title: str
    artist: str
    seconds: float
    pitch: int
    kind: Kind = Kind.DIRECT
    # The part that may be played: where it begins, and how long it is.
    begin: float = 0.0
    window: float | None = None
    # The stream's progressReport, as Play has it, and what StreamDeliver adds.
    progress: Mapping[str, int | None] | None = None
    delivered_progress: Mapping[str, int | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playlist:
    """Tracks in their order, and the words that ask for them."""

    name: str
    title: str
    ko: str
    ja: str
    ja_spoken: str
    tracks: Sequence[Track] = field(default_factory=tuple)
    # One track at a time; the answer to PlayFinished brings the next, for ever.
    endless: bool = False

    def after(self, track: Track, steps: int = 1) -> Track:
        """Return the track so many places on; behind the last comes the first."""
        return self.tracks[(self.tracks.index(track) + steps) % len(self.tracks)]


def _report(delay: int | None, interval: int | None, position: int | None) -> dict[str, int | None]:
    """Return a progressReport; milliseconds."""
    return {
        "progressReportDelayInMilliseconds": delay,
        "progressReportIntervalInMilliseconds": interval,
        "progressReportPositionInMilliseconds": position,
    }


_QUARTET = "The Oscillator Quartet"
_SOLO = "Sine Solo"

JAZZ = Playlist(
    name="jazz",
    title="Jazz",
    ko="재즈",
    ja="ジャズ",
    ja_spoken="ジャズ",
    tracks=(
        Track(id="jazz-1", title="Blue Wave", artist=_QUARTET, seconds=30, pitch=330),
        Track(id="jazz-2", title="Night Current", artist=_QUARTET, seconds=30, pitch=440),
        Track(id="jazz-3", title="Round Frequency", artist=_QUARTET, seconds=30, pitch=554),
        Track(id="jazz-4", title="So Watt", artist=_QUARTET, seconds=30, pitch=660),
    ),
)
PIANO = Playlist(
    name="piano",
    title="Piano",
    ko="피아노",
    ja="ピアノ",
    ja_spoken="ピアノ",
    tracks=(
        Track(id="piano-1", title="Prelude", artist=_SOLO, seconds=20, pitch=392),
        Track(id="piano-2", title="Interlude", artist=_SOLO, seconds=20, pitch=494),
        Track(id="piano-3", title="Postlude", artist=_SOLO, seconds=20, pitch=588),
    ),
)
# Short enough to hear a whole list in a test.
BELLS = Playlist(
    name="bells",
    title="Bells",
    ko="종소리",
    ja="鐘",
    ja_spoken="かね",
    tracks=(
        Track(id="bells-1", title="Low Bell", artist="Tower", seconds=4, pitch=784),
        Track(id="bells-2", title="Middle Bell", artist="Tower", seconds=4, pitch=880),
        Track(id="bells-3", title="High Bell", artist="Tower", seconds=4, pitch=988),
    ),
)
OCEAN = Playlist(
    name="ocean",
    title="Ocean Sounds",
    ko="바다",
    ja="海",
    ja_spoken="うみ",
    endless=True,
    tracks=(
        Track(id="ocean-1", title="Ebb", artist="Sea", seconds=6, pitch=350),
        Track(id="ocean-2", title="Flow", artist="Sea", seconds=6, pitch=466),
        Track(id="ocean-3", title="Foam", artist="Sea", seconds=6, pitch=622),
    ),
)
CONCERT = Playlist(
    name="concert",
    title="The Concert",
    ko="콘서트",
    ja="コンサート",
    ja_spoken="コンサート",
    tracks=(
        Track(
            id="concert-1",
            title="First Movement",
            artist="Local Orchestra",
            seconds=8,
            pitch=698,
            kind=Kind.PROTECTED,
            # together: after 2 s, every 3 s, at 5 s
            progress=_report(None, 3_000, 4_000),
            delivered_progress=_report(2_000, None, 5_000),
        ),
        Track(
            id="concert-2",
            title="Second Movement",
            artist="Local Orchestra",
            seconds=8,
            pitch=830,
            kind=Kind.PROTECTED,
        ),
    ),
)
PODCAST = Playlist(
    name="podcast",
    title="The Podcast",
    ko="팟캐스트",
    ja="ポッドキャスト",
    ja_spoken="ポッドキャスト",
    tracks=(
        Track(
            id="podcast-1",
            title="In Pieces",
            artist="The Reader",
            seconds=20,
            pitch=524,
            kind=Kind.HLS,
        ),
        Track(
            id="podcast-2",
            title="An Excerpt",
            artist="The Reader",
            seconds=20,
            pitch=1_046,
            begin=5,
            window=10,
            progress=_report(2_000, 4_000, 9_000),
        ),
    ),
)
RADIO = Playlist(
    name="radio",
    title="The Radio",
    ko="라디오",
    ja="ラジオ",
    ja_spoken="ラジオ",
    tracks=(
        Track(
            id="radio-1",
            title="Loopback Radio",
            artist="This Machine",
            seconds=40,
            pitch=740,
            kind=Kind.LIVE,
        ),
    ),
)

PLAYLISTS: dict[str, Playlist] = {
    each.name: each for each in (JAZZ, PIANO, BELLS, OCEAN, CONCERT, PODCAST, RADIO)
}
DEFAULT = JAZZ
TRACKS: dict[str, Track] = {
    track.id: track for playlist in PLAYLISTS.values() for track in playlist.tracks
}
PROVIDER = "Local tunes"


def new_token(track: Track) -> str:
    """Return a token for one order: the same track can be ordered again and is not a duplicate."""
    return f"{track.id}{TOKEN_SEPARATOR}{uuid4()}"


def track_of(token: Any) -> Track | None:
    """Return the track a token stands for."""
    return TRACKS.get(str(token).partition(TOKEN_SEPARATOR)[0])


def playlist_of(track: Track) -> Playlist:
    """Return the list a track stands in."""
    return next(each for each in PLAYLISTS.values() if track in each.tracks)
