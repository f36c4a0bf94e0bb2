"""Rounds: in each, every workload once by every candidate, each in a fresh process."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
import json
from pathlib import Path
import subprocess
import sys

from .peer import Peer
from .rows import Row, races

type Figures = dict[str, float]
# What a workload came to for a candidate, in each round.
type Results = dict[tuple[str, str], list[Figures]]
type Runner = Callable[[str, str], Figures]


def measured(rows: Iterable[Row], rounds: int, run: Runner) -> Results:
    """Return the figures of all rounds."""
    lanes = races(rows)
    results: Results = {}
    for number in range(rounds):
        for workload, candidates in lanes.items():
            for candidate in rotated(candidates, number):
                results.setdefault((workload, candidate), []).append(run(workload, candidate))
    return results


def rotated(candidates: list[str], number: int) -> Iterator[str]:
    """Yield the candidates in another order each round: who begins must not matter."""
    start = number % len(candidates)
    yield from (*candidates[start:], *candidates[:start])


def processes(peer: Peer, effort: float) -> Runner:
    """Return what runs one workload in a process of its own."""
    where = json.dumps(asdict(peer))

    def run(workload: str, candidate: str) -> Figures:
        command = [sys.executable, "-m", "benchmarks.candidate"]
        finished = subprocess.run(
            [*command, workload, candidate, str(effort), where],
            cwd=Path(__file__).resolve().parents[1],
            stdout=subprocess.PIPE,
            check=True,
        )
        figures: Figures = json.loads(finished.stdout)
        return figures

    return run
