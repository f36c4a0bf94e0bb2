"""A house whose entities stand for what CIC may order a device to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components.media_player import MediaPlayerState
from homeassistant.components.media_player.const import MediaPlayerEntityFeature as Feature
from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.clova_cic.const import CONF_DEVICES, CONF_MEDIA_PLAYER
from custom_components.clova_cic.coordinator import CicCoordinator

from .conftest import SetUp
from .music import TURNTABLE
from .service import CicService, directive, settled
from .turntable import Turntable, add_turntables

# Targets that are on or off: their names in orders, in the context, in answers.
SWITCHES = {
    "airplane": ("airplane", "airplane"),
    "bluetooth": ("bluetooth", "bluetooth"),
    "cellular": ("cellular", "cellular"),
    "energysave": ("energySavingMode", "powersave"),
    "flashlight": ("flashLight", "flashlight"),
    "gps": ("gps", "gps"),
    "power": ("power", "power"),
    "screenautobrightness": ("screenAutoBrightness", "screenautobrightness"),
    "wifi": ("wifi", "wifi"),
}
LIGHT = "light.screen"
TELEVISION = "media_player.television"
MODE = "input_select.mode"
MAPPED = {
    **{target: f"input_boolean.{target}" for target in SWITCHES},
    "screenbrightness": LIGHT,
    "channel": TELEVISION,
    "soundmode": MODE,
    "battery": "sensor.charge",
    "charging": "binary_sensor.charging",
    "bluetooth_script": "script.bluetooth",
    "open_script": "script.open",
}
ORDERED = "test_ordered"
_CHANNELS = Feature.NEXT_TRACK | Feature.PREVIOUS_TRACK | Feature.PLAY_MEDIA | Feature.SELECT_SOURCE


class Television(Turntable):
    """A player with channels."""

    _attr_state = MediaPlayerState.PLAYING

    def __init__(self) -> None:
        super().__init__("Television", _CHANNELS)
        self._attr_source_list = ["News", "Sport"]

    async def async_media_next_track(self) -> None:
        self.take("next")

    async def async_media_previous_track(self) -> None:
        self.take("previous")

    async def async_select_source(self, source: str) -> None:
        self.take("source", source)


@dataclass
class Answered:
    """What the server has of one order."""

    name: str
    target: str
    command: str
    context: dict[str, Any] = field(repr=False)

    @property
    def short(self) -> tuple[str, str, str]:
        return self.name, self.target, self.command

    @property
    def device(self) -> dict[str, Any]:
        """Device.DeviceState as it came with the answer."""
        return self.context["DeviceState"]


@dataclass
class Home:
    """An entry, what is mapped to it, and what its scripts were told."""

    hass: HomeAssistant
    cic: CicService
    coordinator: CicCoordinator
    turntable: Turntable
    television: Television
    scripts: list[dict[str, Any]] = field(default_factory=list)

    async def order(self, name: str, /, **payload: Any) -> None:
        """Push an order."""
        await self.cic.push(directive(f"DeviceControl.{name}", payload))

    async def events(self, *names: str) -> list[dict[str, Any]]:
        """Return this device's own events of these names, in order."""
        events = await self.cic.log("event")
        ours = [one for one in events if one["namespace"] == "DeviceControl"]
        return [one for one in ours if one["name"] in names]

    async def answers(self, count: int) -> list[Answered]:
        """Return the answers, once there are so many."""
        kinds = ("ActionExecuted", "ActionFailed")
        events = await settled(lambda: self.events(*kinds), lambda found: len(found) >= count)
        assert len(events) == count
        return [
            Answered(
                name=one["name"],
                target=one["payload"]["target"],
                command=one["payload"]["command"],
                context={each["header"]["name"]: each["payload"] for each in one["context"]},
            )
            for one in events
        ]

    async def ordered(self, name: str, /, **payload: Any) -> Answered:
        """Push an order, and return its one answer."""
        before = len(await self.events("ActionExecuted", "ActionFailed"))
        await self.order(name, **payload)
        return (await self.answers(before + 1))[-1]


@asynccontextmanager
async def device_home(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, **options: Any
) -> AsyncIterator[Home]:
    """Yield a house with everything mapped; options change that."""
    await add_turntables(hass, turntable := Turntable(), television := Television())
    await furnish(hass)
    chosen = {CONF_MEDIA_PLAYER: TURNTABLE, CONF_DEVICES: MAPPED, **options}
    coordinator = await set_up(cic, options=chosen)
    home = Home(hass, cic, coordinator, turntable, television)

    def told(event: Event) -> None:
        home.scripts.append(event.data)

    remove = hass.bus.async_listen(ORDERED, told)
    yield home
    remove()


async def furnish(hass: HomeAssistant) -> None:
    """Set up what stands for the device's parts."""
    booleans: dict[str, dict[str, Any]] = {target: {} for target in (*SWITCHES, "charging")}
    numbers = {
        "level": {"min": 0, "max": 255, "initial": 0},
        "charge": {"min": 0, "max": 100, "initial": 71.6, "step": 0.1},
    }
    selects = {"mode": {"options": ["Ring", "Silent", "Vibrate"], "initial": "Ring"}}
    configs: dict[str, Any] = {
        "input_boolean": booleans,
        "input_number": numbers,
        "input_select": selects,
        "template": [{"light": [_LIGHT], "sensor": [_CHARGE], "binary_sensor": [_CHARGING]}],
        "script": {name: _script(name) for name in ("bluetooth", "open")},
    }
    for domain, config in configs.items():
        assert await async_setup_component(hass, domain, {domain: config})
    await hass.async_block_till_done()


_LEVEL = {"target": {"entity_id": "input_number.level"}}
_LIGHT = {
    "name": "Screen",
    "state": "{{ states('input_number.level') | float > 0 }}",
    "level": "{{ states('input_number.level') | int }}",
    "turn_on": {"action": "input_number.set_value", "data": {"value": 255}, **_LEVEL},
    "turn_off": {"action": "input_number.set_value", "data": {"value": 0}, **_LEVEL},
    "set_level": {
        "action": "input_number.set_value",
        "data": {"value": "{{ brightness }}"},
        **_LEVEL,
    },
}
_CHARGE = {
    "name": "Charge",
    "state": "{{ states('input_number.charge') }}",
    "unit_of_measurement": "%",
}
_CHARGING = {"name": "Charging", "state": "{{ is_state('input_boolean.charging', 'on') }}"}
_VARIABLES = ("command", "target", "address", "name", "role", "pin_code")


def _script(name: str) -> dict[str, Any]:
    """Return a script that tells the bus what it was told; the target "broken" is beyond it."""
    told = {key: f"{{{{ {key} }}}}" for key in _VARIABLES}
    broken = "{{ target == 'broken' or name == 'broken' }}"
    return {
        "sequence": [
            {"if": broken, "then": [{"action": "nobody.knows"}]},
            {"event": ORDERED, "event_data": {"script": name, **told}},
        ]
    }
