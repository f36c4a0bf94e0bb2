"""What may be shown of an entry to those who help: no secret, no word, no sound."""

from collections import Counter
from typing import Any, Final

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant

from .const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, CONF_LOGIN
from .coordinator import CicConfigEntry, CicCoordinator
from .playback.output.output import OUTPUTS, Output

_SECRET: Final = {
    CONF_ACCESS_TOKEN,
    CONF_CA_CERTIFICATE,
    CONF_CLIENT_SECRET,
    CONF_DEVICE_UUID,
    CONF_LOGIN,
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: CicConfigEntry
) -> dict[str, Any]:
    """Return settings, the connection's story, what plays, the latest turns' times (milliseconds)."""
    coordinator = entry.runtime_data
    await coordinator.others.async_refresh()
    counters = coordinator.counters
    return {
        "entry": {
            "title": entry.title,
            "data": async_redact_data(dict(entry.data), _SECRET),
            "options": dict(entry.options),
        },
        "connection": {
            "state": coordinator.data.name.lower(),
            "last_error": counters.last_error,
        },
        "directives": dict(counters.directives),
        "other_directives": dict(counters.others),
        "events": dict(counters.events),
        "music": _music(coordinator),
        "alerts": _alerts(coordinator),
        "announcing": coordinator.announcer.busy,
        "outputs": {one.entity_id: _output(one) for one in hass.data.get(OUTPUTS, {}).values()},
        "device": coordinator.device.overview(),
        "other_devices": coordinator.others.overview(),
        "turns": list(coordinator.turns.recent),
    }


def _music(coordinator: CicCoordinator) -> dict[str, Any]:
    """Tell what the audio player does, and not of what; in seconds."""
    player = coordinator.player
    return {
        "phase": player.phase.name.lower(),
        "told": player.activity.value,
        "repeat": player.repeat.value,
        "output": None if player.output is None else player.output.entity_id,
        "begin": player.begin,
        "position": player.position,
        "duration": player.duration,
        "queued": len(player.queue),
    }


def _alerts(coordinator: CicCoordinator) -> dict[str, Any]:
    """Tell how many there are, and when; not for what."""
    book = coordinator.alarm_clock.book
    return {
        "types": dict(Counter(alert.order.type.value for alert in book.alerts)),
        "phases": dict(Counter(alert.phase.value for alert in book.alerts)),
        "next": next((alert.at.isoformat() for alert in book.waiting), None),
        "owed": len(book.owed),
    }


def _output(output: Output) -> dict[str, Any]:
    """Tell what is known of a media player, whichever entry uses it."""
    seen, foreground = output.seen, output.focus.foreground
    return {
        "sound": seen.sound.name.lower(),
        "features": seen.features.value,
        "foreground": None if foreground is None else foreground.name.lower(),
        "lowered": output.focus.lowered,
    }
