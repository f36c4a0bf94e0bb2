"""Home Assistant pauses the room's players by itself: the output and the CLOVA player, together."""

from collections.abc import AsyncIterator

from homeassistant.components.assist_pipeline import PipelineEventType
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic.playback.music.phases import Phase
from tests.integration.conftest import SetUp
from tests.integration.service import CicService, until

from .evening import Evening, evening
from .player import Mpd

pytestmark = pytest.mark.mpd


@pytest.fixture
async def house(
    home: HomeAssistant, cic: CicService, set_up: SetUp, mpd: Mpd, mpd_entity: str
) -> AsyncIterator[Evening]:
    """Furnish a kitchen whose assistant prefers to handle commands locally; music plays."""
    assert await async_setup_component(home, "conversation", {})
    assert await async_setup_component(home, "intent", {})
    async with evening(home, cic, set_up, mpd, mpd_entity, prefer_local_intents=True) as house:
        await house.say("play music")
        await house.mpd_is("play")
        await house.shows("playing")
        yield house


async def test_pause_and_resume(house: Evening) -> None:
    """Both are told to pause at once; one pause comes of it, and CIC is told once."""
    run = await house.say("pause the music")
    assert run.data(PipelineEventType.INTENT_END)["processed_locally"]
    await house.mpd_is("pause")
    await house.shows("paused")
    await house.hears("PlayStarted", "PlayPaused")
    assert house.player.phase is Phase.PAUSED

    await house.say("resume the music")
    await house.mpd_is("play")
    await house.shows("playing")
    await house.hears("PlayStarted", "PlayPaused", "PlayResumed")
    await until(lambda: house.player.phase is Phase.PLAYING)
    assert not await house.illegal()
