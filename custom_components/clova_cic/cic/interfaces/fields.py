"""Reading payload fields: strict about what is needed, lenient about the rest.

The documents' own examples omit fields, turn numbers into strings and leave
trailing members; only what a client cannot act without is an error.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import islice
import json
from typing import Any, Final
from urllib.parse import urlsplit

from ..errors import MessageError
from ..messages import Payload

# Tokens and addresses, in bytes. The documents allow 2,048; tokens of 3 kB have been seen.
LONGEST_IDENTIFIER: Final = 8 * 1024
# Titles and names, in characters: they are shown on a line and kept as states.
LONGEST_CAPTION: Final = 1024
# What is sent back as it came, in bytes of JSON: it may go up with every event from then on.
LARGEST_ECHO: Final = 64 * 1024
# A year, in milliseconds: what says to be longer is endless, or an error.
LONGEST_TIME: Final = 366 * 24 * 60 * 60 * 1000


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


def milliseconds(payload: Payload, key: str) -> int | None:
    """Return a time; None when it is missing, unreadable, negative or longer than a year."""
    number = whole_number(payload, key, -1)
    return number if 0 <= number <= LONGEST_TIME else None


def identifier(payload: Payload, key: str) -> str | None:
    """Return a token, an id or an address, or None; MessageError when it is too long to keep."""
    value = optional_text(payload, key)
    if value is not None and len(value.encode(errors="surrogatepass")) > LONGEST_IDENTIFIER:
        raise MessageError(f"the payload's {key} is longer than {LONGEST_IDENTIFIER} bytes")
    return value


def required_identifier(payload: Payload, key: str) -> str:
    """Return a token, an id or an address; MessageError when it is missing or too long."""
    value = identifier(payload, key)
    if value is None:
        raise MessageError(f"the payload has no {key}")
    return value


def caption(payload: Payload, key: str) -> str | None:
    """Return a text to be shown, cut where it is too long for that, or None."""
    value = optional_text(payload, key)
    return value and value[:LONGEST_CAPTION]


def web_address(payload: Payload, key: str) -> str | None:
    """Return the address of something to be shown, or None when it is of no use."""
    value = optional_text(payload, key)
    if value is None or len(value) > LONGEST_IDENTIFIER or not is_web_address(value):
        return None
    return value


def is_web_address(url: str) -> bool:
    """Tell whether an address is whole and of the web: nothing is fetched from elsewhere."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def choice[Kind: StrEnum](payload: Payload, key: str, kind: type[Kind]) -> Kind | None:
    """Return a member by its value, in any case, or None."""
    value = payload.get(key)
    if not isinstance(value, str):
        return None
    return next((member for member in kind if member.lower() == value.lower()), None)


def required_choice[Kind: StrEnum](payload: Payload, key: str, kind: type[Kind]) -> Kind:
    """Return a member by its value, in any case; MessageError when there is none."""
    member = choice(payload, key, kind)
    if member is None:
        raise MessageError(f"the payload has no {key} that is known")
    return member


def inner(payload: Payload, key: str) -> Payload:
    """Return an object, empty when it is missing or none."""
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def items[Item](
    payload: Payload, key: str, read: Callable[[Payload], Item], most: int
) -> tuple[Item, ...]:
    """Return the readable objects of a list, so many at most."""
    value = payload.get(key)
    return tuple(islice(_readable(value if isinstance(value, list) else [], read), most))


def _readable[Item](values: list[Any], read: Callable[[Payload], Item]) -> Iterator[Item]:
    for value in values:
        if isinstance(value, dict):
            try:
                item = read(value)
            except MessageError:
                continue
            yield item


def echo(payload: Payload) -> Payload:
    """Return what is to be sent back as it came; MessageError when it is too large for that.

    A number no JSON can hold (1e999 is read as infinite) becomes null: it would
    spoil every event.
    """
    text = json.dumps(payload)
    if len(text) > LARGEST_ECHO:
        raise MessageError(f"the payload has more than {LARGEST_ECHO} bytes to be sent back")
    copy: Payload = json.loads(text, parse_constant=lambda _: None)
    return copy
