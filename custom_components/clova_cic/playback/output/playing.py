"""Something that plays on a media player: what is ordered, and when the player is asked.

The player is asked only where something is expected of it: at the beginning, after an
order, around the end.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Final, override

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

from ...const import DOMAIN
from .calls import player_error
from .course import Course, Stage
from .ends import NEAR_LEAST
from .media import Ended, Listener, Media
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


_UNHEARD: Final = (Stage.CALLED, Stage.STARTING, Stage.SEEKING, Stage.RETURNING)


class Playing(Course):
    """Made by an Output. Its methods raise HomeAssistantError."""

    def __init__(
        self, output: Output, media: Media, listener: Listener, *, announcement: bool = False
    ) -> None:
        """Know nothing yet; the output gives the order."""
        super().__init__(output, media, listener, announcement=announcement)
        self._asked_at = self._now
        self._seeks = 0
        self._watch = Watch(self._hass, self._agenda, self._ask, self._act)

    # What is known

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
    def can_resume(self) -> bool:
        """False where it would have to be played anew, and the player cannot seek to its place."""
        return self._stage is not Stage.DISPLACED or self.can_seek or self.position < NEAR_LEAST

    # Orders

    async def pause(self) -> None:
        """Let it stand still; returns when the player does."""
        await self._wait_until_there()
        if self._stage is Stage.PLAYING:
            if not self.can_pause:
                raise player_error("player_cannot_pause", self._output.name)
            await self._order(SERVICE_MEDIA_PAUSE, Stage.PAUSED, Stage.DISPLACED)

    async def resume(self) -> None:
        """Let it go on, playing it anew if need be; returns when it does."""
        await self._wait_until_there()
        if self._stage is Stage.DISPLACED:
            await self._return()
        elif self._stage is Stage.PAUSED:
            await self._order(SERVICE_MEDIA_PLAY, Stage.PLAYING)

    async def seek(self, position: float) -> None:
        """Go elsewhere in the medium. The listener is not told."""
        if not self.can_seek:
            raise player_error("player_cannot_seek", self._output.name)
        await self._wait_until_there()
        position = max(0.0, position)
        if self._stage in (Stage.PLAYING, Stage.PAUSED):
            data = {ATTR_MEDIA_SEEK_POSITION: position}
            await self._output.calls.call(SERVICE_MEDIA_SEEK, data)
        if self.active:
            self._clock.set(position, self._now)
            self._attend()

    async def stop(self, *, ends_itself: bool = False) -> None:
        """End it. The listener is told nothing more, even where the player refuses.

        ends_itself: its sound is at its end, so where it is mixed no order is needed.
        """
        if self.active:
            has_place = self._stage is not Stage.DISPLACED
            self.forget()
            self._output.calls.withdraw(self)
            # what is mixed cannot be stopped without the content beside it
            is_left = self._is_mixed and (ends_itself or self._output.has_content)
            if has_place and not is_left:
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
            self.watch()
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

    async def _wait_until_there(self) -> None:
        """Wait until it has begun, so that it can be told more, or has ended."""
        if self.active and not self._output.available:
            raise player_error("no_player", self._output.entity_id)
        await self._wait_for(Stage.PLAYING, Stage.PAUSED, Stage.DISPLACED)

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
            # what it shows already, once whoever ordered has this
            self._hass.loop.call_soon(self.look)

    @override
    def watch(self) -> None:
        self._watch.changed()
        if self.active:
            self._watch.start(f"{DOMAIN} watch of {self._output.entity_id}")

    # What is expected of the player, and when

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
        deaf_until = None if self.announcement else self._output.deaf_until
        # beside an announcement nobody has seen it
        return max(start.done_at, deaf_until or start.done_at) + START_TIMEOUT

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
            self._begin(Stage.PLAYING)

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
