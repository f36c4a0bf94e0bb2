"""One process of one round: python -m benchmarks.candidate WORKLOAD CANDIDATE EFFORT PEER."""

import asyncio
import json
import sys

from . import workloads
from .peer import CLIENT_CPU, Peer, pinned


def main(workload: str, candidate: str, effort: str, peer: str) -> None:
    """Print the figures as JSON."""
    run = getattr(workloads, workload)
    with pinned(CLIENT_CPU):
        figures = asyncio.run(run(Peer(**json.loads(peer)), candidate, float(effort)))
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
