"""Entities that are on or off, and those that have a few modes."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, override

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..cic.interfaces.device_control import (
    BtConnect,
    BtConnectByPINCode,
    BtDelete,
    BtDisconnect,
    LaunchApp,
    Open,
    OpenScreen,
    TurnOff,
    TurnOn,
)
from ..cic.messages import Payload
from .carrier import EntityCarrier, Order, command_of

_BLUETOOTH: Final = (
    "BtConnect",
    "BtConnectByPINCode",
    "BtDelete",
    "BtDisconnect",
    "BtPlay",
    "BtRescan",
    "BtStartPairing",
    "BtStopPairing",
)


class Switch(EntityCarrier):
    """A switch, a light, a toggle."""

    words: ClassVar[Mapping[str, str]] = {STATE_ON: "on", STATE_OFF: "off"}
    more: ClassVar[Payload] = {}
    """What Device.DeviceState demands beside the state, and Home Assistant knows nothing of."""

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        state = self.state
        return () if state is None or state.state not in self.words else ("TurnOn", "TurnOff")

    @override
    def tell(self) -> Payload | None:
        state = self.state
        word = None if state is None else self.words.get(state.state)
        if word is None:
            return None
        return {"actions": [*self.actions], "state": word, **self.more}

    @override
    async def carry_out(self, order: Order) -> bool:
        match order:
            case TurnOn():
                action, wanted = "turn_on", STATE_ON
            case TurnOff():
                action, wanted = "turn_off", STATE_OFF
            case _:
                return False
        await self.call(action)
        return await self.shows(lambda: (state := self.state) is not None and state.state == wanted)


class Power(Switch):
    """Says otherwise that it is on."""

    words: ClassVar = {STATE_ON: "active", STATE_OFF: "idle"}


class Wifi(Switch):
    """Home Assistant knows no networks of it."""

    more: ClassVar = {"networks": []}


class Bluetooth(Switch):
    """A switch; what is beyond on and off a script of the user's may do."""

    more: ClassVar = {
        "connecting": "off",
        "pairing": "off",
        "scanning": "off",
        "btlist": [],
        "scanlist": [],
    }

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        switch = super().actions
        has_script = switch and self.look(self._helper_id) is not None
        return (*switch, *_BLUETOOTH) if has_script else switch

    @override
    async def carry_out(self, order: Order) -> bool:
        if isinstance(order, TurnOn | TurnOff) or self._helper_id is None:
            return await super().carry_out(order)
        await async_run_script(self.hass, self._helper_id, order)
        return True


class Opening(EntityCarrier):
    """A script of the user's that shows a screen or starts an app; no part of the state."""

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        return () if self.state is None else ("Open", "OpenScreen", "LaunchApp")

    @override
    async def carry_out(self, order: Order) -> bool:
        await async_run_script(self.hass, self.entity_id, order)
        return True


async def async_run_script(hass: HomeAssistant, entity_id: str, order: Order) -> None:
    """Run a script to its end, with an order in its variables; raises what the script raises."""
    entry = er.async_get(hass).async_get(entity_id)
    # a script keeps the name of its action when its entity is renamed
    action = entity_id.partition(".")[2] if entry is None else entry.unique_id
    await hass.services.async_call("script", action, _variables(order), blocking=True)


def _variables(order: Order) -> dict[str, Any]:
    """Return what a script is told of an order; all variables are always there."""
    told: dict[str, Any] = {
        "command": command_of(order),
        **dict.fromkeys(("target", "address", "name", "role", "pin_code")),
    }
    match order:
        case Open(target=target) | OpenScreen(target=target) | LaunchApp(target=target):
            told["target"] = target
        case BtConnectByPINCode(pin_code=pin_code):
            told["pin_code"] = pin_code
        case BtConnect() | BtDisconnect() | BtDelete():
            told["role"] = None if order.role is None else order.role.value
            if order.device is not None:
                told |= {"address": order.device.address, "name": order.device.name}
    return told


class SoundMode(EntityCarrier):
    """A select whose options are these modes."""

    modes: ClassVar = ("ring", "silent", "vibrate")

    @property
    def _options(self) -> Mapping[str, str]:
        """The select's option for each mode it has."""
        state = self.state
        options = None if state is None else state.attributes.get("options")
        found = options if isinstance(options, list | tuple) else ()
        by_name = {str(option).lower(): str(option) for option in found}
        return {mode: by_name[mode] for mode in self.modes if mode in by_name}

    @property
    def _mode(self) -> str | None:
        state = self.state
        mode = None if state is None else state.state.lower()
        return mode if mode in self.modes else None

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        return ("TurnOn", "TurnOff") if self._mode is not None and self._options else ()

    @override
    def tell(self) -> Payload | None:
        mode = self._mode
        return None if mode is None else {"actions": [*self.actions], "state": mode}

    @override
    async def carry_out(self, order: Order) -> bool:
        if not isinstance(order, TurnOn | TurnOff):
            return False
        # the guide says only that there is to be sound, or not
        wanted = "ring" if order.target == "soundmode" else order.target
        if isinstance(order, TurnOff):
            if self._mode != wanted:
                return True
            wanted = "silent" if wanted == "ring" else "ring"
        option = self._options.get(wanted)
        if option is None:
            return False
        await self.call("select_option", option=option)
        return await self.shows(lambda: self._mode == wanted)
