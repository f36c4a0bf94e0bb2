"""Any sound as MP3, by Home Assistant's ffmpeg, while it arrives."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Final

from homeassistant.components.ffmpeg import get_ffmpeg_manager
from homeassistant.core import HomeAssistant

from .ahead import SoundError
from .mp3 import Frame

# Between two reads of what is converted, in seconds: longer than a pause, shorter than patience.
CONVERTER_STALL: Final = 10.0
# Where no frame says what the stream is like: what speech needs and every player plays. Hz, channels.
SPEECH_RATE: Final = 24000
SPEECH_CHANNELS: Final = 1
# MPEG-1 layer III has these rates and above, and spends twice the frames' bits on them.
_MPEG1_RATE: Final = 32000
_READ_BYTES: Final = 4096
# ffmpeg would look at 5 s of a sound before it begins; its kind shows at once. Bytes, microseconds.
_PROBE: Final = ("-probesize", "16384", "-analyzeduration", "200000")
# A playlist, and what hides as one, may name any file: only the web is read, encrypted segments too.
_WEB: Final = "http,https,tcp,tls,crypto"


def from_pipe() -> list[str]:
    """Return the input arguments for a sound that is fed, which must open nothing else."""
    return ["-protocol_whitelist", "pipe", *_PROBE, "-i", "pipe:0"]


def from_playlist(address: str, user_agent: str) -> list[str]:
    """Return the input arguments for an HLS playlist (RFC 8216), fetched by the converter."""
    named = ["-user_agent", user_agent, "-protocol_whitelist", _WEB]
    return [*named, "-f", "hls", "-i", address]


async def converted(
    hass: HomeAssistant,
    source: list[str],
    shape: Frame | None,
    feed: AsyncIterator[bytes] | None = None,
) -> AsyncGenerator[bytes]:
    """Yield a sound as MP3 frames of a shape: its rate and channels, else those of speech.

    Raises SoundError, or what feed raises. The process is gone when this ends, however it ends.
    """
    binary = get_ffmpeg_manager(hass).binary
    command = [binary, "-nostdin", "-loglevel", "quiet", *source, *_to_mp3(shape)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=DEVNULL if feed is None else PIPE, stdout=PIPE, stderr=DEVNULL
    )
    feeding = None if feed is None else asyncio.create_task(_feed(process, feed))
    heard = False
    try:
        while chunk := await _read(process):
            heard = True
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


def _to_mp3(shape: Frame | None) -> list[str]:
    """Return the output arguments: frames and nothing else, each given out at once."""
    rate = SPEECH_RATE if shape is None else shape.rate
    channels = SPEECH_CHANNELS if shape is None else shape.channels
    kbit = (64 if rate >= _MPEG1_RATE else 48) * channels
    frames_only = ["-write_xing", "0", "-id3v2_version", "0", "-map_metadata", "-1"]
    return [
        *("-map", "0:a:0", "-f", "mp3", "-ar", str(rate), "-ac", str(channels)),
        *("-b:a", f"{kbit}k", *frames_only, "-flush_packets", "1", "pipe:1"),
    ]


async def _read(process: Process) -> bytes:
    """Return the next bytes of what is converted, none at its end."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(CONVERTER_STALL):
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
