"""The audio player that CIC controls: one per entry, sounding on outputs of the house.

Orders come from directives and are taken at once; what has to wait, for CIC, the
focus or a player, is done step by step. CIC is told what the output did, not what it
was ordered to (AudioPlayer, Handle_Audio_Playback). An interruption by somebody who
may sound now is nothing CIC hears of. Positions are seconds of the medium.
"""

import asyncio
from collections import Counter
import contextlib
import logging
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..cic.interfaces.audio_player import (
    ClearBehavior,
    Play,
    PlaybackQueueCleared,
    PlayBehavior,
    PlayerActivity,
    PlayFinished,
    PlayPaused,
    PlayResumed,
    PlayStarted,
    PlayStopped,
    RepeatMode,
    StreamDeliver,
)
from ..const import DOMAIN
from ..origin import Origin
from .focus import Claim, Grant, Kind
from .kept import Memory
from .output import Ended, Output
from .outputs import Outputs
from .performance import FailedError, Performance, Serve, ended
from .phases import BEGINNING, SOUNDING, Phase
from .player_state import PlayerState, Told
from .progress_reports import ProgressReports
from .queue import Added, Track
from .steps import Spawn, Steps
from .stream_requests import NotDeliveredError, Sender, StreamRequests

_LOGGER = logging.getLogger(__name__)

# A playlist whose tracks all fail is not tried to its end, or a house would hear nothing for minutes.
MOST_FAILED: Final = 3
# Nobody speaks, listens or rings longer than that, in seconds.
FOCUS_TIMEOUT: Final = 300.0
# A track that is repeated begins no more often, in seconds.
REPEAT_PACE: Final = 1.0
# After Home Assistant's start an integration has this long to bring its players, in seconds.
RETURN_TIMEOUT: Final = 60.0
RETURN_POLL: Final = 0.5
# Home Assistant stops: a player that does not let itself be silenced by then is left, in seconds.
CLOSE_TIMEOUT: Final = 3.0

_BEGUN: Final[dict[PlayerActivity, type[Told]]] = {
    PlayerActivity.IDLE: PlayStarted,
    PlayerActivity.PAUSED: PlayResumed,
    PlayerActivity.STOPPED: PlayResumed,
}
_STANDING: Final = frozenset({Phase.PAUSED, Phase.STOPPED})


class AudioPlayer(PlayerState):
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
        super().__init__(reports)
        self._outputs = outputs
        self._default = outputs.default()
        self._serve = serve
        self._spawn = spawn
        self._events = events
        self._requests = StreamRequests(reports, events)
        self._progress = ProgressReports(reports)
        self._steps = Steps(spawn, self._step_taken)
        self._claim: Claim | None = None
        self._failed = 0
        self._complained = False
        self._began_at = -REPEAT_PACE
        self._finishing: asyncio.Future[None] | None = None
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

    # What outputs tell

    def began(self, performance: Performance, position: float) -> None:
        """Tell CIC that the track sounds, if it does not believe so anyway."""
        if performance is self._performance:
            self._failed = 0
            self._complained = False
            self._began_at = asyncio.get_running_loop().time()
            self._sounds(position)

    def resumed(self, performance: Performance, position: float) -> None:
        """Take it as the user's will, or as what was ordered."""
        if performance is self._performance:
            self._sounds(position)

    def paused(self, performance: Performance, position: float) -> None:
        """Take it as the user's will, unless it was done for somebody else."""
        if performance is not self._performance or self.track is None:
            return
        if self.phase is Phase.PLAYING:
            self._paused(position)
        else:
            self._offset = self.track.within(position)
        self._notify()

    def ended(self, performance: Performance, how: Ended, position: float) -> None:
        """Go on with what is next, or keep the track where it stopped."""
        if performance is not self._performance or self.track is None:
            return
        self._performance = None
        if how is Ended.FINISHED:
            self._finished(position)
        else:
            self._events[f"music_{how.name.lower()}"] += 1
            self._stopped(position)

    def moved(self, performance: Performance, position: float) -> None:
        """Go with somebody who sought at the player."""
        if performance is self._performance and self.track is not None:
            self._leap(self.track.within(position))

    # Beginning

    def _is_known(self, track: Track, behavior: PlayBehavior) -> bool:
        """Tell whether a Play comes twice: its track is queued, or the current one."""
        enqueue = behavior is PlayBehavior.ENQUEUE
        if enqueue and track.id in self._queue:
            return True
        if self.track is None or track.id != self.track.id:
            return False
        # who orders again what stands wants to hear it
        again = self.phase in _STANDING and not enqueue
        return self.phase is not Phase.IDLE and not again

    def _take(self, track: Track, output: Output | None) -> None:
        """Make a track the current one, and begin with it."""
        self.track, self._offset = track, track.begin
        self.activity = PlayerActivity.IDLE
        if output is not self.output:
            self._release()
            self.output = output
        self._begin()

    def _change_to(self, track: Track | None, otherwise: str) -> None:
        if track is None:
            self._events[otherwise] += 1
            return
        self._end()
        self._failed = 0
        self._take(track.as_asked(), self.output or self._outputs.default())

    def _begin(self) -> None:
        """Play the track from its offset, whatever else was to be done."""
        self._steps.cancel()
        self._move(Phase.WAITING)
        self._steps.then(self._beginning)

    async def _beginning(self) -> None:
        try:
            await self._start()
        except (HomeAssistantError, FailedError, NotDeliveredError) as err:
            self._could_not_begin(err)

    async def _start(self) -> None:
        """Go the way from WAITING to PLAYING. Raises what prevents it."""
        if self.track is None:
            return
        if self.output is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_output")
        await self._wait_for_focus()
        if not self.track.item.stream.url_playable:
            self._move(Phase.REQUESTING)
            self.track = await self._requests.fetch(self.track)
            if self.activity is PlayerActivity.IDLE:
                self._offset = self.track.begin
            await self._wait_for_focus()
        if not self.track.stream.at_web_address:
            raise FailedError("its address is none of the web")
        self._move(Phase.STARTING)
        performance = Performance(self.track, self.output, self, self._serve)
        self._performance = performance
        await performance.begin(self.track.within(self._offset))

    async def _wait_for_focus(self) -> None:
        """Wait until it may sound. Raises FailedError."""
        self._claim_focus()
        if self._is_held():
            self._move(Phase.WAITING)
            await self._until(lambda: not self._is_held(), FOCUS_TIMEOUT)
        if self._claim is None or self._is_held():
            raise FailedError("something else sounds there")

    def _could_not_begin(self, error: Exception) -> None:
        """Go on with the next track, unless that is hopeless too."""
        self._events["track_failed"] += 1
        self._failed += 1
        self._drop()
        if self.activity in (PlayerActivity.PLAYING, PlayerActivity.PAUSED):
            self._stopped(self._offset)
        hopeless = self._failed >= MOST_FAILED or self.output is None or not self.output.available
        following = None if hopeless else self._queue.forward(None)
        if following is not None:
            self._take(following, self.output)
            return
        if not self._complained:
            self._complained = True
            where = "nowhere" if self.output is None else self.output.entity_id
            _LOGGER.warning("Music could not be played on %s: %s", where, _reason(error))
        self._release()
        self._move(
            Phase.STOPPED if hopeless or self.activity is not PlayerActivity.IDLE else Phase.IDLE
        )

    # Sounding, and its ends

    def _sounds(self, position: float) -> None:
        if self.track is None:
            return
        self._claim_focus()
        self._offset = self.track.within(position)
        before = self.activity
        self._move(Phase.PLAYING, PlayerActivity.PLAYING)
        if before is PlayerActivity.IDLE or not self._progress.follows:
            self._progress.start(self.track, self._offset, anew=before is PlayerActivity.IDLE)
        if (event := _BEGUN.get(before)) is not None:
            self._tell(event)
        self._progress.run(lambda: self.position)
        self._yield_if_held()

    def _finished(self, position: float) -> None:
        if self.track is None:
            return
        self._offset = self.track.within(position)
        self._progress.rest(self._offset)
        self._progress.end()
        self.activity = PlayerActivity.IDLE
        self._finishing = self._tell(PlayFinished)
        if self.repeat is RepeatMode.REPEAT_ONE:
            self._steps.cancel()
            self.track, self._offset = self.track.as_asked(), self.track.begin
            self._move(Phase.WAITING)
            self._steps.then(self._again)
        elif (following := self._queue.forward(self.track)) is not None:
            self._take(following, self.output)
        else:
            self._release()
            self._move(Phase.IDLE)

    async def _again(self) -> None:
        """Begin once more, not faster than can be told."""
        pace = self._began_at + REPEAT_PACE - asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, pace))
        await self._beginning()

    def _paused(self, position: float) -> None:
        self._rest(position)
        self._stand(Phase.PAUSED, PlayerActivity.PAUSED, PlayPaused)

    def _stopped(self, position: float) -> None:
        self._rest(position)
        self._stand(Phase.STOPPED, PlayerActivity.STOPPED, PlayStopped)

    def _rest(self, position: float) -> None:
        if self.track is not None:
            self._offset = self.track.within(position)
        self._progress.rest(self._offset)
        self._release()

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
        if self.track is None or self.phase not in _STANDING:
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

    async def _holding(self) -> None:
        performance = self._performance
        if self.phase is not Phase.HELD or not self._is_held() or performance is None:
            return
        if performance.can_pause:
            await performance.pause()
        else:
            await self._silence(performance)

    async def _returning(self) -> None:
        performance = self._performance
        if self.phase is not Phase.HELD or self._is_held():
            return
        if performance is None:
            self._begin()
        elif performance.stands:
            await self._go_on(performance)
        else:
            self._sounds(performance.position)

    async def _go_on(self, performance: Performance) -> None:
        """Have the player go on; where it does not, play the rest of the track anew."""
        try:
            await self._wait_for_focus()
        except FailedError:
            self._paused(self._offset)
            raise
        try:
            if performance.can_resume:
                await performance.resume()
        except HomeAssistantError as err:
            _LOGGER.debug("The player does not go on: %s", _reason(err))
        if performance is self._performance and performance.stands:
            self._drop()
            self._begin()

    async def _seek(self, position: float) -> None:
        performance = self._performance
        if performance is not None and performance.can_seek:
            await performance.seek(position)
            self._leap(position)
            return
        self._drop()
        self._leap(position)
        if self.phase is Phase.PLAYING:
            self._begin()

    async def _silence(self, performance: Performance) -> None:
        """End it at the player; where that refuses, it is none of ours any more."""
        if performance is self._performance:
            self._offset = self.position or 0.0
            self._performance = None
        if (error := await ended(performance)) is not None:
            self._step_taken(error)

    def _leap(self, position: float) -> None:
        self._offset = position
        if self.activity in (PlayerActivity.PLAYING, PlayerActivity.PAUSED):
            self._progress.leap(position)
        self._notify()

    def _step_taken(self, error: Exception | None) -> None:
        """Note what a step raised; the next order finds a player it can be given to."""
        if isinstance(error, HomeAssistantError | FailedError):
            self._events["player_failed"] += 1
            _LOGGER.warning("A media player did not do as ordered: %s", _reason(error))
        elif error is not None:
            _LOGGER.error("Unexpected error of the audio player", exc_info=error)
        self._notify()

    def _drop(self) -> None:
        """End what sounds, without waiting."""
        performance, self._performance = self._performance, None
        if performance is not None:
            self._spawn(self._silence(performance), "end of music")

    # Focus

    def _is_held(self) -> bool:
        return self._claim is not None and self._claim.grant is Grant.HELD

    def _claim_focus(self) -> None:
        if self._claim is None and self.output is not None:
            claim = self.output.focus.request(Kind.CONTENT, self._granted)
            self._claim = None if claim.grant is Grant.LOST else claim

    def _release(self) -> None:
        claim, self._claim = self._claim, None
        if claim is not None:
            claim.release()

    def _granted(self, grant: Grant) -> None:
        match grant:
            case Grant.LOST:
                self._leave()
            case Grant.HELD:
                self._yield_if_held()
            case _ if self.phase is Phase.HELD:
                self._steps.then(self._returning)
        self._notify()

    def _yield_if_held(self) -> None:
        """Be silent for somebody else; CIC is told nothing."""
        if self.phase is Phase.PLAYING and self._is_held():
            self._offset = self.position or 0.0
            self._progress.rest(self._offset)
            self._move(Phase.HELD)
            self._steps.then(self._holding)

    def _leave(self) -> None:
        """Leave the output to who has taken it for good."""
        position = self.position
        self._claim = None
        self._steps.cancel()
        performance, self._performance = self._performance, None
        if performance is not None:
            performance.leave()
        if position is not None:
            self._stopped(position)

    @callback
    def _default_changed(self) -> None:
        """Go with the default output, if the music is there."""
        before, self._default = self._default, self._outputs.default()
        if self.output is not before or self._default is before:
            return
        goes_on = self.phase in BEGINNING or self.phase in SOUNDING
        self._offset = self.position or 0.0
        self._progress.rest(self._offset)
        self._steps.cancel()
        self._drop()
        self._release()
        self.output = self._default
        if goes_on:
            self._begin()
        self._notify()

    # Across a restart

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

    @callback
    def restore(self, memory: Memory, output: Output | None) -> None:
        """Be as remembered: what played is taken over where it still plays, else resumed."""
        self.track, self.repeat, self.output = memory.track, memory.repeat, output
        for track in memory.coming:
            self._queue.add(track)
        if memory.track is None:
            return
        self._offset = memory.track.within(memory.offset)
        self.activity = memory.activity
        match memory.activity:
            case PlayerActivity.PLAYING:
                self._move(Phase.WAITING)
                self._steps.then(lambda: self._take_over(memory.url))
            case PlayerActivity.PAUSED:
                self._move(Phase.PAUSED)
            case _ if memory.ready:
                self._move(Phase.STOPPED)
        self._notify()

    async def _take_over(self, url: str | None) -> None:
        output, track = self.output, self.track
        if track is None or output is None or not await self._comes_back(output):
            self._stopped(self._offset)
            return
        if url is None:
            self._stopped(self._offset)
            self._begin()
            return
        performance = Performance(track, output, self, self._serve)
        if not performance.adopt(self._offset, url):
            self._stopped(self._offset)
            return
        self._performance = performance
        if performance.stands:
            self._paused(performance.position)
        else:
            self._sounds(performance.position)

    async def _comes_back(self, output: Output) -> bool:
        """Wait for a player that its integration has yet to bring."""
        until = asyncio.get_running_loop().time() + RETURN_TIMEOUT
        while not output.available and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(RETURN_POLL)
        return output.available

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


def _reason(error: Exception) -> str:
    """Return what may be logged of an error: others' may hold addresses."""
    if isinstance(error, HomeAssistantError) and error.translation_domain != DOMAIN:
        return type(error).__name__
    return str(error)
