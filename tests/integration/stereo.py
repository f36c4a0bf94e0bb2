"""A media player with a volume, to be lowered under speech."""

import asyncio

from homeassistant.components.media_player import MediaPlayerEntity, MediaPlayerState
from homeassistant.components.media_player.const import MediaPlayerEntityFeature
from homeassistant.exceptions import HomeAssistantError

LOUD = 0.6


class Stereo(MediaPlayerEntity):
    """A player with a volume, and its oddities."""

    _attr_should_poll = False
    _attr_state = MediaPlayerState.PLAYING
    _attr_supported_features = (
        MediaPlayerEntityFeature.PLAY_MEDIA | MediaPlayerEntityFeature.VOLUME_SET
    )

    def __init__(self, name: str = "Stereo") -> None:
        self._attr_name = name
        self._attr_unique_id = name
        self._attr_volume_level = self.real = LOUD
        self.steps = 100
        self.refuses = 0
        self.lags = False
        """Whether what it shows follows only when it is asked, or told to."""
        self.busy = asyncio.Event()
        """Cleared, it takes its time."""
        self.busy.set()
        self.sets: list[float] = []

    async def async_set_volume_level(self, volume: float) -> None:
        await self.busy.wait()
        if self.refuses:
            self.refuses -= 1
            raise HomeAssistantError("out of order")
        self.sets.append(volume)
        self.turn_to(volume)

    def turn_to(self, volume: float) -> None:
        """Somebody turns the knob."""
        self.real = round(volume * self.steps) / self.steps
        if not self.lags:
            self.show()

    def show(self) -> None:
        """Tell Home Assistant."""
        self._attr_volume_level = self.real
        self.async_write_ha_state()

    def go(self, *, available: bool) -> None:
        """Lose its network, or find it."""
        self._attr_available = available
        self.async_write_ha_state()


class PolledStereo(Stereo):
    """Shows what it is when it is asked, as many network players do."""

    _attr_should_poll = True

    def __init__(self) -> None:
        super().__init__()
        self.lags = True

    async def async_update(self) -> None:
        self._attr_volume_level = self.real
