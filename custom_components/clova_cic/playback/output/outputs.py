"""Which media player sounds: the one a user has chosen, or the one beside a satellite."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from homeassistant.components.media_player.const import (
    DOMAIN as MEDIA_PLAYER_DOMAIN,
    MediaPlayerEntityFeature,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ...const import CONF_MEDIA_PLAYER, DOMAIN
from ...issues import async_clear_issue, async_raise_issue
from ...origin import Origin
from .output import Output, async_output
from .seen import Sound

_ISSUE: Final = "no_output"


class Outputs:
    """The outputs of one entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Choose by the entry's options and Home Assistant's registries."""
        self._hass = hass
        self._entry = entry
        self._listeners: list[Callable[[], None]] = []
        # An entry's update listener would do, were it not for the options flow, which reloads.
        entry.async_on_unload(
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._renamed)
        )
        entry.async_on_unload(self._ask_no_more)

    # The default

    @property
    def chosen(self) -> str | None:
        """The entity id of the default output."""
        return self._entry.options.get(CONF_MEDIA_PLAYER)

    @callback
    def choose(self, entity_id: str | None) -> None:
        """Have another default output, or none."""
        if entity_id == self.chosen:
            return
        options = {**self._entry.options, CONF_MEDIA_PLAYER: entity_id}
        if entity_id is None:
            del options[CONF_MEDIA_PLAYER]
        self._hass.config_entries.async_update_entry(self._entry, options=options)
        self._ask_no_more()
        for listener in list(self._listeners):
            listener()

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back when the default is another; return how to end that, once or twice."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove

    @callback
    def _renamed(self, event: Event[Any]) -> None:
        before = event.data.get("old_entity_id")
        if before is not None and before == self.chosen:
            self.choose(event.data["entity_id"])

    @callback
    def ask_for_one(self) -> None:
        """Ask the user for a default output: there was something to hear, and nowhere to hear it."""
        async_raise_issue(self._hass, self._entry, _ISSUE)

    @callback
    def _ask_no_more(self) -> None:
        async_clear_issue(self._hass, self._entry, _ISSUE)

    # By name

    def default(self) -> Output | None:
        """Return the output the user has chosen."""
        return None if self.chosen is None else self.named(self.chosen)

    def named(self, entity_id: str) -> Output | None:
        """Return the output of a media player, unless it is one of this integration."""
        return None if self.is_own(entity_id) else async_output(self._hass, entity_id)

    # By place

    def of(self, origin: Origin) -> Output | None:
        """Return where the sound of a directive belongs."""
        if origin.satellite_id is None:
            return self.default()
        return self.of_satellite(origin.satellite_id)

    def of_satellite(self, satellite_id: str) -> Output | None:
        """Return the player on a satellite's device, else in its area, else the default.

        A place whose players are all away is passed over, if another has one.
        """
        places = [*self._places(satellite_id)]
        if (default := self.default()) is not None:
            places.append([default])
        best = [min(place, key=self._rank) for place in places if place]
        return next((one for one in best if one.available), best[0] if best else None)

    def _places(self, satellite_id: str) -> Iterable[list[Output]]:
        satellite = er.async_get(self._hass).async_get(satellite_id)
        if satellite is None:
            return
        if satellite.device_id is not None:
            yield self._players(lambda player: player.device_id == satellite.device_id)
        area = self._area(satellite)
        if area is not None:
            yield self._players(lambda player: self._area(player) == area)

    def _players(self, belongs: Callable[[er.RegistryEntry], bool]) -> list[Output]:
        """Return the outputs of a place; what cannot play is none."""
        outputs = [
            async_output(self._hass, player.entity_id)
            for player in er.async_get(self._hass).entities.values()
            if player.domain == MEDIA_PLAYER_DOMAIN
            and player.platform != DOMAIN
            and player.disabled_by is None
            and belongs(player)
        ]
        return [output for output in outputs if _can_play(output)]

    def _area(self, entity: er.RegistryEntry) -> str | None:
        if entity.area_id is not None or entity.device_id is None:
            return entity.area_id
        device = dr.async_get(self._hass).async_get(entity.device_id)
        return None if device is None else device.area_id

    def _rank(self, output: Output) -> tuple[bool, bool, bool, str]:
        return (
            not output.available,
            output.entity_id != self.chosen,
            not output.can_announce,
            output.entity_id,
        )

    def is_own(self, entity_id: str) -> bool:
        """Tell whether a media player is one of this integration: it has no sound itself."""
        player = er.async_get(self._hass).async_get(entity_id)
        return player is not None and player.platform == DOMAIN


def _can_play(output: Output) -> bool:
    """Tell whether a player takes what it is told to play; of one that is away nobody knows."""
    seen = output.seen
    if seen.sound in (Sound.AWAY, Sound.GONE):
        return True
    return seen.has(MediaPlayerEntityFeature.PLAY_MEDIA)
