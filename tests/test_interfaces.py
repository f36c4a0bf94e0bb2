"""The list of interfaces: what is wrong with it is found, and it is made from what passed."""

from pathlib import Path
import subprocess

import pytest

from .interface_list import ROOT, Index, Row, Status, check, document, index, rows_of

PROOF = "tests/integration/test_it.py::test_it"
OF = Index.read("""\
# a remark
[directives]
A.Plays
A.Waits
A.WasOnce deprecated ignored
[events]
A.Played
""")
GOOD = document(OF, {"A.Plays": {PROOF}, "A.Played": {PROOF}})
OPEN = "# a remark\nA.Waits\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with the one test there is."""
    file = tmp_path / "tests/integration/test_it.py"
    file.parent.mkdir(parents=True)
    file.write_text("async def test_it(hass) -> None: ...\n")
    return tmp_path


def test_the_index() -> None:
    of = index()
    assert {kind: len(names) for kind, names in of.names.items()} == {"directive": 72, "event": 53}
    assert len(of.all) == 125
    assert of.ignored <= of.deprecated < of.all
    for names in of.names.values():
        namespaces = [name.partition(".")[0] for name in names]
        assert namespaces == sorted(namespaces)


def test_a_document_without_fault(root: Path) -> None:
    assert list(check(OF, GOOD, OPEN, root)) == []
    assert rows_of(GOOD) == {
        "directive": [
            Row(name="A.Plays", status=Status.HANDLED, tests=(PROOF,)),
            Row(name="A.Waits", status=Status.OPEN),
            Row(name="A.WasOnce", status=Status.IGNORED),
        ],
        "event": [Row(name="A.Played", status=Status.HANDLED, tests=(PROOF,))],
    }
    assert "3: 1 handled, 1 ignored on purpose, 1 open." in GOOD


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("| A.Waits | open |  |\n", "", ["directive: A.Waits is missing"]),
        (
            "| A.Waits | open |  |",
            "| A.Waits | open |  |\n| A.Waits | open |  |",
            ["directive: A.Waits stands there twice"],
        ),
        (
            "| A.Plays | handled",
            "| A.Other | handled",
            ["directive: A.Plays is missing", "directive: A.Other is not in the index"],
        ),
        ("## Events", "## Other", ["event: A.Played is missing"]),
        (
            "| A.Waits | open |",
            "| A.Waits | ignored |",
            [
                "A.Waits: ignored, though it is not deprecated",
            ],
        ),
        (
            f"| A.Played | handled | `{PROOF}` |",
            "| A.Played | open |  |",
            ["A.Played: open, and not in interfaces_open.txt"],
        ),
        (
            f"| A.Played | handled | `{PROOF}` |",
            "| A.Played | handled |  |",
            ["A.Played: handled is what a test proves, and nothing else"],
        ),
        (
            "| A.WasOnce | ignored |  |",
            f"| A.WasOnce | ignored | `{PROOF}` |",
            ["A.WasOnce: handled is what a test proves, and nothing else"],
        ),
        ("| A.WasOnce | ignored |", "| A.WasOnce | gone |", ["A.WasOnce: gone is no status"]),
        (
            f"| A.Played | handled | `{PROOF}` |",
            f"| A.Played | handled | `{PROOF}s` |",
            [f"A.Played: no such test: {PROOF}s"],
        ),
        (
            f"| A.Played | handled | `{PROOF}` |",
            "| A.Played | handled | `tests/gone.py::test_it` |",
            ["A.Played: no such test: tests/gone.py::test_it"],
        ),
    ],
)
def test_a_wrong_document(root: Path, old: str, new: str, faults: list[str]) -> None:
    assert old in GOOD
    assert list(check(OF, GOOD.replace(old, new), OPEN, root)) == faults


@pytest.mark.parametrize(
    ("still_open", "faults"),
    [
        ("", ["A.Waits: open, and not in interfaces_open.txt"]),
        (
            "A.Plays\nA.Waits\n",
            ["A.Plays: handled, though interfaces_open.txt says it is open"],
        ),
        (
            "A.Waits\nA.WasOnce\n",
            ["A.WasOnce: ignored, though interfaces_open.txt says it is open"],
        ),
        ("A.Never\nA.Waits\n", ["interfaces_open.txt: A.Never is not in the index"]),
        ("A.Waits\nA.Waits\n", ["interfaces_open.txt: A.Waits stands there twice"]),
        (
            "A.Waits\nA.Plays\n",
            [
                "A.Plays: handled, though interfaces_open.txt says it is open",
                "interfaces_open.txt: not sorted",
            ],
        ),
    ],
)
def test_a_wrong_list_of_what_is_open(root: Path, still_open: str, faults: list[str]) -> None:
    assert list(check(OF, GOOD, still_open, root)) == faults


def test_ignored_on_purpose_and_not_deprecated(root: Path) -> None:
    of = Index.read("[directives]\nA.Waits ignored\n")
    assert list(check(of, document(of, {}), "", root)) == [
        "A.Waits: ignored, though it is not deprecated"
    ]


def test_the_document_as_it_stands() -> None:
    ran = subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "tests.interface_list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("directives: 72: ")


# Marks

PASSING = """
import pytest
from custom_components.clova_cic.cic import assembler, client
from custom_components.clova_cic.cic.messages import Event, Header

def read(name):
    namespace, _, name = name.partition(".")
    header = '{"namespace": "%s", "name": "%s"}' % (namespace, name)
    assembler.decode_directive(('{"header": %s}' % header).encode())

def sent(name):
    namespace, _, name = name.partition(".")
    client.encode_event(Event(header=Header(namespace=namespace, name=name)), [])
"""


class Inner:
    """A run of tests within a test."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.written = pytester.path / "interfaces.md"
        pytester.makeini(
            "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
        )

    def run(self, tests: str, *options: str, folder: str = "integration") -> tuple[int, str]:
        """Run the text of some tests; return the exit status and what was printed."""
        file = self.pytester.path / "tests" / folder / "test_inner.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PASSING + tests)
        plugins = ("-p", "tests.documents", "-p", "tests.interface_marks")
        ran = self.pytester.runpytest_inprocess(*plugins, "-q", *options)
        return ran.ret, ran.stdout.str() + ran.stderr.str()

    @property
    def handled(self) -> dict[str, tuple[str, ...]]:
        """What the document that was written says is handled, and by which tests."""
        rows = [row for kind in rows_of(self.written.read_text()).values() for row in kind]
        return {row.name: row.tests for row in rows if row.status == Status.HANDLED}


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Inner:
    """Return a run of tests within this one."""
    return Inner(pytester)


def test_what_passed_is_proved(inner: Inner) -> None:
    status, said = inner.run(
        """
@pytest.mark.directive("AudioPlayer.Play", "Clova.Help")
@pytest.mark.event("AudioPlayer.PlayStarted")
def test_one():
    read("AudioPlayer.Play")
    read("Clova.Help")
    sent("AudioPlayer.PlayStarted")

@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.directive(name)) for name in ("Clova.Help", "Clova.Hello")
])
def test_two(name):
    read(name)

@pytest.mark.skip
@pytest.mark.directive("Notifier.Notify")
def test_three():
    read("Notifier.Notify")

def test_four():
    read("Notifier.SetIndicator")
""",
        "--interfaces",
        str(inner.written),
    )
    assert status == 0, said
    one, two = (f"tests/integration/test_inner.py::test_{number}" for number in ("one", "two"))
    assert inner.handled == {
        "AudioPlayer.Play": (one,),
        "AudioPlayer.PlayStarted": (one,),
        "Clova.Hello": (two,),
        "Clova.Help": (one, two),
    }


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ('@pytest.mark.directive("Clova.Help")\ndef test(): pass', "never on the wire: Clova.Help"),
        (
            '@pytest.mark.event("Settings.Report")\ndef test(): read("Settings.Report")',
            "never on the wire: Settings.Report",
        ),
        (
            '@pytest.mark.directive("Clova.Help")\ndef test(): assert not read("Clova.Help") is None',
            "F",
        ),
    ],
)
def test_what_proves_nothing_fails(inner: Inner, tests: str, said: str) -> None:
    status, output = inner.run(tests, "--interfaces", str(inner.written))
    assert status == pytest.ExitCode.TESTS_FAILED
    assert said in output
    assert not inner.written.exists()


@pytest.mark.parametrize(
    ("mark", "folder", "said"),
    [
        ('directive("Clova.Nothing")', "integration", "there is no directive Clova.Nothing"),
        ('event("Clova.Help")', "integration", "there is no event Clova.Help"),
        ('directive("Clova.Help")', "cic", "no place to prove a directive"),
    ],
)
def test_a_wrong_mark_is_an_error(inner: Inner, mark: str, folder: str, said: str) -> None:
    tests = f'@pytest.mark.{mark}\ndef test(): read("Clova.Help")'
    status, output = inner.run(tests, folder=folder)
    assert status == pytest.ExitCode.USAGE_ERROR
    assert said in output


def test_a_full_run_fails_where_a_document_is_old(inner: Inner) -> None:
    tests = '@pytest.mark.directive("Notifier.Notify")\ndef test(): read("Notifier.Notify")'
    status, output = inner.run(tests, "--check-documents")
    assert status == pytest.ExitCode.TESTS_FAILED
    assert "interfaces.md is not what the tests saw" in output
    assert inner.run(tests)[0] == 0
