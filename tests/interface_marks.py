"""Tests that prove a directive or an event: `@pytest.mark.directive("AudioPlayer.Play")`, `@pytest.mark.event(...)`.

A marked test stands in tests/integration, loads an entry, and lets a server
send the directive over the wire, or sees that the server has received the event. It asserts
an effect of that very message outside cic/: a state, a service call, a sound, what the server
received. That every directive is shown as an event for automations is no such effect. Several
names may stand in one mark, and a mark on one of a test's parameters.

That the message was really read, or encoded to be sent, is watched here: a test during which it was
not, fails. `--interfaces=FILE` writes the document of all names from a run in which all passed.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
import importlib
from pathlib import Path
from unittest.mock import patch

import pytest

from .documents import Document, add_document
from .interface_list import ROOT, document, index

FOLDER = Path("tests/integration")
DOCUMENT = ROOT / "docs" / "interfaces.md"
# Where each kind goes over the wire: module and function of the library.
_CIC = "custom_components.clova_cic.cic"
_PASSAGES = {
    "directive": (f"{_CIC}.assembler", "decode_directive"),
    "event": (f"{_CIC}.client", "encode_event"),
}


# The property of a report that says what its test proves.
PROPERTY = "proves"


@dataclass(eq=False)  # pytest keeps its plugins in a set
class Proofs:
    """The tests that passed, by what they prove; a test counts once, whatever its parameters.

    A plugin of pytest: it reads the reports, which may come from several processes.
    """

    passed: dict[str, set[str]] = field(default_factory=dict)
    failed: set[tuple[str, str]] = field(default_factory=set)

    def add(self, name: str, test: str, *, passed: bool) -> None:
        """Keep the outcome of a test."""
        if passed:
            self.passed.setdefault(name, set()).add(test)
        else:
            self.failed.add((name, test))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a report says is proved, or is not."""
        test = report.nodeid.partition("[")[0]
        for names, passed in (value for name, value in report.user_properties if name == PROPERTY):
            for proved in names:
                self.add(proved, test, passed=passed)

    @property
    def text(self) -> str:
        """The document."""
        proofs = {
            name: {test for test in tests if (name, test) not in self.failed}
            for name, tests in self.passed.items()
        }
        return document(index(), proofs)


_SEEN = pytest.StashKey[set[tuple[str, str]]]()
_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the document."""
    parser.addoption("--interfaces", metavar="FILE", help="write the list of proved interfaces")


def pytest_configure(config: pytest.Config) -> None:
    """Begin without proofs."""
    for kind in _PASSAGES:
        config.addinivalue_line("markers", f"{kind}(*names): proves a {kind} of CIC, end to end")
    proofs = Proofs()
    config.pluginmanager.register(proofs)
    made = Document(path=DOCUMENT, option="--interfaces", text=lambda: proofs.text)
    add_document(config, made)


def marked(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what a test is to prove."""
    for kind in _PASSAGES:
        for mark in item.iter_markers(kind):
            yield from ((kind, name) for name in mark.args)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Refuse names there are not, and tests where no entry is loaded."""
    known = index().names
    for item in items:
        for kind, name in marked(item):
            if name not in known[kind]:
                raise pytest.UsageError(f"{item.nodeid}: there is no {kind} {name}")
            if not item.path.is_relative_to(config.rootpath / FOLDER):
                raise pytest.UsageError(f"{item.nodeid}: no place to prove a {kind}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch what goes over the wire while a marked test and its fixtures run."""
    seen = item.stash[_SEEN] = set()
    with ExitStack() as watching:
        for kind in {kind for kind, _ in marked(item)}:
            watching.enter_context(_watch(kind, seen))
        return (yield)


def _watch(kind: str, seen: set[tuple[str, str]]) -> ExitStack:
    """Return a context in which the names of a kind that pass are kept."""
    module, function = _PASSAGES[kind]
    home = importlib.import_module(module)
    passage = getattr(home, function)

    def watched(message, *more):
        result = passage(message, *more)
        header = (result if kind == "directive" else message).header
        seen.add((kind, header.full_name))
        return result

    return patch.object(home, function, watched)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test during which what it is to prove was not on the wire."""
    result = yield
    if absent := set(marked(item)) - item.stash[_SEEN]:
        pytest.fail(f"never on the wire: {', '.join(sorted(name for _, name in absent))}")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report the outcome of a marked test, once all of it is known."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or not report.passed
    if report.when == "teardown" and (names := [name for _, name in marked(item)]):
        report.user_properties.append((PROPERTY, [names, not item.stash[_FAILED]]))
    return report
