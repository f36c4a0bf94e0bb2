"""The course of something that plays on a media player, by what the player shows.

CALLED -> STARTING -> (SEEKING) -> PLAYING <-> PAUSED -> ENDED
PLAYING, PAUSED -> AWAY: unavailable for a while
PAUSED -> DISPLACED: no more in the player -> RETURNING -> PLAYING
STARTING -> BLIND: an announcement the player does not show
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
import logging
from typing import TYPE_CHECKING, Final

from homeassistant.util import dt as dt_util

from .ends import NEAR_LEAST, Ends
from .media import Ended, Listener, Media
from .positions import PositionClock, Report
from .seen import Seen, Sound
from .starts import Start

if TYPE_CHECKING:
    from .output import Output

_LOGGER = logging.getLogger(__name__)

# For so long after an order the player is asked, and what it says of positions may be old.
SETTLING: Final = 1.5


class Stage(Enum):
    """What is expected of the player."""

    CALLED = auto()
    """It has not taken the order yet."""
    STARTING = auto()
    SEEKING = auto()
    """It sounds, but not yet where it shall begin."""
    PLAYING = auto()
    BLIND = auto()
    """It sounds, as far as one can tell: the player shows something else."""
    PAUSED = auto()
    DISPLACED = auto()
    """Paused, and no more in the player: it would have to be played anew."""
    RETURNING = auto()
    """It is played anew."""
    AWAY = auto()
    """The player is unavailable."""
    ENDING = auto()
    """It is being stopped; what the player shows says nothing."""
    ENDED = auto()


class Course:
    """Where something that plays is, and what becomes of it, by what the player shows."""

    def __init__(
        self, output: Output, media: Media, listener: Listener, *, announcement: bool = False
    ) -> None:
        """Know nothing yet; the output gives the order."""
        self.media = media
        self.announcement = announcement
        self._output = output
        self._hass = output.hass
        self._listener = listener
        now = self._now
        self._clock = PositionClock(media.begin, now)
        self._ends = Ends(media)
        self._start = self._new_start()
        self._first = media.begin
        self._stage = Stage.CALLED
        # PLAYING or PAUSED while it is ordered; what it was while it is AWAY
        self._ordered: Stage | None = None
        self._was = Stage.PLAYING
        self._since = self._attentive_until = now
        self._heard_at: float | None = None
        self._moved = asyncio.Event()

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    def _new_start(self) -> Start:
        return Start(
            url=self.media.url,
            at=self._now,
            wall=dt_util.utcnow(),
            before=self._output.seen,
            mixes=self._is_mixed,
        )

    @property
    def _is_mixed(self) -> bool:
        """Whether it sounds over what the player plays besides."""
        return self.announcement and self._output.can_announce

    # What is known

    @property
    def active(self) -> bool:
        """False once it has ended, was stopped or forgotten."""
        return self._stage is not Stage.ENDED

    @property
    def position(self) -> float:
        """Where it is, in seconds of the medium: the best that is known now."""
        return self._ends.at_most(self._clock.at(self._now))

    @property
    def duration(self) -> float | None:
        """The length of the medium as the player or its server knows it, in seconds."""
        return self._ends.natural

    @property
    def can_seek(self) -> bool:
        """Whether the player can go elsewhere in it."""
        return self._output.can_seek and self.media.seekable

    # What its output tells

    def adopt(self, position: float | None) -> bool:
        """Take over what the player plays already; False if that is something else."""
        seen = self._output.seen
        if seen.content_id != self.media.url or seen.sound not in (Sound.SOUNDING, Sound.PAUSED):
            return False
        now = self._now
        self._start.sounded_at = self._start.done_at = self._heard_at = now
        is_sounding = seen.sound is Sound.SOUNDING
        # what is remembered is older than a restart takes
        self._clock.guess(self.media.begin if position is None else position, now)
        if (report := self._report(seen)) is not None:
            said = report.expected(now, running=is_sounding)
            if seen.duration is None or said <= seen.duration:
                self._clock.set(said, now)
        if is_sounding:
            self._clock.run(now)
        self._learn(seen)
        self._move(Stage.PLAYING if is_sounding else Stage.PAUSED)
        self.watch()
        return True

    def displace(self) -> None:
        """Know that something else takes the player for a while."""
        match self._stage:
            case Stage.DISPLACED:
                pass
            case Stage.PAUSED:
                self._move(Stage.DISPLACED)
            case Stage.PLAYING if self._ordered is Stage.PAUSED:
                self._leave()
            case Stage.STARTING | Stage.SEEKING | Stage.RETURNING:
                self._move(Stage.DISPLACED)
            case _:
                self.end(Ended.STOLEN)

    def _leave(self) -> None:
        """Be paused, and out of the player."""
        self._clock.halt(self._now)
        self._move(Stage.DISPLACED)
        self._tell(self._listener.paused)

    def end(self, how: Ended) -> None:
        """Be over."""
        if self.active:
            self._end(how, self.position)

    # What the player shows

    def look(self, last_seen: datetime | None = None) -> None:
        """Take in what the player shows; last_seen is when it last showed something else."""
        if not self.active or self._output.is_deaf(self):
            return
        seen = self._output.seen
        match self._stage:
            case _ if seen.sound is Sound.GONE:
                self.end(Ended.LOST)
            case Stage.STARTING | Stage.RETURNING:
                self._look_for_start(seen)
            case Stage.CALLED if self._is_mixed:
                self._look_for_start(seen)
            case Stage.BLIND if self._start.is_heard(seen, self._now):
                self._clock.set(self._first, self._now)
                self._move(Stage.PLAYING)
            case Stage.PLAYING | Stage.PAUSED:
                self._look_on(seen, last_seen)
            case Stage.DISPLACED if seen.sound is Sound.SOUNDING:
                self._look_at_successor(seen)
            case Stage.AWAY if seen.sound is not Sound.AWAY:
                self._move(self._was)
                self.look()
        self.watch()

    def _look_on(self, seen: Seen, last_seen: datetime | None) -> None:
        is_playing = self._stage is Stage.PLAYING
        match seen.sound:
            case Sound.AWAY:
                self._was, self._since = self._stage, self._now
                self._move(Stage.AWAY)
            case Sound.SILENT:
                self._fall_silent(last_seen)
            case _ if self._is_stolen(seen):
                self._make_room(last_seen)
            case Sound.SOUNDING if is_playing:
                self._clock.run(self._now)
                self._heed(seen)
            case Sound.SOUNDING:
                self._go_on(seen)
            case Sound.BUFFERING if is_playing:
                self._clock.halt(self._now)
            case Sound.PAUSED if is_playing:
                self._stand_still(seen, last_seen)

    def _look_for_start(self, seen: Seen) -> None:
        if not self._start.is_heard(seen, self._now):
            return
        self._learn(seen)
        if self._first >= NEAR_LEAST and self.can_seek:
            self._since = self._now
            self._move(Stage.SEEKING)
            return
        self._first = self._now - (self._start.sounded_at or self._now)
        self._begin(Stage.PLAYING)
        self._heed(seen, at_once=True)

    def _begin(self, stage: Stage) -> None:
        """Let the clock run from the first position, and tell."""
        self._clock.set(self._first, self._now)
        self._clock.run(self._now)
        self._attend()
        self._move(stage)
        is_first, self._heard_at = self._heard_at is None, self._now
        self._tell(self._listener.started if is_first else self._listener.resumed)

    def _learn(self, seen: Seen) -> None:
        self._start.learn(seen, self._now)
        self._ends.learn(seen.duration)

    def _is_stolen(self, seen: Seen) -> bool:
        """Tell whether something else plays; what is ours is remembered."""
        if not self._start.owns(seen) and not self._start.is_early(self._now):
            return True
        self._learn(seen)
        return False

    def _look_at_successor(self, seen: Seen) -> None:
        """See whether it is back in the player, or another has its place for good."""
        if seen.content_id in (self.media.url, self._start.shown):
            self._go_on(seen)
        elif seen.content_id is not None and seen.content_id != self._output.announced:
            self.end(Ended.STOLEN)

    def _make_room(self, last_seen: datetime | None) -> None:
        """End because the player plays something else: what was to come after this, or not."""
        position = self._heard_until(last_seen)
        is_over = self.announcement or self._ends.is_near(position, self._first)
        if is_over and self._stage is Stage.PLAYING:
            self._end(self._ends.judge(position, self._first), position)
        else:
            self._end(Ended.STOLEN, position)

    def _heed(self, seen: Seen, *, at_once: bool = False) -> None:
        """Correct the position; somebody may have sought."""
        report = self._report(seen)
        if report is None or (self._now < self._attentive_until and not at_once):
            return
        if self._clock.heed(report, self._now, seen.duration):
            self._tell(self._listener.moved)
        self._ends.pass_by(report.position)

    def _report(self, seen: Seen) -> Report | None:
        if seen.position is None or seen.position_at is None:
            return None
        age = (dt_util.utcnow() - seen.position_at).total_seconds()
        return Report(seen.position, self._now - max(age, 0.0))

    def _stand_still(self, seen: Seen, last_seen: datetime | None) -> None:
        position = self._heard_until(last_seen)
        if self._ordered is None and self._ends.is_near(position, self._first, halted=True):
            self._end(Ended.FINISHED, self.position)
            return
        self._clock.halt(self._now)
        if (report := self._report(seen)) is not None:
            self._clock.believe(report, self._now, seen.duration)
        self._move(Stage.PAUSED)
        self._tell(self._listener.paused)

    def _go_on(self, seen: Seen) -> None:
        self._clock.run(self._now)
        if (report := self._report(seen)) is not None:
            self._clock.believe(report, self._now, seen.duration)
        self._move(Stage.PLAYING)
        self._tell(self._listener.resumed)

    def _fall_silent(self, last_seen: datetime | None) -> None:
        if self._stage is Stage.PAUSED:
            self._end(Ended.STOPPED, self.position)
        elif self._ordered is Stage.PAUSED:
            # this it cannot pause, as players with live streams
            self._leave()
        else:
            how = self._ends.judge(self._clock.at(self._now), self._first)
            is_end = how is Ended.FINISHED
            self._end(how, self.position if is_end else self._heard_until(last_seen))

    def _heard_until(self, last_seen: datetime | None) -> float:
        """Return where it was when last seen playing: a player that is asked tells late."""
        late = 0.0
        if last_seen is not None and self._output.is_polled:
            late = max(0.0, (dt_util.utcnow() - last_seen).total_seconds())
        return max(self._first, self._clock.at(self._now) - late)

    # The end, and what is told

    def _end(self, how: Ended, position: float) -> None:
        position = self._ends.at_most(position)
        self._clock.halt(self._now)
        self._clock.set(position, self._now)
        self._move(Stage.ENDED)
        self._tell(lambda _: self._listener.ended(how, position))

    def _move(self, stage: Stage) -> None:
        self._stage = stage
        self._moved.set()
        self.watch()
        if stage is Stage.ENDED:
            self._output.let_go(self)

    def _tell(self, what: Callable[[float], None]) -> None:
        try:
            what(self.position)
        except Exception:
            _LOGGER.exception("Unexpected error of one who listens to a player")

    def _attend(self) -> None:
        """Ask the player for a while: an order was given."""
        self._attentive_until = self._now + SETTLING
        self.watch()

    def watch(self) -> None:
        """Look again at when the player is to be asked."""
        raise NotImplementedError
