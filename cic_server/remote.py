"""What the service knows of one client, as far as skills and answers need it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .alerts.book import AlertBook
from .device.state import DeviceState, device_state
from .messages import Directive, Event
from .music.player import RemotePlayer
from .settings import Settings

# Settings kept of a client; there are not that many.
MAX_SETTINGS = 200
# The setting by which a user chooses a voice (Settings.Update, the documents' example).
VOICE_SETTING = "VoiceTypeChange"


@dataclass(slots=True, kw_only=True)
class Remote:
    """One client."""

    player: RemotePlayer = field(default_factory=RemotePlayer)
    alerts: AlertBook = field(default_factory=AlertBook)
    device: DeviceState = field(default_factory=DeviceState)
    # The service's own, which can change.
    settings: Callable[[], Settings] = Settings
    # As it was reported, or ordered (CIC Settings); all texts.
    configuration: dict[str, str] = field(default_factory=dict)
    # Clients that wait to be told what this one plays; there are no more than have a channel.
    watchers: set[str] = field(default_factory=set)
    # The extension that is open (CIC Clova.StartExtension).
    extension: str | None = None
    # Signed in without an account (Client_Auth_API, request_vu).
    is_guest: bool = False

    @property
    def voice(self) -> str:
        """The voice its user has chosen (CIC Settings); empty: the usual one."""
        return self.configuration.get(VOICE_SETTING, "")

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take settings; what is no text is passed over."""
        for name, value in values.items():
            if isinstance(value, str) and (
                name in self.configuration or len(self.configuration) < MAX_SETTINGS
            ):
                self.configuration[name] = value

    def ordered(self, directive: Directive) -> None:
        """Note a directive that goes out."""
        self.player.ordered(directive)
        self.alerts.ordered(directive)

    def happened(self, event: Event) -> None:
        """Note what an event tells, once it is complete."""
        self.player.happened(event)
        self.alerts.happened(event)

    def take_context(self, context: Sequence[Mapping[str, Any]], told: int) -> None:
        """Note what a context tells as soon as it is here; `told` as RemotePlayer has it."""
        self.player.take_context(context, told)
        state = device_state(context)
        if state is not None:
            self.device = DeviceState(state)
