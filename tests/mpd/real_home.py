"""A Home Assistant of its own process whose music goes to a real player."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
import json
from pathlib import Path
from typing import Any

from homeassistant.util import dt as dt_util

from custom_components.clova_cic.const import DOMAIN
from script.demo.furnish import (
    choose_output,
    entities_of,
    furnish_entry,
    furnish_pipelines,
    furnish_player,
)
from script.demo.hearing import Heard, Run
from script.demo.sentences import CLOVA
from script.demo.server import Ready
from script.demo.speech import synthesize
from script.demo.state import State
from tests.home_process import HomeProcess
from tests.integration.service import CicService

from .player import Mpd

# Home Assistant's own client of mpd looks every ten seconds, and is slow to begin on a busy machine.
PATIENCE = 40.0


class RealHome(HomeProcess):
    """Home Assistant with an entry for CIC and a client of mpd."""

    def __init__(self, state: State, cic: CicService, mpd: Mpd) -> None:
        """Prepare; start starts."""
        super().__init__(state)
        self.cic = cic
        self.mpd = mpd
        self.entry_id = ""
        self.clova = ""
        """The entity id of the CLOVA player."""

    async def furnish(self) -> None:
        """Click together what there is to be."""
        ready = Ready(
            address=self.cic.address,
            access_token=self.cic.access_token,
            control_token=self.cic.server.control_token,
            ca_file=Path(self.cic.server.ca_file),
        )
        self.entry_id = await furnish_entry(self.api, ready)
        self.clova = (await entities_of(self.api, self.entry_id, ("media_player",)))["media_player"]
        output = await furnish_player(self.api, self.mpd.port)
        await choose_output(self.api, self.entry_id, output)

    # What is done and seen there

    async def say(self, text: str, *, fast: bool = True) -> Heard:
        """Say something to a microphone that is in no room; hear the answer out."""
        # Home Assistant keeps new ones in memory for a while: a kill takes them
        pipeline = (await furnish_pipelines(self.api, self.entry_id))[CLOVA]["id"]
        speech = await synthesize(text, self.state.speech / "said.wav")
        run = Run(self.api, speech, self.state.answers / "answer.mp3", fast=fast)
        return await run.go(pipeline, None)

    async def press(self, action: str) -> None:
        """Press a button of the CLOVA player."""
        await self.api.act("media_player", action, entity_id=self.clova)

    async def shows(self, state: str, title: str) -> None:
        """Wait until the CLOVA player shows this."""

        async def is_shown() -> bool:
            shown = await self.api.state(self.clova)
            return (shown["state"], shown["attributes"].get("media_title")) == (state, title)

        await becomes(is_shown)

    async def position(self) -> float:
        """Return where the track is now, as anybody reckons it from what the CLOVA player shows."""
        shown = (await self.api.state(self.clova))["attributes"]
        since = dt_util.utcnow() - datetime.fromisoformat(shown["media_position_updated_at"])
        return float(shown["media_position"]) + since.total_seconds()

    def stored(self) -> dict[str, Any]:
        """Return what the player remembers on disk."""
        path = self.state.home / ".storage" / f"{DOMAIN}.player.{self.entry_id}"
        return json.loads(path.read_text())["data"] if path.exists() else {}

    # What CIC has heard

    async def told(self) -> list[dict[str, Any]]:
        """Return the events of music."""
        return [one for one in await self.cic.log("event") if one["namespace"] == "AudioPlayer"]

    async def hears(self, *names: str, after: int = 0) -> list[float]:
        """Wait until CIC has heard just this of music; return the offsets, in seconds."""

        async def has_heard() -> bool:
            return len(await self.told()) >= after + len(names)

        await becomes(has_heard)
        events = (await self.told())[after:]
        assert [one["name"] for one in events] == list(names)
        return [one["payload"]["offsetInMilliseconds"] / 1000 for one in events]


async def becomes(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something that has to be asked for is so."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def real_home(folder: Path, cic: CicService, mpd: Mpd) -> AsyncIterator[RealHome]:
    """Yield a Home Assistant that runs, and whose music goes to mpd."""
    state = State(folder)
    with state.locked():
        home = RealHome(state, cic, mpd)
        try:
            await home.start()
            await home.furnish()
            yield home
            await home.kill()
        finally:
            await home.close()
