"""What an automation begins with: what happens in one entry, or in any.

The words that were said and answered are here, and by default only here.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, override

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, CONF_NAME, CONF_OPTIONS, CONF_TYPE
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType, VolDictType
import probatio as vol

from .cic.interfaces.alerts import AlertType
from .occurrences import Kind, Occurrence, async_house

CONF_NAMESPACE: Final = "namespace"
CONF_PAYLOAD: Final = "payload"

_ALERT_TYPES: Final = tuple(kind.value.lower() for kind in AlertType)


class _Happened(Trigger):
    """Something of a kind and a type, in an entry that may be loaded later, or be reloaded."""

    _kind: ClassVar[Kind]
    _type: ClassVar[str | None] = None
    _what: ClassVar[str]
    """What the trace says has happened."""
    _more: ClassVar[VolDictType] = {}
    """Options beside the entry."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        options = {vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **cls._more}
        checked: ConfigType = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): options})(
            config
        )
        return checked

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Listen once attached."""
        super().__init__(hass, config)
        self._options: dict[str, Any] = config.options or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        meant = self._options.get(ATTR_CONFIG_ENTRY_ID)

        @callback
        def happened(entry_id: str, occurrence: Occurrence) -> None:
            if occurrence.kind is not self._kind or self._type not in (None, occurrence.type):
                return
            if meant in (None, entry_id) and self._is_meant(occurrence):
                told = {**occurrence.data, **occurrence.words, ATTR_CONFIG_ENTRY_ID: entry_id}
                run_action(told, self._what)

        return async_house(self._hass).async_listen(happened)

    def _is_meant(self, occurrence: Occurrence) -> bool:
        """Tell whether it is what the other options ask for."""
        return True


class DirectiveReceived(_Happened):
    """CIC has sent a directive."""

    _kind = Kind.DIRECTIVE
    _what = "directive of CIC"
    _more: ClassVar[VolDictType] = {
        vol.Optional(CONF_NAMESPACE): cv.string,
        vol.Optional(CONF_NAME): cv.string,
        vol.Optional(CONF_PAYLOAD): dict,
    }

    @override
    def _is_meant(self, occurrence: Occurrence) -> bool:
        # receivers do not insist on case (differences.md, trap 8)
        for key in (CONF_NAMESPACE, CONF_NAME):
            wanted = self._options.get(key, "")
            if wanted and wanted.lower() != occurrence.data[key].lower():
                return False
        return _holds(occurrence.words[CONF_PAYLOAD], self._options.get(CONF_PAYLOAD, {}))


class _AlertHappened(_Happened):
    _kind = Kind.ALERT
    _more: ClassVar[VolDictType] = {
        vol.Optional(CONF_TYPE): vol.All(cv.string, vol.Lower, vol.In(_ALERT_TYPES))
    }

    @override
    def _is_meant(self, occurrence: Occurrence) -> bool:
        wanted = self._options.get(CONF_TYPE)
        return wanted is None or wanted == str(occurrence.data.get(CONF_TYPE)).lower()


class AlertStarted(_AlertHappened):
    """An alarm, a timer or a reminder has begun to ring."""

    _type = "started"
    _what = "alert that rings"


class AlertStopped(_AlertHappened):
    """It rings no longer."""

    _type = "stopped"
    _what = "alert that rings no longer"


class NotificationReceived(_Happened):
    """CIC has something to tell."""

    _kind = Kind.NOTIFICATION
    _type = "notified"
    _what = "notification of CIC"


class SpeechRecognized(_Happened):
    """Something was said to the agent."""

    _kind = Kind.SPEECH
    _what = "recognised speech"


class AnswerGiven(_Happened):
    """The agent has answered, or could not."""

    _kind = Kind.ANSWER
    _what = "answer of CIC"


class MessageReceived(_Happened):
    """A bot has said something by itself."""

    _kind = Kind.MESSAGE
    _type = "message"
    _what = "message of a bot"


def _holds(value: Any, wanted: Any) -> bool:
    """Tell whether a JSON value is what is wanted: what is wanted of objects and lists must be in them."""
    match wanted, value:
        case Mapping(), Mapping():
            return all(key in value and _holds(value[key], one) for key, one in wanted.items())
        case list(), list():
            return all(any(_holds(one, each) for one in value) for each in wanted)
        case _:
            # in JSON true is not 1
            return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


_TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "alert_started": AlertStarted,
    "alert_stopped": AlertStopped,
    "answer_given": AnswerGiven,
    "directive_received": DirectiveReceived,
    "message_received": MessageReceived,
    "notification_received": NotificationReceived,
    "speech_recognized": SpeechRecognized,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return what there is by its key."""
    return _TRIGGERS
