"""What rings: the sound of each active alert, where it is to be heard."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

from homeassistant.core import HomeAssistant, callback

from ..origin import Origin
from ..playback.alerts.assets import AssetStore
from ..playback.alerts.ring import Ring, RingEnd
from ..playback.alerts.ringing import Ringing
from ..playback.alerts.sounds import AlertSounds
from ..playback.output.output import Output
from ..playback.output.outputs import Outputs
from ..playback.sound.ahead import Spawn
from .alert import Alert


class Bells:
    """Rings for one entry."""

    def __init__(
        self,
        hass: HomeAssistant,
        outputs: Outputs,
        assets: AssetStore,
        spawn: Spawn,
        events: Counter[str],
    ) -> None:
        """Count in events how rings end."""
        self._hass = hass
        self._outputs = outputs
        self._assets = assets
        self._spawn = spawn
        self._events = events
        self._rings: dict[str, tuple[Alert, Ring]] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._unlisten = outputs.async_add_listener(self._move)

    @callback
    def start(self, alert: Alert, ended: Callable[[], object]) -> None:
        """Ring where the alert was asked for; ended is called once nothing is to be heard any more.

        A player that dies there costs no alarm: the default output rings in its place.

        An alert nobody can hear rings all the same: it is shown, automations act on it, and
        CIC waits for its end.
        """
        outputs = self._where(alert)
        if not outputs:
            self._outputs.ask_for_one()

        def over(how: RingEnd) -> None:
            self._events[f"ring_{how.name.lower()}"] += 1
            del self._rings[alert.token]
            ended()

        sounds = AlertSounds(self._hass, alert.order.type, alert.order.assets, self._assets)
        begin = partial(Ringing, self._hass, sounds, self._spawn, self._events)
        ring = Ring(begin, outputs, over, once=sounds.once)
        self._rings[alert.token] = alert, ring
        ring.start()

    @callback
    def mute(self, token: str) -> None:
        """Let nothing be heard, though it rings on."""
        self._rings[token][1].mute()

    @callback
    def stop(self, token: str, stopped: Callable[[], object]) -> None:
        """Have a ring end; stopped is called when nothing is to be heard any more."""
        if token not in self._rings:
            self._hass.loop.call_soon(stopped)  # everything is being silenced
            return
        _, ring = self._rings.pop(token)
        task = self._spawn(ring.stop(), "ring that stops")
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)
        task.add_done_callback(lambda _: stopped())

    async def async_close(self) -> None:
        """Silence everything: the entry is unloaded. What rang rings again afterwards."""
        self._unlisten()
        rings, self._rings = [ring for _, ring in self._rings.values()], {}
        await asyncio.gather(*(ring.stop() for ring in rings), *self._stopping)

    def _where(self, alert: Alert) -> list[Output]:
        """Return where an alert is to be heard, the best first."""
        outputs = (
            self._outputs.of(Origin(satellite_id=alert.satellite_id)),
            self._outputs.default(),
        )
        return list(dict.fromkeys(one for one in outputs if one is not None))

    def _move(self) -> None:
        """Ring where the user has it ring from now on."""
        for alert, ring in self._rings.values():
            ring.move(self._where(alert))
