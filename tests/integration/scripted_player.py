"""A media player that does what a test tells it, odd things among them. It has no sound."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from homeassistant.components.media_player import (
    MediaPlayerEntity,
    MediaPlayerEntityFeature as Feature,
    MediaPlayerState as State,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .house import add_entities

EVERYTHING = (
    Feature.PLAY_MEDIA
    | Feature.PLAY
    | Feature.PAUSE
    | Feature.STOP
    | Feature.SEEK
    | Feature.VOLUME_SET
    | Feature.VOLUME_MUTE
)

type Odd = Callable[[], Awaitable[None]]


class ScriptedPlayer(MediaPlayerEntity):
    """Obeys at once, and tells; unless a test has it do otherwise."""

    _attr_should_poll = False

    def __init__(
        self,
        name: str = "Scripted",
        features: Feature = EVERYTHING,
        *,
        shows: Callable[[str], str | None] = lambda url: url,
        duration: float | None = None,
    ) -> None:
        """Stand idle. shows makes the content id it shows of an address."""
        self._attr_name = name
        self._attr_unique_id = name.lower()
        self._attr_supported_features = features
        self._attr_state = State.IDLE
        self._attr_volume_level = 0.5
        self._attr_is_volume_muted = False if Feature.VOLUME_MUTE in features else None
        self.shows = shows
        self.duration = duration
        # What it was told, in order; an odd way to obey, by the name of the action.
        self.told: list[tuple[str, Any]] = []
        self.extra: list[dict[str, Any]] = []
        self.odd: dict[str, Odd] = {}

    @property
    def orders(self) -> list[str]:
        return [order for order, _ in self.told]

    def show(self, **changes: Any) -> None:
        """Be otherwise, as if somebody had touched it."""
        for name, value in changes.items():
            setattr(self, f"_attr_{name}", value)
        self.async_write_ha_state()

    def show_playing(self, url: str, position: float | None = None) -> None:
        """Play something."""
        self.show(
            state=State.PLAYING,
            media_content_id=self.shows(url),
            media_duration=self.duration,
            media_position=position,
            media_position_updated_at=None if position is None else dt_util.utcnow(),
        )

    def show_idle(self) -> None:
        """Play nothing."""
        self.show(state=State.IDLE, media_content_id=None, media_duration=None, media_position=None)

    def show_position(self, position: float) -> None:
        """Tell a position."""
        self.show(media_position=position, media_position_updated_at=dt_util.utcnow())

    async def _obey(self, action: str, value: Any, **changes: Any) -> bool:
        """Take an order; True if it was carried out as players do."""
        self.told.append((action, value))
        if (odd := self.odd.get(action)) is not None:
            await odd()
            return False
        if changes:
            self.show(**changes)
        return True

    async def async_play_media(self, media_type: str, media_id: str, **kwargs: Any) -> None:
        action = "announce" if kwargs.get("announce") else "play_media"
        self.extra.append({"media_type": media_type, **kwargs})
        if await self._obey(action, media_id):
            self.show_playing(media_id)

    async def async_media_play(self) -> None:
        await self._obey("play", None, state=State.PLAYING)

    async def async_media_pause(self) -> None:
        await self._obey("pause", None, state=State.PAUSED)

    async def async_media_stop(self) -> None:
        if await self._obey("stop", None):
            self.show_idle()

    async def async_turn_off(self) -> None:
        await self._obey("turn_off", None, state=State.OFF)

    async def async_media_seek(self, position: float) -> None:
        await self._obey("seek", position)

    async def async_set_volume_level(self, volume: float) -> None:
        await self._obey("volume", volume, volume_level=volume)

    async def async_mute_volume(self, mute: bool) -> None:
        await self._obey("mute", mute, is_volume_muted=mute)


async def nothing() -> None:
    """Do nothing: an order that is taken, and not carried out."""


async def never() -> None:
    """Take an order for ever."""
    await asyncio.Event().wait()


async def raises() -> None:
    """Refuse as a library does."""
    raise ConnectionError("a library's own")


async def add_players(hass: HomeAssistant, *players: ScriptedPlayer) -> Sequence[str]:
    """Add players to Home Assistant; return their entity ids."""
    await add_entities(hass, "scripted", "media_player", list(players))
    return [player.entity_id for player in players]
