"""One sound that players can fetch through Home Assistant, and who is fetching it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from ..sound.ahead import SoundError
from .convert import MUSIC, converted, from_door
from .delivery import Delivery
from .door import open_door
from .fetch import Fetcher
from .kinds import MP3, MP3_TYPE, PLAYLIST
from .links import ROOT, Links
from .relay import FAILURES, Relay, begun, break_off, refusal, refused

# A song paused in the evening goes on the next; what is kept meanwhile are addresses. In seconds.
LIFETIME: Final = 24 * 3600.0
# A player fetches a few parts ahead; of one that has vanished, connections may still seem open.
MOST_FETCHES: Final = 8
# A converter of its own for each.
MOST_CONVERSIONS: Final = 2
# What comes before is read where nothing can be skipped, an hour of music at a few MB/s; a little
# less than who waits for the first sound waits (`performance.py`). Seconds.
SEEK_PATIENCE: Final = 35.0


class Served:
    """One sound: what a player is told of it, and what became of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        fetcher: Fetcher,
        links: Links,
        url: str,
        content_type: str,
        closed: Callable[[], None],
    ) -> None:
        """Serve what lies at the links' root as it is; closed is called once it is served no more."""
        self.url = url
        """Where a player finds it: absolute, signed, with an end that tells its kind."""
        self.content_type = content_type
        self._hass = hass
        self._fetcher = fetcher
        self._links = links
        self._closed = closed
        self._delivery = Delivery(links.root)
        self._relay = Relay(fetcher, links, self._delivery, content_type)
        self._fetches: dict[asyncio.Task[object], None] = {}
        self._begin: float | None = None
        self._is_open = True
        self._cancel_timer = self._live()

    @property
    def fetched(self) -> asyncio.Event:
        """Set once the first byte of sound has gone to a player."""
        return self._delivery.fetched

    @property
    def complete(self) -> bool:
        """True once all of it has gone to a player."""
        return self._delivery.complete

    @property
    def busy(self) -> bool:
        """True while somebody fetches it."""
        return bool(self._fetches)

    def convert(self, begin: float) -> None:
        """Serve it as one MP3 stream from a second on instead."""
        self._begin = begin

    @callback
    def close(self) -> None:
        """Serve it no more; who still fetches it is cut off. May be called again."""
        self._is_open = False
        self._cancel_timer()
        for task in self._fetches:
            task.cancel()
        self._closed()

    async def answer(self, request: web.Request, number: int) -> web.StreamResponse:
        """Answer a player that asks for the whole, or for a part a playlist named."""
        address = self._links.address(number)
        if address is None or (self._begin is not None and number != ROOT):
            return refusal(HTTPStatus.NOT_FOUND, "There is no such part of this sound")
        with self._fetching():
            if self._begin is None:
                return await self._relay.answer(request, address)
            return await self._answer_converted(request, self._begin)

    @contextmanager
    def _fetching(self) -> Iterator[None]:
        """Count the task that answers; where they are too many, the newest is who plays."""
        task = asyncio.current_task()
        assert task is not None
        self._touch()
        most = MOST_FETCHES if self._begin is None else MOST_CONVERSIONS
        while len(self._fetches) >= most:
            oldest = next(iter(self._fetches))
            del self._fetches[oldest]
            oldest.cancel()
        self._fetches[task] = None
        try:
            yield
        finally:
            self._fetches.pop(task, None)
            self._touch()

    def _touch(self) -> None:
        """Begin the lifetime anew, unless it has ended."""
        if self._is_open:
            self._cancel_timer()
            self._cancel_timer = self._live()

    def _live(self) -> CALLBACK_TYPE:
        job = HassJob(self._expire, "life of a sound", cancel_on_shutdown=True)
        return async_call_later(self._hass, LIFETIME, job)

    @callback
    def _expire(self, _: datetime) -> None:
        if self.busy:
            self._cancel_timer = self._live()
        else:
            self.close()

    # Converted

    async def _answer_converted(self, request: web.Request, begin: float) -> web.StreamResponse:
        response = begun(HTTPStatus.OK, MP3_TYPE)
        response.headers[hdrs.ACCEPT_RANGES] = "none"
        if request.method == hdrs.METH_HEAD:
            await response.prepare(request)
            return response
        async with aclosing(self._converted(begin)) as sound:
            try:
                first = await anext(sound)
            except FAILURES as err:
                return refused(err)
            try:
                await response.prepare(request)
                await response.write(first)
                self.fetched.set()
                async for chunk in sound:
                    await response.write(chunk)
                self._delivery.finish()
            except SoundError:
                break_off(request)
            except ConnectionError:
                pass  # the player has gone
        return response

    async def _converted(self, begin: float) -> AsyncGenerator[bytes]:
        found = await self._relay.look(self._links.root)
        if found.live:  # what was on then is over
            begin = 0.0
        end = PLAYLIST if found.playlist else MP3
        async with open_door(self._fetcher, self._links.root, end) as door:
            source = from_door(door, playlist=found.playlist, begin=begin, can_jump=found.can_jump)
            sound = converted(self._hass, source, MUSIC, patience=SEEK_PATIENCE)
            async with aclosing(sound):
                async for chunk in sound:
                    yield chunk
            door.check()
