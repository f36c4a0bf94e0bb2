"""Entities with a level, with channels, or with a charge."""

from typing import Final, override

from homeassistant.components.light.const import (
    ATTR_BRIGHTNESS,
    ATTR_BRIGHTNESS_PCT,
    ATTR_SUPPORTED_COLOR_MODES,
)
from homeassistant.components.light.helper import brightness_supported
from homeassistant.components.media_player.const import (
    ATTR_INPUT_SOURCE,
    ATTR_INPUT_SOURCE_LIST,
    ATTR_MEDIA_CONTENT_ID,
    ATTR_MEDIA_CONTENT_TYPE,
    SERVICE_PLAY_MEDIA,
    SERVICE_SELECT_SOURCE,
    MediaPlayerEntityFeature as Feature,
    MediaType,
)
from homeassistant.const import (
    SERVICE_MEDIA_NEXT_TRACK,
    SERVICE_MEDIA_PREVIOUS_TRACK,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
    STATE_STANDBY,
)

from ..cic.interfaces.device_control import Decrease, Increase, SetValue
from ..cic.messages import Payload
from ..playback.output.seen import look_at, number
from .carrier import EntityCarrier, Order, level_of

BRIGHTEST: Final = 100
BRIGHTNESS_STEP: Final = 10
# What Home Assistant calls full brightness.
_FULL: Final = 255
# Brightness is rounded on its way there and back.
_ROUNDED: Final = 1.0
# Further than that nobody switches one by one.
MOST_CHANNELS: Final = 20


class Brightness(EntityCarrier):
    """A light, from 0 to 100; 0 is off."""

    @property
    def _level(self) -> float | None:
        state = self.state
        if state is None:
            return None
        if state.state == STATE_OFF:
            return 0.0
        brightness = number(state.attributes.get(ATTR_BRIGHTNESS))
        return None if brightness is None else min(brightness / _FULL, 1.0) * BRIGHTEST

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        state = self.state
        modes = None if state is None else state.attributes.get(ATTR_SUPPORTED_COLOR_MODES)
        if self._level is None or not brightness_supported(_texts(modes)):
            return ()
        return ("Increase", "Decrease", "SetValue")

    @override
    def tell(self) -> Payload | None:
        level = self._level
        if level is None:
            return None
        return {"actions": [*self.actions], "min": 0, "max": BRIGHTEST, "value": round(level)}

    @override
    async def carry_out(self, order: Order) -> bool:
        now = self._level
        if now is None or not isinstance(order, Increase | Decrease | SetValue):
            return False
        asked = level_of(order, now, BRIGHTEST, BRIGHTNESS_STEP)
        if asked is None:
            return False
        wanted = round(asked)
        if wanted:
            await self.call(SERVICE_TURN_ON, **{ATTR_BRIGHTNESS_PCT: wanted})
        else:
            await self.call(SERVICE_TURN_OFF)
        return await self.shows(
            lambda: (level := self._level) is not None and abs(level - wanted) <= _ROUNDED
        )


class Channel(EntityCarrier):
    """A player with channels: one after another, by a source's name, or as media to be played.

    How it is cannot be told: Device.DeviceState has no place for that.
    """

    @property
    @override
    def actions(self) -> tuple[str, ...]:
        found = []
        if self._has(Feature.NEXT_TRACK):
            found.append("Increase")
        if self._has(Feature.PREVIOUS_TRACK):
            found.append("Decrease")
        if self._has(Feature.PLAY_MEDIA) or self._sources:
            found.append("SetValue")
        return tuple(found)

    def _has(self, feature: Feature) -> bool:
        state = self.state
        if state is None or state.state in (STATE_OFF, STATE_STANDBY):
            return False
        return look_at(state).has(feature)

    @property
    def _sources(self) -> dict[str, str]:
        """The sources that can be selected, by their names in lower case."""
        state = self.state
        if state is None or not self._has(Feature.SELECT_SOURCE):
            return {}
        sources = _texts(state.attributes.get(ATTR_INPUT_SOURCE_LIST))
        return {source.casefold(): source for source in sources}

    @override
    def tell(self) -> Payload | None:
        return None if self.state is None else {"actions": [*self.actions]}

    @override
    async def carry_out(self, order: Order) -> bool:
        match order:
            case Increase():
                return await self._step(SERVICE_MEDIA_NEXT_TRACK, order)
            case Decrease():
                return await self._step(SERVICE_MEDIA_PREVIOUS_TRACK, order)
            case SetValue(value=str() as value):
                return await self._select(value)
            case _:
                return False

    async def _step(self, action: str, order: Increase | Decrease) -> bool:
        times = 1 if order.value is None else number(order.value)
        if times is None or times > MOST_CHANNELS:
            return False
        for _ in range(round(times)):
            await self.call(action)
        return True

    async def _select(self, value: str) -> bool:
        source = self._sources.get(value.casefold())
        if source is not None:
            await self.call(SERVICE_SELECT_SOURCE, **{ATTR_INPUT_SOURCE: source})
        elif self._has(Feature.PLAY_MEDIA):
            media = {ATTR_MEDIA_CONTENT_TYPE: MediaType.CHANNEL, ATTR_MEDIA_CONTENT_ID: value}
            await self.call(SERVICE_PLAY_MEDIA, **media)
        else:
            return False
        return True


class Battery(EntityCarrier):
    """A sensor of the charge in percent, and perhaps one that tells whether it grows."""

    @override
    def tell(self) -> Payload | None:
        state = self.state
        charge = None if state is None else number(state.state)
        if charge is None:
            return None
        charging = self.look(self._helper_id)
        return {
            "actions": [],
            "value": round(min(charge, 100)),
            "charging": charging is not None and charging.state == STATE_ON,
        }


def _texts(values: object) -> list[str]:
    """Return the texts in an attribute that should be a list of them."""
    return [str(one) for one in values] if isinstance(values, list | tuple | set) else []
