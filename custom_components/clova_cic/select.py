"""What is chosen: where sound goes that belongs to no satellite, and the voice CIC speaks with."""

from typing import Final, override

from homeassistant.components.media_player.const import DOMAIN as MEDIA_PLAYER_DOMAIN
from homeassistant.components.select import SelectEntity
from homeassistant.const import EntityCategory
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import TrackStates, async_track_state_change_filtered

from .cloud_state import VOICE
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity
from .playback.output.seen import look_at

# Nothing is fetched.
PARALLEL_UPDATES = 0

NOWHERE: Final = "none"
# Of a voice's name and key, in characters: an option is a state, which has 255 at most.
LONGEST_NAME: Final = 100


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's choices, that of a voice once CIC has offered voices."""
    coordinator = entry.runtime_data
    async_add_entities([DefaultOutput(coordinator)])
    has_voices = False

    @callback
    def look() -> None:
        nonlocal has_voices
        if not has_voices and _voices(coordinator):
            has_voices = True
            async_add_entities([Voice(coordinator)])

    entry.async_on_unload(coordinator.cloud_state.async_add_listener(look))
    look()


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
        if (
            old is None
            or new is None
            or look_at(old).can_play != look_at(new).can_play
            or old.name != new.name
        ):
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
            if look_at(state).can_play and not self._outputs.is_own(state.entity_id)
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


class Voice(CicEntity, SelectEntity):
    """The voice type, a setting of the account's app, by the names CIC has for the voices."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, coordinator: CicCoordinator) -> None:
        """Choose for one entry."""
        super().__init__(coordinator, "voice_type")
        self._voices: dict[str, str] = {}
        self._read()

    @property
    @override
    def available(self) -> bool:
        """True while CIC offers voices, and can be told of a choice."""
        return super().available and bool(self._voices)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.cloud_state.async_add_listener(self._refresh))
        self._read()

    @override
    async def async_select_option(self, option: str) -> None:
        self.coordinator.cloud_state.set({VOICE: self._voices[option]})

    @callback
    def _refresh(self) -> None:
        self._read()
        self.async_write_ha_state()

    def _read(self) -> None:
        self._voices = _voices(self.coordinator)
        self._attr_options = list(self._voices)
        by_key = {key: option for option, key in self._voices.items()}
        self._attr_current_option = by_key.get(self.coordinator.cloud_state.voice or "")


def _voices(coordinator: CicCoordinator) -> dict[str, str]:
    """Return the keys of the voices by what they are called; of two with one name, by both."""
    offered = coordinator.cloud_state.voice_type
    choices = () if offered is None else offered.choices
    names = [one.name[:LONGEST_NAME] for one in choices]
    return {
        name if names.count(name) == 1 else f"{name} ({one.key[:LONGEST_NAME]})": one.key
        for name, one in zip(names, choices, strict=True)
    }
