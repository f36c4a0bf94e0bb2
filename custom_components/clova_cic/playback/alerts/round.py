"""One round of a ring on a media player: announced, and followed to its end."""

import asyncio
from enum import Enum, auto
import logging
from typing import Final

from homeassistant.components.media_player.const import MediaType
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event

from ...const import DOMAIN
from ..output.calls import player_error, reason
from ..output.media import Ended, Media
from ..output.output import Output
from ..output.playing import Playing
from ..output.seen import Sound
from .stream import LONGEST_ROUND, RING_STREAMS, Sounds

_LOGGER = logging.getLogger(__name__)

# A player that fetches nothing by then will not, in seconds: network speakers wake up within some.
FETCH_PATIENCE: Final = 15.0
# One that fetches no more may be about to fetch anew, or to tell why, in seconds.
LEFT_PATIENCE: Final = 3.0
# A player plays on so long at most behind the last it got, in seconds.
LATEST_END: Final = 5.0
# What is told to a player is told by then, or it hangs, in seconds.
TOLD_PATIENCE: Final = 5.0


class Outcome(Enum):
    """How a round came to its end."""

    HEARD = auto()
    """It was played to its end."""
    HAND = auto()
    """Somebody stopped or paused it at the player."""
    FAILED = auto()
    """It was not heard, or not to its end."""
    INTERRUPTED = auto()
    """It was left."""


class Round:
    """What becomes of one round (media.Listener)."""

    def __init__(
        self, hass: HomeAssistant, output: Output, sounds: Sounds, before: str | None
    ) -> None:
        """Do nothing yet; before is the content id the player showed before all rounds."""
        self._hass = hass
        self._output = output
        self._before = before
        self._stream = hass.data[RING_STREAMS].open(sounds)
        self._stream.on_change = self._stream_changed
        self._playing: Playing | None = None
        self._silencing: asyncio.Task[None] | None = None
        self._over: asyncio.Future[Ended | None] = hass.loop.create_future()
        self._was_away = False
        self._is_silenced = False
        self._untrack: CALLBACK_TYPE | None = async_track_state_change_event(
            hass, output.entity_id, self._player_changed
        )
        self._patience = hass.loop.call_later(FETCH_PATIENCE, self._settle, Ended.FAILED)

    async def play(self) -> Outcome:
        """Announce it and follow it, to its end or until it is left."""
        try:
            if not self._output.available:
                raise player_error("no_player", self._output.entity_id)
            media = Media(url=self._stream.url(), content_type=MediaType.MUSIC)
            self._playing = await self._output.announce(media, self)
            if self._over.done() and not self._output.can_announce:
                # what comes after it may have been ordered already
                self._output.abandon(self._playing)
            # where it ends is known when it does: an earlier silence is no end
            self._playing.finish_hint = LONGEST_ROUND + LATEST_END
            self._stream_changed()
            await self._over
        except HomeAssistantError as err:
            _LOGGER.debug("A round of a ring failed: %s", reason(err))
            self._settle(Ended.FAILED)
        finally:
            self.leave()
        return self._judged(self._over.result())

    @callback
    def leave(self) -> None:
        """Be silent: what has got out is heard, up to AHEAD of it. May be called again."""
        self._settle(None)
        self._stream.end()
        self._patience.cancel()
        if self._untrack is not None:
            self._untrack()
            self._untrack = None
        if self._playing is not None and self._playing.active:
            name = f"{DOMAIN} end of a ring"
            work = self._silence(self._playing)
            self._silencing = self._hass.async_create_background_task(work, name)

    async def quiet(self) -> None:
        """Return when it is no more heard, after it was left; bounded in time."""
        if self._silencing is not None:
            await asyncio.wait({self._silencing}, timeout=TOLD_PATIENCE)
        rest = self._stream.heard_until - self._hass.loop.time()
        if rest > 0 and not self._is_silenced:
            await asyncio.sleep(rest)

    async def _silence(self, playing: Playing) -> None:
        try:
            await playing.stop(ends_itself=True)
            # one that mixes was not told
            self._is_silenced = not self._output.can_announce
        except HomeAssistantError as err:
            _LOGGER.debug("A ring could not be stopped at its player: %s", reason(err))

    def _judged(self, how: Ended | None) -> Outcome:
        match how:
            case None:
                return Outcome.INTERRUPTED
            # a player whose clock is late may call its end a stop
            case Ended.FINISHED | Ended.STOPPED if self._stream.whole:
                return Outcome.HEARD
            case Ended.STOPPED if not self._was_away and not self._is_stolen:
                return Outcome.HAND
        return Outcome.FAILED

    @property
    def _is_stolen(self) -> bool:
        """Whether something else has taken its place, and not what the player goes back to."""
        seen = self._output.seen
        return seen.sound is Sound.SOUNDING and seen.content_id != self._before

    def _settle(self, how: Ended | None) -> None:
        if not self._over.done():
            self._over.set_result(how)

    # What its readers show

    @callback
    def _stream_changed(self) -> None:
        loop, stream = self._hass.loop, self._stream
        if stream.whole:
            self._expect_end()
            self._wait(stream.heard_until - loop.time() + LATEST_END, Ended.FINISHED)
        elif stream.readers:
            self._patience.cancel()
        elif stream.seconds:
            self._wait(LEFT_PATIENCE, Ended.FAILED)
            name = f"{DOMAIN} look at {self._output.entity_id}"
            self._hass.async_create_background_task(self._output.refresh(), name)

    def _wait(self, seconds: float, how: Ended) -> None:
        self._patience.cancel()
        self._patience = self._hass.loop.call_later(seconds, self._settle, how)

    def _expect_end(self) -> None:
        """Let the player's end be expected where the sound ends; it may have begun late."""
        if self._playing is not None and self._playing.active:
            rest = self._stream.heard_until - self._hass.loop.time()
            self._playing.finish_hint = max(self._stream.seconds, self._playing.position + rest)

    # What the player shows

    @callback
    def _player_changed(self, event: Event[EventStateChangedData]) -> None:
        if self._output.seen.sound in (Sound.AWAY, Sound.GONE):
            self._was_away = True

    def started(self, position: float) -> None:
        """Know that anyway."""

    def paused(self, position: float) -> None:
        """Take it as a hand that wants quiet."""
        self._settle(Ended.STOPPED)

    def resumed(self, position: float) -> None:
        """Go on: the player was away."""

    def moved(self, position: float) -> None:
        """Nothing can be sought in it."""

    def ended(self, how: Ended, position: float) -> None:
        """Take how it ended."""
        self._settle(how)
