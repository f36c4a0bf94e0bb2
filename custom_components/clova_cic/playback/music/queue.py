"""The tracks that are to come, and those that have been."""

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Final, Self

from ...cic.interfaces.audio_player import Play
from ...cic.interfaces.audio_stream import AudioItem, AudioStream
from ...cic.messages import Payload

# A long playlist has a few hundred tracks; each is kept with everything CIC said of it.
MOST_QUEUED: Final = 500
# "Previous" goes back so far.
MOST_PAST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What CIC ordered to play, with who provides it. stream has what was delivered merged in."""

    item: AudioItem
    source_name: str | None = None
    source_logo_url: str | None = field(default=None, repr=False)
    delivered: AudioStream | None = None

    @classmethod
    def of(cls, play: Play) -> Self:
        """Return what a Play orders."""
        return cls(
            item=play.item, source_name=play.source_name, source_logo_url=play.source_logo_url
        )

    @property
    def id(self) -> str:
        """The audioItemId, by which a Play that came twice is known."""
        return self.item.audio_item_id

    @property
    def stream(self) -> AudioStream:
        """The stream as it is known best."""
        return self.delivered or self.item.stream

    @property
    def begin(self) -> float:
        """The window's beginning, in seconds of the medium."""
        return self.stream.begin_at / 1000

    @property
    def duration(self) -> float | None:
        """The window's length in seconds; None: open."""
        return None if self.stream.duration is None else self.stream.duration / 1000

    @property
    def end(self) -> float | None:
        """The window's end, in seconds of the medium; None: open."""
        return None if self.duration is None else self.begin + self.duration

    def with_delivered(self, stream: Payload) -> Self:
        """Return the track with what a StreamDeliver brought."""
        return replace(self, delivered=self.item.stream.merged(stream))

    def as_asked(self) -> Self:
        """Return the track as its Play had it: what was delivered is good for once."""
        return replace(self, delivered=None)

    def within(self, position: float) -> float:
        """Return the position of the window that is nearest, in seconds of the medium."""
        ended = position if self.end is None else min(position, self.end)
        return max(self.begin, ended)


class Added(Enum):
    """What became of a track that was to be queued."""

    QUEUED = auto()
    KNOWN = auto()
    """It is queued already."""
    FULL = auto()


class TrackQueue:
    """What plays after the current track, and what played before it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._coming: deque[Track] = deque()
        self._past: deque[Track] = deque(maxlen=MOST_PAST)

    @property
    def coming(self) -> tuple[Track, ...]:
        """What is to come, in order."""
        return tuple(self._coming)

    def __contains__(self, audio_item_id: str) -> bool:
        """Tell whether a track is to come."""
        return any(track.id == audio_item_id for track in self._coming)

    def add(self, track: Track) -> Added:
        """Put a track at the end."""
        if track.id in self:
            return Added.KNOWN
        if len(self._coming) >= MOST_QUEUED:
            return Added.FULL
        self._coming.append(track)
        return Added.QUEUED

    def forward(self, current: Track | None) -> Track | None:
        """Return the next and keep the current as past; None when there is none."""
        if not self._coming:
            return None
        if current is not None:
            self._past.append(current.as_asked())
        return self._coming.popleft()

    def back(self, current: Track | None) -> Track | None:
        """Return the one before and put the current in front again; None when there is none."""
        if not self._past:
            return None
        if current is not None:
            self._coming.appendleft(current.as_asked())
        return self._past.pop()

    def clear_coming(self) -> None:
        """Forget what is to come."""
        self._coming.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._coming.clear()
        self._past.clear()
