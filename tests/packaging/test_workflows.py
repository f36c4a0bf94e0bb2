""".github/: what runs there is pinned, may do little, and is what runs here."""

from pathlib import Path
import re
from typing import Any, Final

import pytest

from .files import ROOT, WORKFLOWS, read_yaml

NAMES: Final = {"ci", "hacs", "hassfest", "release"}
FILES: Final = sorted(WORKFLOWS.glob("*.yml"))
# An action by the commit it was seen at, and what that commit is called.
_USES: Final = re.compile(r"uses: (\S+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+|main|master)$")


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_all_are_there() -> None:
    assert {path.stem for path in FILES} == NAMES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_actions_are_pinned(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    assert used
    assert all(_USES.match(line) for line in used), used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_permitted_but_what_a_job_needs(path: Path) -> None:
    workflow = read_yaml(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        allowed = job.get("permissions", {})
        assert set(allowed) <= {"contents"}
        assert "write" not in allowed.values() or path.stem == "release"
        assert int(job["timeout-minutes"]) <= 60
    for step in steps(workflow):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"
        # what others may have written reaches a shell as a variable, never as text
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("name", sorted(NAMES - {"release"}))
def test_each_night(name: str) -> None:
    """What others change shows without a commit of ours."""
    told = read_yaml(WORKFLOWS / f"{name}.yml")["on"]
    assert {"push", "pull_request", "schedule", "workflow_dispatch"} <= told.keys()


def test_runs_what_a_submission_must_pass() -> None:
    commands = {step["run"] for step in steps(read_yaml(WORKFLOWS / "ci.yml")) if "run" in step}
    scripts = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {line for line in scripts if line.startswith("script/")} <= commands


def test_validators_are_the_real_ones() -> None:
    used = {
        step["uses"].partition("@")[0]
        for name in ("hassfest", "hacs")
        for step in steps(read_yaml(WORKFLOWS / f"{name}.yml"))
        if "uses" in step
    }
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= used
    hacs = next(
        step
        for step in steps(read_yaml(WORKFLOWS / "hacs.yml"))
        if step.get("uses", "").startswith("hacs/")
    )
    assert hacs["with"] == {"category": "integration"}, "nothing is ignored"


def test_actions_are_kept_up() -> None:
    told = read_yaml(ROOT / ".github" / "dependabot.yml")
    assert told["version"] == "2"
    assert {one["package-ecosystem"] for one in told["updates"]} == {"github-actions", "pip"}


def test_issues_ask_for_what_closes_them() -> None:
    form = read_yaml(ROOT / ".github" / "ISSUE_TEMPLATE" / "problem.yml")
    asked = [one for one in form["body"] if one["type"] != "markdown"]
    assert {one["id"] for one in asked} >= {"version", "home_assistant", "happened", "diagnostics"}
    assert len(asked) <= 6
