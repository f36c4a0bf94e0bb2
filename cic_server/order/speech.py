"""The order of speech events (SpeechSynthesizer): Started, then Finished or Stopped, answer by answer."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from itertools import count

from .reasons import Finding, Reason

# Speeches remembered; the oldest is forgotten.
MAX_SPEECHES = 500


class Said(Enum):
    """How far a speech is."""

    ORDERED = "ordered"
    STARTED = "started"
    ENDED = "ended"


@dataclass(slots=True, kw_only=True)
class _Speech:
    number: int
    # Speech of one answer is said one after the other; speech that was pushed likewise.
    answer: str | None
    state: Said = Said.ORDERED


# (event, state before) -> state after, or why not
_TABLE: dict[tuple[str, Said], Said | Reason] = {
    ("SpeechStarted", Said.ORDERED): Said.STARTED,
    ("SpeechStarted", Said.STARTED): Reason.SPEECH_AGAIN,
    ("SpeechStarted", Said.ENDED): Reason.SPEECH_AGAIN,
    ("SpeechFinished", Said.ORDERED): Reason.SPEECH_NOT_STARTED,
    ("SpeechFinished", Said.STARTED): Said.ENDED,
    ("SpeechFinished", Said.ENDED): Reason.SPEECH_ENDED,
    ("SpeechStopped", Said.ORDERED): Reason.SPEECH_NOT_STARTED,
    ("SpeechStopped", Said.STARTED): Said.ENDED,
    ("SpeechStopped", Said.ENDED): Reason.SPEECH_ENDED,
}
SPEECH_EVENTS = tuple(dict.fromkeys(name for name, _ in _TABLE))


class SpeechOrder:
    """Every speech of one client."""

    def __init__(self) -> None:
        """Have ordered none."""
        self._speeches: OrderedDict[str, _Speech] = OrderedDict()
        self._numbers = count()

    def ordered(self, token: str, answer: str | None) -> None:
        """Note a Speak; the same token again is a speech of its own."""
        self._speeches[token] = _Speech(number=next(self._numbers), answer=answer)
        self._speeches.move_to_end(token)
        while len(self._speeches) > MAX_SPEECHES:
            self._speeches.popitem(last=False)

    def happened(self, name: str, token: str) -> list[Finding]:
        """Judge an event."""
        speech = self._speeches.get(token)
        if speech is None:
            return [Finding(reason=Reason.UNKNOWN_TOKEN)]
        after = _TABLE[name, speech.state]
        if isinstance(after, Reason):
            return [Finding(reason=after)]
        found = self._beside(speech) if after is Said.STARTED else []
        speech.state = after
        return found

    def _beside(self, begun: _Speech) -> list[Finding]:
        """Judge a beginning by the other speech of its answer."""
        others = [
            each
            for each in self._speeches.values()
            if each is not begun and each.answer == begun.answer
        ]
        found = []
        if any(each.state is Said.STARTED for each in others):
            found.append(Finding(reason=Reason.SPEECH_OVERLAPS))
        later = [each for each in others if each.number > begun.number]
        if any(each.state is not Said.ORDERED for each in later):
            found.append(Finding(reason=Reason.SPEECH_ORDER))
        return found
