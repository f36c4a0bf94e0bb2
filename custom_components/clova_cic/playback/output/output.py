"""A media player of Home Assistant as something that sounds: one object for each, hass-wide."""

import asyncio
from collections.abc import Coroutine
import contextlib
import math
from typing import Any, Final

from homeassistant.components.media_player import MediaPlayerEntity
from homeassistant.components.media_player.const import (
    ATTR_MEDIA_ANNOUNCE,
    ATTR_MEDIA_CONTENT_ID,
    ATTR_MEDIA_CONTENT_TYPE,
    ATTR_MEDIA_EXTRA,
    ATTR_MEDIA_VOLUME_LEVEL,
    ATTR_MEDIA_VOLUME_MUTED,
    DATA_COMPONENT,
    SERVICE_PLAY_MEDIA,
    MediaPlayerEntityFeature as Feature,
)
from homeassistant.const import SERVICE_VOLUME_MUTE, SERVICE_VOLUME_SET, STATE_UNAVAILABLE
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util.hass_dict import HassKey

from ...const import DOMAIN
from ..ducking import async_ducking
from ..focus import Focus
from .calls import CALL_TIMEOUT, Calls, player_error
from .course import Course
from .media import Ended, Listener, Media
from .playing import LONGEST_ANNOUNCEMENT, Playing
from .seen import Seen, look_at

__all__ = ["Ended", "Listener", "Media", "Output", "Playing", "async_output"]

OUTPUTS: Final[HassKey[dict[str, Output]]] = HassKey(f"{DOMAIN}_outputs")

# An order to announce is not waited for longer than this: some players return at the end, in seconds.
ANNOUNCE_PATIENCE: Final = 1.0
# What a player shows so soon after an announcement may still be the announcement's, in seconds.
DEAF_AFTER: Final = 2.0
# Cast's number for a track of music, which others ignore.
_MUSIC_TRACK: Final = 3


@callback
def async_output(hass: HomeAssistant, entity_id: str) -> Output:
    """Return the output of a media player; always the same."""
    outputs = hass.data.setdefault(OUTPUTS, {})
    if entity_id not in outputs:
        outputs[entity_id] = Output(hass, entity_id)
        async_ducking(hass).watch(outputs[entity_id])
    return outputs[entity_id]


class Output:
    """What one media player can do and does. Methods raise HomeAssistantError."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Touch nothing. Use async_output."""
        self.hass = hass
        self.entity_id = entity_id
        self.calls = Calls(hass, entity_id)
        self.focus = Focus(can_duck=lambda: self.can_set_volume)
        self.announced: str | None = None
        """The address of the last announcement."""
        self._content: Playing | None = None
        self._announcement: Playing | None = None
        self._deaf_until = -math.inf
        self._muted_from: float | None = None
        self._untrack: CALLBACK_TYPE | None = None

    # What the player is

    @property
    def seen(self) -> Seen:
        """What its state tells now."""
        return look_at(self.hass.states.get(self.entity_id))

    @property
    def name(self) -> str:
        """Its name, as the user knows it."""
        state = self.hass.states.get(self.entity_id)
        return self.entity_id if state is None else state.name

    @property
    def available(self) -> bool:
        """Whether it is there."""
        state = self.hass.states.get(self.entity_id)
        return state is not None and state.state != STATE_UNAVAILABLE

    @property
    def can_announce(self) -> bool:
        """Whether it mixes, or interrupts and restores, by itself."""
        return self.seen.has(Feature.MEDIA_ANNOUNCE)

    @property
    def can_pause(self) -> bool:
        """Whether it can stand still and go on."""
        return self.seen.has(Feature.PAUSE)

    @property
    def can_seek(self) -> bool:
        """Whether it can go elsewhere in what it plays."""
        return self.seen.has(Feature.SEEK)

    @property
    def can_set_volume(self) -> bool:
        """Whether its volume can be set."""
        return self.seen.has(Feature.VOLUME_SET)

    @property
    def can_mute(self) -> bool:
        """Whether it can be silenced, if need be by its volume."""
        return self.can_set_volume or self.seen.has(Feature.VOLUME_MUTE)

    @property
    def volume(self) -> float | None:
        """Its volume, 0 to 1; None where it does not tell.

        The state of a player that is off shows none, though it may know it, as mpd does.
        """
        shown = self.seen.volume
        if shown is None and self.available and self._entity is not None:
            return self._entity.volume_level
        return shown

    @property
    def muted(self) -> bool | None:
        """Whether it is muted; None where it does not tell."""
        seen = self.seen
        if self._muted_from is not None and not seen.has(Feature.VOLUME_MUTE):
            return seen.volume == 0
        return seen.muted

    @property
    def is_polled(self) -> bool:
        """Whether core asks it now and then, instead of being told."""
        return self._entity is not None and self._entity.should_poll

    @property
    def _entity(self) -> MediaPlayerEntity | None:
        component = self.hass.data.get(DATA_COMPONENT)
        return None if component is None else component.get_entity(self.entity_id)

    @property
    def has_content(self) -> bool:
        """Whether content plays here, or stands still."""
        return self._content is not None

    async def refresh(self) -> None:
        """Have a polled player tell what it shows; the others tell by themselves. Bounded in time."""
        if self.is_polled:
            await self.calls.update()

    # Volume

    @property
    def content_volume(self) -> float | None:
        """The volume people have set: content has it, or will have it when nobody speaks beside it."""
        volume = self.volume
        ducking = async_ducking(self.hass)
        return None if volume is None else ducking.undone(self.entity_id, volume)

    async def set_content_volume(self, volume: float) -> None:
        """Set the volume; while it is lowered, for afterwards."""
        if not await async_ducking(self.hass).async_postpone(self.entity_id, volume):
            await self.set_volume(volume)

    async def set_volume(self, volume: float) -> None:
        """Set the volume, 0 to 1."""
        if not self.can_set_volume:
            raise player_error("player_has_no_volume", self.name)
        self._muted_from = None
        await self.calls.call(
            SERVICE_VOLUME_SET, {ATTR_MEDIA_VOLUME_LEVEL: min(max(volume, 0.0), 1.0)}
        )

    async def set_muted(self, muted: bool) -> None:
        """Mute or unmute; by the volume where it has nothing else."""
        if self.seen.has(Feature.VOLUME_MUTE):
            await self.calls.call(SERVICE_VOLUME_MUTE, {ATTR_MEDIA_VOLUME_MUTED: muted})
        elif not self.can_set_volume:
            raise player_error("player_has_no_volume", self.name)
        elif muted and self.muted is not True:
            before = self.content_volume
            await self.set_volume(0.0)
            self._muted_from = before
        elif not muted and self._muted_from is not None:
            await self.set_volume(self._muted_from)

    # Playing

    async def play(self, media: Media, listener: Listener) -> Playing:
        """Play content in place of what plays; returns when the player has taken the order.

        Who is cancelled meanwhile leaves nothing sounding.
        """
        if self._content is not None:
            self._content.end(Ended.STOLEN)
        playing = self._content = Playing(self, media, listener)
        self._track()
        try:
            await self.order(playing)
        except HomeAssistantError:
            if playing.active:
                playing.forget()
                raise
        except asyncio.CancelledError:
            self.abandon(playing)
            raise
        playing.called()
        return playing

    @callback
    def adopt(
        self, media: Media, listener: Listener, position: float | None = None
    ) -> Playing | None:
        """Take over content the player plays, or holds, already; None where it does not.

        position is where it is thought to be, should the player not say. Nothing is told.
        """
        playing = Playing(self, media, listener)
        if not playing.adopt(position):
            return None
        if self._content is not None:
            self._content.end(Ended.STOLEN)
        self._content = playing
        self._track()
        return playing

    async def announce(self, media: Media, listener: Listener) -> Playing:
        """Play over what plays, or, where the player cannot, in place of it.

        What the player shows meanwhile is not taken for the content's. Returns when the
        player has taken the order, or takes its time: then it may still end as FAILED.
        """
        if self._announcement is not None:
            self._announcement.end(Ended.STOLEN)
        playing = self._announcement = Playing(self, media, listener, announcement=True)
        self.announced = media.url
        self._track()
        ordering = self._spawn(self.order(playing), "announcement")
        try:
            await asyncio.wait({ordering}, timeout=ANNOUNCE_PATIENCE)
        except asyncio.CancelledError:
            ordering.cancel()
            self.abandon(playing)
            raise
        if not ordering.done():
            ordering.add_done_callback(lambda task: self._ordered_late(playing, task))
        elif isinstance(error := ordering.exception(), HomeAssistantError):
            if playing.active:
                playing.forget()
                raise error
        else:
            playing.called()
        return playing

    def _ordered_late(self, playing: Playing, ordering: asyncio.Task[None]) -> None:
        if ordering.cancelled() or ordering.exception() is not None:
            playing.end(Ended.FAILED)
        else:
            playing.called()

    async def order(self, playing: Playing) -> None:
        """Tell the player to play something."""
        media = playing.media
        data: dict[str, Any] = {
            ATTR_MEDIA_CONTENT_ID: media.url,
            ATTR_MEDIA_CONTENT_TYPE: media.content_type,
            ATTR_MEDIA_EXTRA: _extra(media),
        }
        if playing.announcement:
            data[ATTR_MEDIA_ANNOUNCE] = True
        await self.calls.call(
            SERVICE_PLAY_MEDIA,
            data,
            owner=playing,
            ready=lambda: self._make_way(playing),
            timeout=LONGEST_ANNOUNCEMENT if playing.announcement else CALL_TIMEOUT,
        )

    def _make_way(self, playing: Playing) -> bool:
        """Know that the player will show something else now, orders before this being done."""
        if playing.active and playing.announcement:
            self._deaf_until = math.inf
            if self._content is not None and not self.can_announce:
                self._content.displace()
        return playing.active

    @callback
    def abandon(self, playing: Playing) -> None:
        """Stop what nobody wants any more, unless something else is ordered in this very moment."""
        playing.forget()
        self.hass.loop.call_soon(lambda: self._spawn(self._silence(playing), "abandoned order"))

    async def _silence(self, playing: Playing) -> None:
        if self._content is None and self._announcement is None:
            with contextlib.suppress(HomeAssistantError):
                await playing.silence()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.hass.async_create_background_task(work, f"{DOMAIN} {name} {self.entity_id}")

    # What the player shows

    @property
    def deaf_until(self) -> float | None:
        """Until when what the player shows is not the content's; None while that is not known."""
        return None if self._deaf_until == math.inf else self._deaf_until

    def is_deaf(self, playing: Course) -> bool:
        """Tell whether what the player shows is not about this."""
        return not playing.announcement and self.hass.loop.time() < self._deaf_until

    @callback
    def let_go(self, playing: Course) -> None:
        """Forget what has ended."""
        if playing is self._announcement:
            self._announcement = None
            if self._deaf_until == math.inf:
                self._deaf_until = self.hass.loop.time() + DEAF_AFTER
            if self._content is not None:
                self._content.watch()
        elif playing is self._content:
            self._content = None
        if self._content is None and self._announcement is None and self._untrack is not None:
            self._untrack()
            self._untrack = None

    def _track(self) -> None:
        if self._untrack is None:
            self._untrack = async_track_state_change_event(self.hass, self.entity_id, self._changed)

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        before = event.data["old_state"]
        for playing in (self._announcement, self._content):
            if playing is not None:
                playing.look(None if before is None else before.last_reported)


def _extra(media: Media) -> dict[str, Any]:
    """Return what a player may show, in the form core's integrations read."""
    names = {"title": media.title, "artist": media.artist, "albumName": media.album}
    metadata: dict[str, Any] = {key: name for key, name in names.items() if name is not None}
    if media.image_url is not None:
        metadata["images"] = [{"url": media.image_url}]
    if not metadata:
        return {}
    extra: dict[str, Any] = {"metadata": {"metadataType": _MUSIC_TRACK, **metadata}}
    if media.title is not None:
        extra["title"] = media.title
    if media.image_url is not None:
        extra["thumb"] = media.image_url
    return extra
