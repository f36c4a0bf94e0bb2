"""What CIC sends: counted, told of, and handed to the capability that acts on it."""

from collections.abc import Callable, Mapping
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .capabilities import Capability
from .cic import Attachment, CicError, Directive
from .const import CONF_RECORD_WORDS, EVENT_DIRECTIVE, documented_name
from .counters import Counters
from .occurrences import Kind, Occurrence, Occurrences
from .origin import UNASKED, Origin
from .words import without_words

_LOGGER = logging.getLogger(__name__)


def origin_of(directive: Directive, satellite_of: Callable[[str], str | None]) -> Origin:
    """Tell where a directive of the downchannel belongs: its dialog may be over."""
    dialog_request_id = directive.header.dialog_request_id
    if dialog_request_id is None:
        return UNASKED
    return Origin(dialog_request_id=dialog_request_id, satellite_id=satellite_of(dialog_request_id))


class Inbox:
    """Takes the directives of one entry. Its methods raise nothing."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        capabilities: Mapping[str, Capability],
        counters: Counters,
        occurrences: Occurrences,
    ) -> None:
        """Hand on to capabilities, given by their namespaces in lower case."""
        self._hass = hass
        self._entry = entry
        self._capabilities = capabilities
        self._counters = counters
        self._occurrences = occurrences

    @callback
    def handle(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Act on a directive: tell of it, then hand it to its capability."""
        self.observe(directive)
        header = directive.header
        capability = self._capabilities.get(header.namespace.lower())
        if capability is None:
            _LOGGER.debug("Nothing here acts on %s", header.full_name)
            return
        try:
            capability.handle(directive, attachment, origin)
        except CicError as err:
            self.malformed(f"{header.full_name}: {err}")
        except Exception:  # one directive must not end the channel that brings the next
            _LOGGER.exception("Unexpected error handling %s", header.full_name)

    @callback
    def observe(self, directive: Directive) -> None:
        """Tell of a directive, whoever acts on it."""
        header = directive.header
        self._counters.count_directive(header.full_name)
        capability = self._capabilities.get(header.namespace.lower())
        if capability is not None:
            capability.observe(directive)
        data = {
            "namespace": header.namespace,
            "name": header.name,
            "message_id": header.message_id,
            "dialog_request_id": header.dialog_request_id,
        }
        payload = dict(directive.payload)
        self._occurrences.tell(
            Occurrence(
                kind=Kind.DIRECTIVE,
                type=documented_name(header.full_name),
                data=data,
                words={"payload": payload},
            )
        )
        if not self._entry.options.get(CONF_RECORD_WORDS, False):
            payload = without_words(header.full_name, payload)
        self._hass.bus.async_fire(
            EVENT_DIRECTIVE, {"entry_id": self._entry.entry_id, **data, "payload": payload}
        )

    @callback
    def malformed(self, what: str) -> None:
        """Report the first part that had to be skipped; the rest only at debug level."""
        first = not self._counters.events["malformed"]
        self._counters.events["malformed"] += 1
        _LOGGER.log(
            logging.WARNING if first else logging.DEBUG, "Skipping a malformed message: %s", what
        )
