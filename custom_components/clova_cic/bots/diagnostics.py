"""What may be shown of a bot to those who help: no secret, no word."""

from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data

from .bot import BotConfigEntry
from .entry import CONF_SECRET, CONF_USER

_SECRET: Final = {CONF_SECRET, CONF_USER}


def bot_diagnostics(entry: BotConfigEntry) -> dict[str, Any]:
    """Return settings, and how the bot is spoken to now."""
    bot = entry.runtime_data
    version = bot.line.version
    return {
        "entry": {
            "title": entry.title,
            "data": async_redact_data(dict(entry.data), _SECRET),
            "options": dict(entry.options),
        },
        "version": None if version is None else version.value,
        "connected": bot.connected,
        "last_error": bot.last_error,
        "conversations": bot.talks,
    }
