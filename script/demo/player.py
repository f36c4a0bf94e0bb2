"""The player of the demonstration: Debian's mpd, and what it says of itself.

It is heard nowhere: a null output takes its time as a sound card does, a recorder beside it keeps
the sound. Real loudspeakers would be one more `audio_output`.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
import shutil
from urllib.parse import urlsplit

from mpd import MPDError
from mpd.asyncio import MPDClient

from .failure import Failure, Source
from .processes import Child, Children
from .state import HOST, State

READY_SECONDS = 20.0
# Home Assistant's own client of mpd looks every ten seconds.
CHANGE_SECONDS = 20.0
_PLAY = "play"
# What has an address of Home Assistant's own: that names no track.
PASSED_ON = "(passed on by Home Assistant)"
_CONFIGURATION = """\
bind_to_address "{host}"
port "{port}"
log_file "{folder}/log"
playlist_directory "{folder}"
input {{
  plugin "curl"
}}
audio_output {{
  type "null"
  name "clock"
  mixer_type "software"
}}
audio_output {{
  type "recorder"
  name "recorder"
  path "{folder}/heard.wav"
  encoder "wave"
  format "44100:16:2"
  mixer_type "software"
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """What the player does: mpd's own word for it, what is loaded, and how far it is."""

    state: str
    # The last word of the address.
    name: str | None
    seconds: float

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to tell."""
        return self.state == "stop"

    def as_text(self, titles: dict[str, str]) -> str:
        """Return it as a person wants to see it."""
        if self.is_idle or self.name is None:
            return self.state
        title = titles.get(self.name, PASSED_ON)
        return f"{self.state}   {title}, at {self.seconds:.1f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a command must make of the player."""

    state: str
    # Whether something else plays then; None: does not matter.
    other: bool | None = None

    def fits(self, before: Playing, now: Playing) -> bool:
        """Tell whether it has come to that."""
        if now.state != self.state:
            return False
        if self.other is not None and self.other != (now.name != before.name):
            return False
        has_moved = now.seconds > 0 if self.other is not False else now.seconds > before.seconds
        return has_moved or self.state != _PLAY


async def start_player(state: State, children: Children) -> int:
    """Start mpd; return its port once it answers; raises Failure."""
    program = shutil.which("mpd")
    if program is None:
        raise Failure("There is no mpd on this machine; script/setup tells how to get it.")
    port = state.port("mpd", None)
    state.player.mkdir(exist_ok=True)
    configuration = state.player / "mpd.conf"
    configuration.write_text(_CONFIGURATION.format(host=HOST, port=port, folder=state.player))
    child = await Child.start(
        Source.PLAYER,
        [program, "--no-daemon", configuration],
        log=state.folder / "mpd.log",
        folder=state.player,
        environment={},
    )
    children.add(child)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while await look(port) is None:
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Failure(f"mpd did not answer within {READY_SECONDS:.0f} s.", Source.PLAYER) from None
    return port


async def look(port: int) -> Playing | None:
    """Return what mpd does; None where it does not answer."""
    client = MPDClient()
    with suppress(OSError, MPDError):
        await client.connect(HOST, port)
        try:
            status, song = await client.status(), await client.currentsong()
        finally:
            client.disconnect()
        address = urlsplit(song.get("file", ""))
        return Playing(
            state=status.get("state", "stop"),
            name=PurePosixPath(address.path).stem or None,
            seconds=float(status.get("elapsed", 0.0)),
        )
    return None


async def watch(port: int, before: Playing, expected: Expected) -> tuple[Playing, bool]:
    """Return what mpd does as soon as it is what was expected, or at last; and whether it is."""
    now, fits = before, False
    with suppress(TimeoutError):
        async with asyncio.timeout(CHANGE_SECONDS):
            while not fits:
                now = await look(port) or now
                fits = expected.fits(before, now)
                await asyncio.sleep(0.1)
    return now, fits
