"""Failures on demand: planned for single requests, or drawn by a seed for all."""

from dataclasses import dataclass
from enum import Enum
import random
from typing import Any, Final

# Faults planned at once: more than a test can mean.
MAX_PLANNED: Final = 10_000


class Kind(Enum):
    """What happens to a request."""

    # The connection is cut before the request is looked at; after it was carried out, before its
    # answer; in the middle of its answer.
    DROP = "drop"
    LOSE = "lose"
    CUT = "cut"
    # Another answer is given, without the request being carried out; or after it was.
    ANSWER = "answer"
    REPLACE = "replace"
    # The request is carried out later.
    DELAY = "delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure; `operation` is a route's name (app.py), "" any."""

    kind: Kind
    operation: str = ""
    seconds: float = 0.0
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Faults:
    """The failures to come."""

    def __init__(self) -> None:
        """Plan none."""
        self._planned: list[Fault] = []
        self._chance = random.Random(0)

    def seed(self, seed: int) -> None:
        """Draw from here on as this seed has it."""
        self._chance = random.Random(seed)

    def plan(self, fault: Fault, times: int) -> int:
        """Add a failure of the next requests it is for; returns how many are planned."""
        self._planned += [fault] * min(times, MAX_PLANNED - len(self._planned))
        return len(self._planned)

    def clear(self) -> None:
        """Plan none any more."""
        self._planned.clear()

    def take(self, operation: str, cut_share: float) -> Fault | None:
        """Return what happens to a request, None: nothing."""
        for at, fault in enumerate(self._planned):
            if fault.operation in ("", operation):
                return self._planned.pop(at)
        if cut_share and self._chance.random() < cut_share:
            return Fault(kind=self._chance.choice((Kind.DROP, Kind.LOSE)))
        return None

    def length(self, most: int) -> int:
        """Return the length of an odd page: from none to the usual."""
        return self._chance.randint(0, most)


def read_fault(body: dict[str, Any]) -> tuple[Fault, int]:
    """Return a fault as the control interface takes it, and how often; raises ValueError, TypeError."""
    headers = body.get("headers", {})
    fault = Fault(
        kind=Kind(body.get("kind")),
        operation=str(body.get("operation", "")),
        seconds=min(float(body.get("seconds", 0.0)), 60.0),
        status=int(body.get("status", 200)),
        headers=tuple((str(name), str(value)) for name, value in headers.items()),
        body=str(body.get("body", "")).encode(),
    )
    return fault, int(body.get("times", 1))
