"""Where something that plays comes to its end, and what it means that the player is silent."""

from dataclasses import dataclass
from typing import Final

from .media import Ended, Media

# A player tells of its end up to so much before, by our clock: what it has buffered, and how
# often it is asked. Seconds; of a short sound no more than a part, but always at least that.
NEAR: Final = 2.0
NEAR_PART: Final = 0.3
NEAR_LEAST: Final = 0.75
# A player that tells its duration in whole seconds may have rounded it up.
ROUNDED: Final = 0.5
# A player that stands still (paused) at the end does so at the very end.
HALTED_NEAR: Final = 0.75
# Sound comes a little later than the player says it plays: what is cut off by us may be the end.
TAIL: Final = 0.5
# A player that goes on this long after its own end will not tell of it, in seconds.
OVERRUN: Final = 3.0
# Less than this was no sound at all, where nothing is known of its length; seconds.
NOTHING: Final = 1.0


@dataclass(slots=True)
class Ends:
    """What is known of the end; learned while it plays. Positions are seconds of the medium."""

    media: Media
    told: float | None = None
    """The player's own duration."""
    disbelieved: float | None = None
    hint: float | None = None
    """Where the medium ends, as whoever serves it knows."""

    @property
    def window(self) -> float | None:
        """Return where it is to end, whatever comes behind."""
        media = self.media
        return None if media.duration is None else media.begin + media.duration

    @property
    def natural(self) -> float | None:
        """Return where the medium itself ends."""
        return self.hint if self.hint is not None else self.told

    @property
    def expected(self) -> float | None:
        """Return where it will end."""
        return min((end for end in (self.window, self.natural) if end is not None), default=None)

    @property
    def limit(self) -> float | None:
        """Return where it is stopped if it has not ended by itself."""
        window, natural = self.window, self.natural
        if window is None:
            return None if natural is None else natural + OVERRUN
        if natural is None:
            return window + TAIL
        return window if natural > window + NEAR_LEAST else window + OVERRUN

    def learn(self, duration: float | None) -> None:
        """Take in the player's own duration."""
        if duration is not None and duration != self.disbelieved:
            self.told = duration

    def pass_by(self, position: float) -> None:
        """Disbelieve the player's duration where it plays on beyond that: it was an estimate."""
        if self.told is not None and position > self.told + NEAR_LEAST:
            self.disbelieved, self.told = self.told, None

    def is_near(self, position: float, first: float, *, halted: bool = False) -> bool:
        """Tell whether silence here is the end; first is where it began to sound."""
        if self.expected is None:
            return False
        tolerance = min(NEAR, max(NEAR_LEAST, (self.expected - first) * NEAR_PART))
        if halted:
            tolerance = HALTED_NEAR
        if self.expected == self.told and self.told.is_integer():
            tolerance += ROUNDED
        return position >= self.expected - tolerance

    def judge(self, position: float, first: float) -> Ended:
        """Return what silence means at a position."""
        if self.expected is None:
            return Ended.FINISHED if position - first >= NOTHING else Ended.FAILED
        return Ended.FINISHED if self.is_near(position, first) else Ended.STOPPED

    def at_most(self, position: float) -> float:
        """Return a position that is not past the end."""
        return position if self.expected is None else min(position, self.expected)
