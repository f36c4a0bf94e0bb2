"""The automations of the demonstration (home/configuration.yaml): that each has run, by its traces over WebSocket."""

import asyncio
from typing import Any

from .failure import Failure, Source
from .home_api import HomeApi

# Those that run within the whole show, and where each keeps what it was told.
SHOWN = {
    "demo_directive": "input_text.pushed",
    "demo_speech": "input_text.said",
    "demo_alarm": "input_text.rings",
}
RUN_SECONDS = 15.0


class Automations:
    """What has run since it was asked for."""

    def __init__(self, api: HomeApi, earlier: dict[str, set[str]]) -> None:
        """Use begin instead."""
        self._api = api
        self._earlier = earlier

    @classmethod
    async def begin(cls, api: HomeApi) -> Automations:
        """Leave out the runs of earlier demonstrations."""
        earlier = {name: {one["run_id"] for one in await _runs(api, name)} for name in SHOWN}
        return cls(api, earlier)

    async def show(self) -> list[str]:
        """Return a line for each: what it began with, and what it kept; raises Failure where one did not run."""
        return [await self._one(name, kept) for name, kept in SHOWN.items()]

    async def _one(self, name: str, kept: str) -> str:
        try:
            async with asyncio.timeout(RUN_SECONDS):
                while (run := await self._finished(name)) is None:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Failure(f"The automation {name} did not run.", Source.HOME) from None
        value = (await self._api.state(kept))["state"]
        return f"{name}: {run['trigger']} → {value}"

    async def _finished(self, name: str) -> dict[str, Any] | None:
        new = [
            run
            for run in await _runs(self._api, name)
            if run["run_id"] not in self._earlier[name] and run["script_execution"] == "finished"
        ]
        return new[-1] if new else None


async def _runs(api: HomeApi, name: str) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = await api.command("trace/list", domain="automation", item_id=name)
    return runs
