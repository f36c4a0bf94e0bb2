"""DeviceControl: what CIC orders this device to do beside speaking and playing (DeviceControl).

Every order is answered by ActionExecuted or ActionFailed; CIC orders what the
context's Device.DeviceState says can be done (Handle_Device_Control).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, Self

from ..messages import LONGEST_NAME, Payload
from .clova import LaunchURI
from .fields import (
    caption,
    choice,
    echo,
    identifier,
    inner,
    items,
    optional_text,
    required_identifier,
    truth,
    whole_number,
)
from .plain import PlainDirective, PlainEvent

NAMESPACE = "DeviceControl"

# Devices of one account; more is no household.
MOST_DEVICES: Final = 200
# A day, in seconds: who watches a device asks again.
LONGEST_REPORTING: Final = 24 * 60 * 60
# More is what no number or name of a channel has, in characters.
LONGEST_VALUE: Final = 128


class BtRole(StrEnum):
    """Which end of a Bluetooth connection: 2021 means the client's, 2018 the other device's."""

    SINK = "sink"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targeted:
    """An order for one thing of this device, by its documented name in lower case."""

    target: str

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said for which."""
        return cls(target=_target(payload))


def _target(payload: Payload) -> str:
    return required_identifier(payload, "target")[:LONGEST_NAME].lower()


def _value(payload: Payload) -> str | None:
    """Return a value, which may stand as a number."""
    value = payload.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip()[:LONGEST_VALUE] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Valued(_Targeted):
    """An order with a value as it came, None where there is none."""

    value: str | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said for which."""
        return cls(target=_target(payload), value=_value(payload))


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase(_Valued):
    """Directive: more, by so much or one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decrease(_Valued):
    """Directive: less, by so much or one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetValue(_Valued):
    """Directive: exactly so much; of a channel, its number or name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOn(_Targeted):
    """Directive: switch it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOff(_Targeted):
    """Directive: switch it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(_Targeted):
    """Directive: show the home screen, or the settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenScreen(_Targeted):
    """Directive, deprecated: Open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchApp:
    """Directive, deprecated: start an app, by an address or its name."""

    target: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which."""
        return cls(target=required_identifier(payload, "target"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BtDevice:
    """A Bluetooth device."""

    address: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    connected: bool = False
    role: BtRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfBtDevice:
    """An order about one Bluetooth device, by its address or only its role, or any of them."""

    device: BtDevice | None = None
    role: BtRole | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when the address is too long to be one."""
        role = choice(payload, "role", BtRole)
        address = identifier(payload, "address")
        if address is None:
            return cls(role=role)
        device = BtDevice(
            address=address,
            name=caption(payload, "name"),
            connected=truth(payload, "connected"),
            role=role,
        )
        return cls(device=device, role=role)


@dataclass(frozen=True, slots=True, kw_only=True)
class BtConnect(_OfBtDevice):
    """Directive: connect; without a device the client chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtDisconnect(_OfBtDevice):
    """Directive: disconnect; without a device, all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtDelete(_OfBtDevice):
    """Directive: forget a device that was paired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtConnectByPINCode:
    """Directive: go on with this PIN; an empty one ends the pairing."""

    pin_code: str = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read the PIN; what is none ends the pairing."""
        return cls(pin_code=optional_text(payload, "pinCode") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class BtStartPairing(PlainDirective):
    """Directive: look for devices, and let them find this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtStopPairing(PlainDirective):
    """Directive: look no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtRescan(PlainDirective):
    """Directive: look for devices once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtPlay(PlainDirective):
    """Directive: play what the connected device sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectReportState:
    """Directive: report the state now, and then every interval for so long; both in seconds.

    None where it is to be reported once.
    """

    duration: int | None = None
    interval: int | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read both; an interval without a duration says nothing."""
        duration = min(whole_number(payload, "durationInSeconds"), LONGEST_REPORTING)
        interval = whole_number(payload, "intervalInSeconds")
        return cls(duration=duration, interval=interval) if duration and interval else cls()


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizeState:
    """Directive: how a device of the account is; None where it is not there."""

    device_id: str
    state: Payload | None = field(default=None, repr=False, hash=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it is not said which, or too much of it."""
        state = payload.get("deviceState")
        return cls(
            device_id=required_identifier(payload, "deviceId"),
            state=echo(state) if isinstance(state, dict) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDevice:
    """A device of the account."""

    device_id: str
    name: str | None = field(default=None, repr=False)
    client_name: str | None = None
    model_id: str | None = None
    manufacturer: str | None = None

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Raise MessageError when it has no id."""
        defined = inner(payload, "configuration")
        return cls(
            device_id=required_identifier(payload, "deviceId"),
            name=caption(defined, "DeviceInfoDefinedName") or caption(payload, "deviceName"),
            client_name=caption(payload, "clientName"),
            model_id=caption(payload, "modelId"),
            manufacturer=caption(payload, "manufacturerName"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderDeviceList:
    """Directive: the devices of the account."""

    devices: tuple[ListedDevice, ...] = field(repr=False)

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Read what is there."""
        return cls(devices=items(payload, "deviceList", ListedDevice.from_payload, MOST_DEVICES))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An event that answers an order: its target, and its name as the command."""

    NAMESPACE: ClassVar[str] = "DeviceControl"

    target: str
    command: str

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"target": self.target, "command": self.command}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionExecuted(_Answer):
    """Event: the order is carried out; the context has what came of it."""

    NAME: ClassVar[str] = "ActionExecuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed(_Answer):
    """Event: the order cannot be carried out."""

    NAME: ClassVar[str] = "ActionFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportState(PlainEvent):
    """Event: the context has the state."""

    NAMESPACE: ClassVar[str] = "DeviceControl"
    NAME: ClassVar[str] = "ReportState"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeviceList(PlainEvent):
    """Event: which devices has the account? The answer is RenderDeviceList."""

    NAMESPACE: ClassVar[str] = "DeviceControl"
    NAME: ClassVar[str] = "RequestDeviceList"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStateSynchronization:
    """Event: have another device tell its state, or all; each comes as a SynchronizeState."""

    NAMESPACE: ClassVar[str] = "DeviceControl"
    NAME: ClassVar[str] = "RequestStateSynchronization"

    device_id: str | None = None

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {} if self.device_id is None else {"deviceId": self.device_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class BtRequestForPINCode:
    """Event: a Bluetooth device asks for a PIN."""

    NAMESPACE: ClassVar[str] = "DeviceControl"
    NAME: ClassVar[str] = "BtRequestForPINCode"

    device_name: str = field(repr=False)

    def as_payload(self) -> Payload:
        """Return the payload."""
        return {"deviceName": self.device_name}


@dataclass(frozen=True, slots=True, kw_only=True)
class BtRequestToCancelPINCodeInput(PlainEvent):
    """Event: no PIN is needed any more."""

    NAMESPACE: ClassVar[str] = "DeviceControl"
    NAME: ClassVar[str] = "BtRequestToCancelPINCodeInput"


DIRECTIVES = {
    "BtConnect": BtConnect,
    "BtConnectByPINCode": BtConnectByPINCode,
    "BtDelete": BtDelete,
    "BtDisconnect": BtDisconnect,
    "BtPlay": BtPlay,
    "BtRescan": BtRescan,
    "BtStartPairing": BtStartPairing,
    "BtStopPairing": BtStopPairing,
    "Decrease": Decrease,
    "ExpectReportState": ExpectReportState,
    "Increase": Increase,
    "LaunchApp": LaunchApp,
    # of 2017, now one of Clova's
    "LaunchURI": LaunchURI,
    "Open": Open,
    "OpenScreen": OpenScreen,
    "RenderDeviceList": RenderDeviceList,
    # SetValue until August 2017
    "SetPoint": SetValue,
    "SetValue": SetValue,
    "SynchronizeState": SynchronizeState,
    "TurnOff": TurnOff,
    "TurnOn": TurnOn,
    # SynchronizeState until September 2017
    "UpdateDeviceState": SynchronizeState,
}
