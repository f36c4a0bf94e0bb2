"""Every trap of a long-lived HTTP/2 client, and every fault of a server, has its case."""

import ast
from pathlib import Path
import re

TRAPS = range(1, 23)
FAULTS = range(1, 41)
MARKS = {"survives", "replaced"}

_NAMED = re.compile(r"Trap (\d+), fault (\d+): ")


def cases() -> dict[str, tuple[str, set[str]]]:
    """Return the cases that have a house: docstring and names of the decorators, by name."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef) and "house" in {
                argument.arg for argument in node.args.args
            }:
                marks = {mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)}
                if node.name.startswith("test_"):
                    found[node.name] = (ast.get_docstring(node) or "", marks)
    return found


def test_every_case_names_its_trap_and_its_fault_and_how_it_ends() -> None:
    nameless = [name for name, (text, _) in cases().items() if not _NAMED.match(text)]
    endless = [name for name, (_, marks) in cases().items() if len(marks & MARKS) != 1]
    assert (nameless, endless) == ([], [])


def test_every_trap_and_every_fault_is_named() -> None:
    named = [_NAMED.match(text) for text, _ in cases().values()]
    traps = {int(match[1]) for match in named if match}
    faults = {int(match[2]) for match in named if match}
    assert set(TRAPS) - traps == set()
    assert set(FAULTS) - faults == set()
