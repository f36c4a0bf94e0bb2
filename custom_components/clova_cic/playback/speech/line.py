"""The speeches, or notifications, that wait for one output: heard one after another, each told of.

    request of the focus -> (HELD: wait) -> pause -> first bytes -> announced -> its end -> next

LOST, or somebody who stops it: what sounds is interrupted, what waits is dropped. HELD: a
speech is interrupted for good, a notification is heard anew when its time comes.
"""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
import logging
from typing import Final

from homeassistant.components.media_player.const import MediaType
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from ...const import DOMAIN
from ...speech_reports import Told
from ..focus import Claim, Grant, Kind
from ..output.calls import player_error, reason
from ..output.media import Ended, Media
from ..output.output import Output
from ..output.playing import Playing
from .taken import Spawn, TakenSpeech

_LOGGER = logging.getLogger(__name__)

# As many as a downchannel keeps unread sounds.
MOST_WAITING: Final = 10
# What was to be said while an alarm rang is old by then, in seconds.
LONGEST_HELD: Final = 60.0
# From its order to its end; a player that is paused in it is not waited for any longer. Seconds.
LONGEST_SPEECH: Final = 360.0
# A speech that somebody pauses at the player is not wanted any more, after so many seconds.
LONGEST_PAUSED: Final = 10.0

# What is no longer than this can be over before its player is believed to play, in seconds.
SHORTEST_SHOWN: Final = 2.0

# Somebody wants quiet, or something else, or there is nobody: what waits is not said either.
_ENDS_ALL: Final = frozenset({Ended.STOPPED, Ended.STOLEN, Ended.LOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One speech, or notification: its pause in seconds, its sound, and who tells of it."""

    pause: float
    sound: TakenSpeech
    told: Told


# What is counted, by its kind.
_NAMES: Final = {Kind.DIALOG: "speech", Kind.NOTIFICATION: "notification"}


class Line:
    """The queue of one output, for one kind."""

    def __init__(
        self,
        hass: HomeAssistant,
        output: Output,
        spawn: Spawn,
        events: Counter[str],
        kind: Kind = Kind.DIALOG,
    ) -> None:
        """Count in events what was announced and what was not."""
        self._hass = hass
        self._output = output
        self._spawn = spawn
        self._events = events
        self._kind = kind
        self._is_held = False
        self._waiting: deque[Waiting] = deque()
        self._running: asyncio.Task[None] | None = None
        self._speaking: asyncio.Task[None] | None = None
        self._heard: _Heard | None = None
        self._changed = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return len(self._waiting) + (self._speaking is not None) >= MOST_WAITING

    @property
    def busy(self) -> bool:
        """Whether something sounds or waits."""
        return self._running is not None

    @callback
    def add(self, speech: Waiting) -> None:
        """Say it after those before it."""
        self._waiting.append(speech)
        if self._running is None:
            self._running = self._spawn(self._run(), "announcements")
            if self._running.done():
                self._running = None

    @callback
    def stop(self) -> None:
        """Be quiet: interrupt what sounds, drop what waits."""
        self._is_held = False
        self._drop_all()
        self._interrupt()
        self._changed.set()

    @callback
    def close(self) -> None:
        """Let go of everything: the entry is unloaded."""
        self.stop()
        if self._running is not None:
            self._running.cancel()

    def _drop_all(self) -> None:
        while self._waiting:
            self._waiting.popleft().sound.drop()
            self._count("not_announced")

    def _interrupt(self) -> None:
        """End what sounds; its player is told before who comes next can tell it anything."""
        if self._heard is not None:
            self._heard.leave()
        if self._speaking is not None:
            self._speaking.cancel()

    @callback
    def _granted(self, grant: Grant) -> None:
        self._is_held = grant is Grant.HELD
        match grant:
            case Grant.HELD:
                self._interrupt()
            case Grant.LOST:
                self.stop()
        self._changed.set()

    async def _run(self) -> None:
        claim: Claim | None = None
        try:
            while self._waiting:
                if claim is None or claim.grant is Grant.LOST:
                    claim = self._ask()
                await self._wait_while_held(claim)
                if self._waiting and claim.grant is not Grant.LOST:
                    await self._say(self._waiting.popleft())
        except TimeoutError:
            _LOGGER.debug("Something else sounded for too long")
        finally:
            self._drop_all()
            self._running = None
            if claim is not None:
                claim.release()

    def _ask(self) -> Claim:
        """Ask for the focus: what is said after its place was taken needs another."""
        claim = self._output.focus.request(
            self._kind, self._granted, exclusive=not self._output.can_announce
        )
        if claim.grant is Grant.LOST:
            self._drop_all()
        return claim

    async def _wait_while_held(self, claim: Claim) -> None:
        """Wait until it may sound, or nothing waits any more; raises TimeoutError."""
        async with asyncio.timeout(LONGEST_HELD):
            while self._waiting and claim.grant is Grant.HELD:
                self._changed.clear()
                await self._changed.wait()

    async def _say(self, speech: Waiting) -> None:
        self._speaking = self._spawn(self._speak(speech), "announcement")
        try:
            await asyncio.wait({self._speaking})
        finally:
            self._speaking.cancel()
            self._speaking = None

    async def _speak(self, speech: Waiting) -> None:
        """Announce one speech, to its end or until cancelled; what goes wrong is one line in the log."""
        heard = self._heard = _Heard(self._hass, speech)
        how: Ended | None = None
        try:
            if not self._output.available:
                raise player_error("no_player", self._output.entity_id)
            async with asyncio.timeout(speech.pause + LONGEST_SPEECH):
                if speech.pause:
                    await asyncio.sleep(speech.pause)
                await speech.sound.wait_begun()
                heard.follow(await self._announced(speech, heard), self._spawn)
                how = heard.judged(await heard.over)
        except HomeAssistantError as err:
            self._failed(err)
        except TimeoutError:
            self._failed(player_error("player_disobeys", self._output.name))
        finally:
            heard.leave()
            self._heard = None
            if how is None and self._is_held and self._kind is Kind.NOTIFICATION:
                self._waiting.appendleft(speech)
            else:
                speech.told.end(whole=how is Ended.FINISHED and speech.sound.error is None)
                speech.sound.drop()
        self._note(how, speech.sound.error)

    async def _announced(self, speech: Waiting, heard: _Heard) -> Playing:
        media = Media(url=speech.sound.url(), content_type=MediaType.MUSIC)
        return await self._output.announce(media, heard)

    def _note(self, how: Ended | None, error: HomeAssistantError | None) -> None:
        """Count how a speech ended; draw the consequences for those that wait."""
        if how is None:
            return
        if how in _ENDS_ALL:
            self._drop_all()
        match how:
            case Ended.STOPPED | Ended.STOLEN:
                self._count("stopped")
            case Ended.FINISHED if error is None:
                self._count("announced")
            case Ended.FINISHED if error is not None:
                self._failed(error)
            case Ended.LOST:
                self._failed(player_error("no_player", self._output.entity_id))
            case _:
                self._failed(player_error("player_failed", self._output.name))

    def _failed(self, error: HomeAssistantError) -> None:
        self._count("failed")
        what = _NAMES[self._kind].capitalize()
        _LOGGER.warning("%s was not announced, or not to its end: %s", what, reason(error))

    def _count(self, what: str) -> None:
        self._events[f"{_NAMES[self._kind]}_{what}"] += 1


class _Heard:
    """What becomes of one speech on its player (media.Listener)."""

    def __init__(self, hass: HomeAssistant, speech: Waiting) -> None:
        self._hass = hass
        self._speech = speech
        self._playing: Playing | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._giving_up: asyncio.TimerHandle | None = None
        self.over: asyncio.Future[Ended] = hass.loop.create_future()

    @callback
    def follow(self, playing: Playing, spawn: Spawn) -> None:
        """Know the player's side; what it does not show, the fetched sound does."""
        self._playing = playing
        self._speech.sound.on_end = self._measured
        self._measured()
        self._fetching = spawn(self._fetched(), "fetched")

    @callback
    def leave(self) -> None:
        """Follow it no longer; what still sounds is silenced, also where the entry is unloaded."""
        self._speech.sound.on_end = None
        self._wait_on()
        if self._fetching is not None:
            self._fetching.cancel()
        if self._playing is not None and self._playing.active:
            name = f"{DOMAIN} end of an announcement"
            self._hass.async_create_background_task(_silence(self._playing), name)

    def judged(self, how: Ended) -> Ended:
        """Return how it ended: a word that was fetched was heard, though the player hardly showed it."""
        seconds = self._speech.sound.seconds
        is_word = seconds is not None and seconds < SHORTEST_SHOWN
        if how is Ended.FAILED and is_word and self._speech.told.sounding:
            return Ended.FINISHED
        return how

    async def _fetched(self) -> None:
        await self._speech.sound.clip.fetched.wait()
        self._speech.told.start()

    @callback
    def _measured(self) -> None:
        """Let the player's end be expected where the sound ends, once that is known."""
        seconds = self._speech.sound.seconds
        if self._playing is not None and self._playing.active and seconds:
            self._playing.finish_hint = seconds

    # What the player tells

    def started(self, position: float) -> None:
        self._speech.told.start()

    def paused(self, position: float) -> None:
        self._wait_on()
        loop = self._hass.loop
        self._giving_up = loop.call_later(LONGEST_PAUSED, self.ended, Ended.STOPPED, position)

    def resumed(self, position: float) -> None:
        self._wait_on()

    def _wait_on(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def moved(self, position: float) -> None:
        pass

    def ended(self, how: Ended, position: float) -> None:
        if not self.over.done():
            self.over.set_result(how)


async def _silence(playing: Playing) -> None:
    try:
        await playing.stop()
    except HomeAssistantError as err:
        _LOGGER.debug("An announcement goes on: %s", reason(err))
