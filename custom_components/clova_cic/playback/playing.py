"""Something that plays on a media player: watched from the order to its end.

    CALLED -> STARTING -> (SEEKING) -> PLAYING <-> PAUSED -> ENDED
    PLAYING, PAUSED -> AWAY: unavailable for a while
    PAUSED -> DISPLACED: no more in the player -> RETURNING -> PLAYING
    STARTING -> BLIND: an announcement the player does not show

What the player shows moves it; the player is asked only where something is expected of it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
import logging
from typing import TYPE_CHECKING, Final

from homeassistant.components.media_player.const import (
    ATTR_MEDIA_SEEK_POSITION,
    MediaPlayerEntityFeature as Feature,
)
from homeassistant.const import (
    SERVICE_MEDIA_PAUSE,
    SERVICE_MEDIA_PLAY,
    SERVICE_MEDIA_SEEK,
    SERVICE_MEDIA_STOP,
    SERVICE_TURN_OFF,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from .calls import player_error
from .ends import NEAR_LEAST, Ends
from .media import Ended, Listener, Media
from .positions import PositionClock, Report
from .seen import Seen, Sound
from .starts import Start
from .watching import Agenda, Watch

if TYPE_CHECKING:
    from .output import Output

_LOGGER = logging.getLogger(__name__)

# A player that does not sound by then will not; network speakers wake up within seconds.
START_TIMEOUT: Final = 10.0
# How often a player is asked until it sounds, in seconds.
START_POLL: Final = 0.3
# Silent for so long after it had sounded a moment: it could not play it, in seconds.
FAILED_AFTER: Final = 1.0
# Around an order and an expected end the player is asked this often, in seconds.
POLL: Final = 0.4
# How long before an expected end that begins, in seconds.
BEFORE_END: Final = 1.0
# For so long after an order the player is asked, and what it says of positions may be old.
SETTLING: Final = 1.5
# An order to pause or to go on is carried out by then, or not at all, in seconds.
OBEY_TIMEOUT: Final = 5.0
# A player that is away for less has only lost its network, in seconds.
AWAY_TIMEOUT: Final = 5.0
AWAY_POLL: Final = 1.0
# A player that announces may not show it; then its order counts, this long after it, in seconds.
BLIND_AFTER: Final = 1.0
# Of an announcement whose end nobody tells, in seconds.
LONGEST_ANNOUNCEMENT: Final = 300.0
# A player whose order to announce returns this late in the sound has waited for its end.
WAITED_PART: Final = 0.8
# Some players cannot seek before they have fetched a little.
SEEK_ATTEMPTS: Final = 4


class Stage(Enum):
    """What is expected of the player."""

    CALLED = auto()
    """It has not taken the order yet."""
    STARTING = auto()
    SEEKING = auto()
    """It sounds, but not yet where it shall begin."""
    PLAYING = auto()
    BLIND = auto()
    PAUSED = auto()
    DISPLACED = auto()
    """Paused, and no more in the player: it would have to be played anew."""
    RETURNING = auto()
    AWAY = auto()
    ENDING = auto()
    """It is being stopped; what the player shows says nothing."""
    ENDED = auto()


_UNHEARD: Final = (Stage.CALLED, Stage.STARTING, Stage.SEEKING, Stage.RETURNING)


class Playing:
    """Made by an Output. Its methods raise HomeAssistantError."""

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
        self._asked_at = self._since = self._attentive_until = now
        self._seeks = 0
        self._moved = asyncio.Event()
        self._watch = Watch(self._hass, self._agenda, self._ask, self._act)

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
    def finish_hint(self) -> float | None:
        """Where the medium ends, in seconds: to be set by whoever serves it, once known."""
        return self._ends.hint

    @finish_hint.setter
    def finish_hint(self, seconds: float | None) -> None:
        self._ends.hint = seconds
        self._watch.changed()

    @property
    def can_pause(self) -> bool:
        """Whether the player can stand still and go on."""
        return self._output.can_pause

    @property
    def can_seek(self) -> bool:
        """Whether the player can seek."""
        return self._output.can_seek

    @property
    def can_resume(self) -> bool:
        """False where it would have to be played anew, and the player cannot seek to its place."""
        return self._stage is not Stage.DISPLACED or self.can_seek or self.position < NEAR_LEAST

    # Orders

    async def pause(self) -> None:
        """Let it stand still; returns when the player does."""
        await self._wait_for(Stage.PLAYING, Stage.PAUSED, Stage.DISPLACED)
        if self._stage is Stage.PLAYING:
            if not self.can_pause:
                raise player_error("player_cannot_pause", self._output.name)
            await self._order(SERVICE_MEDIA_PAUSE, Stage.PAUSED, Stage.DISPLACED)

    async def resume(self) -> None:
        """Let it go on, playing it anew if need be; returns when it does."""
        if self._stage is Stage.DISPLACED:
            await self._return()
        elif self._stage is Stage.PAUSED:
            await self._order(SERVICE_MEDIA_PLAY, Stage.PLAYING)

    async def seek(self, position: float) -> None:
        """Go elsewhere in the medium. The listener is not told."""
        if not self.can_seek:
            raise player_error("player_cannot_seek", self._output.name)
        await self._output.calls.call(
            SERVICE_MEDIA_SEEK, {ATTR_MEDIA_SEEK_POSITION: max(0.0, position)}
        )
        self._clock.set(position, self._now)
        self._attend()

    async def stop(self) -> None:
        """End it. The listener is told nothing more, even where the player refuses."""
        if self.active:
            has_place = self._stage is not Stage.DISPLACED
            self.forget()
            # what is mixed cannot be stopped without the content beside it
            self._output.calls.withdraw(self)
            if has_place and not (self._is_mixed and self._output.has_content):
                await self.silence()

    def forget(self) -> None:
        """Let go without touching the player."""
        if self.active:
            self._clock.halt(self._now)
            self._move(Stage.ENDED)

    async def silence(self) -> None:
        """Stop the player, by whatever it has for that."""
        for feature, action in (
            (Feature.STOP, SERVICE_MEDIA_STOP),
            (Feature.PAUSE, SERVICE_MEDIA_PAUSE),
            (Feature.TURN_OFF, SERVICE_TURN_OFF),
        ):
            if self._output.seen.has(feature):
                await self._output.calls.call(action)
                return
        raise player_error("player_cannot_stop", self._output.name)

    async def _order(self, action: str, *wanted: Stage) -> None:
        """Give an order and wait until the player carries it out."""
        self._ordered = wanted[0]
        try:
            await self._output.calls.call(action)
            self.look()
            self._watch.changed()
            await self._wait_for(*wanted)
        finally:
            self._ordered = None
            # also where it refused: it may not be there any more
            self._attend()

    async def _wait_for(self, *stages: Stage) -> None:
        """Wait for one of these stages, or the end."""
        patience = OBEY_TIMEOUT + (START_TIMEOUT if self._stage in _UNHEARD else 0.0)
        try:
            async with asyncio.timeout(patience):
                while self._stage not in (*stages, Stage.ENDED):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as err:
            raise player_error("player_disobeys", self._output.name) from err

    async def _return(self) -> None:
        """Play anew what is no more in the player, from where it was."""
        if not self.can_resume:
            raise player_error("player_cannot_seek", self._output.name)
        self._start = self._new_start()
        self._first = self.position
        self._move(Stage.RETURNING)
        try:
            await self._output.order(self)
        except HomeAssistantError:
            if self._stage is Stage.RETURNING:
                self._move(Stage.DISPLACED)
            raise
        self.called()
        await self._wait_for(Stage.PLAYING)

    # What its output tells

    def called(self) -> None:
        """Go on after the player has taken the order."""
        now = self._start.done_at = self._asked_at = self._now
        if self._stage is not Stage.CALLED:
            self._watch.changed()
            return
        end = self._ends.expected
        if self._is_mixed and end is not None and now - self._start.at >= end * WAITED_PART:
            self._begin(Stage.BLIND)
            self._end(Ended.FINISHED, end)
        else:
            self._move(Stage.STARTING)
            self.watch()

    def adopt(self, position: float | None) -> bool:
        """Take over what the player plays already; False if that is something else."""
        seen = self._output.seen
        if seen.content_id != self.media.url or seen.sound not in (Sound.SOUNDING, Sound.PAUSED):
            return False
        now = self._now
        self._start.sounded_at = self._start.done_at = now
        self._clock.set(self.media.begin if position is None else position, now)
        if seen.sound is Sound.SOUNDING:
            self._clock.run(now)
        if (report := self._report(seen)) is not None:
            self._clock.believe(report, now, seen.duration)
        self._learn(seen)
        self._move(Stage.PLAYING if seen.sound is Sound.SOUNDING else Stage.PAUSED)
        self.watch()
        return True

    def watch(self) -> None:
        """Ask the player from now on where that helps; look at the agenda again."""
        self._watch.changed()
        self._watch.start(f"{DOMAIN} watch of {self._output.entity_id}")

    def displace(self) -> None:
        """Know that something else takes the player for a while."""
        if self._stage is Stage.PAUSED:
            self._move(Stage.DISPLACED)
        elif self._stage is not Stage.DISPLACED:
            self.end(Ended.STOLEN)

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
        self._watch.changed()

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
            self._was = self._stage
            self._since = self._now
            self._move(Stage.SEEKING)
            return
        resumes = self._stage is Stage.RETURNING
        self._first = self._now - (self._start.sounded_at or self._now)
        self._begin(Stage.PLAYING, resumes=resumes)
        self._heed(seen, at_once=True)

    def _begin(self, stage: Stage, *, resumes: bool = False) -> None:
        """Let the clock run from the first position, and tell."""
        self._clock.set(self._first, self._now)
        self._clock.run(self._now)
        self._attend()
        self._move(stage)
        self._tell(self._listener.resumed if resumes else self._listener.started)
        if self.active:
            self.watch()

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
            self._clock.halt(self._now)
            self._move(Stage.DISPLACED)
            self._tell(self._listener.paused)
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
        self._watch.changed()
        if stage is Stage.ENDED:
            self._output.let_go(self)

    def _tell(self, what: Callable[[float], None]) -> None:
        try:
            what(self.position)
        except Exception:
            _LOGGER.exception("Unexpected error of one who listens to a player")

    # What is expected of the player, and when

    def _attend(self) -> None:
        """Ask the player for a while: an order was given."""
        self._attentive_until = self._now + SETTLING
        self._watch.changed()

    def _agenda(self) -> Agenda | None:
        """Return when to ask, and when patience ends."""
        if not self.active:
            return None
        if not self.announcement:
            deaf_until = self._output.deaf_until
            if deaf_until is None or self._asked_at < deaf_until:
                return Agenda(ask=deaf_until)
        match self._stage:
            case Stage.STARTING | Stage.RETURNING:
                return Agenda(ask=self._asked_at + START_POLL, act=self._start_limit)
            case Stage.SEEKING:
                return Agenda(act=self._since + self._seeks * START_POLL)
            case Stage.AWAY:
                return Agenda(ask=self._asked_at + AWAY_POLL, act=self._since + AWAY_TIMEOUT)
            case Stage.PAUSED:
                return Agenda(ask=self._next_poll())
            case Stage.PLAYING | Stage.BLIND:
                return Agenda(ask=self._next_poll(), act=self._when(self._limit))
        return Agenda()

    @property
    def _start_limit(self) -> float | None:
        """Return when it should have begun."""
        start = self._start
        if start.done_at is None:
            return None
        if self._is_mixed:
            return start.done_at + BLIND_AFTER
        if start.silent_at is not None:
            return start.silent_at + FAILED_AFTER
        return start.done_at + START_TIMEOUT

    def _next_poll(self) -> float | None:
        """Return when to ask a player that carries out an order, or comes to the end."""
        if self._ordered is not None or self._now < self._attentive_until:
            return self._asked_at + POLL
        if self._stage is not Stage.PLAYING or self._ends.expected is None:
            return None
        near = self._when(self._ends.expected - BEFORE_END) or 0.0
        return max(near, self._asked_at + POLL)

    def _when(self, position: float | None) -> float | None:
        """Return when a position will be reached."""
        return None if position is None else self._now + position - self._clock.at(self._now)

    @property
    def _limit(self) -> float | None:
        """Return the position at which it is over, whatever the player says."""
        limit = self._ends.expected if self._stage is Stage.BLIND else self._ends.limit
        if limit is None and self.announcement:
            return self._first + LONGEST_ANNOUNCEMENT
        return limit

    async def _ask(self) -> None:
        self._asked_at = self._now
        await self._output.calls.update()
        self.look()

    async def _act(self) -> None:
        match self._stage:
            case Stage.STARTING if self._is_mixed:
                self._first = 0.0
                self._begin(Stage.BLIND)
            case Stage.STARTING | Stage.RETURNING:
                await self._end_here(Ended.FAILED)
            case Stage.SEEKING:
                await self._seek_to_first()
            case Stage.AWAY:
                # where it was when last seen
                self._end(Ended.LOST, self.position - (self._now - self._since))
            case Stage.BLIND:
                self.end(Ended.FINISHED)
            case Stage.PLAYING:
                await self._end_here(Ended.FINISHED)

    async def _seek_to_first(self) -> None:
        """Go to where it shall begin; where the player will not, it begins at its beginning."""
        self._seeks += 1
        try:
            await self._output.calls.call(
                SERVICE_MEDIA_SEEK, {ATTR_MEDIA_SEEK_POSITION: self._first}
            )
        except HomeAssistantError:
            if self._seeks < SEEK_ATTEMPTS:
                return
            self._first = self._now - (self._start.sounded_at or self._now)
        if self._stage is Stage.SEEKING:
            self._seeks = 0
            self._begin(Stage.PLAYING, resumes=self._was is Stage.RETURNING)

    async def _end_here(self, how: Ended) -> None:
        """Stop the player, then tell: what comes next must not be stopped by this."""
        self._clock.halt(self._now)
        self._move(Stage.ENDING)
        try:
            if not self._is_mixed:
                await self.silence()
        except HomeAssistantError as err:
            _LOGGER.debug("A player could not be stopped: %s", err.translation_key)
        self.end(how)
