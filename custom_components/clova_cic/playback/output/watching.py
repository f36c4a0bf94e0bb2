"""A task that asks a player when something is expected of it, and knows when to stop waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant

# A timer may come that much early, in seconds.
_EARLY: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What is next, by the loop's clock; None where nothing is."""

    ask: float | None = None
    """When the player is to be asked."""
    act: float | None = None
    """When there is something to be done about it."""


class Watch:
    """Runs until nothing is expected any more."""

    def __init__(
        self,
        hass: HomeAssistant,
        agenda: Callable[[], Agenda | None],
        ask: Callable[[], Awaitable[None]],
        act: Callable[[], Awaitable[None]],
    ) -> None:
        """Ask agenda what is next whenever that may have changed; it returns None at the end."""
        self._hass = hass
        self._agenda = agenda
        self._ask = ask
        self._act = act
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, name: str) -> None:
        """Watch from now on, unless it does."""
        if self._task is None:
            self._task = self._hass.async_create_background_task(
                self._run(), name, eager_start=False
            )

    def changed(self) -> None:
        """Look at the agenda again."""
        self._wake.set()

    async def _run(self) -> None:
        while (agenda := self._agenda()) is not None:
            if self._is_due(agenda.ask):
                await self._ask()
            elif self._is_due(agenda.act):
                await self._act()
            else:
                await self._wait(agenda)
        self._task = None

    def _is_due(self, moment: float | None) -> bool:
        return moment is not None and moment <= self._hass.loop.time() + _EARLY

    async def _wait(self, agenda: Agenda) -> None:
        moments = [moment for moment in (agenda.ask, agenda.act) if moment is not None]
        try:
            async with asyncio.timeout_at(min(moments, default=None)):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
