"""The CLOVA player's browser: its queue, the tracks CIC shows of its music, and CIC's lists.

Everything is named by a short key, never by its token. Looking changes nothing, with one
exception that the protocol wants: a list inside a list is there only when it has been chosen.
"""

import asyncio
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from homeassistant.components.media_player.browse_media import BrowseMedia
from homeassistant.components.media_player.const import MediaClass, MediaType
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.core import HomeAssistant

from .cic.interfaces.playback_controller import PlayCommandIssued
from .cic.interfaces.template_runtime import (
    PlayableItem,
    PlaylistItem,
    PlaylistKind,
    SelectCommandIssued,
)
from .const import DOMAIN
from .failures import Phrase, phrase
from .playback.music.commands import Commands
from .playback.music.player import AudioPlayer
from .playback.music.player_info import PlayerInfo, key_of
from .playback.music.queue import Track

type PictureAddress = Callable[[str, str], str]
"""Returns where a picture is served: of a content type and a content id."""


class Place(StrEnum):
    """The rooms of the browser; an item of one is "<place>/<key>"."""

    ROOT = "root"
    QUEUE = "queue"
    TRACKS = "tracks"
    LISTS = "lists"


_ROOMS: Final = {
    Place.QUEUE: Phrase.BROWSE_QUEUE,
    Place.TRACKS: Phrase.BROWSE_TRACKS,
    Place.LISTS: Phrase.BROWSE_LISTS,
}
_CLASSES: Final = {
    PlaylistKind.PLAYLIST: MediaClass.PLAYLIST,
    PlaylistKind.TRACK: MediaClass.TRACK,
    PlaylistKind.LIVE: MediaClass.CHANNEL,
}
# Signs in front of a title: for adults (the documents' adult icon), and live.
_ADULT: Final = "\N{NO ONE UNDER EIGHTEEN SYMBOL}"
_LIVE: Final = "\N{LARGE RED CIRCLE}"


class Browser:
    """What can be looked at and chosen on one CLOVA player."""

    def __init__(
        self, hass: HomeAssistant, player: AudioPlayer, info: PlayerInfo, commands: Commands
    ) -> None:
        """Show one entry's music."""
        self._hass = hass
        self._player = player
        self._info = info
        self._commands = commands
        self._opening = asyncio.Lock()

    async def browse(self, content_id: str | None, picture: PictureAddress) -> BrowseMedia:
        """Return a room, or the list an item opens; raises BrowseError."""
        place, key = _parts(content_id)
        match place, key:
            case Place.ROOT, "":
                return await self._room(Place.ROOT, [await self._empty(room) for room in _ROOMS])
            case Place.QUEUE, "":
                return await self._room(Place.QUEUE, self._queue(picture))
            case Place.TRACKS, "":
                tracks = self._info.tracks.items.items()
                nodes = [_node_of_track(key, track, picture) for key, track in tracks]
                return await self._room(Place.TRACKS, nodes)
            case Place.LISTS, "":
                shown = self._info.lists
                nodes = [] if shown is None else _nodes_of_list(shown.items.items(), picture)
                title = None if shown is None else shown.title
                return await self._room(Place.LISTS, nodes, title)
            case Place.LISTS, _:
                return await self._list_below(key, picture)
        raise _not_found()

    async def choose(self, content_id: str) -> None:
        """Play an item, or have CIC open it; raises BrowseError or HomeAssistantError."""
        place, key = _parts(content_id)
        match place:
            case Place.QUEUE | Place.TRACKS:
                token = self._token_of(place, key)
                await self._commands.press(PlayCommandIssued(token=token), self._plays(token))
            case Place.LISTS:
                await self._select(self._list_item(key), key)
            case Place.ROOT:
                raise _not_found()

    @staticmethod
    def knows(content_id: str) -> bool:
        """Tell whether a content id names an item of ours, there or not."""
        place, _, key = content_id.partition("/")
        return place in _ROOMS and bool(key)

    def picture_of(self, content_id: str) -> str | None:
        """Return the address of an item's picture as CIC named it; None where there is none."""
        place, _, key = content_id.partition("/")
        match place:
            case Place.QUEUE:
                track = self._queued(key)
                return None if track is None else track.item.image_url
            case Place.TRACKS:
                shown = self._info.tracks.items.get(key)
                return None if shown is None else shown.image_url
            case Place.LISTS:
                item = self._info.list_item(key)
                return None if item is None else item.image_url
        return None

    # What is there

    async def _room(
        self, place: Place, children: list[BrowseMedia], title: str | None = None
    ) -> BrowseMedia:
        room = await self._empty(place, title)
        room.children = children
        return room

    async def _empty(self, place: Place, title: str | None = None) -> BrowseMedia:
        text = _ROOMS.get(place, Phrase.BROWSE_ROOT)
        return BrowseMedia(
            media_class=MediaClass.DIRECTORY,
            media_content_id=place,
            media_content_type=MediaType.PLAYLIST,
            title=title or await phrase(self._hass, self._hass.config.language, text),
            can_play=False,
            can_expand=True,
        )

    def _queue(self, picture: PictureAddress) -> list[BrowseMedia]:
        return [
            _node(
                f"{Place.QUEUE}/{key_of(track.stream.token)}",
                _title(track.item.title, track.item.artist),
                MediaClass.TRACK,
                picture if track.item.image_url else None,
            )
            for track in self._tracks()
        ]

    def _tracks(self) -> list[Track]:
        """Return the current track and those to come."""
        current = self._player.track
        return [*(() if current is None else (current,)), *self._player.queue]

    def _queued(self, key: str) -> Track | None:
        return next((one for one in self._tracks() if key_of(one.stream.token) == key), None)

    def _token_of(self, place: Place, key: str) -> str:
        if place is Place.QUEUE:
            track = self._queued(key)
            token = None if track is None else track.stream.token
        else:
            shown = self._info.tracks.items.get(key)
            token = None if shown is None else shown.token
        if token is None:
            raise _not_found()
        return token

    # Lists

    async def _list_below(self, key: str, picture: PictureAddress) -> BrowseMedia:
        """Return the list an item opens, asked for once: going back is no choice."""
        item = self._list_item(key)
        if self._info.list_below(key) is None:
            await self._select(item, key)
        shown = self._info.list_below(key)
        if shown is None:  # CIC plays it instead
            return await self._room(Place.QUEUE, self._queue(picture))
        node = _node_of_item(key, item, picture)
        node.title = shown.title or node.title
        node.children = _nodes_of_list(shown.items.items(), picture)
        return node

    def _list_item(self, key: str) -> PlaylistItem:
        item = self._info.list_item(key)
        if item is None:
            raise _not_found()
        return item

    async def _select(self, item: PlaylistItem, key: str) -> None:
        """Choose an item; return when it has brought another list, or music."""
        plays = self._plays(item.token)
        async with self._opening:
            with self._info.opening(key):
                await self._commands.press(
                    SelectCommandIssued(token=item.token),
                    lambda: self._info.list_below(key) is not None or plays(),
                )

    def _plays(self, token: str) -> Callable[[], bool]:
        """Return what is true once a choice has had its effect: other music, or the chosen."""
        before = self._player.track

        def plays() -> bool:
            now = self._player.track
            if now is None or not self._player.under_way:
                return False
            return now is not before or now.stream.token == token

        return plays


def _parts(content_id: str | None) -> tuple[Place, str]:
    """Return the place and the key of a content id; raises BrowseError."""
    place, _, key = (content_id or Place.ROOT).partition("/")
    try:
        return Place(place), key
    except ValueError as err:
        raise _not_found() from err


def _nodes_of_list(
    items: Iterable[tuple[str, PlaylistItem]], picture: PictureAddress
) -> list[BrowseMedia]:
    return [_node_of_item(key, item, picture) for key, item in items]


def _node_of_item(key: str, item: PlaylistItem, picture: PictureAddress) -> BrowseMedia:
    signs = (_ADULT,) if item.show_adult_icon else ()
    node = _node(
        f"{Place.LISTS}/{key}",
        _title(item.title, item.artist, signs),
        _CLASSES[item.kind],
        picture if item.image_url else None,
    )
    node.can_expand = item.kind is PlaylistKind.PLAYLIST
    node.can_play = not node.can_expand
    return node


def _node_of_track(key: str, track: PlayableItem, picture: PictureAddress) -> BrowseMedia:
    signs = [sign for sign, on in ((_LIVE, track.is_live), (_ADULT, track.show_adult_icon)) if on]
    return _node(
        f"{Place.TRACKS}/{key}",
        _title(track.title, track.artist, signs),
        MediaClass.TRACK,
        picture if track.image_url else None,
    )


def _node(
    content_id: str, title: str, media_class: MediaClass, picture: PictureAddress | None
) -> BrowseMedia:
    """Return an item that can be played."""
    content_type = MediaType.MUSIC
    return BrowseMedia(
        media_class=media_class,
        media_content_id=content_id,
        media_content_type=content_type,
        title=title,
        can_play=True,
        can_expand=False,
        thumbnail=None if picture is None else picture(content_type, content_id),
    )


def _title(title: str | None, artist: str | None, signs: Iterable[str] = ()) -> str:
    words = " \N{EN DASH} ".join(text for text in (title, artist) if text)
    return " ".join((*signs, words or "?"))


def _not_found() -> BrowseError:
    return BrowseError(translation_domain=DOMAIN, translation_key="no_such_item")
