"""The CLOVA player: the music CIC controls, as a media player of Home Assistant.

Buttons do not act by themselves: CIC is told, and what it orders acts. Volume, seeking and
repetition are the device's own, and act at once.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, override

from homeassistant.components.media_player import MediaPlayerEntity
from homeassistant.components.media_player.browse_media import BrowseMedia
from homeassistant.components.media_player.const import (
    MediaPlayerDeviceClass,
    MediaPlayerEnqueue,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
    RepeatMode as HomeRepeatMode,
)
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from .browse import Browser
from .cic import DEFAULT_USER_AGENT
from .cic.interfaces.audio_player import PlayerActivity, RepeatMode
from .cic.interfaces.audio_stream import AudioItem
from .cic.interfaces.playback_controller import (
    CustomCommandIssued,
    NextCommandIssued,
    PauseCommandIssued,
    PreviousCommandIssued,
    ResumeCommandIssued,
    StopCommandIssued,
)
from .cic.interfaces.template_runtime import (
    LikeCommandIssued,
    MoreCommandIssued,
    PlayableItem,
    SubscribeCommandIssued,
    UnlikeCommandIssued,
    UnsubscribeCommandIssued,
)
from .const import CONF_USER_AGENT, DOMAIN
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity
from .playback.music.phases import Phase
from .playback.music.player_info import Button, Marks, key_of
from .playback.music.queue import Track
from .playback.output.output import Output
from .playback.web.art import NO_PICTURE, Picture, async_picture

# Events go up in order by themselves, and a press that waits for its effect must hold up no other.
PARALLEL_UPDATES = 0

_STATES: Final = {
    Phase.IDLE: MediaPlayerState.IDLE,
    Phase.WAITING: MediaPlayerState.BUFFERING,
    Phase.REQUESTING: MediaPlayerState.BUFFERING,
    Phase.STARTING: MediaPlayerState.BUFFERING,
    Phase.PLAYING: MediaPlayerState.PLAYING,
    # somebody speaks; the music comes back by itself
    Phase.HELD: MediaPlayerState.PLAYING,
    Phase.PAUSED: MediaPlayerState.PAUSED,
    Phase.STOPPED: MediaPlayerState.IDLE,
}
_ALWAYS: Final = (
    MediaPlayerEntityFeature.BROWSE_MEDIA
    | MediaPlayerEntityFeature.PLAY_MEDIA
    | MediaPlayerEntityFeature.REPEAT_SET
    | MediaPlayerEntityFeature.STOP
)
_BUTTONS: Final = {
    Button.NEXT: MediaPlayerEntityFeature.NEXT_TRACK,
    Button.PLAY_PAUSE: MediaPlayerEntityFeature.PLAY | MediaPlayerEntityFeature.PAUSE,
    Button.PREVIOUS: MediaPlayerEntityFeature.PREVIOUS_TRACK,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's one player."""
    async_add_entities([ClovaPlayer(entry.runtime_data)])


class ClovaPlayer(CicEntity, MediaPlayerEntity):
    """What the entry's audio player does, on whatever output it does it."""

    _attr_device_class = MediaPlayerDeviceClass.SPEAKER
    _attr_media_image_remotely_accessible = False

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Show the player of one entry."""
        super().__init__(coordinator, "player")
        parts = coordinator.parts
        self._player = parts.player
        self._outputs = parts.outputs
        self._info = parts.player_info
        self._commands = parts.commands
        self._browser = Browser(coordinator.hass, self._player, self._info, self._commands)
        self._user_agent = coordinator.config_entry.data.get(CONF_USER_AGENT, DEFAULT_USER_AGENT)
        self._output: Output | None = None
        self._unwatch: CALLBACK_TYPE | None = None

    @property
    @override
    def available(self) -> bool:
        """True while CIC is connected, and while music plays on without it."""
        return super().available or self._shown is not None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._player.async_add_listener(self._changed))
        self.async_on_remove(self._info.async_add_listener(self._changed))
        self.async_on_remove(self._outputs.async_add_listener(self._changed))
        self.async_on_remove(lambda: self._watch(None))
        self._refresh()

    # What is shown

    @property
    def _shown(self) -> Track | None:
        """The track that plays, stands, or is about to begin."""
        return None if _STATES[self._player.phase] is MediaPlayerState.IDLE else self._player.track

    @callback
    def _changed(self, *_: Any) -> None:
        self._refresh()
        self.async_write_ha_state()

    @callback
    def _output_changed(self, event: Event[EventStateChangedData]) -> None:
        self._changed()

    def _watch(self, output: Output | None) -> None:
        """Follow the state of another output, or of none."""
        if output is self._output:
            return
        self._output = output
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if output is not None:
            self._unwatch = async_track_state_change_event(
                self.hass, output.entity_id, self._output_changed
            )

    def _refresh(self) -> None:
        """Take everything over from those who know."""
        self._watch(self._player.output or self._outputs.default())
        track, output = self._shown, self._output
        self._attr_state = _STATES[self._player.phase]
        self._attr_repeat = (
            HomeRepeatMode.ONE
            if self._player.repeat is RepeatMode.REPEAT_ONE
            else HomeRepeatMode.OFF
        )
        self._attr_volume_level = None if output is None else output.content_volume
        self._attr_is_volume_muted = None if output is None else output.muted
        self._attr_supported_features = self._features(track, output)
        self._show_track(track)
        self._show_position(track)
        self._attr_extra_state_attributes = {} if track is None else self._marks(track)

    def _features(self, track: Track | None, output: Output | None) -> MediaPlayerEntityFeature:
        features = _ALWAYS
        for button, feature in _BUTTONS.items():
            if track is None or self._info.allows(track.stream.token, button):
                features |= feature
        if output is not None and output.can_set_volume:
            features |= MediaPlayerEntityFeature.VOLUME_SET
        if output is not None and output.can_mute:
            features |= MediaPlayerEntityFeature.VOLUME_MUTE
        if track is not None and self._player.can_seek:
            features |= MediaPlayerEntityFeature.SEEK
        return features

    def _show_track(self, track: Track | None) -> None:
        """Show what the Play said, completed by what was shown of the same track."""
        known = () if track is None else self._known(track)
        self._attr_media_content_type = None if track is None else MediaType.MUSIC
        self._attr_media_content_id = None if track is None else key_of(track.stream.token)
        self._attr_media_title = _first(one.title for one in known)
        self._attr_media_artist = _first(one.artist for one in known)
        self._attr_media_album_name = _first(one.album for one in known)
        self._attr_media_playlist = _first(one.playlist for one in known)
        self._attr_media_image_url = _first(one.image_url for one in known)
        self._attr_app_name = None if track is None else track.source_name or self._info.provider

    def _known(self, track: Track) -> tuple[AudioItem | PlayableItem, ...]:
        """Return who knows something of a track, the Play itself first."""
        shown = self._info.track(track.stream.token)
        return (track.item,) if shown is None else (track.item, shown)

    def _show_position(self, track: Track | None) -> None:
        """Show the position in the window that may be played: it begins with 0."""
        position, duration = self._player.position, self._player.duration
        if track is None or position is None:
            self._attr_media_position = self._attr_media_position_updated_at = None
        else:
            self._attr_media_position = max(0, round(position - self._player.begin))
            self._attr_media_position_updated_at = dt_util.utcnow()
        self._attr_media_duration = None if track is None or duration is None else round(duration)

    def _marks(self, track: Track) -> dict[str, Any]:
        marks: dict[str, Marks] = {"liked": self._info.liked, "subscribed": self._info.subscribed}
        known = {name: mark.get(track.stream.token) for name, mark in marks.items()}
        return {name: value for name, value in known.items() if value is not None}

    @override
    async def async_get_media_image(self) -> Picture:
        return await self._picture(self.media_image_url)

    @override
    async def async_get_browse_image(
        self,
        media_content_type: MediaType | str,
        media_content_id: str,
        media_image_id: str | None = None,
    ) -> Picture:
        return await self._picture(self._browser.picture_of(media_content_id))

    async def _picture(self, address: str | None) -> Picture:
        if address is None:
            return NO_PICTURE
        return await async_picture(self.hass, address, self._user_agent)

    # Buttons

    @override
    async def async_media_play(self) -> None:
        await self._commands.press(ResumeCommandIssued(), lambda: self._player.under_way)

    @override
    async def async_media_pause(self) -> None:
        await self._commands.press(
            PauseCommandIssued(), lambda: self._player.activity is not PlayerActivity.PLAYING
        )

    @override
    async def async_media_stop(self) -> None:
        ended = (PlayerActivity.IDLE, PlayerActivity.STOPPED)
        await self._commands.press(StopCommandIssued(), lambda: self._player.activity in ended)

    @override
    async def async_media_next_track(self) -> None:
        await self._commands.press(NextCommandIssued(), self._other_track())

    @override
    async def async_media_previous_track(self) -> None:
        await self._commands.press(PreviousCommandIssued(), self._other_track())

    def _other_track(self) -> Callable[[], bool]:
        """Return what is true once another track is under way, or the same one anew."""
        player, before = self._player, self._player.track
        return lambda: player.track is not before and player.under_way

    # What a device does by itself

    @override
    async def async_set_repeat(self, repeat: HomeRepeatMode) -> None:
        """Repeat the track, or not. CIC has no repetition of all: that button repeats the one."""
        self._player.set_repeat(
            RepeatMode.NONE if repeat is HomeRepeatMode.OFF else RepeatMode.REPEAT_ONE
        )

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        if self._output is not None:
            await self._output.set_volume(volume)

    @override
    async def async_mute_volume(self, mute: bool) -> None:
        if self._output is not None:
            await self._output.set_muted(mute)

    @override
    async def async_media_seek(self, position: float) -> None:
        """Go on from elsewhere in the window; the player refuses what lies outside."""
        await self._player.seek(self._player.begin + position)

    # Browsing

    @override
    async def async_browse_media(
        self,
        media_content_type: MediaType | str | None = None,
        media_content_id: str | None = None,
    ) -> BrowseMedia:
        return await self._browser.browse(media_content_id, self.get_browse_image_url)

    @override
    async def async_play_media(
        self,
        media_type: MediaType | str,
        media_id: str,
        enqueue: MediaPlayerEnqueue | None = None,
        announce: bool | None = None,
        **kwargs: Any,
    ) -> None:
        """Choose an item of the browser. Sound of others has other players to go to."""
        if announce or not self._browser.knows(media_id):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="only_own_items"
            )
        await self._browser.choose(media_id)

    # Actions

    async def async_like(self, token: str | None = None) -> None:
        """Like a track."""
        chosen = self._chosen(token)
        await self._commands.press(
            LikeCommandIssued(token=chosen), lambda: self._info.liked.get(chosen) is True
        )

    async def async_unlike(self, token: str | None = None) -> None:
        """Take a like back."""
        chosen = self._chosen(token)
        await self._commands.press(
            UnlikeCommandIssued(token=chosen), lambda: self._info.liked.get(chosen) is False
        )

    async def async_subscribe(self, token: str | None = None) -> None:
        """Subscribe to a track's series."""
        chosen = self._chosen(token)
        await self._commands.press(
            SubscribeCommandIssued(token=chosen), lambda: self._info.subscribed.get(chosen) is True
        )

    async def async_unsubscribe(self, token: str | None = None) -> None:
        """End the subscription to a track's series."""
        chosen = self._chosen(token)
        await self._commands.press(
            UnsubscribeCommandIssued(token=chosen),
            lambda: self._info.subscribed.get(chosen) is False,
        )

    async def async_more(self, token: str | None = None) -> None:
        """Ask for more of a track; what comes is found in the browser."""
        await self._commands.press(MoreCommandIssued(token=self._chosen(token)), None)

    async def async_press_button(self, button: str) -> None:
        """Press a shortcut: what it means is known to CIC alone."""
        await self._commands.press(CustomCommandIssued(button=button), None)

    def _chosen(self, token: str | None) -> str:
        """Return the track an action is for; raises ServiceValidationError."""
        if token is not None:
            return token
        track = self._player.track
        if track is None:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_plays")
        return track.stream.token


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text), None)
