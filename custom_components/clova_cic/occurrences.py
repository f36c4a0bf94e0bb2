"""What happens in entries, for whoever automates on it: told once, heard by entities and triggers.

Entities hear one entry for as long as it is loaded. Triggers hear the house: they are there
before an entry is, and while it is reloaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import logging
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DIRECTIVES, DOMAIN, OTHER_DIRECTIVE

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
    MESSAGE = "message"
    """A bot has said something by itself."""


# The types of each kind; of directives, the documented names.
TYPES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.DIRECTIVE: (*DIRECTIVES, OTHER_DIRECTIVE),
    Kind.NOTIFICATION: ("notified", "indicator_set", "indicator_cleared"),
    Kind.ALERT: ("set", "failed", "deleted", "started", "stopped", "missed"),
    Kind.SPEECH: ("recognized",),
    Kind.ANSWER: ("answered",),
    Kind.MESSAGE: ("message", "event"),
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


class _Listeners[**P]:
    """Those who listen, called at once and in the order they came."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: list[Callable[P, None]] = []

    @callback
    def async_listen(self, listener: Callable[P, None]) -> CALLBACK_TYPE:
        """Call back for everything that happens; return how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Tell all listeners. Raises nothing."""
        for listener in list(self._listeners):
            try:
                listener(*args, **kwargs)
            except Exception:  # one listener must not silence the others
                _LOGGER.exception("Unexpected error telling of what happens")


class Occurrences(_Listeners[[Occurrence]]):
    """What happens in one entry."""


class House(_Listeners[[str, Occurrence]]):
    """What happens in all entries, each told with the entry's id: entries come and go, who listens stays."""


_HOUSE: Final[HassKey[House]] = HassKey(f"{DOMAIN}.house")


@callback
def async_house(hass: HomeAssistant) -> House:
    """Return the one of this Home Assistant: automations may ask for it before anything is set up."""
    return hass.data.setdefault(_HOUSE, House())
