"""A media player that fetches over real HTTP, plays for as long as the sound lasts, and shows it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from homeassistant.components.media_player import (
    MediaPlayerEntity,
    MediaPlayerEntityFeature as Feature,
    MediaPlayerState,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from custom_components.clova_cic.playback.sound.mp3 import FrameCounter

from .house import add_entities


@dataclass
class Played:
    """What a loudspeaker played; times are the loop's."""

    url: str
    announce: bool
    began: float = 0.0
    ended: float = 0.0
    sound: bytes = b""
    whole: bool = False


class Loudspeaker(MediaPlayerEntity):
    """Announces where it is told that it can; else it plays one thing in place of another."""

    _attr_should_poll = False
    _attr_state = MediaPlayerState.IDLE
    _attr_media_content_type = "music"

    def __init__(self, name: str = "Loudspeaker", *, announces: bool = False) -> None:
        self._attr_name = name
        self._attr_unique_id = name
        self._attr_supported_features = Feature.PLAY_MEDIA | Feature.STOP
        self.announces = announces
        if announces:
            self._attr_supported_features |= Feature.MEDIA_ANNOUNCE
        self.stops_after = 0.0
        """How long an order to stop takes, in seconds."""
        self.complains = False
        """Whether it refuses what it is to play, and names it."""
        self.played: list[Played] = []
        self._task: asyncio.Task[None] | None = None

    async def async_play_media(
        self, media_type: str, media_id: str, announce: bool | None = None, **kwargs: Any
    ) -> None:
        if self.complains:
            raise HomeAssistantError(f"cannot play {media_id}")
        self._end()
        played = Played(media_id, bool(announce))
        self.played.append(played)
        self._task = self.hass.async_create_background_task(self._play(played), "loudspeaker")

    async def async_media_stop(self) -> None:
        if self.stops_after:
            await asyncio.sleep(self.stops_after)
        self._end()

    def pause(self) -> None:
        """Stand still by somebody's hand, for good."""
        assert self._task is not None
        self._task.cancel()
        self._show(MediaPlayerState.PAUSED, self.played[-1].url)

    def vanish(self) -> None:
        """Lose its network."""
        self._end()
        self._attr_available = False
        self.async_write_ha_state()

    def play_other(self) -> None:
        """Play what somebody else wants."""
        self._end()
        self._show(MediaPlayerState.PLAYING, "http://elsewhere.invalid/song.mp3")

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self._show(MediaPlayerState.IDLE, None)

    def _show(self, state: MediaPlayerState, content_id: str | None) -> None:
        self._attr_state = state
        self._attr_media_content_id = content_id
        self.async_write_ha_state()

    async def _play(self, played: Played) -> None:
        loop, counter = self.hass.loop, FrameCounter()
        try:
            async with ClientSession() as session, session.get(played.url) as response:
                if response.status != 200:
                    return
                async for chunk in response.content.iter_any():
                    if not played.sound:
                        played.began = loop.time()
                        self._show(MediaPlayerState.PLAYING, played.url)
                    played.sound += chunk
                    counter.feed(chunk)
            await asyncio.sleep(played.began + counter.seconds - loop.time())
            played.whole = True
        finally:
            played.ended = loop.time()
        self._task = None
        self._show(MediaPlayerState.IDLE, None)


async def add_loudspeakers(hass: HomeAssistant, *loudspeakers: Loudspeaker) -> None:
    """Add loudspeakers to Home Assistant."""
    await add_entities(hass, "loudspeakers", "media_player", loudspeakers)
