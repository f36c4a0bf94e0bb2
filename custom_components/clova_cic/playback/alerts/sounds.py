"""What an alert sounds like, by its type and its assets (Alerts, SetAlert).

    ALARM                    its bell, again and again
    TIMER without assets     the same
    TIMER, REMINDER          the assets in order, again and again
    ACTIONTIMER              the assets in order, or its bell: once. CIC acts when it is over

What cannot be had is left out; where nothing is left, the bell is heard.
"""

from collections.abc import Sequence
from typing import Final

from homeassistant.core import HomeAssistant

from ...cic.interfaces.alerts import AlertType
from ...cic.interfaces.assets import Asset
from ..sound.bells import Bell, async_bell
from ..sound.mp3 import Frame
from .assets import AssetStore

# Between two turns of a sequence, in seconds: speech has no silence of its own at its end.
BETWEEN: Final = 1.0
# A sequence may name one sound many times.
MOST_BYTES: Final = 4 * 1024 * 1024

_BELLS: Final = {
    AlertType.ALARM: Bell.ALARM,
    AlertType.TIMER: Bell.TIMER,
    AlertType.REMINDER: Bell.REMINDER,
    AlertType.ACTIONTIMER: Bell.ACTIONTIMER,
}


class AlertSounds:
    """The sounds of one alert."""

    def __init__(
        self, hass: HomeAssistant, kind: AlertType, assets: Sequence[Asset], kept: AssetStore
    ) -> None:
        """Take what is at addresses from what is kept."""
        self._hass = hass
        self._bell = _BELLS[kind]
        self._assets = () if kind is AlertType.ALARM else tuple(assets)
        self._kept = kept
        self.once = kind is AlertType.ACTIONTIMER
        """Whether they are heard once."""

    async def sequence(self) -> bytes:
        """Return what is to be heard, as MP3 of one rate: what is there of it now."""
        sound = b""
        for asset in self._assets:
            one = await self._one(asset)
            if len(sound) + len(one) <= MOST_BYTES:
                sound += one
        if not sound:
            return async_bell(self._hass, self._bell)
        frame = Frame.parse(sound)
        return sound if frame is None else sound + frame.silence(BETWEEN)

    async def _one(self, asset: Asset) -> bytes:
        if asset.is_built_in:
            return async_bell(self._hass, Bell.at(asset.url, self._bell))
        return await self._kept.sound(asset.url) or b""
