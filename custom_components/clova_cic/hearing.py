"""When the sound of an answer is over where it is heard.

A satellite tells: its entity leaves `responding` (assist_satellite). For any other
listener the end is reckoned, from what was given out and how long that plays. A sound
that is stopped has ended: satellites tell alike of one that was and one that was not.
"""

from collections.abc import Callable

from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .speech_reports import TOLERANCE, Telling

_PLAYS_NEXT = frozenset({AssistSatelliteState.PROCESSING, AssistSatelliteState.RESPONDING})


class Hearing:
    """Follows the sound of one answer to its end. Times are the loop's, in seconds."""

    def __init__(
        self,
        hass: HomeAssistant,
        satellite_id: str | None,
        on_end: Callable[[float], None],
        telling: Telling,
    ) -> None:
        """Begin when the agent has its turn: what the satellite plays next is the answer.

        on_end is given the time of the end, a reckoned one ahead of it. telling
        tells CIC of it.
        """
        self.telling = telling
        self._loop = hass.loop
        self._on_end = on_end
        self._began: float | None = None
        self._seconds = 0.0
        self._left_for: str | None = None
        self._unsubscribe: CALLBACK_TYPE | None = None
        self._stop_sound: Callable[[], None] | None = None
        self.ended_at: float | None = None
        """When it was, or by reckoning will be, over; None where nothing has told."""
        if satellite_id is not None:
            self._unsubscribe = async_track_state_change_event(hass, satellite_id, self._changed)

    @property
    def interrupted(self) -> bool:
        """Whether the listener spoke into it: the satellite went from responding to listening."""
        if self.ended_at is None or self._left_for != AssistSatelliteState.LISTENING:
            return False
        return self._began is None or self.ended_at < self._began + self._seconds - TOLERANCE

    @callback
    def follow(self, stop_sound: Callable[[], None]) -> None:
        """Call this when nobody listens any more: Assist itself reads a sound to its end."""
        self._stop_sound = stop_sound

    @callback
    def given_out(self, began: float, seconds: float) -> None:
        """Take when the first of all the sound was given out, and how long it plays."""
        self._began, self._seconds, self._stop_sound = began, seconds, None
        self.telling.given_out()
        if self._unsubscribe is None and self.ended_at is None:
            self._end(began + seconds)

    @callback
    def stop(self) -> None:
        """Follow it no longer: nobody listens any more."""
        self._unfollow()
        self.telling.stop()
        if self._stop_sound is not None:
            self._stop_sound()
            self._stop_sound = None

    def _unfollow(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or old.state not in _PLAYS_NEXT:
            return
        state = None if new is None else new.state
        # a run without any sound goes from processing to idle
        if state not in _PLAYS_NEXT:
            self._left_for = state if old.state == AssistSatelliteState.RESPONDING else None
            self.telling.over()
            self._end(self._loop.time())

    @callback
    def _end(self, at: float) -> None:
        # the sound is not stopped: some satellites say that they are idle while they play
        self.ended_at = at
        self._unfollow()
        self._on_end(at)
