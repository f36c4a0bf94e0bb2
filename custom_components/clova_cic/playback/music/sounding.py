"""A track that sounds on an output, as long as it may: the player's half that listens.

What outputs tell is either the user's will, or what was ordered here. Who may sound
is decided by the output's focus; CIC hears nothing of an interruption.
"""

import asyncio
from collections import Counter
import logging
from typing import Final

from homeassistant.exceptions import HomeAssistantError

from ...cic.interfaces.audio_player import (
    PlayerActivity,
    PlayPaused,
    PlayResumed,
    PlayStarted,
    PlayStopped,
)
from ..focus import Claim, Grant, Kind
from ..output.calls import reason
from ..output.output import Ended
from .performance import FailedError, Performance, ended
from .phases import Phase
from .player_state import PlayerState, Told
from .progress_reports import ProgressReports
from .steps import Spawn, Steps
from .stream_requests import Sender

_LOGGER = logging.getLogger(__name__)

# Nobody speaks, listens or rings longer than that, in seconds.
FOCUS_TIMEOUT: Final = 300.0

# Players say they play before they know that they cannot. Who stops one by hand takes longer, in seconds.
HARDLY_BEGUN: Final = 1.0

_BEGUN: Final[dict[PlayerActivity, type[Told]]] = {
    PlayerActivity.IDLE: PlayStarted,
    PlayerActivity.PAUSED: PlayResumed,
    PlayerActivity.STOPPED: PlayResumed,
}


class Sounding(PlayerState):
    """Follows what an output plays."""

    def __init__(self, reports: Sender, spawn: Spawn, events: Counter[str]) -> None:
        """Begin with nothing; count in events what could not be done."""
        super().__init__(reports)
        self._spawn = spawn
        self._events = events
        self._progress = ProgressReports(reports)
        self._steps = Steps(spawn, self._step_taken)
        self._claim: Claim | None = None
        self._failed = 0
        self._complained = False
        self._began_at = float("-inf")

    def _begin(self) -> None:
        """Play the track from its offset, whatever else was to be done."""
        raise NotImplementedError

    def _finished(self, position: float) -> None:
        """Go on with what is next."""
        raise NotImplementedError

    @property
    def _has_hardly_begun(self) -> bool:
        return asyncio.get_running_loop().time() - self._began_at < HARDLY_BEGUN

    def _could_not_begin(self, error: Exception) -> None:
        """Go on with what is next, unless that is hopeless too."""
        raise NotImplementedError

    # What outputs tell

    def began(self, performance: Performance, position: float) -> None:
        """Tell CIC that the track sounds, if it does not believe so anyway."""
        if performance is self._performance:
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
        if how is Ended.STOPPED and self._has_hardly_begun:
            how = Ended.FAILED
        match how:
            case Ended.FINISHED:
                self._finished(position)
            case Ended.FAILED:
                self._offset = self.track.within(position)
                self._could_not_begin(FailedError("it broke off at once"))
            case _:
                self._events[f"music_{how.name.lower()}"] += 1
                self._stopped(position)

    def moved(self, performance: Performance, position: float) -> None:
        """Go with somebody who sought at the player."""
        if performance is self._performance and self.track is not None:
            self._leap(self.track.within(position))

    # Sounding, and standing still

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

    def _leap(self, position: float) -> None:
        self._offset = position
        if self.activity in (PlayerActivity.PLAYING, PlayerActivity.PAUSED):
            self._progress.leap(position)
        self._notify()

    def _drop(self) -> None:
        """End what sounds, without waiting."""
        performance, self._performance = self._performance, None
        if performance is not None:
            self._spawn(self._silence(performance), "end of music")

    async def _silence(self, performance: Performance) -> None:
        """End it at the player; where that refuses, it is none of ours any more."""
        if performance is self._performance:
            self._offset = self.position or 0.0
            self._performance = None
        if (error := await ended(performance)) is not None:
            self._step_taken(error)

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
            _LOGGER.debug("The player does not go on: %s", reason(err))
        if performance is self._performance and performance.stands:
            self._drop()
            self._begin()

    def _step_taken(self, error: Exception | None) -> None:
        """Note what a step raised; the next order finds a player it can be given to."""
        if isinstance(error, HomeAssistantError | FailedError):
            self._events["player_failed"] += 1
            _LOGGER.warning("A media player did not do as ordered: %s", reason(error))
        elif error is not None:
            _LOGGER.error("Unexpected error of the audio player", exc_info=error)
        self._notify()

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

    async def _wait_for_focus(self) -> None:
        """Wait until it may sound. Raises FailedError."""
        self._claim_focus()
        if self._is_held():
            self._move(Phase.WAITING)
            await self._until(lambda: not self._is_held(), FOCUS_TIMEOUT)
        if self._claim is None or self._is_held():
            raise FailedError("something else sounds there")

    def _granted(self, grant: Grant) -> None:
        match grant:
            case Grant.LOST:
                self._leave()
            case Grant.HELD if self.phase is Phase.STARTING:
                self._drop()
                self._begin()
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
        if performance is not None and not performance.stands:
            self._sounds(performance.position)
        elif self._claim is not None and self._claim.grant is Grant.DUCKED:
            return  # nobody wants music to begin into what is being said
        elif performance is None:
            self._begin()
        else:
            await self._go_on(performance)

    def _leave(self) -> None:
        """Leave the output to who has taken it for good."""
        position = self.position
        self._claim = None
        self._steps.cancel()
        performance, self._performance = self._performance, None
        if performance is not None:
            performance.abandon()
        if position is not None:
            self._stopped(position)
