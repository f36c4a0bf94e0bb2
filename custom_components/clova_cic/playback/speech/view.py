"""Speech served over HTTP to media players, also while it is still arriving."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from enum import Enum, auto
from http import HTTPStatus
import secrets
from typing import Final

from aiohttp import hdrs, web
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.http import HomeAssistantView
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ..web.kinds import MP3_TYPE
from ..web.ranges import Span, UnsatisfiableError, asked_span, content_range
from ..web.signed import async_signed_path, async_signed_url

# Speakers ask several times, some a while after they were told; in seconds since the last use.
LIFETIME: Final = 300.0
# Speech may wait in a queue before its turn, which is a use; the name is forgotten long before.
SIGNED: Final = timedelta(hours=1)
# Minutes of speech at any usual rate.
MOST_BYTES: Final = 4 * 1024 * 1024
# What all clips may hold: more is given up only by the oldest, so that short ones live their time.
MOST_MEMORY: Final = 32 * 1024 * 1024
MOST_CLIPS: Final = 64

_PATH: Final = f"/api/{DOMAIN}/speech"
_NO_STORE: Final = {hdrs.CACHE_CONTROL: "no-store"}


class _State(Enum):
    ARRIVING = auto()
    COMPLETE = auto()
    BROKEN = auto()


class Clip:
    """One speech: the bytes that have come, for any number of readers, and those still to come."""

    def __init__(self, used: Callable[[Clip], None]) -> None:
        """Begin empty, with a name nobody can guess; tell used whenever bytes come or go."""
        self.token = secrets.token_urlsafe(24)
        self.size = 0
        self.fetched = asyncio.Event()
        """Set once the first byte has gone to a player."""
        self.awaited = False
        """Whether players are still to be told of it: till then it does not expire."""
        self._used = used
        self._chunks: list[bytes] = []
        self._state = _State.ARRIVING
        self._changed = asyncio.Event()

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

    async def read(self, span: Span | None = None) -> AsyncIterator[bytes]:
        """Yield what is here and what comes, until the end, good or bad; or a part of it."""
        index = position = 0
        while True:
            while index < len(self._chunks):
                chunk = self._chunks[index]
                index += 1
                if wanted := _within(chunk, position, span):
                    yield wanted
                position += len(chunk)
            if self._state is not _State.ARRIVING:
                return
            await self._changed.wait()

    def use(self) -> None:
        """Say that somebody wants it still."""
        self._used(self)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        self._used(self)


def _within(chunk: bytes, position: int, span: Span | None) -> bytes:
    """Return what of a chunk that begins at a position lies in a span."""
    if span is None:
        return chunk
    return chunk[max(span.start - position, 0) : max(span.stop - position, 0)]


class Clips:
    """The clips that can be fetched now, of all entries."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._clips: dict[str, tuple[Clip, CALLBACK_TYPE]] = {}

    @callback
    def add(self) -> Clip:
        """Return a new clip; it can be fetched until LIFETIME seconds after its last use."""
        while len(self._clips) >= MOST_CLIPS:
            self.remove(next(iter(self._clips)))
        clip = Clip(self._used)
        self._clips[clip.token] = (clip, self._timer(clip))
        return clip

    @callback
    def get(self, token: str) -> Clip | None:
        """Return the clip of that token while it can be fetched."""
        found = self._clips.get(token)
        return None if found is None else found[0]

    @callback
    def remove(self, token: str) -> None:
        """Forget a clip; who still reads it reaches its end."""
        clip, cancel_timer = self._clips.pop(token, (None, None))
        if clip is not None and cancel_timer is not None:
            cancel_timer()
            clip.end(broken=True)

    def _timer(self, clip: Clip) -> CALLBACK_TYPE:
        @callback
        def expire(_: datetime) -> None:
            if clip.awaited:
                clip.use()
            else:
                self.remove(clip.token)

        job = HassJob(expire, "life of a clip", cancel_on_shutdown=True)
        return async_call_later(self._hass, LIFETIME, job)

    def _used(self, clip: Clip) -> None:
        """Let a clip live on; where all together are too large, the oldest others go."""
        if clip.token not in self._clips:
            return
        self._clips[clip.token][1]()
        self._clips[clip.token] = (clip, self._timer(clip))
        while sum(one.size for one, _ in self._clips.values()) > MOST_MEMORY:
            self.remove(next(token for token in self._clips if token != clip.token))


CLIPS: HassKey[Clips] = HassKey(f"{DOMAIN}.clips")


@callback
def async_setup_view(hass: HomeAssistant) -> None:
    """Register the view, once."""
    hass.data[CLIPS] = Clips(hass)
    hass.http.register_view(SpeechView(hass.data[CLIPS]))


@callback
def async_clip_url(hass: HomeAssistant, clip: Clip) -> str:
    """Return where a media player finds a clip; raises HomeAssistantError."""
    return async_signed_url(hass, _path(clip), SIGNED)


@callback
def async_clip_path(hass: HomeAssistant, clip: Clip) -> str:
    """Return the path of it, for whoever knows where Home Assistant is."""
    return async_signed_path(hass, _path(clip), SIGNED)


def _path(clip: Clip) -> str:
    return f"{_PATH}/{clip.token}.mp3"


class SpeechView(HomeAssistantView):
    """Serves clips to whoever has a signed path: the whole, or a part once all of it is here."""

    url = _PATH + "/{token}.mp3"
    name = f"api:{DOMAIN}:speech"

    def __init__(self, clips: Clips) -> None:
        """Serve these."""
        self._clips = clips

    async def get(self, request: web.Request, token: str) -> web.StreamResponse:
        """Send the clip, as it comes; to HEAD what is known of it."""
        if (clip := self._clips.get(token)) is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        clip.use()
        try:
            span = _asked(request, clip)
        except UnsatisfiableError:
            headers = {**_NO_STORE, hdrs.CONTENT_RANGE: f"bytes */{clip.size}"}
            return web.Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
        response = _response(clip, span)
        try:
            await response.prepare(request)
            if request.method == hdrs.METH_GET:
                async for chunk in clip.read(span):
                    await response.write(chunk)
                    clip.fetched.set()
        except ConnectionError:
            pass  # the player has gone
        clip.use()
        return response

    head = get


def _asked(request: web.Request, clip: Clip) -> Span | None:
    """Return the part that is asked for, of a clip whose length is known."""
    if not clip.complete or request.headers.get(hdrs.IF_RANGE, _tag(clip)) != _tag(clip):
        return None
    return asked_span(request.headers.get(hdrs.RANGE), clip.size)


def _tag(clip: Clip) -> str:
    return f'"{clip.token}"'


def _response(clip: Clip, span: Span | None) -> web.StreamResponse:
    """Return the answer's status and headers."""
    response = web.StreamResponse(headers=_NO_STORE)
    response.content_type = MP3_TYPE
    if clip.complete:
        response.headers.update({hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: _tag(clip)})
        response.content_length = clip.size
    if span is not None:
        response.set_status(HTTPStatus.PARTIAL_CONTENT)
        response.headers[hdrs.CONTENT_RANGE] = content_range(span, clip.size)
        response.content_length = span.stop - span.start
    return response
