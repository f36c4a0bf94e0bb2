"""A Home Assistant that does with what it discovers as a person would, for a process of its own.

    python -m tests.discovery.home FOLDER TOKEN

Prints a line of JSON for each thing that has happened: what was found, what became of it, and
where the entry's server is then.
"""

import asyncio
import json
import logging
from pathlib import Path
import sys
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from tests.kill.minimal_home import started

DOMAIN = "clova_cic"
# Multicast DNS asks again after seconds; on a busy machine everything takes its time.
PATIENCE = 60.0


def _tell(**what: Any) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


async def _until(condition: Any) -> Any:
    async with asyncio.timeout(PATIENCE):
        while not (found := condition()):
            await asyncio.sleep(0.02)
    return found


async def run(folder: Path, token: str) -> None:
    """Find a server, add it, and follow it to another port."""
    hass: HomeAssistant = await started(folder)
    assert await async_setup_component(hass, "zeroconf", {})
    manager = hass.config_entries.flow
    (flow,) = await _until(lambda: manager.async_progress_by_handler(DOMAIN))
    form = await manager.async_configure(flow["flow_id"])
    _tell(step=form["step_id"], **form["description_placeholders"])
    await manager.async_configure(flow["flow_id"], {})
    form = await manager.async_configure(flow["flow_id"], {"next_step_id": "account"})
    known = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if "suggested_value" in (key.description or {})
    }
    asked = {
        "access_token": token,
        "language": "en",
        "create_pipeline": False,
        "prefer_local_intents": False,
        "advanced": {},
    }
    result = await manager.async_configure(flow["flow_id"], known | asked)
    entry = result["result"]
    _tell(title=result["title"], address=entry.data["address"], state=entry.state.value)
    before = entry.data["address"]
    await _until(lambda: entry.data["address"] != before)
    await _until(lambda: entry.state.value == "loaded" and entry.runtime_data.connected)
    _tell(address=entry.data["address"])
    await hass.async_stop()


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s [%(name)s] %(message)s"
    )
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2]))
