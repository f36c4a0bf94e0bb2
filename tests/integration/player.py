"""A media player that fetches what it is to play over real HTTP, as network speakers do."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from homeassistant.components.media_player import (
    MediaPlayerEntity,
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import setup_test_component_platform

PLAYER = "media_player.speaker"


@dataclass
class Fetched:
    """What a speaker got."""

    url: str
    announce: bool
    media_type: str
    head_status: int = 0
    content_type: str = ""
    status: int = 0
    sound: bytes = b""


class Speaker(MediaPlayerEntity):
    """Asks with HEAD, then with GET; forgets nothing."""

    _attr_name = "Speaker"
    _attr_state = MediaPlayerState.IDLE
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA | MediaPlayerEntityFeature.MEDIA_ANNOUNCE
    )

    def __init__(self) -> None:
        self.played: list[Fetched] = []
        self.first_bytes = asyncio.Event()

    async def async_play_media(
        self, media_type: str, media_id: str, announce: bool | None = None, **kwargs: Any
    ) -> None:
        fetched = Fetched(media_id, bool(announce), str(media_type))
        if "/api/clova_cic/" in media_id:
            await self.fetch(fetched)
        self.played.append(fetched)

    async def fetch(self, fetched: Fetched) -> None:
        async with ClientSession() as session:
            async with session.head(fetched.url) as response:
                fetched.head_status = response.status
                fetched.content_type = response.content_type
            async with session.get(fetched.url) as response:
                fetched.status = response.status
                async for chunk in response.content.iter_any():
                    fetched.sound += chunk
                    self.first_bytes.set()


async def add_speaker(hass: HomeAssistant) -> Speaker:
    """Add a speaker to Home Assistant."""
    speaker = Speaker()
    setup_test_component_platform(hass, "media_player", [speaker])
    assert await async_setup_component(hass, "media_player", {"media_player": {"platform": "test"}})
    await hass.async_block_till_done()
    assert hass.states.get(PLAYER) is not None
    return speaker
