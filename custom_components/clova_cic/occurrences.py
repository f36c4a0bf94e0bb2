"""What happens in an entry, for whoever automates on it: told once, heard by entities and triggers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from .const import DIRECTIVES, OTHER_DIRECTIVE

_LOGGER = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a person automates on."""

    DIRECTIVE = "directive"
    """Anything CIC sends; its type is the directive's documented name."""
    NOTIFICATION = "notification"
    ALERT = "alert"
    SPEECH = "speech"
    """Something said has been recognised."""
    ANSWER = "answer"
    """CIC has answered."""


# The types of each kind; of directives, the documented names.
TYPES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.DIRECTIVE: (*DIRECTIVES, OTHER_DIRECTIVE),
    Kind.NOTIFICATION: ("notified", "indicator_set", "indicator_cleared"),
    Kind.ALERT: ("set", "failed", "deleted", "started", "stopped", "missed"),
    Kind.SPEECH: ("recognized",),
    Kind.ANSWER: ("answered",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One thing that has happened.

    data may be kept by Home Assistant's recorder; words are what was said or answered,
    only for triggers, unless the user wants them recorded.
    """

    kind: Kind
    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict, repr=False)


type Listener = Callable[[Occurrence], None]


class Occurrences:
    """Tells everyone who listens."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: list[Listener] = []

    @callback
    def tell(self, occurrence: Occurrence) -> None:
        """Tell all listeners, at once and in the order they came. Raises nothing."""
        for listener in list(self._listeners):
            try:
                listener(occurrence)
            except Exception:  # one listener must not silence the others
                _LOGGER.exception("Unexpected error telling of %s", occurrence.type)

    @callback
    def async_listen(self, listener: Listener) -> CALLBACK_TYPE:
        """Call back for everything that happens; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
