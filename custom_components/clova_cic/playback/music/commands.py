"""Buttons: CIC is told of a press, what it orders acts, and only then it has happened."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, Protocol

from homeassistant.core import CALLBACK_TYPE
from homeassistant.exceptions import HomeAssistantError

from ...cic.errors import CicError
from ...cic.interfaces.outgoing import OutgoingEvent
from ...const import DOMAIN
from ...failures import as_home_assistant_error

# From a press to its effect, in seconds: two answers of CIC and a player that takes its time.
CONFIRM_TIMEOUT: Final = 8.0

# Who presses a button does not wait longer for a connection that may come back, in seconds.
PATIENCE: Final = 3.0

type Listen = Callable[[CALLBACK_TYPE], CALLBACK_TYPE]


class Line(Protocol):
    """What sends events, in order."""

    def send(self, event: OutgoingEvent, *, patience: float) -> asyncio.Future[None]:
        """Send one, if there is a connection by then; done when the answer was handled."""


class Commands:
    """Presses buttons for one entry."""

    def __init__(self, reports: Line) -> None:
        """Know of no effects yet."""
        self._reports = reports
        self._sources: list[Listen] = []

    def listen_to(self, source: Listen) -> None:
        """Look at what is waited for whenever something there has changed."""
        self._sources.append(source)

    async def press(self, event: OutgoingEvent, until: Callable[[], bool] | None = None) -> None:
        """Tell CIC of a press, and wait for its effect, if there is one to be seen.

        Raises HomeAssistantError when CIC does not take it, or nothing comes of it in time.
        """
        changed = asyncio.Event()
        with ExitStack() as listening:
            for source in self._sources:
                listening.callback(source(changed.set))
            try:
                async with asyncio.timeout(CONFIRM_TIMEOUT):
                    await self._reports.send(event, patience=PATIENCE)
                    while until is not None and not until():
                        changed.clear()
                        await changed.wait()
            except CicError as err:
                raise as_home_assistant_error(err) from err
            except TimeoutError as err:
                raise HomeAssistantError(
                    translation_domain=DOMAIN, translation_key="not_confirmed"
                ) from err
