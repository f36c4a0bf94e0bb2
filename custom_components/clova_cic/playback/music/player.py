"""The audio player that CIC controls: one per entry, sounding on outputs of the house.

Orders come from directives and are taken at once; what has to wait, for CIC, the
focus or a player, is done step by step. CIC is told what the output did, not what it
was ordered to (AudioPlayer, Handle_Audio_Playback). Positions are seconds of the medium.
"""

import asyncio
from collections import Counter
import contextlib
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ...cic.interfaces.audio_player import (
    ClearBehavior,
    Play,
    PlaybackQueueCleared,
    PlayBehavior,
    PlayerActivity,
    RepeatMode,
    StreamDeliver,
)
from ...const import DOMAIN
from ...origin import Origin
from ..output.output import Output
from ..output.outputs import Outputs
from .beginning import Beginning
from .kept import Memory
from .performance import Serve, ended
from .phases import BEGINNING, SOUNDING, STANDING, Phase
from .queue import Added, Track
from .steps import Spawn
from .stream_requests import Sender

# Home Assistant stops: a player that does not let itself be silenced by then is left, in seconds;
# and so is what CIC has not been told.
CLOSE_TIMEOUT: Final = 2.0


class AudioPlayer(Beginning):
    """Plays what CIC orders, and tells it what became of that."""

    def __init__(
        self,
        *,
        reports: Sender,
        outputs: Outputs,
        serve: Serve,
        spawn: Spawn,
        events: Counter[str],
    ) -> None:
        """Begin with nothing; count in events what could not be done."""
        super().__init__(reports, serve, spawn, events)
        self._outputs = outputs
        self._default = outputs.default()
        self._unlisten: CALLBACK_TYPE | None = outputs.async_add_listener(self._default_changed)

    # Orders

    def place(self, origin: Origin) -> Output | None:
        """Return where a Play belongs: beside its satellite, else where the music is."""
        follows = self._finishing is not None and not self._finishing.done()
        in_use = follows or self.phase not in (Phase.IDLE, Phase.STOPPED)
        if origin.satellite_id is None and in_use and self.output is not None:
            return self.output
        return self._outputs.of(origin)

    @callback
    def play(self, play: Play, output: Output | None) -> None:
        """Play now, or after what is queued; what comes twice is played once."""
        track = Track.of(play)
        if self._is_known(track, play.behavior):
            self._events["track_known"] += 1
        elif play.behavior is PlayBehavior.REPLACE_ALL:
            self._end()
            self._queue.clear()
            self._failed = 0
            self._take(track, output)
        elif self.phase is Phase.IDLE:
            self._take(track, output)
        else:
            if self._queue.add(track) is Added.FULL:
                self._events["queue_full"] += 1
            self._notify()

    @callback
    def deliver(self, content: StreamDeliver) -> None:
        """Take a stream that was asked for."""
        self._requests.deliver(content)

    @callback
    def clear(self, behavior: ClearBehavior) -> None:
        """Forget what is queued, and with CLEAR_ALL what plays."""
        self._queue.clear_coming()
        if behavior is ClearBehavior.CLEAR_ALL:
            self._end()
            self._queue.clear()
            self.track = None
            self._move(Phase.IDLE, PlayerActivity.IDLE)
        self._notify()
        self._reports.send(PlaybackQueueCleared(behavior=behavior))

    @callback
    def pause(self) -> None:
        """Stand still; the output confirms it."""
        if self.phase not in BEGINNING:
            self._steps.then(self._pausing)
            return
        self._steps.cancel()
        if self._performance is not None and not self._performance.stands:
            self._drop()
        if self.activity is PlayerActivity.STOPPED:
            self._stopped(self._offset)
        else:
            self._paused(self._offset)

    @callback
    def resume(self) -> None:
        """Go on where it stands, or where it stopped."""
        self._steps.then(self._resuming)

    @callback
    def stop(self) -> None:
        """End, and keep the track with its offset."""
        if self.phase not in BEGINNING:
            self._steps.then(self._stopping)
            return
        self._steps.cancel()
        self._drop()
        self._stopped(self._offset)

    @callback
    def next(self) -> None:
        """Play the next of the queue; without one nothing changes."""
        self._change_to(self._queue.forward(self.track), "nothing_next")

    @callback
    def previous(self) -> None:
        """Play the one before; without one the track begins again."""
        self._change_to(self._queue.back(self.track) or self.track, "nothing_previous")

    @callback
    def replay(self) -> None:
        """Play the track from its beginning."""
        if self.track is None:
            self._events["nothing_to_replay"] += 1
        elif self.phase is Phase.IDLE:
            self._take(self.track.as_asked(), self.output)
        elif self.phase in BEGINNING:
            self._offset = self.begin
        else:
            self._steps.then(self._replaying)

    @callback
    def set_repeat(self, mode: RepeatMode) -> None:
        """Repeat the track, or not."""
        self.repeat = mode
        self._notify()

    async def seek(self, position: float) -> None:
        """Go on from elsewhere in the window.

        Raises ServiceValidationError outside the window, HomeAssistantError where it cannot be done.
        """
        if self.track is None or self.track.within(position) != position:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="seek_outside")
        if not self.can_seek:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="cannot_seek")
        await self._seek(position)

    # What orders mean

    def _is_known(self, track: Track, behavior: PlayBehavior) -> bool:
        """Tell whether a Play comes twice: its track is queued, or the current one."""
        enqueue = behavior is PlayBehavior.ENQUEUE
        if enqueue and track.id in self._queue:
            return True
        if self.track is None or track.id != self.track.id:
            return False
        # who orders again what stands wants to hear it
        again = self.phase in STANDING and not enqueue
        return self.phase is not Phase.IDLE and not again

    def _change_to(self, track: Track | None, otherwise: str) -> None:
        if track is None:
            self._events[otherwise] += 1
            return
        self._end()
        self._failed = 0
        self._take(track.as_asked(), self.output or self._outputs.default())

    def _end(self) -> None:
        """Silence what there is; CIC hears of it where it believes that something plays."""
        position = self.position
        self._steps.cancel()
        self._drop()
        if position is not None and self.activity in (
            PlayerActivity.PLAYING,
            PlayerActivity.PAUSED,
        ):
            self._stopped(position)
        self._progress.end()
        self._release()

    @callback
    def _default_changed(self) -> None:
        """Go with the default output, if the music is there."""
        before, self._default = self._default, self._outputs.default()
        if self.output is not before or self._default is before:
            return
        goes_on = self.wants_to_sound
        self._offset = self.position or 0.0
        self._progress.rest(self._offset)
        self._steps.cancel()
        self._drop()
        self._release()
        self.output = self._default
        if goes_on:
            self._begin()
        self._notify()

    # Steps: what is ordered of the output

    async def _pausing(self) -> None:
        performance, position = self._performance, self.position
        if self.phase not in SOUNDING or position is None:
            self._events["nothing_to_pause"] += 1
        elif performance is None or performance.stands:
            self._paused(position)
        elif not performance.can_pause:
            await self._silence(performance)
            self._paused(position)
        else:
            await performance.pause()
            if self.phase is Phase.HELD:
                self._paused(self._offset)

    async def _resuming(self) -> None:
        if self.track is None or self.phase not in STANDING:
            self._events["nothing_to_resume"] += 1
        elif self._performance is None:
            self._begin()
        else:
            await self._go_on(self._performance)

    async def _stopping(self) -> None:
        performance, position = self._performance, self.position
        if self.phase not in SOUNDING | {Phase.PAUSED} or position is None:
            self._events["nothing_to_stop"] += 1
            return
        if performance is not None:
            await self._silence(performance)
        self._stopped(position)

    async def _replaying(self) -> None:
        if self._performance is not None and self._performance.can_seek:
            await self._seek(self.begin)
            if self.phase is Phase.PAUSED:
                await self._go_on(self._performance)
            return
        self._drop()
        self._leap(self.begin)
        self._begin()

    async def _seek(self, position: float) -> None:
        performance = self._performance
        if performance is not None and performance.can_seek:
            await performance.seek(position)
            if performance is self._performance:
                self._leap(position)
            return
        self._drop()
        self._leap(position)
        if self.phase is Phase.PLAYING:
            self._begin()

    # The end of a run of Home Assistant

    def memory(self) -> Memory:
        """Return what has to be remembered."""
        performance = self._performance
        return Memory(
            track=self.track,
            coming=self._queue.coming,
            activity=self.activity,
            ready=self.phase is not Phase.IDLE,
            offset=self.position or 0.0,
            repeat=self.repeat,
            output=None if self.output is None else self.output.entity_id,
            url=None if performance is None else performance.url,
        )

    async def async_close(self) -> None:
        """Let go of everything: what a player fetches by itself plays on, what is served here ends."""
        if self._unlisten is not None:
            self._unlisten()
            self._unlisten = None
        self._steps.cancel()
        self._progress.end()
        performance, self._performance = self._performance, None
        if performance is not None and performance.url is not None:
            performance.leave()
        elif performance is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await ended(performance)
        self._release()
        if self._told_last is not None and not self._told_last.done():
            # or the next run would tell of an end whose beginning CIC has not heard of
            await asyncio.wait({self._told_last}, timeout=CLOSE_TIMEOUT)
