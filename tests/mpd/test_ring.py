"""An alert on a real player: heard round after round, stopped, and brought back where the player was away."""

import asyncio
from collections.abc import AsyncIterator
import itertools

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_component import async_update_entity
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.playback.alerts import stream
from custom_components.clova_cic.playback.alerts.ring import RingEnd
from custom_components.clova_cic.playback.music.phases import Phase
from custom_components.clova_cic.playback.output.output import Output, async_output
from tests.integration.rings import Bench, make_bench, sounding
from tests.integration.service import until
from tests.integration.test_ring import ALARM, SILENCE, now
from tests.integration.tones import tones

from . import test_who_may_sound
from .evening import Evening
from .player import AHEAD, Mpd

pytestmark = pytest.mark.mpd

house = test_who_may_sound.house


@pytest.fixture
async def bench(
    home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> AsyncIterator[Bench]:
    async with make_bench(home, hass_client_no_auth) as bench:
        yield bench


@pytest.fixture
def output(hass: HomeAssistant, bench: Bench, mpd_entity: str) -> Output:
    return async_output(hass, mpd_entity)


async def test_two_rounds(
    bench: Bench, mpd: Mpd, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is heard whole; then nothing more."""
    monkeypatch.setattr(stream, "ROUND", 4.0)
    ring = bench.ring(output=output)
    # two rounds of two bells each, and a little of the third
    await until(lambda: mpd.recorded > 10.2, 30)
    asked = now()
    await ring.stop()
    assert now() - asked < SILENCE
    assert (await mpd.status())["state"] == "stop"
    await asyncio.sleep(AHEAD)
    recorded = mpd.recorded
    await asyncio.sleep(1.0)
    assert mpd.recorded == recorded
    sounded = await mpd.heard()
    assert tones(sounded)[: 4 * len(ALARM)] == ALARM * 4
    assert bench.ends == []
    assert not bench.events


async def test_stopped_at_mpd(hass: HomeAssistant, bench: Bench, mpd: Mpd, output: Output) -> None:
    """By another program: what it fetched is let go, so mpd is asked at once."""
    bench.ring(output=output)
    await until(lambda: mpd.recorded > 2.0)
    await mpd.tell("stop")
    await until(lambda: bench.ends)
    assert bench.ends == [RingEnd.STOPPED]
    assert (await mpd.status())["state"] == "stop"


async def test_mpd_is_killed(hass: HomeAssistant, bench: Bench, mpd: Mpd, output: Output) -> None:
    """It rings again once mpd is back."""
    ring = bench.ring(output=output)
    await until(lambda: mpd.recorded > 2.0)
    await mpd.stop(kill=True)
    await until(lambda: bench.events["ring_failed"], 20)
    before = mpd.recorded
    await mpd.start()
    await async_update_entity(hass, output.entity_id)
    await until(lambda: mpd.recorded > before + 1.0, 30)
    await ring.stop()
    assert bench.ends == []


async def test_music_comes_back(house: Evening) -> None:
    """Where it was; CIC hears nothing of it."""
    output = async_output(house.hass, house.output)
    bench = Bench(house.hass)
    await until(lambda: house.mpd.recorded > 2)
    ring = bench.ring(output=output)
    await until(lambda: sounding(ring))
    before = house.mpd.recorded
    await until(lambda: house.mpd.recorded > before + 2)
    assert house.player.phase is not Phase.STOPPED
    await ring.stop()
    await until(lambda: house.player.phase is Phase.PLAYING)
    await house.mpd_is("play")
    assert await house.told() == ["PlayStarted"]
    assert not await house.illegal()
    heard = [hertz for hertz, _ in itertools.groupby(tones(await house.mpd.heard()))]
    assert [hertz for hertz in heard if hertz in (900, 1100)][:2] == [900, 1100]
