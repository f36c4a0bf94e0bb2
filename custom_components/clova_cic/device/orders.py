"""Orders one after another, each with its one answer (DeviceControl)."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine
import logging
from typing import Any, Final

from homeassistant.core import callback

from ..cic.interfaces.device_control import (
    ActionExecuted,
    ActionFailed,
    BtConnect,
    BtConnectByPINCode,
    LaunchApp,
    ReportState,
)
from ..origin import Origin
from ..reports import Reports
from .carrier import Order, command_of
from .device import Device
from .items import answered_target

_LOGGER = logging.getLogger(__name__)

# Nobody orders more than a few things in one breath.
MOST_WAITING: Final = 32
# What takes longer is not waited for, in seconds: the orders behind it wait, too.
ORDER_TIMEOUT: Final = 20.0


class Orders:
    """Carries out what CIC orders one device to do."""

    def __init__(
        self,
        device: Device,
        reports: Reports,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        events: Counter[str],
    ) -> None:
        """Count in events what was not done; spawn starts nothing before it returns."""
        self._device = device
        self._reports = reports
        self._spawn = spawn
        self._events = events
        self._waiting: deque[tuple[Order, Origin]] = deque()
        self._working: asyncio.Task[None] | None = None

    @callback
    def take(self, order: Order, origin: Origin) -> None:
        """Carry out an order after those before it; one too many fails at once."""
        if len(self._waiting) >= MOST_WAITING:
            self._answer(order, origin, done=False)
            return
        self._waiting.append((order, origin))
        if self._working is None:
            self._working = self._spawn(self._work())

    @callback
    def close(self) -> None:
        """Do nothing more: nobody would hear of it."""
        self._waiting.clear()
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        try:
            while self._waiting:
                order, origin = self._waiting.popleft()
                self._answer(order, origin, done=await self._is_done(order, origin))
        finally:
            self._working = None

    async def _is_done(self, order: Order, origin: Origin) -> bool:
        try:
            async with asyncio.timeout(ORDER_TIMEOUT):
                return await self._device.carry_out(order, origin)
        except Exception as err:  # noqa: BLE001  # integrations let out what their libraries raise
            # its text may hold addresses, and what was ordered
            _LOGGER.debug("%s was not carried out: %s", command_of(order), type(err).__name__)
            return False

    @callback
    def _answer(self, order: Order, origin: Origin, *, done: bool) -> None:
        """Tell what became of an order, as it is seen from where it came."""
        kind = ActionExecuted if done else ActionFailed
        if not done:
            self._events["order_failed"] += 1
        with self._device.seen_from(origin):
            # an app that has started is answer enough
            if not (done and isinstance(order, LaunchApp)):
                self._reports.send(kind(target=answered_target(order), command=command_of(order)))
            # a connection that was asked for is told of once it is known what became of it
            if isinstance(order, BtConnect | BtConnectByPINCode):
                self._reports.send(ReportState())
