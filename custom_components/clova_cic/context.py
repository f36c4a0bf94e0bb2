"""The context sent with every event: what this client is and does (Context_Objects)."""

from collections.abc import Iterable
from typing import Final

from .capabilities import Capability
from .cic import ContextObject

# A client without display and alarms. Where a capability tells more, that counts.
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
)


def context_objects(capabilities: Iterable[Capability]) -> list[ContextObject]:
    """Return the context of this moment."""
    told = [state for capability in capabilities for state in capability.context()]
    names = {(state.namespace, state.name) for state in told}
    defaults = (state for state in _HEADLESS if (state.namespace, state.name) not in names)
    return [*defaults, *told]
