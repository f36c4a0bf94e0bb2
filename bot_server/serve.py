"""Running the service on this machine until a signal comes."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import time
from typing import Final

from aiohttp import web

from .app import make_app
from .keys import Keys, load_keys, write_private
from .site import Site

# It answers this machine alone: whoever reaches it may have the bot read addresses on it.
HOST: Final = "127.0.0.1"
# Seconds open requests get to end after a stop signal.
STOP_SECONDS: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line; port 0: a free one."""

    port: int
    data_dir: Path
    ready_file: Path | None


def ready_content(address: str, port: int, keys: Keys) -> str:
    """Return what the ready file says."""
    content = {
        "address": address,
        "port": port,
        "secret": keys.secret,
        "control_token": keys.control,
        "pid": os.getpid(),
    }
    return json.dumps(content, indent=2)


@contextlib.asynccontextmanager
async def listening(site: Site, port: int = 0) -> AsyncIterator[int]:
    """Have a site answer; yields the port. Raises OSError where the port is taken."""
    runner = web.AppRunner(make_app(site), shutdown_timeout=STOP_SECONDS, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        bound: int = runner.addresses[0][1]
        site.base = f"http://{HOST}:{bound}"
        yield bound
    finally:
        await runner.cleanup()


async def serve(options: Options) -> None:
    """Run until SIGTERM or SIGINT."""
    options.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    site = Site(load_keys(options.data_dir), options.data_dir, time.monotonic)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with listening(site, options.port) as port:
        told = (
            f"Address:        {site.base}",
            f"Secret:         {site.keys.secret}",
            f"Control token:  {site.keys.control}",
        )
        print("\n".join(told), flush=True)  # noqa: T201 - the command's output
        if options.ready_file is not None:
            write_private(options.ready_file, ready_content(site.base, port, site.keys))
        await stop.wait()
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)
