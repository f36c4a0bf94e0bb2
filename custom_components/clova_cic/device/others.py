"""The other devices of the account, as far as CIC tells of them: for diagnostics alone."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

from homeassistant.core import callback

from ..cic import CicError
from ..cic.interfaces.device_control import (
    MOST_DEVICES,
    ListedDevice,
    RenderDeviceList,
    RequestDeviceList,
    RequestStateSynchronization,
    SynchronizeState,
)
from ..cic.messages import Payload
from ..failures import NotConnectedError
from ..reports import Reports

# Whoever downloads diagnostics waits so long for the devices to tell, in seconds.
ASK_TIMEOUT: Final = 3.0
# As many items as DeviceState has, and room for those it will have.
MOST_ITEMS: Final = 32
# "vibrate" is the longest word there is, in characters; names have no place here.
LONGEST_WORD: Final = 16
# What tells how an item is, and not whose it is: networks, addresses and titles stay out.
_HARMLESS: Final = ("state", "value", "min", "max", "muted", "charging", "type")


class OtherDevices:
    """What is known of them. The last list, and the last state of each."""

    def __init__(self, reports: Reports, own_id: str) -> None:
        """Know none."""
        self._reports = reports
        self._own_id = own_id
        self._listed: tuple[ListedDevice, ...] = ()
        self._states: dict[str, Mapping[str, Any] | None] = {}
        self._heard_of: set[str] = set()
        """Who has told since all were asked last."""
        self._changed = asyncio.Event()

    @callback
    def render(self, told: RenderDeviceList) -> None:
        """Take the list there is now."""
        self._listed = tuple(one for one in told.devices if one.device_id != self._own_id)
        self._changed.set()

    @callback
    def synchronize(self, told: SynchronizeState) -> None:
        """Take the state of one; that of this device is known here."""
        if told.device_id == self._own_id:
            return
        self._states.pop(told.device_id, None)
        self._states[told.device_id] = None if told.state is None else dict(_harmless(told.state))
        self._heard_of.add(told.device_id)
        while len(self._states) > MOST_DEVICES:
            forgotten = next(iter(self._states))
            self._states.pop(forgotten)
            self._heard_of.discard(forgotten)
        self._changed.set()

    async def async_refresh(self) -> None:
        """Ask which devices there are and how they are; wait a while for all to tell."""
        self._heard_of.clear()
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                await self._reports.send(RequestDeviceList(), patience=ASK_TIMEOUT)
                await self._reports.send(RequestStateSynchronization(), patience=ASK_TIMEOUT)
                while any(one.device_id not in self._heard_of for one in self._listed):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError, CicError, NotConnectedError:
            return  # what is known is told

    def overview(self) -> list[dict[str, Any]]:
        """Return what is known of each, without its id and its name."""
        listed = {one.device_id: one for one in self._listed}
        return [
            {
                "listed": (one := listed.get(device_id)) is not None,
                "client": None if one is None else one.client_name,
                "model": None if one is None else one.model_id,
                "manufacturer": None if one is None else one.manufacturer,
                "told": device_id in self._states,
                "told_now": device_id in self._heard_of,
                "state": self._states.get(device_id),
            }
            for device_id in dict.fromkeys((*listed, *self._states))
        ]


def _harmless(state: Payload) -> Iterator[tuple[str, Any]]:
    """Yield what of a device's state may be shown to strangers."""
    for name, item in [*state.items()][:MOST_ITEMS]:
        if isinstance(item, dict) and len(name) <= LONGEST_WORD * 2:
            told = {key: item[key] for key in _HARMLESS if _is_short(item.get(key))}
            yield name, told


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_WORD
    return isinstance(value, bool | int | float)
