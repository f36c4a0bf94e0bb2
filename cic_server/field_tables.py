"""The fields of every directive, and an example of each: what the control page offers."""

from collections.abc import Callable
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

_TABLES = Path(__file__).with_suffix(".txt")
_NO_EXAMPLE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row of a directive's table; the path has dots, and [] behind what is a list."""

    path: str
    type: str
    is_required: bool
    # As JSON; None: it is left out of the example.
    example: str | None
    values: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it for the page."""
        return {
            "path": self.path,
            "type": self.type,
            "required": self.is_required,
            "values": list(self.values),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A directive's table."""

    namespace: str
    name: str
    # "deprecated", "unlisted" in the newest index, or nothing.
    mark: str
    fields: tuple[Field, ...]

    def as_json(self, fill: Callable[[str], str]) -> dict[str, Any]:
        """Return it for the page, with an example payload; `fill` gives texts with a $ their value."""
        payload: dict[str, Any] = {}
        for field in self.fields:
            if field.example is not None:
                _put(payload, field.path.split("."), _filled(json.loads(field.example), fill))
        return {
            "namespace": self.namespace,
            "name": self.name,
            "mark": self.mark,
            "fields": [field.as_json() for field in self.fields],
            "example": payload,
        }


def _filled(value: Any, fill: Callable[[str], str]) -> Any:
    match value:
        case str() if value.startswith("$"):
            return fill(value[1:])
        case dict():
            return {key: _filled(each, fill) for key, each in value.items()}
        case list():
            return [_filled(each, fill) for each in value]
        case _:
            return value


def _put(place: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value where its path says; a list gets one item."""
    first, *rest = path
    if not rest:
        place[first] = value
    elif first.endswith("[]"):
        items = place.setdefault(first.removesuffix("[]"), [{}])
        _put(items[0], rest, value)
    else:
        _put(place.setdefault(first, {}), rest, value)


def read_tables(text: str) -> tuple[Table, ...]:
    """Return the tables of a text, in its order; raises ValueError for a line that is none."""
    heads: list[tuple[str, str, list[Field]]] = []
    for line in text.splitlines():
        match [part.strip() for part in line.split(" | ")]:
            case [first, *_] if not first or first.startswith("#"):
                continue
            case [head]:
                name, _, mark = head.partition(" ")
                heads.append((name, mark, []))
            case [path, kind, "R" | "C" as required, example, *values] if heads:
                field = Field(
                    path=path,
                    type=kind,
                    is_required=required == "R",
                    example=None if example == _NO_EXAMPLE else example,
                    values=tuple(values[0].split()) if values else (),
                )
                heads[-1][2].append(field)
            case _:
                raise ValueError(line)
    return tuple(
        Table(
            namespace=name.partition(".")[0],
            name=name.partition(".")[2],
            mark=mark,
            fields=tuple(fields),
        )
        for name, mark, fields in heads
    )


TABLES = read_tables(_TABLES.read_text(encoding="utf-8"))
