"""A house whose voice cloud answers by itself in the test's own loop: for turns one after another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.clova_cic.coordinator import CicCoordinator
from tests.peer.voice import VoiceCic, voice_cic

from .conftest import SetUp, data_for_peer
from .house import Satellite, make_pipeline, make_satellites
from .service import CicService, until


async def noise(seconds: float = 5.0) -> AsyncIterator[bytes]:
    """Yield what a microphone gives, faster than a room does: the cloud says when to stop."""
    for _ in range(int(seconds * 50)):
        yield bytes(640)
        await asyncio.sleep(0)


@dataclass
class Voices:
    """The cloud, our entry and the satellites."""

    cloud: VoiceCic
    coordinator: CicCoordinator
    pipeline: str
    satellites: list[Satellite]

    @property
    def outcomes(self) -> list[str]:
        """How the latest turns ended."""
        return [turn["outcome"] for turn in self.coordinator.turns.recent]

    @property
    def dialogs(self) -> list[str]:
        """What became of the dialogs at the cloud."""
        tally = self.cloud.tally
        return ["executed"] * tally.completed + ["reset"] * tally.reset

    async def settled(self, turns: int) -> None:
        """Wait until so many turns are over, here and at the cloud."""
        await until(lambda: len(self.outcomes) == turns)
        await until(lambda: all(one.is_idle for one in self.cloud.connections))


@asynccontextmanager
async def voices(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, *rooms: str, **settings: Any
) -> AsyncIterator[Voices]:
    """Run such a house; settings are the cloud's."""
    async with voice_cic(**settings) as cloud:
        coordinator = await set_up(cic, **data_for_peer(cloud.port))
        pipeline = await make_pipeline(hass)
        satellites = await make_satellites(hass, pipeline, *(rooms or ("Kitchen",)))
        try:
            yield Voices(cloud, coordinator, pipeline, satellites)
        finally:
            await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
