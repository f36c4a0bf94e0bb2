"""DeviceControl: what this device is told to do, and who wants to know how it is."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import override

from ..cic import Attachment, ContextObject, Directive
from ..cic.interfaces import device_control, read
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
    ExpectReportState,
    Increase,
    LaunchApp,
    Open,
    OpenScreen,
    RenderDeviceList,
    SetValue,
    SynchronizeState,
    TurnOff,
    TurnOn,
)
from ..const import CONF_SHARE_LOCATION
from ..device.orders import Orders
from ..device.places import place_objects
from ..device.state_reports import StateReports
from ..origin import Origin
from .base import Capability
from .parts import Parts


class DeviceControl(Capability):
    """Hands the orders to the device, and tells its state with every event."""

    namespace = device_control.NAMESPACE

    def __init__(self, parts: Parts) -> None:
        """Serve one entry."""
        super().__init__(parts)
        spawn = partial(
            parts.entry.async_create_background_task,
            parts.hass,
            name="orders to the device",
            eager_start=False,
        )
        self._orders = Orders(parts.device, parts.reports, spawn, parts.events)
        self._state_reports = StateReports(parts.reports)

    @override
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        match read(directive):
            case ExpectReportState() as expected:
                self._state_reports.expect(expected)
            case SynchronizeState() as told:
                self._parts.others.synchronize(told)
            case RenderDeviceList() as told:
                self._parts.others.render(told)
            case (
                Increase()
                | Decrease()
                | SetValue()
                | TurnOn()
                | TurnOff()
                | Open()
                | OpenScreen()
                | LaunchApp()
                | BtConnect()
                | BtConnectByPINCode()
                | BtDelete()
                | BtDisconnect()
                | BtPlay()
                | BtRescan()
                | BtStartPairing()
                | BtStopPairing()
            ) as order:
                self._orders.take(order, origin)

    @override
    def context(self) -> Iterable[ContextObject]:
        device = self._parts.device
        yield ContextObject(namespace="Device", name="DeviceState", payload=device.state())
        yield ContextObject(namespace="Speaker", name="VolumeState", payload=device.volume())
        if self._parts.entry.options.get(CONF_SHARE_LOCATION):
            yield from place_objects(self._parts.hass, device.mapped.work_zone)

    @override
    def close(self) -> None:
        self._state_reports.close()
        self._orders.close()
