"""Alerts on disk: one who writes, for all who wait for that."""

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final
from uuid import uuid4

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..playback.sound.ahead import Spawn

VERSION: Final = 1


class Saved(Enum):
    """What became of a wish to save."""

    WRITTEN = auto()
    """It is on disk, and survives a kill or a power cut."""
    FAILED = auto()
    LATER = auto()
    """Home Assistant is stopping, or the entry is being unloaded: nobody can say yet."""


class Keeper:
    """Stores what one entry's book holds."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        spawn: Spawn,
        contents: Callable[[], dict[str, Any]],
    ) -> None:
        """Touch nothing before the first load."""
        self._hass = hass
        self._store = _store(hass, entry_id)
        self._spawn = spawn
        self._contents = contents
        self._next: asyncio.Future[Saved] | None = None
        """What the next save is to fulfil."""
        self._writing: asyncio.Task[None] | None = None

    async def async_load(self) -> Mapping[str, Any] | None:
        """Return what was stored, None where there is nothing that can be read."""
        try:
            return await self._store.async_load()
        except HomeAssistantError:
            return None  # core has told of a file it cannot read

    @callback
    def save(self) -> asyncio.Future[Saved]:
        """Store the book as it is now. What comes while a save is under way shares the next."""
        if self._next is None:
            self._next = self._hass.loop.create_future()
        future = self._next
        if self._writing is None:
            self._start()
        return future

    async def async_close(self) -> None:
        """Wait for what is being written."""
        if self._writing is not None:
            await asyncio.wait({self._writing})

    def _start(self) -> None:
        self._writing = self._spawn(self._write_all(), "alerts on disk")
        self._writing.add_done_callback(self._wrote_all)

    def _wrote_all(self, task: asyncio.Task[None]) -> None:
        self._writing = None
        if self._next is None:
            return
        if not task.cancelled():
            self._start()  # somebody came when it had just looked
            return
        _fulfil(self._next, Saved.LATER)
        self._next = None

    async def _write_all(self) -> None:
        # lets everything that comes in one step share the first save, too
        await asyncio.sleep(0)
        while (wish := self._next) is not None:
            self._next = None
            saved = Saved.LATER
            try:
                saved = await self._write()
            finally:
                _fulfil(wish, saved)

    async def _write(self) -> Saved:
        """Write, and read it back: a store tells nobody that it could not write."""
        mark = uuid4().hex
        contents = {"mark": mark, **self._contents()}
        if self._hass.state is CoreState.stopping:
            await self._store.async_save(contents)  # writes when everything else has stopped
            return Saved.LATER
        await self._store.async_save(contents)
        stored = await self.async_load()
        written = stored is not None and stored.get("mark") == mark
        return Saved.WRITTEN if written else Saved.FAILED


async def async_forget_alerts(hass: HomeAssistant, entry_id: str) -> None:
    """Keep nothing of an entry that is removed."""
    await _store(hass, entry_id).async_remove()


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    # labels are what somebody said; atomic writes reach the disk before they count
    return Store(
        hass,
        VERSION,
        f"{DOMAIN}.alerts.{entry_id}",
        private=True,
        atomic_writes=True,
        serialize_in_event_loop=False,
    )


def _fulfil(wish: asyncio.Future[Saved], saved: Saved) -> None:
    if not wish.done():
        wish.set_result(saved)
