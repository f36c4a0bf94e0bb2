"""Rings for tests: made, followed, and silenced in the end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.interfaces.alerts import AlertType
from custom_components.clova_cic.cic.interfaces.assets import Asset
from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.playback.alerts.assets import AssetStore
from custom_components.clova_cic.playback.alerts.ring import Ring, RingEnd
from custom_components.clova_cic.playback.alerts.ringing import Ringing
from custom_components.clova_cic.playback.alerts.sounds import AlertSounds
from custom_components.clova_cic.playback.output.output import Output
from custom_components.clova_cic.playback.speech.remote import RemoteSounds

ENTRY = "entry"


@dataclass
class Bench:
    """Makes rings, and notes how they end."""

    hass: HomeAssistant
    ends: list[RingEnd] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    rings: list[Ring] = field(default_factory=list)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.hass.async_create_background_task(work, name)

    def store(self) -> AssetStore:
        """Return what keeps sounds, as after a restart."""
        return AssetStore(self.hass, ENTRY, RemoteSounds(self.hass, "Test/1.0"), self.spawn)

    def ring(
        self,
        kind: AlertType = AlertType.ALARM,
        output: Output | None = None,
        assets: tuple[Asset, ...] = (),
        store: AssetStore | None = None,
        instead: Output | None = None,
    ) -> Ring:
        """Return a ring that has started."""
        outputs = [one for one in (output, instead) if one is not None]
        sounds = AlertSounds(self.hass, kind, assets, store or self.store())
        begin = partial(Ringing, self.hass, sounds, self.spawn, self.events)
        ring = Ring(begin, outputs, self.ends.append, once=sounds.once)
        self.rings.append(ring)
        ring.start()
        return ring


def sounding(ring: Ring) -> bool:
    """Whether a player has its sound now."""
    now = None if ring._ringing is None else ring._ringing._round
    return now is not None and now._stream.seconds > 0 and not now._over.done()


@asynccontextmanager
async def make_bench(hass: HomeAssistant, client: ClientSessionGenerator) -> AsyncIterator[Bench]:
    """Yield one; Home Assistant's pages are served where a player can fetch them."""
    for one in (DOMAIN, "media_player"):
        assert await async_setup_component(hass, one, {})
    hass.config.internal_url = f"http://127.0.0.1:{(await client()).port}"
    bench = Bench(hass)
    yield bench
    for one in bench.rings:
        one._finish()
        one._leave()
