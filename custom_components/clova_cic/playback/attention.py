"""Where people and assistants speak: what sounds beside them goes down.

A satellite that listens is spoken to, whichever assistant answers; its dialog lasts
until it is idle again (assist_satellite). One that only announces is not: players
mix announcements themselves. Speech without a satellite (a browser, a phone) may be
anywhere.
"""

from collections.abc import Callable, Iterable
from enum import Enum, auto
from functools import partial
import math
from typing import Final, Protocol

from homeassistant.components.assist_satellite.const import DOMAIN as SATELLITE_DOMAIN
from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.event import TrackStates, async_track_state_change_filtered
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .focus import Claim, Focus, Grant, Kind

# A satellite whose run breaks off may never say so, in seconds. Assist listens for 15 at most.
LONGEST_SILENCE: Final = 120.0
# An answer's sound is minutes at most, in seconds (as playback/sound/ahead.py has it).
LONGEST_ANSWER: Final = 600.0
# Between a question of the assistant and the answer to it a satellite is idle for a moment, in seconds.
LINGERING: Final = 0.5


class Audible(Protocol):
    """What is asked of an output."""

    @property
    def entity_id(self) -> str:
        """The media player."""

    @property
    def focus(self) -> Focus:
        """Who sounds on it."""


class Places(Protocol):
    """What is asked of the outputs of an entry."""

    def of_satellite(self, satellite_id: str) -> Audible | None:
        """Return where what belongs to a satellite sounds."""


class Stage(Enum):
    """Where the dialog of a satellite is."""

    LISTENING = auto()
    THINKING = auto()
    ANSWERING = auto()
    LINGERING = auto()
    """It is idle, and may be about to listen once more; an announcement now is no part of the dialog."""


_OF_STATES: Final = {
    AssistSatelliteState.PROCESSING: Stage.THINKING,
    AssistSatelliteState.RESPONDING: Stage.ANSWERING,
    AssistSatelliteState.IDLE: Stage.LINGERING,
}
STAGES: Final[dict[tuple[Stage, str | None], Stage]] = {
    (stage, state): Stage.LINGERING if stage is Stage.LINGERING else then
    for stage in Stage
    for state, then in _OF_STATES.items()
}
"""What a state makes of a dialog. One that listens begins it anew; any other ends it."""
PATIENCE: Final = {
    Stage.LISTENING: LONGEST_SILENCE,
    Stage.THINKING: LONGEST_SILENCE,
    Stage.ANSWERING: LONGEST_ANSWER,
    Stage.LINGERING: LINGERING,
}


class Speaking:
    """The focus of one dialog on the outputs beside it, until it is over or too long."""

    def __init__(self, hass: HomeAssistant, claims: Iterable[Claim]) -> None:
        """Last until ended, or LONGEST_SILENCE."""
        self._loop = hass.loop
        self._claims = list(claims)
        self._timer = self._loop.call_later(LONGEST_SILENCE, self.end)
        self._latest = math.inf
        self.stage = Stage.LISTENING
        self.is_over = False

    @callback
    def enter(self, stage: Stage) -> None:
        """Go on; a stage lasts no longer than its patience."""
        if stage is not Stage.LINGERING or self.stage is not Stage.LINGERING:
            self.stage = stage
            self.last_for(PATIENCE[stage])

    @callback
    def last_for(self, seconds: float) -> None:
        """End so long from now."""
        self.end_at(min(self._loop.time() + seconds, self._latest))

    @callback
    def end_by(self, when: float) -> None:
        """End by a time of the loop, whatever the satellite says."""
        self._latest = when
        if self.stage is not Stage.LINGERING:
            self.end_at(when)

    @callback
    def end_at(self, when: float) -> None:
        """End at a time of the loop, and not before."""
        self._timer.cancel()
        if not self.is_over:
            self._timer = self._loop.call_at(when, self.end)

    @callback
    def end(self) -> None:
        """Give the focus back; again, nothing happens."""
        self._timer.cancel()
        self.is_over = True
        while self._claims:
            self._claims.pop().release()


class Attention:
    """Watches all satellites of Home Assistant for all entries."""

    def __init__(self, hass: HomeAssistant, every: Callable[[], Iterable[Audible]]) -> None:
        """Learn from every which outputs there are."""
        self._hass = hass
        self._every = every
        self._places: list[Places] = []
        self._satellites: dict[str, Speaking] = {}
        self._overheard: list[Speaking] = []
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._stop)
        async_track_state_change_filtered(
            hass, TrackStates(False, set(), {SATELLITE_DOMAIN}), self._satellite_changed
        )

    @callback
    def async_add(self, places: Places) -> CALLBACK_TYPE:
        """Heed where the satellites of an entry belong; returns what ends that."""
        self._places.append(places)
        return partial(self._places.remove, places)

    @property
    def somebody_listens(self) -> bool:
        """Whether a satellite listens now."""
        return any(
            one.stage is Stage.LISTENING and not one.is_over for one in self._satellites.values()
        )

    @callback
    def at(self, satellite_id: str) -> Speaking | None:
        """Return the dialog of a satellite."""
        return self._satellites.get(satellite_id)

    @callback
    def overhear(self) -> Speaking:
        """Take the focus of all outputs for speech whose place nobody knows; the caller ends it."""
        speaking = Speaking(self._hass, [_claim(output) for output in self._every()])
        self._overheard = [one for one in self._overheard if not one.is_over] + [speaking]
        return speaking

    @callback
    def _stop(self, event: Event) -> None:
        """Give every focus back: volumes are to be what they were when Home Assistant is gone."""
        for speaking in (*self._satellites.values(), *self._overheard):
            speaking.end()

    @callback
    def _satellite_changed(self, event: Event[EventStateChangedData]) -> None:
        satellite_id, old, new = (
            event.data["entity_id"],
            event.data["old_state"],
            event.data["new_state"],
        )
        state = None if new is None else new.state
        if old is not None and old.state == state:
            return
        if state == AssistSatelliteState.LISTENING:
            self._begin(satellite_id)
        elif (speaking := self._satellites.get(satellite_id)) is not None:
            self._go_on(satellite_id, speaking, state)

    def _begin(self, satellite_id: str) -> None:
        """Take the focus beside a satellite, before that of its last dialog is given back."""
        before = self._satellites.get(satellite_id)
        self._satellites[satellite_id] = Speaking(self._hass, self._claims_beside(satellite_id))
        if before is not None:
            before.end()

    def _go_on(self, satellite_id: str, speaking: Speaking, state: str | None) -> None:
        stage = STAGES.get((speaking.stage, state))
        if stage is None or speaking.is_over:
            del self._satellites[satellite_id]
            speaking.end()
        else:
            speaking.enter(stage)

    def _claims_beside(self, satellite_id: str) -> list[Claim]:
        """Take the focus of each output that an entry has beside a satellite."""
        found = (places.of_satellite(satellite_id) for places in self._places)
        outputs = {output.entity_id: output for output in found if output is not None}
        satellite = _Whereabouts(self._hass, satellite_id)
        claims = []
        for output in outputs.values():
            player = _Whereabouts(self._hass, output.entity_id)
            if not player.is_elsewhere(satellite):
                claims.append(_claim(output, exclusive=player.shares_device(satellite)))
        return claims


class _Whereabouts:
    """The device and the area of an entity, as far as anybody has told."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        entry = er.async_get(hass).async_get(entity_id)
        self._device_id = None if entry is None else entry.device_id
        self._area_id = None if entry is None else entry.area_id
        if self._area_id is None and self._device_id is not None:
            device = dr.async_get(hass).async_get(self._device_id)
            self._area_id = None if device is None else device.area_id

    def shares_device(self, other: _Whereabouts) -> bool:
        """Tell whether both are one device: its volume is that of both."""
        return self._device_id is not None and self._device_id == other._device_id

    def is_elsewhere(self, other: _Whereabouts) -> bool:
        """Tell whether both are known to be in different rooms."""
        if self.shares_device(other) or None in (self._area_id, other._area_id):
            return False
        return self._area_id != other._area_id


def _claim(output: Audible, *, exclusive: bool = False) -> Claim:
    return output.focus.request(Kind.DIALOG, _go_on_speaking, exclusive=exclusive, beside=True)


def _go_on_speaking(grant: Grant) -> None:
    """Nothing here can silence a satellite."""


ATTENTION: HassKey[Attention] = HassKey(f"{DOMAIN}.attention")
