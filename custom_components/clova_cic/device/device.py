"""One entry as a device: its state as CIC sees it, and what it does when told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from homeassistant.components.assist_satellite.const import DOMAIN as SATELLITE_DOMAIN
from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..cic.messages import Payload
from ..origin import UNASKED, Origin
from ..playback.music.phases import Phase
from ..playback.music.player import AudioPlayer
from ..playback.output.output import Output
from ..playback.output.outputs import Outputs
from .carrier import Carrier, Order, command_of
from .items import ITEMS, VOLUME, Item, is_volume, item_of
from .mapped import Mapped
from .volume import Volume, volume_state


class Device:
    """What one entry can do beside speaking and playing."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, outputs: Outputs, player: AudioPlayer
    ) -> None:
        """Be what the entry's options, and its output, make of it."""
        self._hass = hass
        self._outputs = outputs
        self._player = player
        self._origin = UNASKED
        self.mapped = Mapped(hass, entry)

    def output_of(self, origin: Origin) -> Output | None:
        """Return where the music is, else where music asked for from there would be."""
        player = self._player
        if player.wants_to_sound or player.phase is Phase.PAUSED:
            return player.output
        return self._outputs.of(origin)

    @contextmanager
    def seen_from(self, origin: Origin) -> Iterator[None]:
        """Tell of the output of a place: what is done there is to be seen in the answer."""
        self._origin = origin
        try:
            yield
        finally:
            self._origin = UNASKED

    def _seen_output(self) -> Output | None:
        return self.output_of(self._spoken_to() if self._origin is UNASKED else self._origin)

    def _spoken_to(self) -> Origin:
        """Return where the user speaks: which satellite that is, no stage of Assist tells before the agent's."""
        listening = [
            satellite.entity_id
            for satellite in self._hass.states.async_all(SATELLITE_DOMAIN)
            if satellite.state == AssistSatelliteState.LISTENING
        ]
        return Origin(satellite_id=listening[0]) if len(listening) == 1 else UNASKED

    # What it tells

    def state(self) -> Payload:
        """Return Device.DeviceState."""
        told: dict[str, Any] = {"localTime": dt_util.now().isoformat(timespec="seconds")}
        output = self._seen_output()
        if output is not None:
            # to CIC, the output is this device's own loudspeaker, however it is reached
            told["soundOutput"] = {"type": "builtin"}
            if (volume := Volume(output).tell()) is not None:
                told[VOLUME] = volume
        for item in ITEMS:
            carrier = self._carrier(item)
            state = None if carrier is None else carrier.tell()
            if item.name is not None and state is not None:
                told[item.name] = state
        return told

    def volume(self) -> Payload:
        """Return Speaker.VolumeState."""
        return volume_state(self._seen_output())

    def overview(self) -> Mapping[str, Any]:
        """Return for diagnostics what is mapped, and what it can be told to do now."""
        found = {}
        for item in ITEMS:
            if (carrier := self._carrier(item)) is not None:
                entity_id = self.mapped.all[item.option]
                found[item.option] = {
                    "entity_id": entity_id,
                    "exists": self._hass.states.get(entity_id) is not None,
                    "told": carrier.tell() is not None,
                    "actions": [*carrier.actions],
                }
        return found

    # What it does

    async def carry_out(self, order: Order, origin: Origin) -> bool:
        """Carry out an order; tell whether that is done, and shows.

        What is not among the actions told is not tried. Raises whatever an action of
        Home Assistant raises.
        """
        if is_volume(order):
            output = self.output_of(origin)
            carrier: Carrier | None = None if output is None else Volume(output)
        else:
            item = item_of(order)
            carrier = None if item is None else self._carrier(item)
        if carrier is None or command_of(order) not in carrier.actions:
            return False
        return await carrier.carry_out(order)

    def _carrier(self, item: Item) -> Carrier | None:
        mapped = self.mapped.all
        entity_id = mapped.get(item.option)
        if entity_id is None:
            return None
        helper_id = None if item.helper is None else mapped.get(item.helper.option)
        return item.carrier(self._hass, entity_id, helper_id)
