"""A bot behind Direct Line: finds the version, starts conversations, fetches attachments."""

import asyncio
from collections.abc import Awaitable, Callable
import random
import time

import aiohttp

from .conversation import Conversation
from .messages import Version


class DirectLine:
    """One bot, spoken to with a secret or a token."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str,
        credential: str,
        *,
        user_id: str,
        version: Version | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Take the address with or without a version's path; raises AddressError."""

    async def find_version(self) -> Version:
        """Find out which version the bot speaks by starting a conversation; DirectLineError."""
        raise NotImplementedError

    async def start(self) -> Conversation:
        """Start a conversation, over the version given or found; DirectLineError."""
        raise NotImplementedError

    async def fetch(self, url: str, limit: int) -> bytes:
        """Return what an attachment's URL leads to; DirectLineError, TooLargeError above the limit.

        The credential goes to the bot's own address alone, and nothing is asked for
        in the user's own network.
        """
        raise NotImplementedError
