"""Measure the library beside its references and hold the outcome against the budgets."""

import argparse
from dataclasses import asdict
import json
import os
from pathlib import Path
import time

from .peer import running
from .rounds import measured, processes
from .rows import chosen
from .table import outcome, rendered


def main() -> int:
    """Print the table; return 1 when a budget is exceeded."""
    options = _options()
    rows = chosen(options.only)
    if not rows:
        print(f"no row is named like {options.only!r}")
        return 2
    begun, load = time.monotonic(), os.getloadavg()[0]
    with running() as peer:
        results = measured(rows, options.rounds, processes(peer, options.effort))
    outcomes = [outcome(row, results) for row in rows]
    print(rendered(rows, outcomes))
    print(
        f"\n{options.rounds} rounds in {time.monotonic() - begun:.0f} s;"
        f" load average {load:.2f} before, {os.getloadavg()[0]:.2f} after (ours is one of it)"
    )
    if options.json:
        options.json.write_text(json.dumps([asdict(found) for found in outcomes], indent=2) + "\n")
    return int(not all(found.within for found in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description=__doc__,
        epilog="Exit status 1: the lower quartile of a row lies over its budget.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file too")
    parser.add_argument("--rounds", type=_at_least_one, default=5, help="default: 5")
    parser.add_argument("--only", metavar="NAME", help="rows whose name contains this text")
    parser.add_argument(
        "--effort", type=float, default=1.0, help="repeat less within a round (default: 1)"
    )
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one round")
    return number


if __name__ == "__main__":
    raise SystemExit(main())
