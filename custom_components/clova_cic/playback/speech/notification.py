"""What a notification sounds like: its assets, in order (Notifier, Notify)."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
import logging

from homeassistant.core import HomeAssistant

from ...cic.interfaces.assets import Asset
from ..sound.ahead import SoundError
from ..sound.bells import Bell, async_bell
from .remote import RemoteSounds

_LOGGER = logging.getLogger(__name__)


async def sounds_of(
    hass: HomeAssistant, assets: Sequence[Asset], remote: RemoteSounds
) -> AsyncGenerator[bytes]:
    """Yield sounds one after another, as MP3 of one rate; one that cannot be had is left out."""
    for asset in assets:
        if asset.is_built_in:
            yield async_bell(hass, Bell.at(asset.url, Bell.NOTIFICATION))
            continue
        try:
            async with aclosing(remote.fetch_alike(asset.url)) as sound:
                async for chunk in sound:
                    yield chunk
        except SoundError as err:
            _LOGGER.warning("A sound of a notification cannot be had, or not to its end: %s", err)
