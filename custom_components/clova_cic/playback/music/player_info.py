"""What CIC has told of its music beside the sound: titles to show, lists to choose from, likes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
import hashlib
from typing import Final, Self

from homeassistant.core import CALLBACK_TYPE, callback

from ...cic.interfaces.template_runtime import (
    Control,
    PlayableItem,
    PlaylistItem,
    RenderPlayerInfo,
    RenderPlaylist,
)

# Lists a user has opened below the one CIC showed: enough to go down many levels and back.
MOST_LISTS: Final = 16
# Tracks of which is known whether they are liked; a few evenings of music.
MOST_MARKS: Final = 512
# Bytes of a token's digest; no two of a few thousand tokens share one.
_KEY_BYTES: Final = 12


class Button(StrEnum):
    """The buttons of a player that mean something here, as the documents name them."""

    LIKE = "LIKE_DISLIKE"
    NEXT = "NEXT"
    PLAY_PAUSE = "PLAY_PAUSE"
    PREVIOUS = "PREVIOUS"
    SUBSCRIBE = "SUBSCRIBE_UNSUBSCRIBE"


def key_of(token: str) -> str:
    """Return a short name of a token: tokens have kilobytes, and are nobody else's business."""
    return hashlib.blake2b(token.encode(errors="replace"), digest_size=_KEY_BYTES).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList[Item: (PlayableItem, PlaylistItem)]:
    """A list of CIC's, its items by key. What is in it twice can be chosen once."""

    title: str | None = field(repr=False)
    items: dict[str, Item] = field(repr=False)

    @classmethod
    def of(cls, title: str | None, items: Iterable[Item]) -> Self:
        """Keep the order."""
        by_key: dict[str, Item] = {}
        for item in items:
            by_key.setdefault(key_of(item.token), item)
        return cls(title=title, items=by_key)


class Marks:
    """A yes or no for each of the tracks it was last said of."""

    def __init__(self) -> None:
        """Know of none."""
        self._values: OrderedDict[str, bool] = OrderedDict()

    def set(self, token: str, value: bool) -> None:
        """Remember it; the one said longest ago is forgotten where there are too many."""
        key = key_of(token)
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > MOST_MARKS:
            self._values.popitem(last=False)

    def get(self, token: str) -> bool | None:
        """Return what was said last, or None."""
        return self._values.get(key_of(token))


class PlayerInfo:
    """What is shown of one entry's music."""

    def __init__(self) -> None:
        """Nothing was shown yet."""
        self.tracks: ShownList[PlayableItem] = ShownList.of(None, ())
        """The tracks of the last RenderPlayerInfo."""
        self.provider: str | None = None
        self.lists: ShownList[PlaylistItem] | None = None
        """The last RenderPlaylist nobody here had asked for."""
        self.liked = Marks()
        self.subscribed = Marks()
        self._marks: dict[str, Marks] = {
            Button.LIKE: self.liked,
            Button.SUBSCRIBE: self.subscribed,
        }
        self._controls: tuple[Control, ...] = ()
        self._below: OrderedDict[str, ShownList[PlaylistItem]] = OrderedDict()
        self._opening: str | None = None
        self._listeners: list[CALLBACK_TYPE] = []

    @callback
    def async_add_listener(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when anything changes; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def track(self, token: str) -> PlayableItem | None:
        """Return what was shown of a track."""
        return self.tracks.items.get(key_of(token))

    def allows(self, token: str, button: Button) -> bool:
        """Tell whether a button may be pressed while that track plays: yes, unless CIC said no."""
        item = self.track(token)
        if item is None:
            return True  # what was shown is not of this track
        return all(
            control.enabled
            for control in (*self._controls, *item.controls)
            if control.name.upper() == button
        )

    def list_below(self, key: str) -> ShownList[PlaylistItem] | None:
        """Return the list that an item of another one opened."""
        return self._below.get(key)

    def list_item(self, key: str) -> PlaylistItem | None:
        """Return an item of any of the lists."""
        for shown in (self.lists, *reversed(self._below.values())):
            if shown is not None and (item := shown.items.get(key)) is not None:
                return item
        return None

    @callback
    def show(self, info: RenderPlayerInfo) -> None:
        """Take what is to be shown of the music; its buttons tell what is liked."""
        self._controls = info.controls
        self.provider = info.provider_name
        self.tracks = ShownList.of(None, info.items)
        for item in info.items:
            for control in item.controls:
                marks = self._marks.get(control.name.upper())
                if marks is not None:
                    marks.set(item.token, control.selected)
        self._changed()

    @callback
    def show_list(self, playlist: RenderPlaylist) -> None:
        """Take a list to choose from: below the item that is being opened, else in place of all."""
        shown = ShownList.of(playlist.title, playlist.items)
        if self._opening is None:
            self.lists = shown
            self._below.clear()
        else:
            self._below[self._opening] = shown
            self._below.move_to_end(self._opening)
            if len(self._below) > MOST_LISTS:
                self._below.popitem(last=False)
        self._changed()

    @callback
    def update(self, button: Button, token: str, value: bool) -> None:
        """Take that a track is liked or subscribed to, or no longer."""
        self._marks[button].set(token, value)
        self._changed()

    @contextmanager
    def opening(self, key: str) -> Iterator[None]:
        """Take a list that comes meanwhile as what this item opens. One at a time."""
        self._opening = key
        try:
            yield
        finally:
            self._opening = None

    def _changed(self) -> None:
        for listener in list(self._listeners):
            listener()
