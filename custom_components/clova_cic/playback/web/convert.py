"""Any sound as MP3, by Home Assistant's ffmpeg, while it arrives."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
import os
from typing import Final, Self

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.core import HomeAssistant

from ..sound.ahead import SoundError
from ..sound.mp3 import Frame
from .door import Door

# Between two reads of what is converted, in seconds: longer than a pause, shorter than patience.
CONVERTER_STALL: Final = 10.0
# MPEG-1 layer III has these rates and above, and spends twice the frames' bits on them.
_MPEG1_RATE: Final = 32000
_READ_BYTES: Final = 4096
# ffmpeg would look at 5 s of a sound before it begins; its kind shows at once. Bytes, microseconds.
_PROBE: Final = ("-probesize", "16384", "-analyzeduration", "200000")
# What is behind a door is fetched from there alone, encrypted segments and keys in playlists too.
_PROXIES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
_DOOR: Final = "http,tcp,crypto,data"
# Formats that hold sound and lead nowhere else, beside the playlist, which the door rewrites.
_FORMATS: Final = "hls,mpegts,mpeg,mov,mp3,aac,ac3,eac3,flac,ogg,wav,aiff,matroska,asf,webvtt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How MP3 is made: rate in Hz, channels, and kbit/s."""

    rate: int
    channels: int
    kbit: int

    @classmethod
    def like(cls, frame: Frame | None) -> Self:
        """Return what joins frames of a stream without a gap; without one, what is good for speech."""
        if frame is None:
            return cls(rate=24000, channels=1, kbit=48)
        kbit = (64 if frame.rate >= _MPEG1_RATE else 48) * frame.channels
        return cls(rate=frame.rate, channels=frame.channels, kbit=kbit)


# What every player plays, and nobody hears to be converted.
MUSIC: Final = Encoding(rate=44100, channels=2, kbit=192)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a converter takes a sound from: its input arguments, and its only way into the web."""

    arguments: tuple[str, ...]
    proxy: str | None = None


FROM_PIPE: Final = Source(arguments=("-protocol_whitelist", "pipe", *_PROBE, "-i", "pipe:0"))
"""A sound that is fed, which must open nothing else."""


def from_door(
    door: Door, *, playlist: bool = False, begin: float = 0.0, can_jump: bool = False
) -> Source:
    """Return a sound, or an HLS playlist (RFC 8216), behind a door; begin at a second of it.

    Where the converter cannot jump it reads all that comes before. In playlists it could only
    jump to the beginning of a segment.
    """
    allowed = ("-protocol_whitelist", _DOOR, "-format_whitelist", _FORMATS)
    kind = ("-f", "hls") if playlist else ()
    begun = ("-ss", f"{begin:.3f}") if begin > 0 else ()
    found = ("-i", door.address)
    order = (*begun, *found) if can_jump and not playlist else (*found, *begun)
    return Source(arguments=(*allowed, *kind, *order), proxy=door.proxy)


async def converted(
    hass: HomeAssistant,
    source: Source,
    encoding: Encoding,
    feed: AsyncIterator[bytes] | None = None,
    *,
    patience: float | None = None,
) -> AsyncGenerator[bytes]:
    """Yield a sound as MP3 frames; patience: how long the first may take, in seconds.

    Raises SoundError, or what feed raises. The process is gone when this ends, however it ends.
    """
    binary = get_ffmpeg_manager(hass).binary
    command = [binary, "-nostdin", "-loglevel", "quiet", *source.arguments, *_to_mp3(encoding)]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=DEVNULL if feed is None else PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=_environment(source),
    )
    feeding = None if feed is None else asyncio.create_task(_feed(process, feed))
    heard = False
    try:
        while chunk := await _read(process, patience):
            heard, patience = True, None
            yield chunk
        if feeding is not None:
            await feeding
        if await process.wait() or not heard:
            raise SoundError("it cannot be converted")
    finally:
        if feeding is not None:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
        await _end(process)


def _environment(source: Source) -> dict[str, str]:
    """Return the converter's environment, in which no other proxy than the source's is set."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}
    return kept if source.proxy is None else {**kept, "http_proxy": source.proxy}


def _to_mp3(encoding: Encoding) -> list[str]:
    """Return the output arguments: frames and nothing else, each given out at once."""
    frames_only = ["-write_xing", "0", "-id3v2_version", "0", "-map_metadata", "-1"]
    shape = ("-ar", str(encoding.rate), "-ac", str(encoding.channels), "-b:a", f"{encoding.kbit}k")
    to_pipe = ("-flush_packets", "1", "pipe:1")
    return ["-map", "0:a:0", "-f", "mp3", *shape, *frames_only, *to_pipe]


async def _read(process: Process, patience: float | None) -> bytes:
    """Return the next bytes of what is converted, none at its end."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(CONVERTER_STALL if patience is None else patience):
            return await process.stdout.read(_READ_BYTES)
    except TimeoutError as err:
        raise SoundError("it stands still") from err


async def _feed(process: Process, feed: AsyncIterator[bytes]) -> None:
    """Write a sound to the converter, and say where it ends; what breaks it is raised."""
    assert process.stdin is not None
    try:
        async for chunk in feed:
            process.stdin.write(chunk)
            await process.stdin.drain()
    except BrokenPipeError, ConnectionResetError:
        pass  # the converter has ended: its exit says how
    finally:
        process.stdin.close()


async def _end(process: Process) -> None:
    """Kill the process if it still runs, and let its pipes close."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.communicate()
