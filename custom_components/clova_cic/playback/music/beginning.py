"""How a track comes to sound: when it is its turn, after a restart, or after one that failed."""

import asyncio
from collections import Counter
import logging
from typing import Final, override

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from ...cic.interfaces.audio_player import PlayerActivity, PlayFinished, RepeatMode
from ...const import DOMAIN
from ..output.calls import reason
from ..output.output import Output
from .kept import Memory
from .performance import FailedError, Performance, Serve
from .phases import Phase
from .queue import Track
from .sounding import Sounding
from .steps import Spawn
from .stream_requests import NotDeliveredError, Sender, StreamRequests

_LOGGER = logging.getLogger(__name__)

# A playlist whose tracks all fail is not tried to its end, or a house would hear nothing for minutes.
MOST_FAILED: Final = 3
# A track that is repeated begins no more often, in seconds.
REPEAT_PACE: Final = 1.0
# After Home Assistant's start an integration has this long to bring its players, in seconds.
RETURN_TIMEOUT: Final = 60.0
RETURN_POLL: Final = 0.5


class Beginning(Sounding):
    """Begins with tracks, and goes on with the next."""

    def __init__(self, reports: Sender, serve: Serve, spawn: Spawn, events: Counter[str]) -> None:
        """Begin with nothing; count in events what could not be done."""
        super().__init__(reports, spawn, events)
        self._serve = serve
        self._requests = StreamRequests(reports, events)
        self._finishing: asyncio.Future[None] | None = None

    def _take(self, track: Track, output: Output | None) -> None:
        """Make a track the current one, and begin with it."""
        self.track, self._offset = track, track.begin
        self.activity = PlayerActivity.IDLE
        if output is not self.output:
            self._release()
            self.output = output
        self._begin()

    @override
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

    @override
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
            where = "an output" if self.output is None else self.output.entity_id
            _LOGGER.warning("Music could not be played on %s: %s", where, reason(error))
        self._release()
        self._move(
            Phase.STOPPED if hopeless or self.activity is not PlayerActivity.IDLE else Phase.IDLE
        )

    @override
    def _finished(self, position: float) -> None:
        if self.track is None:
            return
        self._failed = 0
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

    # After a restart

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
                # orders wait until it is known what its player does
                self._move(Phase.HELD)
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
