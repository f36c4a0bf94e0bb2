"""What carries one item of the device: tells how it is, offers orders, carries them out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.helpers.event import async_track_state_change_event

from ..cic.interfaces.device_control import (
    BtConnect,
    BtConnectByPINCode,
    BtDelete,
    BtDisconnect,
    BtPlay,
    BtRescan,
    BtStartPairing,
    BtStopPairing,
    Decrease,
    Increase,
    LaunchApp,
    Open,
    OpenScreen,
    SetValue,
    TurnOff,
    TurnOn,
)
from ..cic.messages import Payload
from ..playback.output.seen import number

type LevelOrder = Increase | Decrease | SetValue
type BluetoothOrder = (
    BtConnect
    | BtConnectByPINCode
    | BtDelete
    | BtDisconnect
    | BtPlay
    | BtRescan
    | BtStartPairing
    | BtStopPairing
)
type OpenOrder = Open | OpenScreen | LaunchApp
type Order = LevelOrder | TurnOn | TurnOff | BluetoothOrder | OpenOrder

# Most things show within a second what they were told; a projector takes its time. In seconds.
SHOWN_TIMEOUT: Final = 5.0
# What is polled is asked so often whether it has done it, in seconds.
ASK_AFTER: Final = 1.0


def command_of(order: Order) -> str:
    """Return an order's name in CIC."""
    return type(order).__name__


class Carrier:
    """Carries one item."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The orders it can carry out now, by their names."""
        return ()

    def tell(self) -> Payload | None:
        """Return the item as it stands in Device.DeviceState; None where it cannot be told."""
        return None

    async def carry_out(self, order: Order) -> bool:
        """Carry out one of the actions, until it shows; tell whether it is done.

        Raises whatever an action of Home Assistant raises.
        """
        del order
        return False


class EntityCarrier(Carrier):
    """An entity the user has mapped, and perhaps one that helps it."""

    def __init__(self, hass: HomeAssistant, entity_id: str, helper_id: str | None = None) -> None:
        """Touch nothing."""
        self.hass = hass
        self.entity_id = entity_id
        self._helper_id = helper_id

    @property
    def state(self) -> State | None:
        """How the entity is; None where it is gone, away, or has not told yet."""
        return self.look(self.entity_id)

    def look(self, entity_id: str | None) -> State | None:
        """Return how an entity is, likewise."""
        state = None if entity_id is None else self.hass.states.get(entity_id)
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            return None
        return state

    async def call(self, action: str, **data: Any) -> None:
        """Perform an action of the entity's domain."""
        domain = self.entity_id.partition(".")[0]
        await self.hass.services.async_call(
            domain, action, {ATTR_ENTITY_ID: self.entity_id, **data}, blocking=True
        )

    async def shows(self, condition: Callable[[], bool]) -> bool:
        """Tell whether the entity comes to show something."""
        return await async_shown(
            self.hass,
            self.entity_id,
            condition,
            lambda: async_update_entity(self.hass, self.entity_id),
        )


async def async_shown(
    hass: HomeAssistant,
    entity_id: str,
    condition: Callable[[], bool],
    ask: Callable[[], Awaitable[None]],
) -> bool:
    """Wait until an entity shows something, and ask it now and then; tell whether it does."""
    changed = asyncio.Event()

    @callback
    def wake(_: Event[EventStateChangedData]) -> None:
        changed.set()

    remove = async_track_state_change_event(hass, entity_id, wake)
    try:
        async with asyncio.timeout(SHOWN_TIMEOUT):
            while not condition():
                changed.clear()
                try:
                    async with asyncio.timeout(ASK_AFTER):
                        await changed.wait()
                except TimeoutError:
                    await ask()
    except TimeoutError:
        return condition()
    finally:
        remove()
    return True


def level_of(order: LevelOrder, now: float, most: int, step: int) -> float | None:
    """Return the level from 0 an order asks for; None where its value says nothing.

    What is more or less ends at the range. A value outside the range is none: the
    server keeps to it (DeviceControl), so something is wrong, and full volume no answer to that.
    """
    amount = number(order.value)
    if order.value is None and not isinstance(order, SetValue):
        amount = step
    if amount is None or amount > most:
        return None
    match order:
        case Increase():
            return min(most, now + amount)
        case Decrease():
            return max(0, now - amount)
        case SetValue():
            return amount
