"""Debian's mpd on this machine, and what was heard from it.

Its outputs: a recorder, whose file has the sound of the last play, once that is stopped;
a pipe into a file that has all of it, one play after another, as it comes; and a null
output beside them, which takes its time as a sound card does. Without it the others run
ahead as fast as sound can be fetched.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
import socket
import subprocess
from typing import Any

from mpd import MPDError
from mpd.asyncio import MPDClient

from tests.integration.tones import Heard, ffmpeg, measured

# Of what is heard: the recording, and how far it may run ahead of the sound, in kB and seconds.
FORMAT = "44100:16:2"
BYTES_A_SECOND = 44100 * 4
BUFFER = 64
AHEAD = 0.5

_CONFIGURATION = """
bind_to_address "127.0.0.1"
port "{port}"
log_file "{folder}/log"
log_level "verbose"
audio_buffer_size "{buffer}"
playlist_directory "{folder}"
input {{
  plugin "curl"
}}
audio_output {{
  type "recorder"
  name "recorder"
  path "{folder}/last.wav"
  encoder "wave"
  format "{format}"
  mixer_type "software"
}}
audio_output {{
  type "pipe"
  name "record"
  command "cat >>{folder}/all.pcm"
  format "{format}"
  mixer_type "software"
}}
audio_output {{
  type "null"
  name "clock"
  mixer_type "software"
}}
"""


@dataclass
class Mpd:
    """A running, or stopped, mpd."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        text = _CONFIGURATION.format(
            folder=self.folder, port=self.port, buffer=BUFFER, format=FORMAT
        )
        configuration = self.folder / "mpd.conf"
        configuration.write_text(text)
        self.process = await asyncio.to_thread(
            subprocess.Popen,
            ["/usr/bin/mpd", "--no-daemon", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self.process.poll() is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        with suppress(OSError, MPDError):
            await self.tell("ping")
            return True
        return False

    async def stop(self, *, kill: bool = False) -> None:
        """Stop it; or kill it, as a plug does that is pulled."""
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            await asyncio.to_thread(self.process.wait, 20)
            self.process = None

    async def tell(self, command: str, *arguments: Any) -> Any:
        """Give a command over mpd's own protocol, as another program would."""
        client = MPDClient()
        await client.connect("127.0.0.1", self.port)
        try:
            return await getattr(client, command)(*arguments)
        finally:
            client.disconnect()

    async def status(self) -> dict[str, str]:
        """Return what mpd says of itself."""
        status: dict[str, str] = await self.tell("status")
        return status

    async def play(self, url: str) -> None:
        """Play something, as another program would."""
        for command, *arguments in (("clear",), ("add", url), ("play",)):
            await self.tell(command, *arguments)

    @property
    def recorded(self) -> float:
        """How many seconds have sounded since it was made."""
        path = self.folder / "all.pcm"
        return path.stat().st_size / BYTES_A_SECOND if path.exists() else 0.0

    async def heard(self) -> list[Heard]:
        """Return all that has sounded, by pitch and length; pauses and stops leave no gap."""
        sound = await asyncio.to_thread((self.folder / "all.pcm").read_bytes)
        raw = ("-f", "s16le", "-ar", "44100", "-ac", "2", "-i", "pipe:0", "-f", "wav", "pipe:1")
        return await measured(await asyncio.to_thread(ffmpeg, *raw, feed=sound), "wav")

    async def heard_last(self) -> list[Heard]:
        """Return what the recorder has of the last play; it must have been stopped."""
        sound = await asyncio.to_thread((self.folder / "last.wav").read_bytes)
        return await measured(sound, "wav")


@asynccontextmanager
async def running_mpd(folder: Path) -> AsyncIterator[Mpd]:
    """Run one with files of its own on a free port."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mpd = Mpd(folder, port)
    await mpd.start()
    try:
        yield mpd
    finally:
        await mpd.stop()
