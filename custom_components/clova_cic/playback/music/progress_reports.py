"""Tells CIC how far the track has come, when it wants to hear of it."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from homeassistant.core import callback

from ...cic.interfaces.audio_player import (
    ProgressReportDelayPassed,
    ProgressReportIntervalPassed,
    ProgressReportPositionPassed,
)
from ...cic.interfaces.outgoing import OutgoingEvent
from .progress import Due, Passed, Plan, Progress
from .queue import Track
from .stream_requests import Sender

# A position that stands still while the track plays is looked at no more often, in seconds.
SHORTEST_WAIT: Final = 0.05

_EVENTS: Final[dict[Passed, Callable[..., OutgoingEvent]]] = {
    Passed.DELAY: ProgressReportDelayPassed,
    Passed.INTERVAL: ProgressReportIntervalPassed,
    Passed.POSITION: ProgressReportPositionPassed,
}


class ProgressReports:
    """The clock beside a track that plays."""

    def __init__(self, reports: Sender) -> None:
        """Tell nothing yet."""
        self._reports = reports
        self._token = ""
        self._progress: Progress | None = None
        # asked while the track plays
        self._position: Callable[[], float | None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def follows(self) -> bool:
        """Whether a track is followed."""
        return self._progress is not None

    @callback
    def start(self, track: Track, position: float, *, anew: bool = True) -> None:
        """Follow a track from its start, or from where it was followed before Home Assistant's."""
        self.rest()
        self._token = track.stream.token
        plan = Plan.of(track.stream.progress)
        self._progress = Progress(plan if anew else replace(plan, delay=None), position)

    @callback
    def run(self, position: Callable[[], float | None]) -> None:
        """Follow the track while it plays; position tells where it is, in seconds."""
        self._position = position
        self._look()

    @callback
    def rest(self, position: float | None = None) -> None:
        """Wait while the track stands still, at a position if that is known."""
        self._position = None
        self._cancel_timer()
        self._advance(position)

    @callback
    def leap(self, position: float) -> None:
        """Go with somebody who sought."""
        if self._progress is not None:
            self._tell(self._progress.leap(position))
        self._look()

    @callback
    def end(self) -> None:
        """Forget the track."""
        self.rest()
        self._progress = None

    def _look(self) -> None:
        self._cancel_timer()
        if self._position is None:
            return
        self._advance(self._position())
        wait = None if self._progress is None else self._progress.next_after()
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(
                max(wait, SHORTEST_WAIT), self._look
            )

    def _advance(self, position: float | None) -> None:
        if self._progress is not None and position is not None:
            self._tell(self._progress.advance(position))

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, passed: Iterable[Due]) -> None:
        for one in passed:
            event = _EVENTS[one.passed]
            self._reports.send(event(token=self._token, offset=round(one.position * 1000)))
