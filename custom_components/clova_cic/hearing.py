"""When the sound of an answer is over where it is heard.

A satellite tells: its entity leaves `responding` (assist_satellite). For any other
listener the end is reckoned, from what was given out and how long that plays.
"""

from typing import Any

from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

# A satellite tells of the end up to this much before it, or we reckon it too long, in seconds.
TOLERANCE = 1.0


class Hearing:
    """Follows the sound of one answer to its end. Times are the loop's, in seconds."""

    def __init__(self, hass: HomeAssistant, satellite_id: str | None) -> None:
        """Begin when the agent has its turn: what the satellite plays next is the answer."""
        self._loop = hass.loop
        self._unsubscribe: CALLBACK_TYPE | None = None
        self._left_at: float | None = None
        self._left_for: str | None = None
        self.began: float | None = None
        """When the first of it was given out."""
        self.seconds = 0.0
        """How long what was given out plays."""
        if satellite_id is not None:
            self._unsubscribe = async_track_state_change_event(hass, satellite_id, self._changed)

    @property
    def ended_at(self) -> float | None:
        """When it was, or will be, over; None where nothing tells."""
        if self._left_at is not None:
            return self._left_at
        return None if self.began is None else self.began + self.seconds

    @property
    def interrupted(self) -> bool:
        """Whether the listener spoke into it: the satellite went from responding to listening."""
        if self._left_at is None or self._left_for == AssistSatelliteState.IDLE:
            return False
        return self.began is None or self._left_at < self.began + self.seconds - TOLERANCE

    @callback
    def stop(self) -> None:
        """Follow it no longer."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or old.state != AssistSatelliteState.RESPONDING:
            return
        state: Any = None if new is None else new.state
        if state != AssistSatelliteState.RESPONDING:
            self._left_at, self._left_for = self._loop.time(), state
            self.stop()
