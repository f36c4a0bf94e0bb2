"""The context sent with every event: what this client is and does (Context_Objects)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from .capabilities import Capability
from .cic import ContextObject

# A client without display, alarms or a player of its own. Where a capability tells more, that counts.
_HEADLESS: Final = (
    ContextObject(
        namespace="Alerts", name="AlertsState", payload={"allAlerts": [], "activeAlerts": []}
    ),
    ContextObject(
        namespace="AudioPlayer",
        name="PlaybackState",
        payload={"playerActivity": "IDLE", "repeatMode": "NONE"},
    ),
    ContextObject(
        namespace="Device",
        name="Audio",
        payload={
            "acceptContentType": [
                {"mimeType": "audio/mpeg", "audioCodec": "MP3", "fileExtension": "MP3"},
                {
                    "mimeType": "audio/aac",
                    "audioCodec": "AAC",
                    "fileExtension": "3GP,MP4,M4A,AAC,TS",
                },
                {
                    "mimeType": "application/vnd.apple.mpegurl",
                    "audioCodec": "MP3",
                    "fileExtension": "MP3",
                },
                {
                    "mimeType": "application/vnd.apple.mpegurl",
                    "audioCodec": "AAC",
                    "fileExtension": "3GP,MP4,M4A,AAC,TS",
                },
            ]
        },
    ),
    ContextObject(namespace="Device", name="Display", payload={"size": "none"}),
    # The volume is the satellite's own affair; VolumeState may not be left out.
    ContextObject(namespace="Speaker", name="VolumeState", payload={"volume": 5, "muted": False}),
)


def context_objects(now: datetime, capabilities: Iterable[Capability]) -> list[ContextObject]:
    """Return the context at a moment, given with its zone."""
    told = [state for capability in capabilities for state in capability.context()]
    names = {(state.namespace, state.name) for state in told}
    device = ContextObject(
        namespace="Device",
        name="DeviceState",
        payload={"localTime": now.isoformat(timespec="seconds")},
    )
    defaults = (
        state for state in (*_HEADLESS, device) if (state.namespace, state.name) not in names
    )
    return [*defaults, *told]
