"""From the figures of the rounds to rows with medians and quartiles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from .rounds import Results
from .rows import Measure, Row

_HEADINGS = ("", "ours", "reference", "measured", "quartiles", "budget", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One row of the table. Ratio is what the budget is about, in its unit where it has one."""

    name: str
    ours: float
    reference: float | None
    ratio: float
    quartiles: tuple[float, float]
    budget: float
    within: bool


def outcome(row: Row, results: Results) -> Outcome:
    """Return what the rounds came to for a row."""
    ours = _figures(row, "ours", results)
    theirs = _figures(row, row.reference, results) if row.reference else None
    values = list(ours)
    if theirs and row.measure is Measure.RATIO:
        values = [one / other for one, other in zip(ours, theirs, strict=True)]
    elif theirs and row.measure is Measure.EXCESS:
        values = [one - other for one, other in zip(ours, theirs, strict=True)]
    lower, upper = quartiles(values)
    return Outcome(
        name=row.name,
        ours=median(ours),
        reference=median(theirs) if theirs else None,
        ratio=median(values),
        quartiles=(lower, upper),
        budget=row.budget,
        # Only what lies over the budget in most rounds does so for a reason other than noise.
        within=lower <= row.budget,
    )


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the lower and the upper quartile of what was measured, not of what might have been."""
    if len(values) == 1:
        return values[0], values[0]
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return lower, upper


def rendered(rows: Iterable[Row], outcomes: Iterable[Outcome]) -> str:
    """Return the table as text."""
    lines = [_HEADINGS, *map(_cells, rows, outcomes)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_line(line, widths) for line in lines)


def _figures(row: Row, candidate: str, results: Results) -> list[float]:
    return [figures[row.figure] / row.per_unit for figures in results[row.workload, candidate]]


def _cells(row: Row, found: Outcome) -> tuple[str, ...]:
    unit = f" {row.unit}" if row.unit else ""
    judged = "" if row.measure is Measure.RATIO else unit
    lower, upper = found.quartiles
    return (
        row.name,
        _number(found.ours) + unit,
        "-" if found.reference is None else _number(found.reference) + unit,
        _number(found.ratio) + judged,
        f"[{_number(lower)} .. {_number(upper)}]",
        _number(found.budget) + judged,
        "ok" if found.within else "OVER",
    )


def _number(value: float) -> str:
    """Return four digits that matter: a ratio just over its budget shall look like it."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name, *others = cells
    aligned = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return "  ".join((name.ljust(widths[0]), *aligned)).rstrip()
