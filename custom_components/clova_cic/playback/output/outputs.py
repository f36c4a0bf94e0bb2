"""Which media player sounds: the one a user has chosen, or the one that belongs to a satellite."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from homeassistant.components.media_player.const import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ...const import CONF_MEDIA_PLAYER, CONF_OUTPUT_RULES, DOMAIN
from ...issues import async_clear_issue, async_raise_issue
from ...origin import Origin
from .output import Output, async_output

_ISSUE: Final = "no_output"


class Outputs:
    """The outputs of one entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Choose by the entry's options and Home Assistant's registries."""
        self._hass = hass
        self._entry = entry
        self._listeners: list[Callable[[], None]] = []
        self._known = self._choices
        entry.async_on_unload(
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._registry_changed)
        )
        entry.async_on_unload(self._ask_no_more)

    # What is chosen

    @property
    def chosen(self) -> str | None:
        """The entity id of the default output."""
        return self._entry.options.get(CONF_MEDIA_PLAYER)

    @property
    def rules(self) -> Mapping[str, str]:
        """The entity ids of players by the satellites they were chosen for."""
        rules: Mapping[str, str] = self._entry.options.get(CONF_OUTPUT_RULES, {})
        return rules

    @property
    def _choices(self) -> tuple[str | None, dict[str, str]]:
        return self.chosen, dict(self.rules)

    @callback
    def choose(self, entity_id: str | None) -> None:
        """Have another default output, or none."""
        self._store(entity_id, self.rules)

    def _store(self, chosen: str | None, rules: Mapping[str, str]) -> None:
        options = with_outputs(self._entry.options, chosen, rules)
        self._hass.config_entries.async_update_entry(self._entry, options=options)
        self.options_changed()

    @callback
    def options_changed(self) -> None:
        """Have those who listen go by what is chosen now, if that is another."""
        before, self._known = self._known, self._choices
        if self._known == before:
            return
        if self._known[0] != before[0]:
            self._ask_no_more()
        for listener in list(self._listeners):
            listener()

    @callback
    def async_add_listener(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call back when another is chosen; return how to end that, once or twice."""
        self._listeners.append(listener)

        def remove() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return remove

    @callback
    def _registry_changed(self, event: Event[Any]) -> None:
        """Follow the ids of players and satellites; a satellite that is gone needs no rule."""
        match event.data:
            case {"action": "update", "old_entity_id": before, "entity_id": after}:
                now = {before: after}
                rules = {now.get(one, one): now.get(to, to) for one, to in self.rules.items()}
                self._store(self.chosen and now.get(self.chosen, self.chosen), rules)
            case {"action": "remove", "entity_id": gone} if gone in self.rules:
                rules = {one: to for one, to in self.rules.items() if one != gone}
                self._store(self.chosen, rules)

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
        """Return the player chosen for a satellite, else on its device, in its area, else the default.

        A place whose players are all away is passed over, if another has one.
        """
        places = [*self._places(satellite_id)]
        if (default := self.default()) is not None:
            places.append([default])
        best = [min(place, key=self._rank) for place in places if place]
        return next((one for one in best if one.available), best[0] if best else None)

    def _places(self, satellite_id: str) -> Iterable[list[Output]]:
        ruled = self.rules.get(satellite_id)
        if ruled is not None and (output := self.named(ruled)) is not None:
            yield [output]
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
        return [output for output in outputs if output.seen.can_play]

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


def with_outputs(
    options: Mapping[str, Any], chosen: str | None, rules: Mapping[str, str]
) -> dict[str, Any]:
    """Return an entry's options with a default output, or none, and rules, or none."""
    ours = {CONF_MEDIA_PLAYER: chosen, CONF_OUTPUT_RULES: dict(rules)}
    kept = {key: one for key, one in options.items() if key not in ours}
    return kept | {key: one for key, one in ours.items() if one}


def with_another(
    options: Mapping[str, Any], before: Collection[str], after: str | None
) -> dict[str, Any]:
    """Return an entry's options with one output in the place of others; None leaves it to Home Assistant."""
    chosen: str | None = options.get(CONF_MEDIA_PLAYER)
    rules = {
        satellite_id: after if player in before else player
        for satellite_id, player in options.get(CONF_OUTPUT_RULES, {}).items()
    }
    return with_outputs(
        options,
        after if chosen in before else chosen,
        {satellite_id: player for satellite_id, player in rules.items() if player is not None},
    )
