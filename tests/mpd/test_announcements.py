"""Speech pushed to a player that cannot announce: what was heard of it, and what CIC was told."""

import asyncio

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from tests.integration.conftest import SetUp
from tests.integration.service import CicService
from tests.integration.test_announcements import FINISHED, STARTED, STOPPED, push_tone, told

from .player import Mpd

pytestmark = pytest.mark.mpd


@pytest.fixture
async def served(
    home: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, mpd_entity: str
) -> str:
    """Serve Home Assistant's pages to mpd; return its entity."""
    assert await async_setup_component(home, DOMAIN, {})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    return mpd_entity


async def test_several_in_order(cic: CicService, set_up: SetUp, mpd: Mpd, served: str) -> None:
    """All of each is heard, though mpd is asked only now and then what it plays."""
    await set_up(cic, options={CONF_MEDIA_PLAYER: served})
    spoken = [("one", 400, 1.5), ("two", 600, 1.0), ("three", 800, 1.2)]
    for token, hertz, seconds in spoken:
        await push_tone(cic, token, hertz, seconds)
    assert await told(cic, 6, patience=30) == [
        (name, token) for token, _, _ in spoken for name in (STARTED, FINISHED)
    ]
    heard = [one for one in await mpd.heard() if one.hertz]
    assert [one.hertz for one in heard] == [hertz for _, hertz, _ in spoken]
    for one, (_, _, seconds) in zip(heard, spoken, strict=True):
        assert one.seconds == pytest.approx(seconds, rel=0.05, abs=0.06)


async def test_stopped_at_mpd(cic: CicService, set_up: SetUp, mpd: Mpd, served: str) -> None:
    """By another program."""
    await set_up(cic, options={CONF_MEDIA_PLAYER: served})
    await push_tone(cic, "one", 400, 8.0)
    assert await told(cic, 1) == [(STARTED, "one")]
    await asyncio.sleep(1.0)  # some of it is heard
    await mpd.tell("stop")
    assert await told(cic, 2, patience=20) == [(STARTED, "one"), (STOPPED, "one")]
