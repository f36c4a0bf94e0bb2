"""One process of one round: python -m benchmarks.candidate WORKLOAD CANDIDATE EFFORT PEER."""

import asyncio
from collections.abc import Awaitable
import json
import sys

from . import workloads
from .peer import CLIENT_CPU, Peer, pinned

# The slowest takes five seconds on a quiet machine; one that takes this long stands still.
PATIENCE = 60.0


def main(workload: str, candidate: str, effort: str, peer: str) -> None:
    """Print the figures as JSON."""
    run = getattr(workloads, workload)
    with pinned(CLIENT_CPU):
        figures = asyncio.run(_bounded(run(Peer(**json.loads(peer)), candidate, float(effort))))
    print(json.dumps(figures))


async def _bounded(work: Awaitable[workloads.Figures]) -> workloads.Figures:
    """End with an error rather than outlive whoever started this process."""
    async with asyncio.timeout(PATIENCE):
        return await work


if __name__ == "__main__":
    main(*sys.argv[1:])
