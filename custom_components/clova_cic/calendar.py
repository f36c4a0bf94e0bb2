"""The alerts that are set, as a calendar."""

from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.calendar.const import CalendarEntityFeature
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .alert_entity import AlertEntity
from .alerts.alert import Alert
from .alerts.names import Names, async_names, name_of
from .const import DOMAIN
from .coordinator import CicConfigEntry, CicCoordinator

# Nothing is fetched: the alarm clock pushes.
PARALLEL_UPDATES = 0

# An alert is a moment, which a calendar does not have.
LENGTH: Final = timedelta(minutes=1)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CicConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entry's calendar."""
    async_add_entities([AlertCalendar(entry.runtime_data, await async_names(hass))])


class AlertCalendar(AlertEntity, CalendarEntity):
    """Each alert is an event. They are set by voice, or in the service's app."""

    _attr_supported_features = CalendarEntityFeature.DELETE_EVENT
    # what somebody has said is shown, and kept nowhere else
    _unrecorded_attributes = frozenset({"message"})

    def __init__(self, coordinator: CicCoordinator, names: Names) -> None:
        """Show alerts without a label by these names."""
        super().__init__(coordinator, "alerts")
        self._names = names

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._clock.async_add_listener(self.async_update_event_listeners))

    @property
    @override
    def event(self) -> CalendarEvent | None:
        """Return what rings, else the next that will."""
        book = self._clock.book
        return next((self._event(alert) for alert in (*book.active, *book.waiting)), None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        alerts = sorted(self._clock.book.alerts, key=lambda alert: alert.at)
        return [
            self._event(alert)
            for alert in alerts
            if alert.at < end_date and alert.at + LENGTH > start_date
        ]

    @override
    async def async_delete_event(
        self, uid: str, recurrence_id: str | None = None, recurrence_range: str | None = None
    ) -> None:
        alert = next((one for one in self._clock.book.alerts if one.key == uid), None)
        if alert is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_such_alert")
        await self._clock.async_delete(alert)

    @callback
    def _event(self, alert: Alert) -> CalendarEvent:
        start = dt_util.as_local(alert.at)
        return CalendarEvent(
            start=start, end=start + LENGTH, summary=name_of(alert, self._names), uid=alert.key
        )
