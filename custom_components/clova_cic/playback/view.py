"""Speech served over HTTP to media players, also while it is still arriving."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus
import secrets
from typing import Final

from aiohttp import hdrs, web
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

# Speakers ask several times, some a while after they were told; in seconds.
LIFETIME: Final = 300.0
# Minutes of speech at any usual rate; with MOST_CLIPS this bounds the memory at 32 MiB.
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_CLIPS: Final = 8

_PATH: Final = f"/api/{DOMAIN}/speech"
_CONTENT_TYPE: Final = "audio/mpeg"
_NO_STORE: Final = {hdrs.CACHE_CONTROL: "no-store"}


class _State(Enum):
    ARRIVING = auto()
    COMPLETE = auto()
    BROKEN = auto()


class Clip:
    """One speech: the bytes that have come, for any number of readers, and those still to come."""

    def __init__(self) -> None:
        """Begin empty, with a name nobody can guess."""
        self.token = secrets.token_urlsafe(24)
        self._chunks: list[bytes] = []
        self._state = _State.ARRIVING
        self._changed = asyncio.Event()
        self.size = 0

    @property
    def complete(self) -> bool:
        """True once all of it is here."""
        return self._state is _State.COMPLETE

    def feed(self, data: bytes) -> bool:
        """Add bytes; return False when there is no room for them or nobody wants them."""
        if self._state is not _State.ARRIVING or self.size + len(data) > MOST_BYTES:
            return False
        self._chunks.append(data)
        self.size += len(data)
        self._notify()
        return True

    def end(self, *, broken: bool = False) -> None:
        """Say that nothing more will come. The first call counts."""
        if self._state is _State.ARRIVING:
            self._state = _State.BROKEN if broken else _State.COMPLETE
            self._notify()

    async def read(self) -> AsyncIterator[bytes]:
        """Yield what is here and what comes, until the end, good or bad."""
        position = 0
        while True:
            while position < len(self._chunks):
                yield self._chunks[position]
                position += 1
            if self._state is not _State.ARRIVING:
                return
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Clips:
    """The clips that can be fetched now, of all entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._loop = hass.loop
        self._clips: dict[str, tuple[Clip, asyncio.TimerHandle]] = {}

    @callback
    def add(self) -> Clip:
        """Return a new clip; it can be fetched for LIFETIME seconds."""
        while len(self._clips) >= MOST_CLIPS:
            self.remove(next(iter(self._clips)))
        clip = Clip()
        timer = self._loop.call_later(LIFETIME, self.remove, clip.token)
        self._clips[clip.token] = (clip, timer)
        return clip

    @callback
    def get(self, token: str) -> Clip | None:
        """Return the clip of that token while it can be fetched."""
        found = self._clips.get(token)
        return None if found is None else found[0]

    @callback
    def remove(self, token: str) -> None:
        """Forget a clip; who still reads it reaches its end."""
        clip, timer = self._clips.pop(token, (None, None))
        if clip is not None and timer is not None:
            timer.cancel()
            clip.end(broken=True)


CLIPS: HassKey[Clips] = HassKey(f"{DOMAIN}.clips")


@callback
def async_setup_view(hass: HomeAssistant) -> None:
    """Register the view, once."""
    hass.data[CLIPS] = Clips(hass)
    hass.http.register_view(SpeechView(hass.data[CLIPS]))


@callback
def async_signed_path(hass: HomeAssistant, clip: Clip) -> str:
    """Return the path a media player can fetch a clip from, without a login.

    The signature is made for Home Assistant's own content user: a connection that
    began in somebody's browser must not stop serving sound when they log out.
    """
    return async_sign_path(
        hass, f"{_PATH}/{clip.token}.mp3", timedelta(seconds=LIFETIME), use_content_user=True
    )


class SpeechView(HomeAssistantView):
    """Serves clips to whoever has a signed path."""

    url = _PATH + "/{token}.mp3"
    name = f"api:{DOMAIN}:speech"

    def __init__(self, clips: Clips) -> None:
        """Serve these."""
        self._clips = clips

    async def head(self, request: web.Request, token: str) -> web.StreamResponse:
        """Tell that the clip is there, and its length where that is known."""
        clip = self._clips.get(token)
        if clip is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return await _begin(request, clip)

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Send the clip, as it comes."""
        clip = self._clips.get(token)
        if clip is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        response = await _begin(request, clip)
        async for chunk in clip.read():
            await response.write(chunk)
        return response


async def _begin(request: web.Request, clip: Clip) -> web.StreamResponse:
    """Send the headers of a clip."""
    response = web.StreamResponse(headers=_NO_STORE)
    response.content_type = _CONTENT_TYPE
    if clip.complete:
        response.content_length = clip.size
    await response.prepare(request)
    return response
