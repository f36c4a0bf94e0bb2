"""What a capability is: one CIC namespace, seen from Home Assistant."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..cic import Attachment, ContextObject, Directive


class Capability:
    """What Home Assistant does on the directives of one namespace. Touches no socket."""

    namespace: ClassVar[str]

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, events: Counter[str]) -> None:
        """Serve one entry; events counts what diagnostics should tell."""
        self._hass = hass
        self._entry = entry
        self._events = events

    def observe(self, directive: Directive) -> None:
        """Learn of a directive, whoever acts on it. Raises nothing."""

    def handle(self, directive: Directive, attachment: Callable[[str], Attachment]) -> None:
        """Act on a directive; attachment returns a binary part of the same response.

        Raises MessageError when the payload cannot be used, LimitExceededError for too much at once.
        """

    def context(self) -> Iterable[ContextObject]:
        """Return the namespace's part of the context."""
        return ()

    def close(self) -> None:
        """Let go of everything: the entry is unloaded."""
