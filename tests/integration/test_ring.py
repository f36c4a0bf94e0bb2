"""An alert rings on a media player: heard for as long as it is to be, silent when it is not."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.cic.interfaces.alerts import AlertType
from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.playback.alerts import stream
from custom_components.clova_cic.playback.alerts.assets import AssetStore
from custom_components.clova_cic.playback.alerts.ring import Ring, RingEnd
from custom_components.clova_cic.playback.alerts.sounds import AlertSounds
from custom_components.clova_cic.playback.output.output import Output, async_output
from custom_components.clova_cic.playback.speech.remote import RemoteSounds

from .loudspeaker import Loudspeaker, add_loudspeakers
from .service import until
from .tones import measured, tones

PLAYER = "media_player.loudspeaker"
ALARM = [900] * 4 + [1100] * 4
"""The bell of an alarm, as it is measured."""
# Nothing is heard so long after a ring was stopped, in seconds.
SILENCE = 2.0


@dataclass
class Bench:
    """Makes rings, and notes how they end."""

    hass: HomeAssistant
    ends: list[RingEnd] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)
    rings: list[Ring] = field(default_factory=list)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self.hass.async_create_background_task(work, name)

    def ring(
        self,
        kind: AlertType = AlertType.ALARM,
        output: Output | None = None,
        ended: Callable[[RingEnd], None] | None = None,
    ) -> Ring:
        """Return a ring that has started."""
        store = AssetStore(self.hass, "entry", RemoteSounds(self.hass, "Test/1.0"), self.spawn)
        ring = Ring(
            self.hass,
            output=output,
            sounds=AlertSounds(self.hass, kind, (), store),
            spawn=self.spawn,
            ended=ended or self.ends.append,
            events=self.events,
        )
        self.rings.append(ring)
        ring.start()
        return ring


@pytest.fixture
async def bench(home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> Any:
    """Serve Home Assistant's pages where a player can fetch them."""
    for one in (DOMAIN, "media_player"):
        assert await async_setup_component(home, one, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    bench = Bench(home)
    yield bench
    for one in bench.rings:
        one.close()


@pytest.fixture(params=[False, True], ids=["plays", "announces"])
async def speaker(home: HomeAssistant, bench: Bench, request: pytest.FixtureRequest) -> Loudspeaker:
    """Add a player."""
    speaker = Loudspeaker(announces=request.param)
    await add_loudspeakers(home, speaker)
    return speaker


def output_of(hass: HomeAssistant) -> Output:
    return async_output(hass, PLAYER)


async def test_heard_for_several_rounds(
    hass: HomeAssistant, bench: Bench, speaker: Loudspeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is whole, and the next begins when it is over; stopped, nothing is heard any more."""
    monkeypatch.setattr(stream, "ROUND", 2.0)
    ring = bench.ring(output=output_of(hass))
    await until(lambda: len(speaker.played) == 3 and speaker.played[2].sound)
    assert ring.sounding
    loop = asyncio.get_running_loop()
    asked = loop.time()
    await ring.stop()
    assert not ring.sounding
    await until(lambda: speaker.played[-1].ended)
    assert max(speaker.played[-1].ended, loop.time()) - asked < SILENCE
    first, second, _ = speaker.played
    for one in (first, second):
        assert tones(await measured(one.sound)) == ALARM
        assert one.announce
        assert one.whole
    assert second.began - first.ended < 1.0
    await asyncio.sleep(0.2)
    assert len(speaker.played) == 3
    assert bench.ends == []
    assert not bench.events
