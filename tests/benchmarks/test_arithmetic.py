"""The benchmark's arithmetic: medians, quartiles, ratios, and when a budget is exceeded."""

from pathlib import Path
import re

import pytest

from benchmarks.rounds import measured, rotated
from benchmarks.rows import ROWS, Measure, Row, chosen, races
from benchmarks.table import outcome, quartiles, rendered


def row(measure: Measure, *, reference: str | None, budget: float) -> Row:
    return Row(
        name="a row",
        workload="work",
        figure="time",
        reference=reference,
        budget=budget,
        unit="us",
        per_unit=1e-6,
        measure=measure,
    )


def results(**candidates: list[float]) -> dict[tuple[str, str], list[dict[str, float]]]:
    return {
        ("work", name): [{"time": value * 1e-6} for value in values]
        for name, values in candidates.items()
    }


def test_a_ratio_is_taken_within_each_round() -> None:
    """A slow round is slow for both; the medians of either side would give 0.3."""
    found = outcome(
        row(Measure.RATIO, reference="httpx", budget=0.5),
        results(ours=[10, 40, 30], httpx=[20, 100, 120]),
    )
    assert (found.ours, found.reference) == (pytest.approx(30), pytest.approx(100))
    assert found.ratio == pytest.approx(0.4)
    assert found.quartiles == pytest.approx((0.325, 0.45))
    assert found.within


def test_an_excess_is_a_difference_in_the_budgets_unit() -> None:
    found = outcome(
        row(Measure.EXCESS, reference="raw", budget=32),
        results(ours=[291, 290, 300], raw=[280, 280, 281]),
    )
    assert found.ratio == pytest.approx(11)
    assert found.within


def test_a_reference_may_stand_beside_a_figure_that_counts_alone() -> None:
    found = outcome(
        row(Measure.ALONE, reference="bare", budget=1), results(ours=[3, 4, 5], bare=[1, 1, 2])
    )
    assert (found.ratio, found.reference) == (pytest.approx(4), pytest.approx(1))
    alone = outcome(row(Measure.ALONE, reference=None, budget=1), results(ours=[3, 4, 5]))
    assert (alone.ratio, alone.reference) == (pytest.approx(4), None)


@pytest.mark.parametrize(
    ("values", "lower", "upper"),
    [([2.0], 2, 2), ([1.0, 3.0], 1.5, 2.5), ([5.0, 1.0, 4.0, 2.0, 3.0], 2, 4)],
)
def test_quartiles_stay_within_what_was_measured(
    values: list[float], lower: float, upper: float
) -> None:
    assert quartiles(values) == (lower, upper)


@pytest.mark.parametrize(
    ("values", "within"),
    [
        ([1.0, 1.0, 1.0], True),  # at the budget
        ([0.5, 0.9, 5.0, 6.0, 7.0], True),  # the median is over, the lower quartile is not
        ([0.5, 1.5, 5.0, 6.0, 7.0], False),
    ],
)
def test_only_the_lower_quartile_exceeds_a_budget(values: list[float], within: bool) -> None:
    found = outcome(row(Measure.ALONE, reference=None, budget=1), results(ours=values))
    assert found.within is within


def test_the_table_says_what_is_over() -> None:
    kind = row(Measure.RATIO, reference="httpx", budget=0.5)
    good = outcome(kind, results(ours=[1], httpx=[4]))
    bad = outcome(kind, results(ours=[3], httpx=[4]))
    lines = rendered([kind, kind], [good, bad]).splitlines()
    assert " ".join(lines[1].split()) == "a row 1 us 4 us 0.25 [0.25 .. 0.25] 0.5 ok"
    assert " ".join(lines[2].split()) == "a row 3 us 4 us 0.75 [0.75 .. 0.75] 0.5 OVER"


def test_everybody_begins_in_turn_and_runs_once_a_round() -> None:
    assert [list(rotated(["a", "b", "c"], number)) for number in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]
    ran: list[tuple[str, str]] = []

    def run(workload: str, candidate: str) -> dict[str, float]:
        ran.append((workload, candidate))
        return {"time": len(ran)}

    figures = measured([row(Measure.RATIO, reference="raw", budget=1)], 2, run)
    assert ran == [("work", name) for name in ("ours", "raw", "raw", "ours")]
    assert figures["work", "ours"] == [{"time": 1}, {"time": 4}]


def test_rows_are_chosen_by_name_or_workload() -> None:
    assert len(chosen(None)) == len(ROWS) == len({row.name for row in ROWS})
    assert [row.reference for row in chosen("first answer part")] == ["httpx", "raw"]
    assert races(chosen("answer part")) == {"answer": ["ours", "httpx", "raw"]}
    assert [row.workload for row in chosen("multipart")] == ["multipart"] * 2
    assert chosen("no such thing") == []


@pytest.mark.parametrize("reference", ["candidate_httpx", "candidate_raw"])
def test_a_reference_is_small_enough_to_be_judged(reference: str) -> None:
    source = Path(__file__).parents[2].joinpath("benchmarks", f"{reference}.py").read_text()
    code = re.sub(r'""".*?"""', "", source, flags=re.DOTALL)
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 60
