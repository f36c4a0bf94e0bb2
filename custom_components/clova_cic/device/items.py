"""The items of Device.DeviceState: what carries each, and the names it goes by.

The documents name one and the same thing differently in the context, in orders and
in answers to these (differences.md, 4.9); all of that stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..cic.interfaces.device_control import (
    Decrease,
    Increase,
    LaunchApp,
    Open,
    OpenScreen,
    SetValue,
    TurnOff,
    TurnOn,
)
from .carrier import EntityCarrier, Order
from .levels import Battery, Brightness, Channel
from .switches import Bluetooth, Opening, Power, SoundMode, Switch, Wifi

_SWITCHES: Final = ("switch", "light", "input_boolean")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """An entity beside an item's own: its key in the options, its domains."""

    option: str
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing of this device that an entity carries.

    option is its key in the options; name the one in the context, None where it has
    none; answer the target that answers name, targets those of orders: where they differ from the option.
    """

    option: str
    domains: tuple[str, ...]
    carrier: type[EntityCarrier]
    name: str | None
    answer: str | None = None
    targets: tuple[str, ...] | None = None
    helper: Helper | None = None


BLUETOOTH: Final = Item(
    option="bluetooth",
    domains=_SWITCHES,
    carrier=Bluetooth,
    name="bluetooth",
    helper=Helper(option="bluetooth_script", domains=("script",)),
)
OPENING: Final = Item(
    option="open_script", domains=("script",), carrier=Opening, name=None, targets=()
)
ITEMS: Final = (
    Item(
        option="screenbrightness", domains=("light",), carrier=Brightness, name="screenBrightness"
    ),
    Item(
        option="screenautobrightness",
        domains=_SWITCHES,
        carrier=Switch,
        name="screenAutoBrightness",
    ),
    Item(option="channel", domains=("media_player",), carrier=Channel, name="channel"),
    Item(option="power", domains=_SWITCHES, carrier=Power, name="power"),
    Item(
        option="energysave",
        domains=_SWITCHES,
        carrier=Switch,
        name="energySavingMode",
        answer="powersave",
        # the guide's name, and 2017's
        targets=("energysave", "powersave", "powersavingmode"),
    ),
    Item(option="wifi", domains=_SWITCHES, carrier=Wifi, name="wifi"),
    BLUETOOTH,
    Item(option="cellular", domains=_SWITCHES, carrier=Switch, name="cellular"),
    Item(option="airplane", domains=_SWITCHES, carrier=Switch, name="airplane"),
    Item(option="gps", domains=_SWITCHES, carrier=Switch, name="gps"),
    Item(option="flashlight", domains=_SWITCHES, carrier=Switch, name="flashLight"),
    Item(
        option="soundmode",
        domains=("select", "input_select"),
        carrier=SoundMode,
        name="soundMode",
        # the reference's names; the last is the guide's
        targets=(*SoundMode.modes, "soundmode"),
    ),
    Item(
        option="battery",
        domains=("sensor",),
        carrier=Battery,
        name="battery",
        targets=(),
        helper=Helper(option="charging", domains=("binary_sensor",)),
    ),
    OPENING,
)
VOLUME: Final = "volume"
"""The one item no mapped entity carries, but the output."""
_APP: Final = "app"
_BY_TARGET: Final = {
    target: item
    for item in ITEMS
    for target in ((item.option,) if item.targets is None else item.targets)
}


def mappable() -> Mapping[str, tuple[str, ...]]:
    """Return what can be mapped: the domains for every key of the options."""
    found: dict[str, tuple[str, ...]] = {}
    for item in ITEMS:
        found[item.option] = item.domains
        if item.helper is not None:
            found[item.helper.option] = item.helper.domains
    return found


def item_of(order: Order) -> Item | None:
    """Return what an order is for; None for the volume, and for what this device cannot have."""
    match order:
        case Increase() | Decrease() | SetValue() | TurnOn() | TurnOff():
            return _BY_TARGET.get(order.target)
        case Open() | OpenScreen() | LaunchApp():
            return OPENING
        case _:
            return BLUETOOTH


def is_volume(order: Order) -> bool:
    """Tell whether an order is for the volume."""
    return isinstance(order, Increase | Decrease | SetValue) and order.target == VOLUME


def answered_target(order: Order) -> str:
    """Return the target as an answer to an order names it; one nobody knows is sent back."""
    match order:
        case LaunchApp():
            return _APP
        case Open(target=target) | OpenScreen(target=target):
            return target
        case (
            Increase(target=target)
            | Decrease(target=target)
            | SetValue(target=target)
            | TurnOn(target=target)
            | TurnOff(target=target)
        ):
            item = _BY_TARGET.get(target)
            return target if item is None else item.answer or item.option
        case _:
            return BLUETOOTH.option
