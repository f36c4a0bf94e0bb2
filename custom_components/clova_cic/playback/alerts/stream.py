"""A ring served over HTTP to media players, in real time: when it is over, so is its sound.

A player that mixes announcements cannot be silenced without what plays beside them. But it
plays no more than it has got: so it is given little ahead, and then nothing more.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from datetime import timedelta
from http import HTTPStatus
import secrets
from typing import Final, Protocol

from aiohttp import hdrs, web
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ..sound.mp3 import frames
from ..web.kinds import MP3_TYPE
from ..web.signed import async_signed_url

# How far players are ahead of what is heard, in seconds: as much as they want before they begin
# (ffmpeg 52 frames, which are 1.25 s here), and little enough for silence within 2 s.
AHEAD: Final = 1.5
# What is sent at once, in seconds.
PIECE: Final = 0.1
# A round is begun anew after so long, in seconds: a player that has lost its way finds back by it.
ROUND: Final = 45.0
# No announcement is longer, whatever a sequence holds, in seconds.
LONGEST_ROUND: Final = 240.0
# The speakers of a group may each fetch it; players ask more than once.
MOST_READERS: Final = 16
# Asked for at once, or some seconds later by a player that has to wake up.
SIGNED: Final = timedelta(minutes=10)

_PATH: Final = f"/api/{DOMAIN}/ring"
_HEADERS: Final = {hdrs.CACHE_CONTROL: "no-store", hdrs.ACCEPT_RANGES: "none"}


class Sounds(Protocol):
    """What a ring repeats."""

    @property
    def once(self) -> bool:
        """Whether it is heard once."""

    async def sequence(self) -> bytes:
        """Return it as MP3 of one rate; raises nothing, and may be another each time."""


class RingStream:
    """One round of a ring, for any number of readers: each gets it from its beginning."""

    def __init__(
        self, hass: HomeAssistant, sounds: Sounds, ended: Callable[[RingStream], None]
    ) -> None:
        """Last until ended; told of that is also who gave it out."""
        self.token = secrets.token_urlsafe(24)
        self.readers = 0
        self.seconds = 0.0
        """How much has been given to one reader."""
        self.heard_until = 0.0
        """When the last of what was given out is heard, by the loop's clock."""
        self.whole = False
        """True once a reader has got all of a round."""
        self.on_change: Callable[[], None] | None = None
        """Called when a reader comes, goes, or has all of it."""
        self._hass = hass
        self._sounds = sounds
        self._ended = ended
        self._over = asyncio.Event()

    def url(self) -> str:
        """Return where a player finds it; raises HomeAssistantError."""
        return async_signed_url(self._hass, f"{_PATH}/{self.token}.mp3", SIGNED)

    @callback
    def end(self) -> None:
        """Give out nothing more; may be called again."""
        self.on_change = None
        self._over.set()
        self._ended(self)

    async def read(self) -> AsyncGenerator[bytes]:
        """Yield a round as it is heard, up to AHEAD of that; until its end, or that of the ring."""
        self.readers += 1
        self._changed()
        try:
            async with aclosing(self._round()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self.readers -= 1
            self._changed()

    async def _round(self) -> AsyncGenerator[bytes]:
        loop = self._hass.loop
        began, passed = loop.time(), 0.0
        while not self._over.is_set():
            for piece, seconds in _pieces(await self._sounds.sequence()):
                # a reader that was slow gets nothing in a hurry: it would be heard too long
                began = max(began, loop.time() - passed)
                await self._wait_until(began + passed - AHEAD)
                if self._over.is_set():
                    return
                passed += seconds
                self.seconds = max(self.seconds, passed)
                self.heard_until = max(self.heard_until, began + passed)
                yield piece
                if passed >= LONGEST_ROUND:
                    break
            if self._sounds.once or passed >= ROUND or not passed:
                break
        self.whole = self.whole or not self._over.is_set()

    async def _wait_until(self, when: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(when):
                await self._over.wait()

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()


def _pieces(sound: bytes) -> Iterator[tuple[bytes, float]]:
    """Cut a sound into pieces, with their lengths in seconds."""
    piece, seconds = b"", 0.0
    for data, frame in frames(sound):
        piece += data
        seconds += frame.seconds
        if seconds >= PIECE:
            yield piece, seconds
            piece, seconds = b"", 0.0
    if piece:
        yield piece, seconds


class RingStreams:
    """The rounds that can be fetched now, of all entries: one for each output that rings."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._streams: dict[str, RingStream] = {}

    @callback
    def open(self, sounds: Sounds) -> RingStream:
        """Return a round; it can be fetched until it is ended."""
        stream = RingStream(self._hass, sounds, self._remove)
        self._streams[stream.token] = stream
        return stream

    @callback
    def get(self, token: str) -> RingStream | None:
        """Return the round of that token."""
        return self._streams.get(token)

    def _remove(self, stream: RingStream) -> None:
        self._streams.pop(stream.token, None)


RING_STREAMS: Final[HassKey[RingStreams]] = HassKey(f"{DOMAIN}.ring_streams")


@callback
def async_setup_ring_view(hass: HomeAssistant) -> None:
    """Register the view, once."""
    hass.data[RING_STREAMS] = RingStreams(hass)
    hass.http.register_view(RingView(hass.data[RING_STREAMS]))


class RingView(HomeAssistantView):
    """Serves rounds to whoever has a signed path."""

    url = _PATH + "/{token}.mp3"
    name = f"api:{DOMAIN}:ring"

    def __init__(self, streams: RingStreams) -> None:
        """Serve these."""
        self._streams = streams

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Send a round as it is heard; to HEAD that there is one."""
        if (stream := self._streams.get(token)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if stream.readers >= MOST_READERS:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type = MP3_TYPE
        with suppress(ConnectionError):  # the player has gone
            await response.prepare(request)
            if request.method == hdrs.METH_GET:
                async with aclosing(stream.read()) as pieces:
                    async for piece in pieces:
                        await response.write(piece)
        return response

    head = get
