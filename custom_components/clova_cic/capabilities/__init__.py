"""One file per CIC namespace: what Home Assistant does on each directive."""

from typing import Final

from .alerts import Alerts
from .audio_player import AudioPlayer
from .base import Capability
from .clova import Clova
from .device_control import DeviceControl
from .notifier import Notifier
from .parts import Parts, create_parts
from .playback_controller import PlaybackController
from .settings import Settings
from .speech_synthesizer import SpeechSynthesizer
from .system import System
from .template_runtime import TemplateRuntime

__all__ = ["Capability", "Parts", "create_capabilities", "create_parts"]

_CAPABILITIES: Final[tuple[type[Capability], ...]] = (
    Alerts,
    AudioPlayer,
    DeviceControl,
    Clova,
    Notifier,
    PlaybackController,
    Settings,
    SpeechSynthesizer,
    System,
    TemplateRuntime,
)


def create_capabilities(parts: Parts) -> dict[str, Capability]:
    """Return the capabilities of one entry by namespace, in lower case."""
    return {kind.namespace.lower(): kind(parts) for kind in _CAPABILITIES}
