"""The service's answers to events about devices (CIC DeviceControl, "Handle_Device_Control")."""

from cic_server.messages import Event
from cic_server.service import Service
from cic_server.skills.base import Answer, nothing, ordering

from .orders import (
    device_entry,
    device_order,
    expect_report_state,
    render_device_list,
    synchronize_state,
)

# What nearly every speaker takes; there is nobody to ask.
PIN_CODE = "0000"


def _told_state(_event: Event, client: str, service: Service) -> Answer:
    """Tell every client of the account, the one that told it among them."""
    state = service.remote_of(client).device.payload
    for channel in service.channels.all:
        service.push(channel.client, synchronize_state(client, state))
    return nothing()


def _device_list(_event: Event, _client: str, service: Service) -> Answer:
    entries = [
        device_entry(
            name,
            memory.since.isoformat(timespec="seconds"),
            is_online=service.channels.of(name) is not None,
        )
        for name, memory in service.memory.clients.items()
    ]
    return ordering(render_device_list(entries))


def _watch(event: Event, client: str, service: Service) -> Answer:
    """Have the other clients, or one of them, report for a while; who is offline cannot."""
    settings = service.settings
    order = expect_report_state(settings.report_duration, settings.report_interval)
    asked = event.text_of("deviceId")
    others = [channel.client for channel in service.channels.all if channel.client != client]
    if asked is not None and asked not in others:
        service.push(client, synchronize_state(asked, None))
    for other in others:
        if asked in (None, other):
            service.push(other, order)
    return nothing()


def _pin_code(_event: Event, _client: str, _service: Service) -> Answer:
    return ordering(device_order("BtConnectByPINCode", pinCode=PIN_CODE))


DEVICE_REPLIES = {
    "DeviceControl.ActionExecuted": _told_state,
    "DeviceControl.ActionFailed": _told_state,
    "DeviceControl.ReportState": _told_state,
    "DeviceControl.RequestDeviceList": _device_list,
    "DeviceControl.RequestStateSynchronization": _watch,
    "DeviceControl.BtRequestForPINCode": _pin_code,
}
