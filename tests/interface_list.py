"""The list of CIC's directives and events, and the document that tells what becomes of each.

docs/interfaces_index.txt is the list. docs/interfaces.md is made from the tests that
passed (`interface_marks.py`). docs/interfaces_open.txt names what is known to be open.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
import re
import sys
from typing import Self

ROOT = Path(__file__).parent.parent

HEAD = """\
# Interfaces

Every directive and event of CIC, and the tests that prove it: written by `script/interfaces` from the tests that passed, and
compared with that in every full run of the tests. Each of these tests has a loaded entry and sends the message over the wire,
or sees it arrive at the server, and sees an effect of it outside the library.

*Handled* is what a test proves. *Ignored* is left out on purpose: the documents call it deprecated. *Open* is the rest; as a
directive it goes to automations as it came, like all of them.
"""
_ROW = re.compile(r"\| (\S+) \| (\w+) \| (.*) \|")
_TEST = re.compile(r"`([^`]+)`")


class Status(StrEnum):
    """What becomes of a message."""

    HANDLED = "handled"
    IGNORED = "ignored"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Every name, by kind: "directive" or "event"."""

    names: Mapping[str, tuple[str, ...]]
    deprecated: frozenset[str]
    ignored: frozenset[str]

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a list with a heading for each kind, such as [directives]."""
        names: dict[str, tuple[str, ...]] = {}
        remarks: dict[str, set[str]] = {"deprecated": set(), "ignored": set()}
        kind = ""
        for line in _lines(text):
            if line.startswith("["):
                kind = line.strip("[]").removesuffix("s")
                names[kind] = ()
                continue
            name, *said = line.split()
            names[kind] += (name,)
            for remark in said:
                remarks[remark].add(name)
        return cls(names=names, **{remark: frozenset(of) for remark, of in remarks.items()})

    @property
    def all(self) -> frozenset[str]:
        """Every name of every kind."""
        return frozenset(name for names in self.names.values() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the document."""

    name: str
    status: str
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return it as it stands there."""
        tests = ", ".join(f"`{test}`" for test in self.tests)
        return f"| {self.name} | {self.status} | {tests} |"


def index() -> Index:
    """Return the project's list."""
    return Index.read((ROOT / "docs/interfaces_index.txt").read_text())


def document(of: Index, proofs: Mapping[str, Collection[str]]) -> str:
    """Return the document, by the tests that prove each name."""
    lines = [HEAD]
    for kind, names in of.names.items():
        rows = [_row(of, name, proofs.get(name, ())) for name in names]
        lines += [f"## {kind.capitalize()}s", "", f"{_counted(rows)}.", ""]
        lines += [f"| {kind.capitalize()} | | Proved by |", "|---|---|---|", *map(str, rows), ""]
    return "\n".join(lines)


def _row(of: Index, name: str, tests: Collection[str]) -> Row:
    if tests:
        return Row(name=name, status=Status.HANDLED, tests=tuple(sorted(tests)))
    return Row(name=name, status=Status.IGNORED if name in of.ignored else Status.OPEN)


def rows_of(text: str) -> dict[str, list[Row]]:
    """Return the document's rows by kind."""
    rows: dict[str, list[Row]] = {}
    kind = ""
    for line in text.splitlines():
        if line.startswith("## "):
            kind = line.removeprefix("## ").lower().removesuffix("s")
        elif (found := _ROW.fullmatch(line)) and "." in found[1]:
            tests = tuple(_TEST.findall(found[3]))
            rows.setdefault(kind, []).append(Row(name=found[1], status=found[2], tests=tests))
    return rows


def check(of: Index, text: str, still_open: str, root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with a document, beside the list and the names that may be open."""
    rows = rows_of(text)
    allowed = list(_lines(still_open))
    for kind, names in of.names.items():
        told = [row.name for row in rows.get(kind, ())]
        yield from _said(kind, "is missing", set(names) - set(told))
        yield from _said(kind, "is not in the index", set(told) - set(names))
        yield from _said(kind, "stands there twice", _doubled(told))
    for row in (row for kind in rows.values() for row in kind):
        yield from (f"{row.name}: {what}" for what in _faults(of, row, allowed, root))
    yield from _said("interfaces_open.txt", "is not in the index", set(allowed) - of.all)
    yield from _said("interfaces_open.txt", "stands there twice", _doubled(allowed))
    if allowed != sorted(allowed):
        yield "interfaces_open.txt: not sorted"


def _faults(of: Index, row: Row, allowed: Collection[str], root: Path) -> Iterator[str]:
    if (row.status == Status.HANDLED) != bool(row.tests):
        yield "handled is what a test proves, and nothing else"
    yield from (f"no such test: {test}" for test in row.tests if not _exists(root, test))
    match row.status:
        case Status.OPEN if row.name not in allowed:
            yield "open, and not in interfaces_open.txt"
        case Status.IGNORED if row.name not in of.deprecated:
            yield "ignored, though it is not deprecated"
        case Status.HANDLED | Status.IGNORED if row.name in allowed:
            yield f"{row.status}, though interfaces_open.txt says it is open"
        case Status.HANDLED | Status.IGNORED | Status.OPEN:
            pass
        case _:
            yield f"{row.status} is no status"


def _exists(root: Path, test: str) -> bool:
    path, *_, name = test.split("::")
    file = root / path
    return file.is_file() and f"def {name}(" in file.read_text()


def _said(where: str, what: str, names: Iterable[str]) -> Iterator[str]:
    return (f"{where}: {name} {what}" for name in sorted(names))


def _doubled(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def _counted(rows: Iterable[Row]) -> str:
    counts = Counter(row.status for row in rows)
    return (
        f"{counts.total()}: {counts[Status.HANDLED]} handled, {counts[Status.IGNORED]} ignored on"
        f" purpose, {counts[Status.OPEN]} open"
    )


def main() -> int:
    """Print the counts of docs/interfaces.md and what is wrong with it; return the exit status."""
    text = (ROOT / "docs/interfaces.md").read_text()
    still_open = ROOT / "docs/interfaces_open.txt"
    for kind, rows in rows_of(text).items():
        sys.stdout.write(f"{kind}s: {_counted(rows)}\n")
    faults = list(check(index(), text, still_open.read_text() if still_open.exists() else ""))
    sys.stderr.writelines(f"docs/interfaces.md: {fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
