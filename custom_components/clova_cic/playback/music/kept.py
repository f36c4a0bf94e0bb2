"""What the audio player remembers across a restart, and a kill."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import logging
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from ...cic.errors import MessageError
from ...cic.interfaces.audio_player import Play, PlayerActivity, RepeatMode
from ...cic.messages import Payload
from ...const import DOMAIN
from ..output.output import async_output
from .queue import Track

if TYPE_CHECKING:
    from .player import AudioPlayer

_LOGGER = logging.getLogger(__name__)

VERSION: Final = 1
# Changes come in bursts; a kill within that time loses the last, in seconds.
SAVE_DELAY: Final = 1.0
# While music plays only its offset changes; after a kill it is no older than this, in seconds.
SAVE_INTERVAL: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered. offset in seconds; url is what a player was given, unless it was our own."""

    track: Track | None = None
    coming: Sequence[Track] = ()
    activity: PlayerActivity = PlayerActivity.IDLE
    ready: bool = False
    """Whether the track is there to be resumed, or over."""
    offset: float = 0.0
    repeat: RepeatMode = RepeatMode.NONE
    output: str | None = None
    url: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "track": None if self.track is None else _stored(self.track),
            "coming": [_stored(track) for track in self.coming],
            "activity": self.activity.value,
            "ready": self.ready,
            "offset": self.offset,
            "repeat": self.repeat.value,
            "output": self.output,
            "url": self.url,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Memory:
        """Read it back; what cannot be read is forgotten."""
        try:
            return cls(
                track=_restored(stored["track"]) if stored["track"] else None,
                coming=[_restored(track) for track in stored["coming"]],
                activity=PlayerActivity(stored["activity"]),
                ready=bool(stored["ready"]),
                offset=float(stored["offset"]),
                repeat=RepeatMode(stored["repeat"]),
                output=stored["output"],
                url=stored["url"],
            )
        except (KeyError, TypeError, ValueError, AttributeError, MessageError) as err:
            _LOGGER.warning("What was played before is forgotten: %s", type(err).__name__)
            return cls()


class Keeper:
    """Stores what one entry's player is to remember."""

    def __init__(self, hass: HomeAssistant, entry_id: str, player: AudioPlayer) -> None:
        """Do nothing before the start."""
        self._hass = hass
        self._store = _store(hass, entry_id)
        self._player = player
        self._unlisten: CALLBACK_TYPE | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def async_start(self) -> None:
        """Have the player be as it was, unless it was given other orders; store what changes."""
        try:
            stored = await self._store.async_load()
        except HomeAssistantError:
            stored = None  # core has told of a file it cannot read
        if stored is not None and self._player.track is None:
            memory = Memory.from_dict(stored)
            output = None if memory.output is None else async_output(self._hass, memory.output)
            self._player.restore(memory, output)
        self._unlisten = self._player.async_add_listener(self._changed)

    async def async_close(self) -> None:
        """Store the last of it, and no more."""
        if self._unlisten is None:
            return
        self._unlisten()
        self._unlisten = None
        self._cancel_timer()
        await self._store.async_save(self._player.memory().as_dict())

    @callback
    def _changed(self) -> None:
        self._cancel_timer()
        self._store.async_delay_save(lambda: self._player.memory().as_dict(), SAVE_DELAY)
        if self._player.activity is PlayerActivity.PLAYING:
            self._timer = self._hass.loop.call_later(SAVE_INTERVAL, self._changed)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


async def async_forget_player(hass: HomeAssistant, entry_id: str) -> None:
    """Remember nothing of an entry that is removed."""
    await _store(hass, entry_id).async_remove()


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    # addresses of streams may be secrets
    return Store(hass, VERSION, f"{DOMAIN}.player.{entry_id}", private=True)


def _stored(track: Track) -> dict[str, Any]:
    """Return a track in the shape of a Play, with what was delivered beside it."""
    item = track.item
    play = {
        "audioItem": {
            "audioItemId": item.audio_item_id,
            "stream": item.stream.raw,
            "titleText": item.title,
            "titleSubText1": item.artist,
            "titleSubText2": item.album,
            "headerText": item.playlist,
            "artImageUrl": item.image_url,
        },
        "source": {"name": track.source_name, "logoUrl": track.source_logo_url},
    }
    return {"play": play, "delivered": None if track.delivered is None else track.delivered.raw}


def _restored(stored: Mapping[str, Any]) -> Track:
    track = Track.of(Play.from_payload(stored["play"]))
    delivered: Payload | None = stored["delivered"]
    return track if delivered is None else track.with_delivered(delivered)
