"""A media player that fetches what it is told to play, as speakers do, and counts the bytes."""

import logging
from typing import Any, override

import aiohttp
from homeassistant.components.media_player import (
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
    MediaType,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

_LOGGER = logging.getLogger(__name__)
_TIMEOUT = aiohttp.ClientTimeout(total=60)


async def async_setup_platform(
    hass: HomeAssistant,
    config: ConfigType,
    async_add_entities: AddEntitiesCallback,
    discovery_info: DiscoveryInfoType | None = None,
) -> None:
    """Add the speaker."""
    async_add_entities([DemoSpeaker()])


class DemoSpeaker(MediaPlayerEntity):
    """Tells in its attributes what it has fetched."""

    _attr_name = "Demo speaker"
    _attr_unique_id = "demo_speaker"
    _attr_should_poll = False
    _attr_state = MediaPlayerState.IDLE
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
    )
    _played = 0
    _sound_bytes = 0

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        return {"played": self._played, "sound_bytes": self._sound_bytes}

    @override
    async def async_play_media(
        self, media_type: MediaType | str, media_id: str, **kwargs: Any
    ) -> None:
        """Start to fetch; return at once, as network speakers do."""
        self._attr_state = MediaPlayerState.PLAYING
        self._sound_bytes = 0
        self.async_write_ha_state()
        self.hass.async_create_background_task(self._fetch(media_id), "demo speaker")

    async def _fetch(self, url: str) -> None:
        """Ask what it is, then get it."""
        try:
            # A session of its own: Home Assistant's looks for names on the network, which may be absent.
            async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
                await self._read(session, url)
        except (aiohttp.ClientError, TimeoutError) as err:
            _LOGGER.warning("The demo speaker could not play: %s", err)
        else:
            self._played += 1
        self._attr_state = MediaPlayerState.IDLE
        self.async_write_ha_state()

    async def _read(self, session: aiohttp.ClientSession, url: str) -> None:
        async with session.head(url) as asked:
            asked.raise_for_status()
        async with session.get(url) as response:
            response.raise_for_status()
            async for chunk in response.content.iter_any():
                self._sound_bytes += len(chunk)
