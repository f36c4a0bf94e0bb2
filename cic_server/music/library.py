"""What lies at which address of the media listener."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

from cic_server.spoken import SpokenTexts

from .addresses import Grants
from .catalogue import TRACKS, Kind
from .covers import COVER_TYPE, cover
from .hls import (
    LIVE_SEGMENTS,
    PLAYLIST_TYPE,
    SEGMENT_SECONDS,
    live_list,
    loop,
    segments,
    timed,
    whole_list,
)
from .tunes import Tunes

MP3_TYPE = "audio/mpeg"


class Missing(Enum):
    """Why there is nothing, as an HTTP status."""

    # No such path, or a segment that is not on the air.
    UNKNOWN = 404
    # An address whose time is over.
    VOID = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something to be fetched."""

    content: bytes
    content_type: str
    # Whose address it is; None where that does not show.
    client: str | None = None
    # Whether a media request must name its client as CIC's "Preparation" says.
    needs_agent: bool = False


class Library:
    """Every tune by its address."""

    def __init__(
        self,
        tunes: Tunes,
        grants: Grants,
        clock: Callable[[], float],
        texts: SpokenTexts | None = None,
    ) -> None:
        """Put the radio on the air."""
        self._texts = texts
        self._tunes = tunes
        self._grants = grants
        self._clock = clock
        self._on_air_since = clock()

    async def find(self, path: str) -> Found | Missing:
        """Return what lies at a path."""
        name, dot, kind = path.strip("/").rpartition(".")
        match (*name.split("/"), dot + kind):
            case ("tunes", client, name, ".mp3"):
                return await self._tune(client, name)
            case ("protected", key, ".mp3"):
                return await self._protected(key)
            case ("said", key, ".mp3"):
                return await self._said(key)
            case ("hls", client, name, ".m3u8"):
                return await self._list(client, name)
            case ("hls", client, name, number, ".mp3") if number.isdecimal():
                return await self._segment(client, name, int(number))
            case ("art", name, ".png") if name in TRACKS:
                return Found(content=cover(TRACKS[name]), content_type=COVER_TYPE)
            case _:
                return Missing.UNKNOWN

    async def _tune(self, client: str, name: str) -> Found | Missing:
        track = TRACKS.get(name)
        if track is None or track.kind is not Kind.DIRECT:
            return Missing.UNKNOWN
        sound = await self._tunes.mp3(track)
        return Found(content=sound, content_type=MP3_TYPE, client=unquote(client))

    async def _protected(self, key: str) -> Found | Missing:
        grant = self._grants.open(key)
        if grant is None:
            return Missing.VOID
        sound = await self._tunes.mp3(grant.track)
        return Found(content=sound, content_type=MP3_TYPE, client=grant.client, needs_agent=True)

    async def _said(self, key: str) -> Found | Missing:
        found = None if self._texts is None else await self._texts.find(key)
        if found is None:
            return Missing.UNKNOWN
        spoken, sound = found
        return Found(content=sound, content_type=MP3_TYPE, client=spoken.client)

    async def _list(self, client: str, name: str) -> Found | Missing:
        track = TRACKS.get(name)
        match track and track.kind:
            case Kind.LIVE:
                text = live_list(name, self._on_air)
            case Kind.HLS if track is not None:
                text = whole_list(name, segments(await self._tunes.mp3(track)))
            case _:
                return Missing.UNKNOWN
        return Found(
            content=text.encode(),
            content_type=PLAYLIST_TYPE,
            client=unquote(client),
            needs_agent=True,
        )

    async def _segment(self, client: str, name: str, number: int) -> Found | Missing:
        track = TRACKS.get(name)
        if track is None or track.kind not in (Kind.HLS, Kind.LIVE):
            return Missing.UNKNOWN
        sound = await self._tunes.mp3(track)
        if track.kind is Kind.LIVE:
            newest = int(self._on_air / SEGMENT_SECONDS) + LIVE_SEGMENTS
            # a player may be one list behind
            if not newest - 2 * LIVE_SEGMENTS <= number < newest:
                return Missing.UNKNOWN
            around = loop(sound)
            segment = around[number % len(around)]
        else:
            cut = segments(sound)
            if number >= len(cut):
                return Missing.UNKNOWN
            segment = cut[number]
        return Found(
            content=timed(segment, number * SEGMENT_SECONDS),
            content_type=MP3_TYPE,
            client=unquote(client),
            needs_agent=True,
        )

    @property
    def _on_air(self) -> float:
        return self._clock() - self._on_air_since
