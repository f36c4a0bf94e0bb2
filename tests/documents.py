"""Documents that are made from what the tests saw: written on demand, or compared with what is there.

A plugin that makes one calls add_document from its pytest_configure, and adds its
option. What a test saw travels with its report, to the process that collects those of all.
`--check-documents` compares all documents with the run, which must have been a full one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


class IncompleteError(Exception):
    """The run has not seen all that belongs into a document; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document: where it is, the option that writes it, and its text after a run.

    text raises IncompleteError.
    """

    path: Path
    option: str
    text: Callable[[], str]

    def settle(self, config: pytest.Config) -> str | None:
        """Write it, or compare it, as the run was asked to; return what went wrong."""
        target = config.getoption(self.option)
        if not target and not config.getoption("--check-documents"):
            return None
        try:
            text = self.text()
        except IncompleteError as err:
            return f"{self.path.name} cannot be made: {err}"
        if target:
            Path(target).write_text(text)
        elif self.path.read_text() != text:
            return f"{self.path.name} is not what the tests saw: write it with {self.option}=FILE"
        return None


_DOCUMENTS = pytest.StashKey[list[Document]]()
_FAULTS = pytest.StashKey[list[str]]()


def add_document(config: pytest.Config, document: Document) -> None:
    """Have a document written or compared when all tests have passed."""
    config.stash.setdefault(_DOCUMENTS, []).append(document)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of full runs."""
    parser.addoption(
        "--check-documents", action="store_true", help="fail if a document is not what was seen"
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Settle the documents of a run in which nothing failed."""
    config = session.config
    if exitstatus != pytest.ExitCode.OK or config.getoption("--collect-only"):
        return
    if hasattr(config, "workerinput"):  # one process of several: it saw its own part
        return
    settled = [document.settle(config) for document in config.stash.get(_DOCUMENTS, [])]
    faults = config.stash[_FAULTS] = [fault for fault in settled if fault is not None]
    if faults:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what went wrong."""
    for fault in config.stash.get(_FAULTS, []):
        terminalreporter.write_line(fault, red=True)
