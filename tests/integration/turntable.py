"""A media player that plays what it is told, and does as a hand at it does."""

import asyncio
from typing import Any

from homeassistant.components.media_player import MediaPlayerEntity, MediaPlayerState
from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import setup_test_component_platform

ALL = (
    Feature.PLAY_MEDIA
    | Feature.PAUSE
    | Feature.PLAY
    | Feature.STOP
    | Feature.SEEK
    | Feature.VOLUME_SET
    | Feature.VOLUME_MUTE
)


class Turntable(MediaPlayerEntity):
    """Plays nothing aloud; its clock is the loop's."""

    _attr_should_poll = False
    _attr_state = MediaPlayerState.IDLE
    _attr_volume_level = 0.5
    _attr_is_volume_muted = False

    def __init__(self, name: str = "Turntable", features: Feature = ALL) -> None:
        self._attr_name = name
        self._attr_unique_id = name
        self._attr_supported_features = features
        self.orders: list[tuple[str, Any]] = []
        """What it was told, and with what."""
        self.refuses: set[str] = set()
        """What it will not do."""
        self.deaf = False
        """Whether it takes an order to play and then does nothing."""
        self._begun = 0.0
        self._at = 0.0

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def where(self) -> float:
        """The position in what it plays, in seconds."""
        sounds = self._attr_state is MediaPlayerState.PLAYING
        return self._at + (self.now - self._begun if sounds else 0.0)

    def asked(self, order: str) -> list[Any]:
        """Return what it was told by one order."""
        return [what for name, what in self.orders if name == order]

    def show(self, state: MediaPlayerState | None, position: float) -> None:
        """Be somewhere, and tell Home Assistant."""
        self._attr_state, self._at, self._begun = state, position, self.now
        self._attr_media_position = position
        self._attr_media_position_updated_at = dt_util.utcnow()
        self.async_write_ha_state()

    def take(self, order: str, what: Any = None) -> None:
        self.orders.append((order, what))
        if order in self.refuses:
            raise HomeAssistantError(f"no {order}")

    # By order

    async def async_play_media(self, media_type: str, media_id: str, **kwargs: Any) -> None:
        self.take("play", media_id)
        if not self.deaf:
            self._attr_media_content_id = media_id
            self.show(MediaPlayerState.PLAYING, 0.0)

    async def async_media_pause(self) -> None:
        self.take("pause")
        self.show(MediaPlayerState.PAUSED, self.where)

    async def async_media_play(self) -> None:
        self.take("resume")
        self.show(MediaPlayerState.PLAYING, self.where)

    async def async_media_stop(self) -> None:
        self.take("stop")
        self.end()

    async def async_media_seek(self, position: float) -> None:
        self.take("seek", position)
        self.show(self._attr_state, position)

    async def async_set_volume_level(self, volume: float) -> None:
        self.take("volume", volume)
        self._attr_volume_level = volume
        self.async_write_ha_state()

    async def async_mute_volume(self, mute: bool) -> None:
        self.take("mute", mute)
        self._attr_is_volume_muted = mute
        self.async_write_ha_state()

    # By hand

    def end(self) -> None:
        """Come to the end of the record, or have its arm lifted."""
        self._attr_media_content_id = None
        self.show(MediaPlayerState.IDLE, 0.0)

    def steal(self) -> None:
        """Play a record of somebody else's."""
        self._attr_media_content_id = "https://else.invalid/song.mp3"
        self.show(MediaPlayerState.PLAYING, 0.0)

    def go(self, *, available: bool) -> None:
        """Be unplugged, or plugged in."""
        self._attr_available = available
        self.async_write_ha_state()


async def add_turntables(hass: HomeAssistant, *turntables: Turntable) -> None:
    """Add players to Home Assistant."""
    setup_test_component_platform(hass, "media_player", turntables)
    assert await async_setup_component(hass, "media_player", {"media_player": {"platform": "test"}})
    await hass.async_block_till_done()
