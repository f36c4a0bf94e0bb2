"""A door on this machine for the converter: it fetches through us, and nowhere else.

ffmpeg follows redirects and playlists wherever they lead. So it is told to take this door for
its proxy, and the door knows one sound: what the sound's own playlists name, fetched under the
rules of `addresses.py`.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
import secrets
from typing import Final

from aiohttp import web

from ..sound.ahead import SoundError
from .delivery import Delivery
from .fetch import Fetcher
from .kinds import MP3, MP3_TYPE
from .links import ROOT, Links
from .relay import Relay, refusal

_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Door:
    """Where the converter finds a sound, and the proxy it must use to get there."""

    address: str
    proxy: str
    _relay: Relay

    def check(self) -> None:
        """Raise SoundError where a service broke off: the converter takes that for an end."""
        if self._relay.broke_off:
            raise SoundError("it breaks off")


@asynccontextmanager
async def open_door(fetcher: Fetcher, address: str, end: str = MP3) -> AsyncGenerator[Door]:
    """Open a door to what lies at an address, for as long as it is converted.

    Only who knows its secret gets anything: others use this machine too.
    """
    secret = secrets.token_urlsafe(24)
    links = Links(address, lambda number, end: f"/{secret}/{number}.{end}")
    relay = Relay(fetcher, links, Delivery(address), MP3_TYPE)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        found = _number(request.path, secret)
        wanted = None if found is None else links.address(found)
        if wanted is None or request.method != "GET":
            return refusal(HTTPStatus.NOT_FOUND, "There is no such sound")
        return await relay.answer(request, wanted)

    server = web.Server(answer, access_log=None, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, _LOOPBACK, 0).start()
        base = f"http://{_LOOPBACK}:{runner.addresses[0][1]}"
        yield Door(f"{base}/{secret}/{ROOT}.{end}", base, relay)
    finally:
        await runner.cleanup()


def _number(path: str, secret: str) -> int | None:
    """Read the number of an address out of a path, None where it is none of ours."""
    _, _, rest = path.partition("/")
    told, _, name = rest.partition("/")
    number = name.partition(".")[0]
    if not secrets.compare_digest(told.encode(), secret.encode()) or not number.isascii():
        return None
    return int(number) if number.isdigit() and len(number) < 10 else None
