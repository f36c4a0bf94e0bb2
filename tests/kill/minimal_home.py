"""A Home Assistant of core and clova_cic, for a process of its own.

    python -m tests.kill.minimal_home FOLDER AHEAD HANGS

No frontend and no default integrations: it is there within a second or two, and may be killed
at any moment. What there is to set up stands in FOLDER/.storage. Its clock on the wall is AHEAD
seconds ahead. Its disk hangs when tokens are written: "before", "after" or "never".
"""

import asyncio
from datetime import timedelta
import logging
from pathlib import Path
import sys
import time
from typing import Any

from homeassistant import bootstrap, config_entries, loader
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.helpers import storage
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import imageio_ffmpeg

DOMAIN = "clova_cic"


async def started(folder: Path) -> HomeAssistant:
    """Start, and return what has started."""
    hass = HomeAssistant(str(folder))
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await loader.async_get_custom_components(hass)
    assert await bootstrap.async_load_base_functionality(hass)
    config = {"ffmpeg": {"ffmpeg_bin": imageio_ffmpeg.get_ffmpeg_exe()}}
    for domain in bootstrap.CORE_INTEGRATIONS:
        assert await async_setup_component(hass, domain, config), domain
    await async_process_ha_core_config(hass, {})
    assert await async_setup_component(hass, DOMAIN, config)
    await hass.async_start()
    return hass


async def run(folder: Path) -> None:
    """Start, and never stop by itself."""
    _running = await started(folder)
    await asyncio.Event().wait()


def hang(moment: str) -> None:
    """Have the disk hang for ever as tokens are written."""
    write = storage.write_utf8_file_atomic

    def hanging_write(path: str, *arguments: Any, **more: Any) -> None:
        is_tokens = f"{DOMAIN}.tokens." in path
        if is_tokens and moment == "before":
            time.sleep(3_600)
        write(path, *arguments, **more)
        if is_tokens and moment == "after":
            time.sleep(3_600)

    storage.write_utf8_file_atomic = hanging_write


if __name__ == "__main__":
    hang(sys.argv[3])
    utcnow, ahead = dt_util.utcnow, timedelta(seconds=float(sys.argv[2]))
    dt_util.utcnow = lambda: utcnow() + ahead
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s [%(name)s] %(message)s"
    )
    asyncio.run(run(Path(sys.argv[1])))
