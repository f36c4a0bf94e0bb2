"""The volume of an output as CIC has it: whole steps from 0 to 10."""

from typing import Final, override

from ..cic.interfaces.device_control import Decrease, Increase, SetValue
from ..cic.messages import Payload
from ..playback.output.output import Output
from .carrier import Carrier, LevelOrder, Order, async_shown, level_of

# CIC's volume, from 0 (2018's VolumeState, DeviceState's advice).
LOUDEST: Final = 10
STEP: Final = 1
# Of a player that does not tell its own; VolumeState may not be left out.
UNKNOWN: Final = 5
# Players round: what is within half a step is the step.
_ROUNDED: Final = 0.5 / LOUDEST + 0.001


class Volume(Carrier):
    """Carries `volume`: what people have set, not what it is lowered to for a while."""

    def __init__(self, output: Output) -> None:
        """Touch nothing."""
        self._output = output

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        output = self._output
        if not output.available or not output.can_set_volume or output.content_volume is None:
            return ()
        return ("Increase", "Decrease", "SetValue")

    @override
    def tell(self) -> Payload | None:
        if not self._output.available or (volume := self._output.content_volume) is None:
            return None
        return {
            "actions": [*self.actions],
            "min": 0,
            "max": LOUDEST,
            "value": round(volume * LOUDEST),
        }

    @override
    async def carry_out(self, order: Order) -> bool:
        if not isinstance(order, Increase | Decrease | SetValue):
            return False
        await self._output.refresh()
        level = self._asked(order)
        if level is None:
            return False
        if self._output.muted and level > 0 and not isinstance(order, Decrease):
            await self._unmute()
            level = self._asked(order)
        if level is None:
            return False
        volume = level / LOUDEST
        await self._output.set_content_volume(volume)
        return await self._shows(volume)

    def _asked(self, order: LevelOrder) -> float | None:
        now = self._output.content_volume
        return None if now is None else level_of(order, now * LOUDEST, LOUDEST, STEP)

    async def _unmute(self) -> None:
        """Be heard again; where it was muted by its volume, that is what there is to go on from."""
        output = self._output
        await output.set_muted(False)
        await async_shown(
            output.hass, output.entity_id, lambda: not output.muted, self._output.refresh
        )

    async def _shows(self, volume: float) -> bool:
        output = self._output

        def is_shown() -> bool:
            now = output.content_volume
            return now is not None and abs(now - volume) <= _ROUNDED

        return await async_shown(output.hass, output.entity_id, is_shown, output.refresh)


def volume_state(output: Output | None) -> Payload:
    """Return Speaker.VolumeState: the volume music has, or will have."""
    volume = None if output is None else output.content_volume
    if output is None or volume is None:
        return {"volume": UNKNOWN, "muted": False}
    return {"volume": round(volume * LOUDEST), "muted": output.muted is True}
