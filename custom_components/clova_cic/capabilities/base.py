"""What a capability is: one CIC namespace, seen from Home Assistant."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..alerts.clock import AlarmClock
from ..cic import Attachment, ContextObject, Directive
from ..cloud_state import CloudState
from ..device.device import Device
from ..device.others import OtherDevices
from ..occurrences import Occurrences
from ..origin import Origin
from ..playback.music.commands import Commands
from ..playback.music.player import AudioPlayer
from ..playback.music.player_info import PlayerInfo
from ..playback.output.outputs import Outputs
from ..playback.speech.announce import Announcer
from ..reports import Reports
from ..speech_reports import SpeechReports


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the capabilities of one entry share."""

    hass: HomeAssistant
    entry: ConfigEntry
    reports: Reports
    speech: SpeechReports
    outputs: Outputs
    announcer: Announcer
    player: AudioPlayer
    player_info: PlayerInfo
    commands: Commands
    device: Device
    others: OtherDevices
    alarm_clock: AlarmClock
    cloud_state: CloudState
    occurrences: Occurrences
    """What automations learn of."""
    events: Counter[str]
    """What diagnostics should tell."""


class Capability:
    """What Home Assistant does on the directives of one namespace. Touches no socket."""

    namespace: ClassVar[str]

    def __init__(self, parts: Parts) -> None:
        """Serve one entry."""
        self._parts = parts

    async def async_load(self) -> None:
        """Remember what was kept across a restart, before CIC can say anything."""

    @property
    def works_alone(self) -> bool:
        """Whether there is something to do even where CIC is not there when Home Assistant starts."""
        return False

    def connected(self) -> None:
        """Learn that CIC is there, on a connection that has just been made."""

    def lost(self) -> None:
        """Learn that CIC is away, and that no connection is about to replace the last."""

    def observe(self, directive: Directive) -> None:
        """Learn of a directive, whoever acts on it. Raises nothing."""

    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Act on a directive; attachment returns a binary part of the same response.

        Raises MessageError when the payload cannot be used, LimitExceededError for too much at once.
        """

    def context(self) -> Iterable[ContextObject]:
        """Return the namespace's part of the context."""
        return ()

    def close(self) -> None:
        """Let go of everything: the entry is unloaded."""
