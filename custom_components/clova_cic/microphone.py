"""From Assist's audio to a dialog: raw sound, in real time, and silence where Assist stops early."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable
import struct

from .cic import Dialog

# 200 ms of 16 kHz, 16-bit mono
_SILENCE = bytes(6400)
_SILENCE_SECONDS = 0.2
# Assist's own end-of-speech detection often wins, and a file has no silence at its end; the cloud
# needs some to find the end of speech. Longer than this it does not need, unless it says that it is
# still recognising; in seconds.
SILENCE_AFTER = 1.5
# Where Assist's audio ended first: from the boundary to a late transcript, in seconds.
LATE_TEXT = 5.0
# The same where the cloud keeps saying that it still recognises: nobody stands there for longer.
LATEST_TEXT = 30.0
# A RIFF header is 44 bytes from every writer of voice files; one larger than this is not plain PCM.
_LONGEST_HEADER = 4096


class NotPcmError(Exception):
    """The audio is a WAV file, but not 16 kHz, 16-bit, mono PCM."""


async def pump(
    stream: AsyncIterable[bytes],
    dialog: Dialog,
    on_end: Callable[[], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Write a stream to a dialog until the cloud stops listening or there is no more.

    on_end is called when the stream ends by itself; then silence follows in real
    time, as a microphone would go on. Raises NotPcmError.
    """
    async for sound in _raw(stream):
        await dialog.write(sound)
        if dialog.capture_stopped:
            return
    on_end()
    silent, recognising_at = 0.0, dialog.recognising_at
    while silent < SILENCE_AFTER and not dialog.capture_stopped:
        await dialog.write(_SILENCE)
        await sleep(_SILENCE_SECONDS)
        silent += _SILENCE_SECONDS
        if dialog.recognising_at != recognising_at:
            silent, recognising_at = 0.0, dialog.recognising_at
    dialog.end_audio()


async def wait_late(dialog: Dialog, captured: asyncio.Task[None]) -> None:
    """Wait for the end of recognition after that of the sound, as long as the cloud is at it."""
    clock = asyncio.get_running_loop().time
    until, latest = clock() + LATE_TEXT, clock() + LATEST_TEXT
    while not captured.done() and (left := until - clock()) > 0:
        await asyncio.wait({captured}, timeout=left)
        if dialog.recognising_at is not None:
            until = min(latest, max(until, dialog.recognising_at + LATE_TEXT))


async def _raw(stream: AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    """Yield the PCM of a stream that may begin with a WAV header, as /api/stt's does."""
    head: bytes | None = b""
    async for sound in stream:
        if head is None:
            yield sound
            continue
        head += sound
        if len(head) < 12 and b"RIFF".startswith(head[:4]):
            continue
        if head.startswith(b"RIFF"):
            start = _data_offset(head)
            if start is None:
                continue
            head = head[start:]
        yield head
        head = None
    if head:
        yield head


def _data_offset(head: bytes) -> int | None:
    """Return where a WAV file's samples begin, or None while its header is incomplete."""
    offset = 12
    while offset + 8 <= len(head):
        kind, size = struct.unpack_from("<4sI", head, offset)
        offset += 8
        if kind == b"data":
            return offset
        if kind == b"fmt " and offset + 16 <= len(head):
            _check_format(*struct.unpack_from("<HHIIHH", head, offset))
        offset += size + (size & 1)
    if len(head) > _LONGEST_HEADER:
        raise NotPcmError("the WAV header has no data chunk")
    return None


def _check_format(
    codec: int, channels: int, rate: int, _bytes: int, _align: int, bits: int
) -> None:
    if (codec, channels, rate, bits) != (1, 1, 16000, 16):
        raise NotPcmError(
            f"codec {codec}, {channels} channels, {rate} Hz, {bits} bits; "
            "expected PCM, 1 channel, 16000 Hz, 16 bits"
        )
