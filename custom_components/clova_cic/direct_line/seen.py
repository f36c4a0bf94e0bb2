"""Which activities have come already."""

from collections.abc import Iterator, Mapping
import hashlib
import json
from typing import Any, Final

# Two for each activity, so 16,000 of these: a day of a busy bot, and the service keeps messages
# for a day. Some 4 MiB of memory at the most.
MOST_MARKS: Final = 32_768
# Of a digest, in bytes: two of them alike by chance are out of the question.
_DIGEST: Final = 12


class Seen:
    """A bounded memory of activities.

    One is known by its id along with its time or its text, not by the id alone: the service
    has begun numbering again within conversations. One without an id is known by all it says.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[bytes, None] = {}

    def is_new(self, raw: Mapping[str, Any]) -> bool:
        """Tell whether an activity comes for the first time, and remember it."""
        marks = list(_marks(raw))
        new = not any(mark in self._known for mark in marks)
        for mark in marks:
            self._known.pop(mark, None)  # to the end: what comes again is asked for again
            self._known[mark] = None
        while len(self._known) > MOST_MARKS:
            del self._known[next(iter(self._known))]
        return new


def _marks(raw: Mapping[str, Any]) -> Iterator[bytes]:
    match raw.get("id"), raw.get("type"):
        case (None | "", "typing"):
            return  # it comes once or not at all
        case (None | "", _):
            yield _digest(raw)
        case (one, _):
            yield _digest([one, "at", raw.get("timestamp", raw.get("created"))])
            yield _digest([one, "says", raw.get("text")])


def _digest(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=_DIGEST).digest()
