"""What is measured: the same code drives ours and the reference, and takes the time.

A workload runs in a process of its own, for one candidate, and returns figures in seconds,
bytes or counts. Its effort scales how often things are repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
import gc
from pathlib import Path
from statistics import median
from time import process_time_ns
from typing import Any

from . import callbacks, parts
from .candidate_ours import OurConnection, Ours
from .candidate_raw import Raw
from .peer import Peer

type Figures = dict[str, float]

MEGABYTE = 1_000_000
# Between two chunks, or pushes, in seconds. Speech has 0.2 s, for which nobody wants to wait
# here; with much less, processors and caches would never have gone to rest as they do then.
PAUSE = 0.01
# Enough that one connection's share is exact to a fraction of a page.
CONNECTIONS = 120


async def events(peer: Peer, candidate: str, effort: float) -> Figures:
    """CPU per event, one after another."""
    batch = max(2, round(60 * effort))
    async with opened(client(peer, candidate)) as subject:
        await cpu(subject.event, batch // 2)
        return {"cpu": median([await cpu(subject.event, batch) for _ in range(5)])}


async def events_together(peer: Peer, candidate: str, effort: float) -> Figures:
    """CPU per event, eight at a time."""
    batch = max(2, round(15 * effort))
    # httpx stands still when its downchannel is read beside several requests: the reader that
    # waits for the quiet one holds the lock that those with an answer need.
    async with opened(client(peer, candidate, listening=False)) as subject:

        async def together() -> None:
            await asyncio.gather(*(subject.event() for _ in range(8)))

        await cpu(together, batch // 2)
        return {"cpu": median([await cpu(together, batch) / 8 for _ in range(5)])}


async def answer(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from the last chunk of speech to the answer's first part."""
    async with opened(client(peer, candidate)) as subject:
        await subject.answer(3, PAUSE)
        delays = [await subject.answer(3, PAUSE) for _ in range(max(2, round(60 * effort)))]
        return {"delay": median(delays)}


async def directives(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from the server's write of a directive to its callback."""
    async with opened(client(peer, candidate)) as subject:
        await subject.directives(10, PAUSE)
        return {"delay": median(await subject.directives(max(2, round(200 * effort)), PAUSE))}


async def download(peer: Peer, candidate: str, effort: float) -> Figures:
    """CPU of an answer of 10 MB."""
    subject = OurConnection(peer) if candidate == "ours" else client(peer, candidate)
    async with opened(subject):

        async def once() -> None:
            await subject.download(10 * MEGABYTE)

        await once()
        return {"cpu": median([await cpu(once) for _ in range(max(1, round(7 * effort)))])}


async def speech(peer: Peer, candidate: str, effort: float) -> Figures:
    """CPU of a minute of speech, spoken twenty times as fast."""
    chunks = max(2, round(300 * effort))
    async with opened(client(peer, candidate)) as subject:
        await subject.speak(10, PAUSE)
        return {"cpu": await cpu(lambda: subject.speak(chunks, PAUSE)) * 300 / chunks}


async def memory(peer: Peer, candidate: str, effort: float) -> Figures:
    """Memory of one connection with its downchannel; the TLS context is shared."""
    ours = candidate == "ours"
    context = peer.tls(*["h2"] if ours else [])
    count = max(2, round(CONNECTIONS * effort))
    kind = Ours if ours else Raw
    subjects = [kind(peer, context) for _ in range(count + 5)]
    for subject in subjects[:5]:  # what the first ones bring is everybody's
        await subject.open()
    before = own_memory()
    for subject in subjects[5:]:
        await subject.open()
    figures = {"connection": (own_memory() - before) / count}
    await asyncio.gather(*(subject.close() for subject in subjects))
    return figures


async def cancel(peer: Peer, candidate: str, effort: float) -> Figures:
    """RST_STREAM frames per answer of 1 MB that is given up."""
    count = max(2, round(60 * effort))
    async with opened(Ours(peer, counted=True)) as subject:
        before = await subject.count("resets")
        for _ in range(count):
            await subject.abandon(MEGABYTE)
        return {"resets": (await subject.count("resets") - before) / count}


async def command(peer: Peer, candidate: str, effort: float) -> Figures:
    """Count the requests for one spoken command."""
    async with opened(Ours(peer)) as subject:
        before = await subject.count("requests")
        await subject.command()
        asked_again = 1
        return {"requests": await subject.count("requests") - before - asked_again}


async def sound(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from the server's write of a sound's first bytes to the sound's reader."""
    async with opened(Ours(peer)) as subject:
        delays = [await subject.first_sound(PAUSE) for _ in range(max(2, round(60 * effort)))]
        return {"delay": median(delays)}


async def announcement(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from a read of the connection to the first byte of a pushed speech at a media player."""
    from .announcing import announcements  # noqa: PLC0415  only its own process needs Home Assistant

    return {"delay": median(await announcements(max(2, round(100 * effort))))}


async def trigger(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from a directive in hand to the action of an automation that begins with it."""
    from .automating import triggers  # noqa: PLC0415  only its own process needs Home Assistant

    delays = await triggers(max(2, round(300 * effort)))
    return {name: median(each) for name, each in delays.items()}


async def callback(peer: Peer, candidate: str, effort: float) -> Figures:
    """Time from a read of the connection to the callback of the directive's owner."""
    chain = callbacks.ours if candidate == "ours" else callbacks.bare
    return {"delay": median(await chain(max(2, round(300 * effort))))}


async def multipart(peer: Peer, candidate: str, effort: float) -> Figures:
    """CPU of the multipart reader."""
    count, size = max(2, round(3000 * effort)), max(1, round(10 * effort)) * MEGABYTE
    return {
        "part": median(parts.small_part(count) for _ in range(7)),
        "gigabyte": median(parts.gigabyte_of_sound(size) for _ in range(7)),
    }


def client(peer: Peer, candidate: str, *, listening: bool = True) -> Any:
    """Return a candidate; ours always has a downchannel."""
    match candidate:
        case "ours":
            return Ours(peer)
        case "raw":
            return Raw(peer)
        case _:
            from .candidate_httpx import Httpx  # noqa: PLC0415  only its own processes need it

            return Httpx(peer, listening=listening)


@asynccontextmanager
async def opened[C: Any](candidate: C) -> AsyncIterator[C]:
    """Open a candidate, and close it."""
    await candidate.open()
    try:
        yield candidate
    finally:
        await candidate.close()


async def cpu(work: Callable[[], Awaitable[Any]], times: int = 1) -> float:
    """Return seconds of this process's CPU, all threads, for one of so many repetitions."""
    begun = process_time_ns()
    for _ in range(max(1, times)):
        await work()
    return (process_time_ns() - begun) / 1e9 / max(1, times)


def own_memory() -> int:
    """Return the bytes that belong to this process alone (USS)."""
    gc.collect()
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if "Private_" in line)
