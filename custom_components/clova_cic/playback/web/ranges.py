"""Parts of a sound: which bytes are asked for (RFC 9110 14), and which were given out."""

import re
from typing import Final, NamedTuple

# Eighteen digits are more bytes than there are; more are no number anybody means.
_ASKED: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII | re.IGNORECASE)
_GIVEN: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)
_NONE_OF: Final = re.compile(r"bytes \*/\d{1,18}", re.ASCII | re.IGNORECASE)
# A player that jumps more often than this has not heard the whole.
_MOST_PIECES: Final = 64


class Span(NamedTuple):
    """Bytes from start up to, and without, stop."""

    start: int
    stop: int


class UnsatisfiableError(Exception):
    """A range that begins behind the end."""


def is_one_range(field: str | None) -> bool:
    """Tell whether a Range field asks for one stretch of bytes; only these are worth passing on."""
    found = _ASKED.fullmatch(field or "")
    return found is not None and bool(found[1] or found[2])


def asked_span(field: str | None, size: int) -> Span | None:
    """Return the bytes that a Range field asks for, None where it is to be ignored.

    Several ranges at once are: a server may answer with the whole (RFC 9110 14.2).
    Raises UnsatisfiableError.
    """
    found = _ASKED.fullmatch(field or "")
    if found is None or not size:
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, size)
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return Span(start, stop)


def _suffix(last: str, size: int) -> Span | None:
    if not last:
        return None
    if not int(last):
        raise UnsatisfiableError
    return Span(max(size - int(last), 0), size)


def content_range(span: Span, size: int) -> str:
    """Return the Content-Range field for a part."""
    return f"bytes {span.start}-{span.stop - 1}/{size}"


def given_span(field: str | None) -> tuple[Span, int | None] | None:
    """Read a Content-Range field: the part, and how much there is in all if that is known."""
    found = _GIVEN.fullmatch((field or "").strip())
    if found is None:
        return None
    span, total = Span(int(found[1]), int(found[2]) + 1), found[3]
    if span.stop <= span.start or (total != "*" and int(total) < span.stop):
        return None
    return span, None if total == "*" else int(total)


def none_of(field: str | None) -> str | None:
    """Return a Content-Range field that names a size alone, None where it is no such field."""
    return field if field and _NONE_OF.fullmatch(field) else None


class Coverage:
    """Which bytes of a whole were given out, in whatever pieces."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pieces: list[Span] = []

    def add(self, span: Span) -> None:
        """Count a piece."""
        if span.stop <= span.start:
            return
        apart = []
        for one in self._pieces:
            if one.stop < span.start or one.start > span.stop:
                apart.append(one)
            else:
                span = Span(min(one.start, span.start), max(one.stop, span.stop))
        if len(apart) < _MOST_PIECES:
            self._pieces = [*apart, span]

    def covers(self, size: int) -> bool:
        """Tell whether all of so many bytes were given."""
        return not size or any(one.start == 0 and one.stop >= size for one in self._pieces)
