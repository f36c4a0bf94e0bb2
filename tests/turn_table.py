"""The table of turns: every way an Assist run and a dialog can part, and what a test saw of it.

A test of the table is marked with its case and records what it saw. `--turns-table=FILE`
writes the table from a run in which all of them passed; without it each row is
compared with docs/turns.md.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .documents import Document, IncompleteError, add_document

DOCUMENT = Path(__file__).parent.parent / "docs" / "turns.md"

# Every case, by its group; a case is known by its words.
CASES = {
    "The cloud sends no transcript": (
        "our agent follows",
        "our agent follows, Home Assistant answers first where it can",
        "our agent follows, and partial texts came",
        "another agent follows",
        "another agent follows, and partial texts came",
        "the run ends at speech-to-text",
        "an automation's wildcard matches the stand-in",
    ),
    "Recognition only": (
        "`ask_question`",
        "dictation: a run that ends at speech-to-text",
        "`/api/stt`",
        "another agent",
        "another agent, switched off in the options",
        "Home Assistant's own sentence",
        "an automation's sentence",
    ),
    "Somebody else tries first": (
        "Home Assistant's own sentence, which fails",
        "an automation's sentence that hands on to our agent",
    ),
    "Other engines": (
        "a run begun by a wake word",
        "another speech-to-text",
        "another text-to-speech",
        "another entry's agent",
        "a run that ends with the answer in writing",
        "a spoken command of the browser's",
        "a typed command",
    ),
    "Two satellites": (
        "two at once",
        "a late directive, and a newer dialog elsewhere",
        "a late directive of a dialog replaced in its conversation",
        "a late directive of a dialog replaced at its satellite, in a new conversation",
        "a late directive of a cancelled dialog",
        "a second command in a conversation that is being answered",
    ),
    "The cloud asks back": (
        "speech in time after the sound",
        "speech in time, no satellite tells of the sound's end",
        "speech too late",
        "a second answer to one question",
        "the question was interrupted",
        "the question was stopped",
        "a question without sound",
        "the question of an answer that broke off",
        "`ask_question` while the cloud's is open",
        "a typed question and a typed answer",
    ),
    "A run that ends early": (
        "a barge-in while listening",
        "a barge-in while answering",
        "cancelled at each await",
        "the agent is never reached",
        "the agent is reached too late",
        "the sound is never read",
        "the microphone breaks",
        "Home Assistant stops in mid-turn",
        "the entry is unloaded while listening",
        "the entry is reloaded in mid-turn",
    ),
    "The connection ends in mid-turn": (
        "lost while listening",
        "lost while the turn is held",
        "lost while answering",
        "GOAWAY while listening",
        "GOAWAY while the turn is held",
        "GOAWAY while answering",
    ),
    "The sound of an answer": (
        "at an http(s) address",
        "as HLS",
        "after a pause",
        "several, from different places",
        "on the downchannel",
        "its end, told by the satellite",
        "its end, reckoned",
    ),
    "The request does not get through": (
        "401, once",
        "REFUSED_STREAM, once",
        "above GOAWAY's last stream",
        "again and again",
        "more than 10 s of speech",
    ),
}
# Where there can be no answer, and why.
WITHOUT_ANSWER = {
    "The cloud sends no transcript: another agent follows": "there is no text for it",
    "The cloud sends no transcript: the run ends at speech-to-text": "there is no text for it",
    "Recognition only: another agent, switched off in the options": "the user wants it so",
    "Two satellites: a second command in a conversation that is being answered": (
        "the first gives way, and the second is answered"
    ),
    "The cloud asks back: the question of an answer that broke off": "the cloud did not end it",
    "A run that ends early: the microphone breaks": "nobody knows what was to be said",
    "A run that ends early: Home Assistant stops in mid-turn": "nobody is left to hear it",
    "A run that ends early: the entry is unloaded while listening": "the agent is gone",
    "A run that ends early: the entry is reloaded in mid-turn": "the agent is gone",
    "The connection ends in mid-turn: lost while listening": "half a command went with it",
    "The connection ends in mid-turn: lost while the turn is held": "the command went with it",
    "The request does not get through: again and again": "the cloud does not look at it",
    "The request does not get through: more than 10 s of speech": "it is not kept",
}

HEAD = """\
# Turns

Every way an Assist run and a CIC dialog can part, and what came of it: written by `script/test -m turn
--turns-table=docs/turns.md` from what the tests saw, and compared with that in every run of the tests. The states of a turn and its moves
stand at the head of `turn.py`.

*Assist gets* is what the pipeline's events say. *The cloud* is what the server counted: a dialog is **executed** when its
closing boundary came, **reset** when it was given up before, **lost** when its connection was, **refused** when the server would
not look at it; in their order. *The turn* is how diagnostics record it.
"""


def names() -> list[str]:
    """Return every case with its group."""
    return [f"{group}: {case}" for group, cases in CASES.items() for case in cases]


@dataclass
class Row:
    """What a test saw of its case."""

    name: str
    assist: str = ""
    cloud: str = ""
    turn: str = ""

    def record(self, assist: str, cloud: Iterable[str], turn: Iterable[str]) -> None:
        """Keep it; the cloud's and the turns' outcomes are counted."""
        self.assist, self.cloud, self.turn = assist, _counted(cloud), _counted(turn)

    @property
    def line(self) -> str:
        """The row as it stands in the table."""
        case = self.name.partition(": ")[2]
        return f"| {case} | {self.assist} | {self.cloud} | {self.turn} |"


def _counted(outcomes: Iterable[str]) -> str:
    counts = Counter(outcomes)
    return (
        ", ".join(
            outcome if count == 1 else f"{count} {outcome}" for outcome, count in counts.items()
        )
        or "–"
    )


# The property of a report that is what its test saw of its case.
PROPERTY = "turn"


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Table:
    """The lines of a run of the tests, by case.

    A plugin of pytest: it reads the reports, which may come from several processes.
    """

    lines: dict[str, set[str]] = field(default_factory=dict)

    def add(self, name: str, line: str) -> None:
        """Add what a test saw of a case."""
        self.lines.setdefault(name, set()).add(line)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add what a report says."""
        if report.when == "teardown":
            for line in (value for name, value in report.user_properties if name == PROPERTY):
                self.add(*line)

    @property
    def text(self) -> str:
        """The whole document; IncompleteError where a case has no line, or more than one."""
        if missing := [name for name in names() if name not in self.lines]:
            raise IncompleteError(f"no row for {'; '.join(missing)}")
        if doubled := [name for name, lines in self.lines.items() if len(lines) > 1]:
            raise IncompleteError(f"not the same each time: {'; '.join(doubled)}")
        lines = [HEAD]
        for group, cases in CASES.items():
            lines += [
                f"## {group}",
                "",
                "| Case | Assist gets | The cloud | The turn |",
                "|---|---|---|---|",
            ]
            lines += [line for case in cases for line in self.lines[f"{group}: {case}"]]
            lines.append("")
        return "\n".join(lines)


def documented() -> dict[str, str]:
    """Return the lines of the document by case."""
    lines, group = {}, ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| Case "):
            lines[f"{group}: {line[2:].partition(' | ')[0]}"] = line
    return lines


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the table."""
    parser.addoption("--turns-table", metavar="FILE", help="write the table of turns")


def pytest_configure(config: pytest.Config) -> None:
    """Begin an empty table."""
    table = Table()
    config.pluginmanager.register(table)
    made = Document(path=DOCUMENT, option="--turns-table", text=lambda: table.text)
    add_document(config, made)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    """Yield the row of the test's case; what it records must be what is documented."""
    (name,) = request.node.get_closest_marker("turn").args
    row = Row(name)
    yield row
    assert row.assist, "nothing was recorded"
    request.node.user_properties.append((PROPERTY, [row.name, row.line]))
    if not request.config.getoption("--turns-table"):
        assert documented()[name] == row.line
