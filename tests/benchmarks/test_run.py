"""One tiny round of real processes against the real server."""

import json
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[2]
KEYS = {"name", "ours", "reference", "ratio", "quartiles", "budget", "within"}


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", "--rounds", "1", "--effort", "0.05", *arguments],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )


@pytest.mark.skipif(not shutil.which("node"), reason="the server is written for Node")
@pytest.mark.parametrize(
    "only", ["per cancelled answer", "CPU per event / httpx", "raw TLS push", "directive_received"]
)
def test_a_round_measures(only: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    finished = bench("--only", only, "--json", file)
    (found,) = json.loads(file.read_text())
    assert found.keys() == KEYS
    assert only in found["name"]
    assert found["name"] in finished.stdout
    assert found["ours"] > 0
    lower, upper = found["quartiles"]
    assert lower == found["ratio"] == upper
    assert found["within"] is (lower <= found["budget"])
    assert finished.returncode == (0 if found["within"] else 1)
    if found["reference"] is not None:
        assert found["ratio"] == pytest.approx(found["ours"] / found["reference"])


def test_a_name_no_row_has() -> None:
    assert bench("--only", "no such row").returncode == 2
