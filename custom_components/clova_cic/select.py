"""Where sound goes that belongs to no satellite: a choice among Home Assistant's media players."""

from typing import Final, override

from homeassistant.components.media_player.const import (
    DOMAIN as MEDIA_PLAYER_DOMAIN,
    MediaPlayerEntityFeature,
)
from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import TrackStates, async_track_state_change_filtered

from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity
from .playback.output.seen import Sound, look_at

# Nothing is fetched.
PARALLEL_UPDATES = 0

NOWHERE: Final = "none"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's choice."""
    async_add_entities([DefaultOutput(entry.runtime_data)])


class DefaultOutput(CicEntity, SelectEntity):
    """The default output, by the names of the media players there are."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Choose for one entry."""
        super().__init__(coordinator, "default_output")
        self._outputs = coordinator.outputs
        self._players: dict[str, str] = {}
        self._attr_options = [NOWHERE]

    @property
    @override
    def available(self) -> bool:
        """True also without CIC: it is a setting."""
        return True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        every = TrackStates(False, set(), {MEDIA_PLAYER_DOMAIN})
        tracker = async_track_state_change_filtered(self.hass, every, self._player_changed)
        self.async_on_remove(tracker.async_remove)
        self.async_on_remove(self._outputs.async_add_listener(self._refresh))
        self._read()

    @override
    async def async_select_option(self, option: str) -> None:
        self._outputs.choose(self._players.get(option))

    @callback
    def _player_changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or _is_choice(old) != _is_choice(new) or old.name != new.name:
            self._refresh()

    @callback
    def _refresh(self) -> None:
        self._read()
        self.async_write_ha_state()

    def _read(self) -> None:
        """Name the players there are, and the chosen one even if it is not."""
        names = {
            state.entity_id: state.name
            for state in self.hass.states.async_all(MEDIA_PLAYER_DOMAIN)
            if _is_choice(state) and not self._outputs.is_own(state.entity_id)
        }
        if (chosen := self._outputs.chosen) is not None:
            names.setdefault(chosen, chosen)
        taken = [NOWHERE, *names.values()]
        self._players = {
            name if taken.count(name) == 1 else f"{name} ({entity_id})": entity_id
            for entity_id, name in sorted(names.items(), key=lambda one: (one[1].casefold(), one))
        }
        self._attr_options = [NOWHERE, *self._players]
        by_id = {entity_id: option for option, entity_id in self._players.items()}
        self._attr_current_option = NOWHERE if chosen is None else by_id[chosen]


def _is_choice(state: State) -> bool:
    """Tell whether a player takes what it is told to play; of one that is away nobody knows."""
    seen = look_at(state)
    return seen.sound is Sound.AWAY or seen.has(MediaPlayerEntityFeature.PLAY_MEDIA)
