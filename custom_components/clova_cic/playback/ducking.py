"""Lowers the volume of outputs while speech sounds beside them, and brings it back.

The volume before is on disk before it is touched: it comes back after Home
Assistant was killed, too. It comes back only where the output still has the volume
that was set here: what somebody else has set meanwhile stays.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Final, Protocol, Self

from homeassistant.components.media_player.const import ATTR_MEDIA_VOLUME_LEVEL
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from .focus import Focus

_LOGGER = logging.getLogger(__name__)

# Some 10 dB on most players: music is still there, and speech is understood over it.
FACTOR: Final = 0.3
# Many players are silent below it.
FLOOR: Final = 0.05
# Players round: the coarsest common ones have a dozen and more steps; people's steps are 0.05 and more.
TOLERANCE: Final = 0.04
# After its volume was set, a player's state may show the one before for so long, in seconds.
LAG: Final = 3.0
# What a player refused is tried again after so many seconds each; then when it is next seen, or ducked.
RETRIES: Final = (1.0, 5.0, 20.0)
# As many as any home has media players.
MOST_STORED: Final = 64
STORE_KEY: Final = f"{DOMAIN}.ducking"

type _Stored = dict[str, dict[str, float]]


class Duckable(Protocol):
    """What is asked of an output."""

    @property
    def entity_id(self) -> str:
        """The media player."""

    @property
    def focus(self) -> Focus:
        """Who sounds on it."""

    @property
    def volume(self) -> float | None:
        """What it shows, 0 to 1; None where it shows none."""

    async def refresh(self) -> None:
        """Let what it shows be of now, as far as that can be had soon."""

    async def set_volume(self, volume: float) -> None:
        """Set it; raises HomeAssistantError."""


@dataclass(frozen=True, slots=True)
class Lowered:
    """A volume that was taken down."""

    before: float
    lowered: float

    @classmethod
    def of(cls, before: float) -> Self:
        """Return what becomes of a volume."""
        return cls(before, round(max(before * FACTOR, FLOOR), 2))

    def is_shown(self, volume: float) -> bool:
        """Tell whether an output shows what was set here."""
        return abs(volume - self.lowered) <= TOLERANCE

    def is_undone(self, volume: float) -> bool:
        """Tell whether an output shows the volume there was: a state that lags may, too."""
        return abs(volume - self.before) <= TOLERANCE


class Ducking:
    """The volumes of all outputs of Home Assistant."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Touch nothing yet."""
        self.hass = hass
        self._duckers: dict[str, Ducker] = {}
        self._store: Store[_Stored] = Store(hass, 1, STORE_KEY)
        self._stored: _Stored = {}

    async def async_load(self, output_of: Callable[[str], Duckable]) -> None:
        """Bring back the volumes that an earlier run of Home Assistant left down."""
        stored = await self._store.async_load()
        for entity_id, volumes in (stored or {}).items():
            try:
                lowered = Lowered(float(volumes["before"]), float(volumes["lowered"]))
            except KeyError, TypeError, ValueError:
                continue  # somebody has edited the file
            self._stored[entity_id] = _as_stored(lowered)
            self.watch(output_of(entity_id)).take_over(lowered)

    @callback
    def watch(self, output: Duckable) -> Ducker:
        """Lower an output from now on whenever its focus says so."""
        ducker = self._duckers.get(output.entity_id)
        if ducker is None:
            ducker = self._duckers[output.entity_id] = Ducker(self, output)
        return ducker

    @property
    def outputs(self) -> list[Duckable]:
        """All outputs that are watched."""
        return [ducker.output for ducker in self._duckers.values()]

    @callback
    def undone(self, entity_id: str, volume: float) -> float:
        """Return the volume an output would show without what was done to it here."""
        ducker = self._duckers.get(entity_id)
        return volume if ducker is None else ducker.undone(volume)

    async def async_postpone(self, entity_id: str, volume: float) -> bool:
        """Have an output come back with another volume; tell whether it is down now."""
        ducker = self._duckers.get(entity_id)
        return ducker is not None and await ducker.postpone(volume)

    async def async_store(self, entity_id: str, lowered: Lowered | None) -> None:
        """Keep on disk what is to be undone on an output, or that nothing is."""
        self._stored.pop(entity_id, None)
        if lowered is not None:
            self._stored[entity_id] = _as_stored(lowered)
        while len(self._stored) > MOST_STORED:
            self._stored.pop(next(iter(self._stored)))
        await self._store.async_save(self._stored)


class Ducker:
    """The volume of one output. One thing is done to it at a time, the newest wish last."""

    def __init__(self, ducking: Ducking, output: Duckable) -> None:
        """Watch its focus."""
        self._hass = ducking.hass
        self._ducking = ducking
        self.output = output
        self._lowered: Lowered | None = None
        """What is to be undone."""
        self._past: tuple[Lowered, float] | None = None
        """What was undone last, and when: a state that lags still shows it."""
        self._heeded = False
        """The latest wish of the focus that was seen to."""
        self._working: asyncio.Task[None] | None = None
        self._refused = 0
        self._unwatch_player: CALLBACK_TYPE | None = None
        self._retry: asyncio.TimerHandle | None = None
        output.focus.watch(self._heed)

    @callback
    def take_over(self, lowered: Lowered) -> None:
        """Undo what was done before Home Assistant started, once the output is there."""
        if self._lowered is None:
            self._lowered = lowered
            self._try_again()

    @callback
    def undone(self, volume: float) -> float:
        """Return a volume this output shows as it would be without ducking, also where the state lags."""
        for lowered in (self._lowered, self._undone_lately()):
            if lowered is not None and lowered.is_shown(volume):
                return lowered.before
        return volume

    async def postpone(self, volume: float) -> bool:
        """Come back with another volume; tell whether it is down now.

        While it goes down or comes back, that is waited for: it would end at the volume before.
        """
        while self._working is not None:
            await asyncio.wait({self._working})
        lowered, shown = self._lowered, self.output.volume
        if lowered is None or not self.output.focus.lowered:
            return False
        if shown is None or not lowered.is_shown(shown):
            return False
        await self._remember(Lowered(volume, lowered.lowered))
        return True

    def _undone_lately(self) -> Lowered | None:
        if self._past is None or self._hass.loop.time() - self._past[1] > LAG:
            return None
        return self._past[0]

    @callback
    def _heed(self) -> None:
        """Do what the focus wishes, unless that is under way."""
        if self._working is None and self._heeded is not self.output.focus.lowered:
            self._work()

    @callback
    def _try_again(self) -> None:
        """Bring the volume back, unless it is to be down."""
        self._cancel_retry()
        if self._working is None and self._lowered is not None:
            self._heeded = True
            self._heed()

    def _work(self) -> None:
        name = f"{DOMAIN} ducking of {self.output.entity_id}"
        self._working = self._hass.async_create_background_task(
            self._see_to_it(), name, eager_start=False
        )

    async def _see_to_it(self) -> None:
        """Lower and bring back until the focus wishes nothing else."""
        try:
            while self._heeded is not (wish := self.output.focus.lowered):
                self._heeded = wish
                await (self._lower() if wish else self._bring_back())
        finally:
            self._working = None

    async def _lower(self) -> None:
        await self.output.refresh()
        shown = self.output.volume
        if shown is None:
            return
        before = self.undone(shown)
        lowered = Lowered.of(before)
        if lowered.lowered >= before:
            return  # it is soft enough
        await self._remember(lowered)
        if self.output.focus.lowered:
            await self._set(lowered.lowered)

    async def _bring_back(self) -> None:
        if (lowered := self._lowered) is None:
            return
        await self.output.refresh()
        shown = self.output.volume
        if shown is None:
            self._wait_for_player()
            return
        if lowered.is_shown(shown) or lowered.is_undone(shown):
            if not await self._set(lowered.before):
                self._bring_back_later()
                return
        self._past = (lowered, self._hass.loop.time())
        await self._remember(None)

    async def _remember(self, lowered: Lowered | None) -> None:
        self._lowered = lowered
        self._refused = 0
        self._cancel_retry()
        self._unwatch()
        await self._ducking.async_store(self.output.entity_id, lowered)

    async def _set(self, volume: float) -> bool:
        """Set the volume; tell whether the player took it."""
        try:
            await self.output.set_volume(volume)
        except HomeAssistantError as err:
            name = type(err).__name__  # its text may hold addresses
            _LOGGER.debug("The volume of %s was not set: %s", self.output.entity_id, name)
            return False
        return True

    # What cannot be brought back now

    def _bring_back_later(self) -> None:
        """Try again after a while, or when the player comes back."""
        self._wait_for_player()
        if self._refused < len(RETRIES):
            self._retry = self._hass.loop.call_later(RETRIES[self._refused], self._try_again)
        self._refused += 1

    def _wait_for_player(self) -> None:
        if self._unwatch_player is None:
            self._unwatch_player = async_track_state_change_event(
                self._hass, self.output.entity_id, self._player_changed
            )

    @callback
    def _player_changed(self, event: Event[EventStateChangedData]) -> None:
        """Try again when the player shows a volume where it showed none."""
        old, new = event.data["old_state"], event.data["new_state"]
        had, has = (
            state is not None and state.attributes.get(ATTR_MEDIA_VOLUME_LEVEL) is not None
            for state in (old, new)
        )
        if has and not had:
            self._try_again()

    def _cancel_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _unwatch(self) -> None:
        if self._unwatch_player is not None:
            self._unwatch_player()
            self._unwatch_player = None


def _as_stored(lowered: Lowered) -> dict[str, float]:
    return {"before": lowered.before, "lowered": lowered.lowered}


DUCKING: HassKey[Ducking] = HassKey(f"{DOMAIN}.ducking")


@callback
def async_ducking(hass: HomeAssistant) -> Ducking:
    """Return what lowers the volumes of Home Assistant's outputs."""
    if DUCKING not in hass.data:
        hass.data[DUCKING] = Ducking(hass)
    return hass.data[DUCKING]
