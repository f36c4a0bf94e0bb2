"""The budgets that are measured here, one row each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Measure(Enum):
    """What of the two candidates is held against the budget."""

    RATIO = "ours / reference"
    EXCESS = "ours - reference"
    ALONE = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One budget: a ceiling, for what one figure of a workload comes to."""

    name: str
    workload: str
    figure: str
    reference: str | None
    budget: float
    unit: str
    per_unit: float
    measure: Measure = Measure.RATIO

    @property
    def candidates(self) -> list[str]:
        """Who takes part."""
        return ["ours", *([self.reference] if self.reference else [])]


MICROSECOND = 1e-6
MILLISECOND = 1e-3
KIBIBYTE = 1024.0

ROWS = (
    Row(
        name="CPU per event / httpx",
        workload="events",
        figure="cpu",
        reference="httpx",
        budget=0.25,
        unit="us",
        per_unit=MICROSECOND,
    ),
    Row(
        name="CPU per event, eight in parallel / httpx",
        workload="events_together",
        figure="cpu",
        reference="httpx",
        budget=0.20,
        unit="us",
        per_unit=MICROSECOND,
    ),
    Row(
        name="last chunk sent to first answer part / httpx",
        workload="answer",
        figure="delay",
        reference="httpx",
        budget=0.65,
        unit="us",
        per_unit=MICROSECOND,
    ),
    Row(
        name="last chunk sent to first answer part / raw TLS echo",
        workload="answer",
        figure="delay",
        reference="raw",
        budget=2.6,
        unit="us",
        per_unit=MICROSECOND,
    ),
    Row(
        name="directive on the downchannel to in hand / raw TLS push",
        workload="directives",
        figure="delay",
        reference="raw",
        budget=1.5,
        unit="us",
        per_unit=MICROSECOND,
    ),
    Row(
        name="CPU of a 10 MB answer / httpx",
        workload="download",
        figure="cpu",
        reference="httpx",
        budget=0.38,
        unit="ms",
        per_unit=MILLISECOND,
    ),
    Row(
        name="CPU of a minute of uploaded speech / raw TLS",
        workload="speech",
        figure="cpu",
        reference="raw",
        budget=1.45,
        unit="ms",
        per_unit=MILLISECOND,
    ),
    Row(
        name="memory of one connection above bare TLS",
        workload="memory",
        figure="connection",
        reference="raw",
        budget=32.0,
        unit="KiB",
        per_unit=KIBIBYTE,
        measure=Measure.EXCESS,
    ),
    Row(
        name="RST_STREAM frames per cancelled answer",
        workload="cancel",
        figure="resets",
        reference=None,
        budget=1.0,
        unit="",
        per_unit=1.0,
        measure=Measure.ALONE,
    ),
    Row(
        name="multipart, one small part",
        workload="multipart",
        figure="part",
        reference=None,
        budget=3.0,
        unit="us",
        per_unit=MICROSECOND,
        measure=Measure.ALONE,
    ),
    # A floor of 1 GB/s, turned into a ceiling like all the others.
    Row(
        name="multipart, 1 GB of sound",
        workload="multipart",
        figure="gigabyte",
        reference=None,
        budget=1.0,
        unit="s",
        per_unit=1.0,
        measure=Measure.ALONE,
    ),
    Row(
        name="first DATA frame of a sound to its reader",
        workload="sound",
        figure="delay",
        reference=None,
        budget=2.0,
        unit="ms",
        per_unit=MILLISECOND,
        measure=Measure.ALONE,
    ),
    Row(
        name="first DATA frame of a pushed speech to the player's reader",
        workload="announcement",
        figure="delay",
        reference=None,
        budget=2.0,
        unit="ms",
        per_unit=MILLISECOND,
        measure=Measure.ALONE,
    ),
    Row(
        name="directive in hand to its owner's callback",
        workload="callback",
        figure="delay",
        reference="bare",
        budget=1.0,
        unit="ms",
        per_unit=MILLISECOND,
        measure=Measure.ALONE,
    ),
    Row(
        name="directive in hand to a trigger of directive_received",
        workload="trigger",
        figure="ours",
        reference=None,
        budget=1.0,
        unit="ms",
        per_unit=MILLISECOND,
        measure=Measure.ALONE,
    ),
    Row(
        name="directive in hand to a trigger of core's event.received",
        workload="trigger",
        figure="core",
        reference=None,
        budget=1.0,
        unit="ms",
        per_unit=MILLISECOND,
        measure=Measure.ALONE,
    ),
    Row(
        name="requests to the cloud for one voice command",
        workload="command",
        figure="requests",
        reference=None,
        budget=1.0,
        unit="",
        per_unit=1.0,
        measure=Measure.ALONE,
    ),
)


def chosen(wanted: str | None) -> list[Row]:
    """Return the rows whose name or workload contains the text; all without one."""
    text = (wanted or "").lower()
    return [row for row in ROWS if text in row.name.lower() or text in row.workload]


def races(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return which candidates run each workload, side by side."""
    lanes: dict[str, list[str]] = {}
    for row in rows:
        lane = lanes.setdefault(row.workload, [])
        lane.extend(name for name in row.candidates if name not in lane)
    return lanes
