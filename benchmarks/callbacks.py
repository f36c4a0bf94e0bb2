"""From bytes of the downchannel to its owner's callback, and the same chain with nothing in it."""

import asyncio
from collections.abc import Callable
import json
from time import monotonic_ns
from typing import Any

from .library import downchannel, fields, streams

_BOUNDARY = b"\r\n--boundary"
_HEADERS = b"\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"

type Deliver = Callable[[], None]


class _NoConnection:
    """What a stream asks of its connection, when nothing goes up."""

    writable = True

    def credit(self, stream: streams.Stream, size: int) -> None:
        """Keep the window as it is."""

    def reset(self, stream: streams.Stream, error_code: int) -> None:
        """Tell nobody."""


async def ours(count: int) -> list[float]:
    """Return seconds from a read of the connection to the callback."""
    stream = streams.Stream(_NoConnection(), (), None, window=2**20)
    called = asyncio.Event()
    channel = downchannel.Downchannel(
        stream, on_directive=lambda directive: called.set(), on_malformed=print
    )
    stream.opened(1)
    content_type = "multipart/related; boundary=boundary"
    stream.received_head(fields.ResponseHead(200, (("content-type", content_type),)))
    hello = _BOUNDARY + _part("Clova", "Hello")
    stream.received_data(hello, len(hello))
    await channel.wait_open()
    part = _part("Bench", "Pushed")
    delays = await _measure(count, lambda: stream.received_data(part, len(part)), called)
    stream.cancel()
    return delays


async def bare(count: int) -> list[float]:
    """Return seconds from a future's result to the callback of the task that awaits it."""
    called, read = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        while True:
            await read.wait()
            read.clear()
            called.set()

    waiting = asyncio.create_task(wait())
    delays = await _measure(count, read.set, called)
    waiting.cancel()
    return delays


async def _measure(count: int, deliver: Deliver, called: asyncio.Event) -> list[float]:
    delays = []
    for _ in range(count):
        called.clear()
        # an idle loop: whoever waits for the delivery is waiting by then
        await asyncio.sleep(0.001)
        begun = monotonic_ns()
        deliver()
        await called.wait()
        delays.append((monotonic_ns() - begun) / 1e9)
    return delays


def _part(namespace: str, name: str) -> bytes:
    header = {"namespace": namespace, "name": name, "messageId": "00000000"}
    message: dict[str, Any] = {"directive": {"header": header, "payload": {"text": "words " * 30}}}
    return _HEADERS + json.dumps(message).encode() + _BOUNDARY
