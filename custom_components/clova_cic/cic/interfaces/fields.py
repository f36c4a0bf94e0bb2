"""Reading payload fields: strict about what is needed, lenient about the rest.

The documents' own examples omit fields, turn numbers into strings and leave
trailing members; only what a client cannot act without is an error.
"""

from ..errors import MessageError
from ..messages import Payload


def required_text(payload: Payload, key: str) -> str:
    """Return a string; MessageError when it is missing or no string."""
    value = payload.get(key)
    if not isinstance(value, str):
        raise MessageError(f"the payload has no {key}")
    return value


def optional_text(payload: Payload, key: str) -> str | None:
    """Return a string, or None when it is missing, empty or no string."""
    value = payload.get(key)
    return value if isinstance(value, str) and value else None


def whole_number(payload: Payload, key: str, default: int = 0) -> int:
    """Return a number that may stand as a string; negative and unreadable ones are the default."""
    value = payload.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return default
    try:
        number = int(float(value))
    except ValueError, OverflowError:
        return default
    return number if number >= 0 else default


def truth(payload: Payload, key: str) -> bool:
    """Return a boolean that may stand as the string "true"."""
    value = payload.get(key)
    return value is True or (isinstance(value, str) and value.lower() == "true")
