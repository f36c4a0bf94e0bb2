"""The speech of an answer at a satellite that has no voice for it.

Whose run does not end in our text-to-speech plays none of the answer's sound: its
satellite speaks with another voice, or is silent. Which of both shows when it leaves
`processing`: for `responding`, or not. What nobody spoke is announced.
"""

import asyncio
from typing import Final

from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event

from .cic import CicError
from .playback.speech.announce import Announcer
from .turn import Outcome, Turn

# From the end of an answer to the end of its run, in seconds: then it was no run of the satellite's.
UNDECIDED: Final = 10.0


@callback
def may_be_unheard(hass: HomeAssistant, satellite_id: str | None) -> bool:
    """Tell whether a satellite waits for an answer it may have no voice for."""
    state = None if satellite_id is None else hass.states.get(satellite_id)
    return state is not None and state.state == AssistSatelliteState.PROCESSING


class Unheard:
    """Waits until it shows who speaks an answer. Turn.unheard."""

    def __init__(self, hass: HomeAssistant, turn: Turn, announcer: Announcer) -> None:
        """Watch the satellite of a turn whose sound is kept."""
        assert turn.origin.satellite_id is not None
        self._turn = turn
        self._announcer = announcer
        self._loop = hass.loop
        self._timer: asyncio.TimerHandle | None = None
        self._unsubscribe: CALLBACK_TYPE | None = async_track_state_change_event(
            hass, turn.origin.satellite_id, self._changed
        )

    @property
    def waiting(self) -> bool:
        """True until it is decided."""
        return self._unsubscribe is not None

    @callback
    def closed(self) -> None:
        """Wait no longer than the run may: the turn is over."""
        if self._turn.record.outcome is Outcome.ANSWERED:
            self._timer = self._loop.call_later(UNDECIDED, self.drop)
        else:
            self.drop()

    @callback
    def drop(self) -> None:
        """Let go of the sound: somebody else has spoken, or nobody wants it."""
        self._stop()
        if self._turn.answer is not None:
            self._turn.answer.drop_kept()

    def _stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        state = None if new is None else new.state
        if old is None or old.state != AssistSatelliteState.PROCESSING or state == old.state:
            return
        if state == AssistSatelliteState.RESPONDING:
            self.drop()
        elif self._turn.record.outcome is Outcome.ANSWERED:
            self._announce()
        else:
            self.drop()

    def _announce(self) -> None:
        self._stop()
        answer = self._turn.answer
        assert answer is not None
        for speak in answer.take_kept():
            try:
                self._announcer.announce(speak, answer.attachment, self._turn.origin)
            except CicError:
                break  # more sounds than one answer may have
