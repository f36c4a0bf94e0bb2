"""What happens in an entry as event entities, for automations: one for each kind."""

from typing import Final, override

from homeassistant.components.event import EventEntity
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bots.entry import is_bot_entry
from .bots.event import BotEvent
from .const import CONF_RECORD_WORDS
from .coordinator import CicConfigEntry, CicCoordinator
from .entity import CicEntity
from .occurrences import TYPES, Kind, Occurrence

# Nothing is fetched: the connection pushes.
PARALLEL_UPDATES = 0

# These happen at home, and also while CIC is away.
_AT_HOME: Final = frozenset({Kind.ALERT, Kind.ANSWER})


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an event entity for each kind."""
    if is_bot_entry(entry):
        async_add_entities([BotEvent(entry)])
        return
    async_add_entities(
        [CicEvent(entry.runtime_data, kind) for kind in TYPES if kind is not Kind.MESSAGE]
    )


class CicEvent(CicEntity, EventEntity):
    """The last thing of its kind. States are recorded: words stand here only where the user wants that."""

    def __init__(self, coordinator: CicCoordinator, kind: Kind) -> None:
        """Tell of one kind."""
        super().__init__(coordinator, kind.value)
        self._kind = kind
        self._attr_event_types = list(TYPES[kind])
        if kind is Kind.DIRECTIVE:  # every message, for those who know the protocol
            self._attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def available(self) -> bool:
        """True while anything of its kind can happen."""
        return self._kind in _AT_HOME or super().available

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.occurrences.async_listen(self._happened))

    @callback
    def _happened(self, occurrence: Occurrence) -> None:
        if occurrence.kind is not self._kind:
            return
        attributes = dict(occurrence.data)
        if self.coordinator.config_entry.options.get(CONF_RECORD_WORDS, False):
            attributes |= occurrence.words
        self._trigger_event(occurrence.type, attributes)
        self.async_write_ha_state()
