"""One speech on its way to a player: taken as it comes, measured, and served meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ...cic import CicError
from ...cic.errors import AttachmentMissingError, LimitExceededError
from ...const import DOMAIN
from ...failures import as_home_assistant_error
from ..sound.ahead import SoundError
from ..sound.mp3 import FrameCounter
from .view import CLIPS, async_clip_url

# Arriving takes no longer than listening to the longest of them, in seconds.
LONGEST_ARRIVAL: Final = 300.0
# Bytes in a second of speech, as services usually have it: 48 kbit/s.
USUAL_RATE: Final = 6000

type Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class TakenSpeech:
    """The sound of a Speak, MP3, as a clip that players can fetch while it arrives."""

    def __init__(
        self,
        hass: HomeAssistant,
        source: AsyncGenerator[bytes],
        spawn: Spawn,
        may_take: asyncio.Semaphore | None = None,
    ) -> None:
        """Begin to take it; may_take bounds how many such are taken at once."""
        self._hass = hass
        self._source = source
        self._may_take = may_take
        self.clip = hass.data[CLIPS].add()
        self.clip.awaited = True
        self._counter = FrameCounter()
        self._begun: asyncio.Future[None] = hass.loop.create_future()
        self._begun.add_done_callback(_retrieve)
        self.on_end: Callable[[], None] | None = None
        """Called once all of it is here, or what there will be."""
        self.error: HomeAssistantError | None = None
        """Why it broke off."""
        self._task = spawn(self._take(), "speech")

    @property
    def seconds(self) -> float | None:
        """How long it plays; None while that is not known. Of what is no MP3 that is a guess."""
        if not self._task.done():
            return None
        return self._counter.seconds or self._counter.size / USUAL_RATE

    async def wait_begun(self) -> None:
        """Wait for its first bytes; raises HomeAssistantError where there are none."""
        await asyncio.shield(self._begun)

    async def wait_end(self, patience: float) -> None:
        """Wait until all of it is here, or what there will be; no longer than patience, in seconds."""
        await asyncio.wait({self._task}, timeout=patience)

    def url(self) -> str:
        """Return where a player finds it; raises HomeAssistantError."""
        return async_clip_url(self._hass, self.clip)

    def drop(self) -> None:
        """Take no more of it. What is here can be fetched until it expires."""
        self.clip.awaited = False
        self.clip.use()
        self._task.cancel()

    async def _take(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_ARRIVAL):
                if self._may_take is None:
                    await self._read()
                else:
                    async with self._may_take:
                        await self._read()
            self.clip.end()
        except SoundError as err:
            self._break_off(
                HomeAssistantError(
                    translation_domain=DOMAIN,
                    translation_key="no_sound",
                    translation_placeholders={"reason": str(err)},
                )
            )
        except (CicError, TimeoutError) as err:
            self._break_off(as_home_assistant_error(err))
        finally:
            self.clip.end(broken=True)
            self._begun.cancel()
            if self.on_end is not None:
                self._hass.loop.call_soon(self.on_end)

    async def _read(self) -> None:
        async with aclosing(self._source) as source:
            async for chunk in source:
                if not self.clip.feed(chunk):
                    raise LimitExceededError("the speech is too long")
                self._counter.feed(chunk)
                if not self._begun.done():
                    self._begun.set_result(None)
        if not self._begun.done():
            raise AttachmentMissingError("the speech is empty")

    def _break_off(self, error: HomeAssistantError) -> None:
        self.error = error
        if not self._begun.done():
            self._begun.set_exception(error)


def _retrieve(begun: asyncio.Future[None]) -> None:
    """Take note of a failure nobody waits for."""
    if not begun.cancelled():
        begun.exception()
