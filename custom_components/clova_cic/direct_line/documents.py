"""JSON from outside: whatever it is, it becomes values that the rest can take."""

from collections.abc import Iterable, Mapping
from datetime import datetime
import json
import re
from typing import Any, Final

from .errors import MalformedError

# The deepest card has some twenty levels; Python code that walks a value gives up at a thousand.
DEEPEST: Final = 100
# Half of a surrogate pair, which has no UTF-8; the first two alternatives are skipped over.
_HALF_A_PAIR: Final = re.compile(
    r"\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})"
)
# Digits of a whole number that others who read JSON take, in 64 bits; longer ones are rounded.
_LONGEST_NUMBER: Final = 18


def _whole_number(digits: str) -> float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)


# "NaN" and its like are no JSON: they are left out.
_DECODER: Final = json.JSONDecoder(parse_int=_whole_number, parse_constant=lambda _name: None)


def decode(data: bytes | str) -> Any:
    """Return the value of a JSON document; raises MalformedError."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        if "\\ud" in text or "\\uD" in text:
            text = _HALF_A_PAIR.sub(lambda found: r"\ufffd" if found[1] else found[0], text)
        return _DECODER.decode(text)
    except (ValueError, RecursionError) as err:
        raise MalformedError("the answer is not JSON") from err


def encode(value: Mapping[str, Any]) -> bytes:
    """Return a JSON document in UTF-8; raises MalformedError."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as err:
        raise MalformedError("the message has no JSON") from err
    # half a surrogate pair has no UTF-8, but Python's escape for it is JSON's as well
    return text.encode(errors="backslashreplace")


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list that are not too deep; of anything else none."""
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict) and not _is_too_deep(one)]


def member(value: Any, key: str) -> Any:
    """Return a member of what should be an object; None where it is none."""
    return value.get(key) if isinstance(value, dict) else None


def text_of(value: Any) -> str | None:
    """Return a text; a number is one in digits, anything else is none."""
    match value:
        case str():
            return value
        case bool() | None:
            return None
        case int() | float():
            return str(value)
    return None


def time_of(value: Any) -> datetime | None:
    """Return an ISO 8601 time; None for what is none."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _is_too_deep(value: Any) -> bool:
    """Whether a value has more than DEEPEST levels, without recursion."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return False
    return True


def _members(value: Any) -> Iterable[Any]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
    return ()
