"""Pictures CIC names, fetched for those who look at Home Assistant.

Home Assistant's own way would follow a redirect into the house, send no User-Agent CIC knows,
take a picture of any size and serve whatever type it says it is under its own name.
"""

import asyncio
import logging
from typing import Final

from aiohttp import ClientError
from homeassistant.core import HomeAssistant

from .fetch import Fetcher

_LOGGER = logging.getLogger(__name__)

# Covers have some 100 kB; a photograph fits too.
LARGEST_PICTURE: Final = 4 * 1024 * 1024
# Somebody looks at the card meanwhile; in seconds.
PICTURE_TIMEOUT: Final = 10.0
# No svg, no html: what can hold a script would run as Home Assistant's own.
PICTURE_TYPES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})

type Picture = tuple[bytes | None, str | None]
NO_PICTURE: Final[Picture] = (None, None)


async def async_picture(hass: HomeAssistant, address: str, user_agent: str) -> Picture:
    """Return a picture and its type, or NO_PICTURE; raises nothing."""
    try:
        async with (
            asyncio.timeout(PICTURE_TIMEOUT),
            Fetcher(hass, address, user_agent).get(address) as response,
        ):
            kind = response.content_type.lower()
            if response.status != 200 or kind not in PICTURE_TYPES:
                return NO_PICTURE
            picture = bytearray()
            async for chunk in response.content.iter_any():
                picture += chunk
                if len(picture) > LARGEST_PICTURE:
                    return NO_PICTURE
            return bytes(picture), kind
    except (ClientError, TimeoutError, OSError, ValueError) as err:
        _LOGGER.debug("A picture could not be fetched: %s", type(err).__name__)
        return NO_PICTURE
