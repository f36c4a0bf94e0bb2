"""Whether what a player plays after an order is what was ordered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .seen import Seen, Sound

# That it plays counts once it knows what, or when it still does after this, in seconds:
# a player that cannot fetch the sound says it plays until it knows that.
CERTAIN_AFTER: Final = 0.5
# A player that has not told anything since the order may speak of before, for that long, in seconds.
OLD_NEWS: Final = 2.0
# How long a player may take to make up the id it shows for what it plays, in seconds.
LEARNING: Final = 3.0


@dataclass(slots=True, kw_only=True)
class Start:
    """An order to play, and what the player showed since. Times are the loop's, but for wall."""

    url: str
    at: float
    wall: datetime
    before: Seen
    """The player before the order."""
    mixes: bool = False
    """It is an announcement of a player that goes on with what it played."""
    done_at: float | None = None
    """When the player had taken the order."""
    sounded_at: float | None = None
    silent_at: float | None = None
    shown: str | None = None
    """The content id the player shows for it: its own where it does not show ours."""
    app_id: str | None = None

    def is_heard(self, seen: Seen, now: float) -> bool:
        """Take in what the player shows; True once it certainly sounds."""
        if seen.sound is not Sound.SOUNDING or not self._is_it(seen, now):
            if seen.sound is Sound.SILENT and self.sounded_at is not None:
                self.silent_at = now if self.silent_at is None else self.silent_at
            return False
        self.silent_at = None
        self.sounded_at = now if self.sounded_at is None else self.sounded_at
        knows_what = seen.duration is not None or bool(seen.position)
        return knows_what or now - self.sounded_at >= CERTAIN_AFTER

    def _is_it(self, seen: Seen, now: float) -> bool:
        if seen.content_id == self.url:
            return self._is_new(seen, now)
        if self.before.sound is Sound.SOUNDING and self.mixes:
            return False
        changed = seen.content_id is None or seen.content_id != self.before.content_id
        return changed and self._is_new(seen, now)

    def _is_new(self, seen: Seen, now: float) -> bool:
        if seen.reported_at is not None and seen.reported_at >= self.wall:
            return True
        return self.done_at is not None and now - self.done_at >= OLD_NEWS

    def is_early(self, now: float) -> bool:
        """Tell whether the player may still be making up its name for it."""
        return self.sounded_at is None or now - self.sounded_at < LEARNING

    def learn(self, seen: Seen, now: float) -> None:
        """Remember how the player names it."""
        if seen.content_id is not None and (self.shown is None or self.is_early(now)):
            self.shown = seen.content_id
        self.app_id = self.app_id or seen.app_id

    def owns(self, seen: Seen) -> bool:
        """Tell whether the player shows it, or nothing by which to tell."""
        if None not in (seen.app_id, self.app_id) and seen.app_id != self.app_id:
            return False
        return seen.content_id is None or seen.content_id in (self.url, self.shown)
