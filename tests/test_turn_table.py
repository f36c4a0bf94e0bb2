"""docs/turns.md has each case once, each has one test, and no answer is missing without a reason."""

import ast
from collections import Counter
from pathlib import Path
import re

import pytest

from .documents import IncompleteError
from .turn_table import WITHOUT_ANSWER, Table, documented, names


def marked() -> Counter[str]:
    """Return the cases that tests are marked with."""
    found: Counter[str] = Counter()
    for path in sorted(Path(__file__).parent.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="turn"), args=[ast.Constant(str() as case)]):
                    found[case] += 1
    return found


def test_each_case_has_one_test() -> None:
    assert marked() == Counter(names())


def test_each_case_stands_in_the_document() -> None:
    assert list(documented()) == names()


def test_no_answer_is_missing_without_a_reason() -> None:
    gets = {name: line.split(" | ")[1] for name, line in documented().items()}
    without = {
        name
        for name, what in gets.items()
        if any(words in what for words in ("error", "the reason", "nothing"))
    }
    assert without == set(WITHOUT_ANSWER)


def test_a_case_looks_the_same_each_time() -> None:
    table = Table()
    for name in names():
        for _ in range(2):
            table.add(name, f"| {name} |")
    assert table.text.count("\n| ") == len(names()) + table.text.count("| Case |")
    table.add(names()[0], "| otherwise |")
    with pytest.raises(IncompleteError, match=re.escape(names()[0])):
        _ = table.text
