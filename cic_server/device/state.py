"""Device.DeviceState as a client has told it last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from typing import Any, TypeIs

from cic_server.context import context_object

# A directive's target -> the member of DeviceState (differences.md, trap 9).
MEMBERS = {
    "airplane": "airplane",
    "bluetooth": "bluetooth",
    "cellular": "cellular",
    "channel": "channel",
    "energysave": "energySavingMode",
    "flashlight": "flashLight",
    "gps": "gps",
    "power": "power",
    "ring": "soundMode",
    "screenbrightness": "screenBrightness",
    "silent": "soundMode",
    "vibrate": "soundMode",
    "volume": "volume",
    "wifi": "wifi",
}


def device_state(context: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the payload of Device.DeviceState, if the context has it."""
    return context_object(context, "Device", "DeviceState")


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What a device says it is and can do; any member may be missing."""

    payload: Mapping[str, Any] = field(default_factory=dict)

    def _member(self, target: str) -> Mapping[str, Any]:
        member = self.payload.get(MEMBERS.get(target, target))
        return member if isinstance(member, Mapping) else {}

    def can(self, command: str, target: str) -> bool:
        """Whether a directive is among the `actions` of what it is for: nothing else is ordered."""
        actions = self._member(target).get("actions")
        return isinstance(actions, Sequence) and command in actions

    def clamped(self, target: str, value: int) -> int:
        """Return the value within the device's range."""
        member = self._member(target)
        lowest, highest = member.get("min"), member.get("max")
        if _is_number(lowest):
            value = max(value, int(lowest))
        return min(value, int(highest)) if _is_number(highest) else value


def _is_number(value: Any) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
