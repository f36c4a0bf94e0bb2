"""What may be shown of an entry to those who help: no secret, no word, no sound."""

from collections import Counter
from importlib.metadata import version
from typing import Any, Final

from homeassistant.components.assist_satellite.const import DOMAIN as SATELLITE_DOMAIN
from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant

from .assistants import async_pipelines_of
from .bots.diagnostics import bot_diagnostics
from .bots.entry import is_bot_entry
from .const import CONF_CA_CERTIFICATE, CONF_DEVICE_UUID, CONF_LOGIN
from .coordinator import CicConfigEntry, CicCoordinator
from .playback.output.output import OUTPUTS, Output
from .settings import is_signed_in
from .tokens import async_keeper

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
    if is_bot_entry(entry):
        return bot_diagnostics(entry)
    coordinator = entry.runtime_data
    await coordinator.others.async_refresh()
    counters = coordinator.counters
    return {
        "entry": {
            "title": entry.title,
            "data": async_redact_data(dict(entry.data), _SECRET),
            "options": dict(entry.options),
        },
        "sign_in": _sign_in(hass, entry),
        "libraries": await hass.async_add_executor_job(_libraries),
        "pipelines": _pipelines(hass, entry),
        "connection": {
            "state": coordinator.data.value,
            "last_error": counters.last_error,
            "changes": coordinator.log.as_list(),
        },
        "directives": dict(counters.directives),
        "other_directives": dict(counters.others),
        "events": dict(counters.events),
        "music": _music(coordinator),
        "alerts": _alerts(coordinator),
        "announcing": coordinator.announcer.busy,
        "outputs": {one.entity_id: _output(one) for one in hass.data.get(OUTPUTS, {}).values()},
        "satellites": _satellites(hass, coordinator),
        "device": coordinator.device.overview(),
        "other_devices": coordinator.others.overview(),
        "turns": list(coordinator.turns.recent),
    }


def _sign_in(hass: HomeAssistant, entry: CicConfigEntry) -> dict[str, Any]:
    """Tell whether the token is renewed, and how the last renewal failed."""
    if not is_signed_in(entry.data):
        return {"renewed": False}
    keeper = async_keeper(hass, entry.data)
    return {
        "renewed": True,
        "error": None if keeper.error is None else type(keeper.error).__name__,
        "needs_user": keeper.refusal is not None,
    }


def _libraries() -> dict[str, str]:
    """Tell the versions of what speaks HTTP/2: not all that fit have been tried."""
    return {name: version(name) for name in ("h2", "hpack", "hyperframe")}


def _pipelines(hass: HomeAssistant, entry: CicConfigEntry) -> list[dict[str, Any]]:
    """Tell how the pipelines that use the entry are put together."""
    return [
        {
            "language": pipeline.language,
            "stt": (pipeline.stt_engine, pipeline.stt_language),
            "agent": (pipeline.conversation_engine, pipeline.conversation_language),
            "tts": (pipeline.tts_engine, pipeline.tts_language),
            "prefer_local_intents": pipeline.prefer_local_intents,
        }
        for pipeline in async_pipelines_of(hass, entry)
    ]


def _satellites(hass: HomeAssistant, coordinator: CicCoordinator) -> dict[str, str | None]:
    """Tell where is heard what is asked for at each satellite."""
    heard_at = coordinator.outputs.of_satellite
    return {
        satellite_id: None if (output := heard_at(satellite_id)) is None else output.entity_id
        for satellite_id in hass.states.async_entity_ids(SATELLITE_DOMAIN)
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
