"""What the audio player is doing, as others see it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ...cic.interfaces.audio_player import (
    PlaybackState,
    PlayerActivity,
    PlayFinished,
    PlayPaused,
    PlayResumed,
    PlayStarted,
    PlayStopped,
    RepeatMode,
)
from ..output.output import Output
from .performance import Performance
from .phases import BEGINNING, MOVES, SOUNDING, Phase
from .queue import Track, TrackQueue
from .stream_requests import Sender

# From a service call's end to the state that shows what it did, in seconds: outputs ask players
# that tell little, and bound each of their calls.
CONFIRM_TIMEOUT: Final = 12.0

# No event tells of these where the track has not sounded before; yet it is there to be resumed.
_STANDS: Final = {Phase.PAUSED: PlayerActivity.PAUSED, Phase.STOPPED: PlayerActivity.STOPPED}

type Told = PlayFinished | PlayPaused | PlayResumed | PlayStarted | PlayStopped


class PlayerState:
    """The visible half of the player. Positions are seconds of the medium."""

    def __init__(self, reports: Sender) -> None:
        """Begin with nothing."""
        self.phase = Phase.IDLE
        self.activity = PlayerActivity.IDLE
        """What CIC was told of the track by events."""
        self.track: Track | None = None
        self.repeat = RepeatMode.NONE
        self.output: Output | None = None
        """Where the track plays, or did last."""
        self._queue = TrackQueue()
        self._performance: Performance | None = None
        self._offset = 0.0
        self._reports = reports
        self._told_last: asyncio.Future[None] | None = None
        self._changed = asyncio.Event()
        self._listeners: list[CALLBACK_TYPE] = []

    @property
    def position(self) -> float | None:
        """Where the track is; None without a track."""
        if self.track is None:
            return None
        if self.phase is Phase.PLAYING and self._performance is not None:
            return self.track.within(self._performance.position)
        return self._offset

    @property
    def begin(self) -> float:
        """Where the track's window begins."""
        return 0.0 if self.track is None else self.track.begin

    @property
    def duration(self) -> float | None:
        """The length of the track's window; None where it is open."""
        return None if self.track is None else self.track.duration

    @property
    def can_seek(self) -> bool:
        """Whether the track can go on from elsewhere in its window."""
        if self.track is None or self.phase in BEGINNING:
            return False
        leaps = self._performance is not None and self._performance.can_seek
        return leaps or self.duration is not None

    @property
    def wants_to_sound(self) -> bool:
        """Whether the track sounds, or will as soon as it may."""
        return self.phase in BEGINNING or self.phase in SOUNDING

    @property
    def under_way(self) -> bool:
        """Whether the track sounds, or waits only for the words that come before it."""
        return self.activity is PlayerActivity.PLAYING or self.phase is Phase.WAITING

    @property
    def queue(self) -> Sequence[Track]:
        """What is to come."""
        return self._queue.coming

    def state(self) -> PlaybackState:
        """Return what CIC may know: also of a track that was ordered to stand before it sounded."""
        track, position = self.track, self.position
        if track is None or position is None:
            return PlaybackState(activity=self.activity, repeat_mode=self.repeat)
        return PlaybackState(
            activity=_STANDS.get(self.phase, self.activity),
            repeat_mode=self.repeat,
            offset=milliseconds(position),
            total=track.stream.end_at,
            stream=track.stream.raw,
            token=track.stream.token,
        )

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back after every change; return how to end that."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove

    def _move(self, phase: Phase, activity: PlayerActivity | None = None) -> None:
        if phase is not self.phase and phase not in MOVES[self.phase]:
            raise RuntimeError(f"the player cannot go from {self.phase.name} to {phase.name}")
        self.phase = phase
        if activity is not None:
            self.activity = activity
        self._notify()

    def _stand(self, phase: Phase, activity: PlayerActivity, event: type[Told]) -> None:
        """Stand still; CIC hears of it where it believed otherwise."""
        believes = self.activity is not activity and self.activity in (
            PlayerActivity.PLAYING,
            PlayerActivity.PAUSED,
        )
        self._move(phase, activity if believes else None)
        if believes:
            self._tell(event)

    def _tell(self, event: type[Told]) -> asyncio.Future[None] | None:
        """Tell CIC what has become of the track, at its offset."""
        if self.track is None:
            return None
        offset = milliseconds(self._offset)
        told = self._reports.send(event(token=self.track.stream.token, offset=offset))
        self._told_last = told
        return told

    def _notify(self) -> None:
        self._changed.set()
        for listener in list(self._listeners):
            listener()

    async def _until(
        self, condition: Callable[[], bool], patience: float = CONFIRM_TIMEOUT
    ) -> bool:
        """Wait for something to become so; tell whether it did."""
        try:
            async with asyncio.timeout(patience):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True


def milliseconds(position: float) -> int:
    """Return a position as CIC has it."""
    return max(0, round(position * 1000))
