"""What an alert is called where people see it."""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant

from ..cic.interfaces.alerts import AlertType
from ..failures import Phrase, phrase
from .alert import Alert

_PHRASES: Final = {
    AlertType.ACTIONTIMER: Phrase.ALERT_ACTION_TIMER,
    AlertType.ALARM: Phrase.ALERT_ALARM,
    AlertType.REMINDER: Phrase.ALERT_REMINDER,
    AlertType.TIMER: Phrase.ALERT_TIMER,
}

type Names = Mapping[AlertType, str]


async def async_names(hass: HomeAssistant) -> Names:
    """Return what the types are called in Home Assistant's language."""
    language = hass.config.language
    return {kind: await phrase(hass, language, key) for kind, key in _PHRASES.items()}


def name_of(alert: Alert, names: Names) -> str:
    """Return an alert's label, else what its type is called."""
    return alert.order.label or names[alert.order.type]
