"""Media players that a user has chosen, and that are no more."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from homeassistant.components.media_player.const import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import (
    async_track_state_added_domain,
    async_track_state_removed_domain,
)
from homeassistant.helpers.start import async_at_started

from ...const import CONF_MEDIA_PLAYER, CONF_OUTPUT_RULES
from ...issues import async_clear_issue, async_raise_issue
from .outputs import Outputs

OUTPUT_GONE: Final = "output_gone"


@callback
def async_gone(hass: HomeAssistant, options: Mapping[str, Any]) -> list[str]:
    """Return the outputs of an entry's options that nobody knows; what is away or disabled is known."""
    registry = er.async_get(hass)
    default: str | None = options.get(CONF_MEDIA_PLAYER)
    players = {*options.get(CONF_OUTPUT_RULES, {}).values(), *([default] if default else [])}
    return sorted(
        player
        for player in players
        if hass.states.get(player) is None and registry.async_get(player) is None
    )


@callback
def async_watch_outputs(hass: HomeAssistant, entry: ConfigEntry, outputs: Outputs) -> None:
    """Ask the user for others in the place of outputs that are gone, until the entry is unloaded.

    Some players are in no registry, and come while Home Assistant starts: until then nothing is missed.
    """

    @callback
    def look(_: object = None) -> None:
        if gone := async_gone(hass, entry.options):
            names = {"players": ", ".join(gone)}
            async_raise_issue(hass, entry, OUTPUT_GONE, fixable=True, placeholders=names)
        else:
            async_clear_issue(hass, entry, OUTPUT_GONE)

    @callback
    def begin(hass: HomeAssistant) -> None:
        look()
        for unlisten in (
            outputs.async_add_listener(look),
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, look),
            async_track_state_added_domain(hass, MEDIA_PLAYER_DOMAIN, look),
            async_track_state_removed_domain(hass, MEDIA_PLAYER_DOMAIN, look),
        ):
            entry.async_on_unload(unlisten)

    entry.async_on_unload(async_at_started(hass, begin))
    entry.async_on_unload(partial(async_clear_issue, hass, entry, OUTPUT_GONE))
