"""Alerts that nobody heard: Home Assistant was not running, or its clock was wrong."""

from collections.abc import Sequence
import re
from typing import Final

from homeassistant.components import persistent_notification
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..failures import Phrase, phrase
from .alert import Alert
from .names import async_names, name_of

# More lines nobody reads; the calendar has all.
MOST_LISTED: Final = 20


async def async_notify(hass: HomeAssistant, entry: ConfigEntry, missed: Sequence[Alert]) -> None:
    """Tell the user on the dashboard, in its language."""
    names = await async_names(hass)
    lines = [await phrase(hass, hass.config.language, Phrase.ALERTS_MISSED), ""]
    for alert in missed[:MOST_LISTED]:
        when = dt_util.as_local(alert.at)
        lines.append(f"- {when:%Y-%m-%d %H:%M}: {_plain(name_of(alert, names))}")
    if len(missed) > MOST_LISTED:
        lines.append(f"- … ({len(missed)})")
    persistent_notification.async_create(
        hass,
        "\n".join(lines),
        title=entry.title,
        notification_id=f"{DOMAIN}_missed_{entry.entry_id}_{missed[0].key}",
    )


def _plain(text: str) -> str:
    """Return a text on one line, of which Markdown makes nothing."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))
