"""Directives about devices (CIC DeviceControl)."""

from collections.abc import Mapping
from typing import Any

from cic_server.messages import Directive

# Where the manufacturer would stand.
MAKER = "cic_server"


def device_order(name: str, **payload: Any) -> Directive:
    """Return a DeviceControl directive."""
    return Directive(namespace="DeviceControl", name=name, payload=payload)


def synchronize_state(device_id: str, state: Mapping[str, Any] | None) -> Directive:
    """Return SynchronizeState; without a state the device is offline."""
    payload: dict[str, Any] = {"deviceId": device_id}
    if state is not None:
        payload["deviceState"] = dict(state)
    return device_order("SynchronizeState", **payload)


def expect_report_state(duration: float, interval: float) -> Directive:
    """Return ExpectReportState; both in seconds, and whole ones as the documents have them."""
    return device_order(
        "ExpectReportState",
        durationInSeconds=max(1, round(duration)),
        intervalInSeconds=max(1, round(interval)),
    )


def device_entry(device_id: str, bound: str, *, is_online: bool) -> dict[str, Any]:
    """Return an entry of RenderDeviceList."""
    return {
        "deviceId": device_id,
        "deviceName": device_id,
        "clientId": device_id,
        "clientName": MAKER,
        "modelId": "",
        "bindTime": bound,
        "availabilities": [
            {"name": "DELEGATION", "available": is_online},
            {"name": "AUDIOPLAYER_CONTROL", "available": is_online},
            {"name": "AUDIOPLAYER_EXPOSE", "available": is_online},
            {"name": "SPEAKER_REGISTRATION", "available": False},
        ],
        "configuration": {"DeviceInfoDefinedName": device_id},
        "manufacturerName": MAKER,
        "deviceImageUrl": None,
        "companionAppUrl": None,
        "userGuideUrl": None,
        "websiteUrl": None,
        "is3rdParty": True,
    }


def render_device_list(entries: list[dict[str, Any]]) -> Directive:
    """Return RenderDeviceList."""
    return device_order("RenderDeviceList", deviceList=entries)
