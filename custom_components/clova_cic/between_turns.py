"""What one turn leaves to the next: the last dialog of its place, and a question of the cloud's.

A place is a conversation or a satellite: a barge-in may get a new conversation at
the same satellite (Manage_Dialogue_ID asks for one last dialog per client; a home
has several mouths).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from homeassistant.core import callback

from .cic.interfaces.speech_recognizer import ExpectSpeech
from .hearing import Hearing

# Between the end of a question's sound and speech, beyond what the cloud allows: the way to the
# satellite and back, and its microphone. Seconds.
ANSWER_GRACE = 2.0
# Where nothing tells when a question was read or heard to its end, in seconds.
QUESTION_UNHEARD = 30.0
# A household has few.
MOST_PLACES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """An ExpectSpeech that waits for its answer."""

    dialog_request_id: str
    expect: ExpectSpeech
    asked_at: float
    hearing: Hearing | None

    def takes(self, now: float) -> bool:
        """Tell whether who speaks now answers it (SpeechRecognizer.ExpectSpeech)."""
        ended = None
        if self.hearing is not None:
            if self.hearing.interrupted:
                return False
            ended = self.hearing.ended_at
        if ended is None:
            ended = self.asked_at + QUESTION_UNHEARD
        return now <= ended + self.expect.timeout_in_milliseconds / 1000 + ANSWER_GRACE


class Questions:
    """The open question of each conversation. It can be answered once."""

    def __init__(self) -> None:
        """Nobody has asked."""
        self._open: OrderedDict[str, Question] = OrderedDict()

    def ask(self, conversation_id: str, question: Question) -> None:
        """Open one; it takes the place of an earlier one."""
        remember(self._open, conversation_id, question)

    def answer(self, conversation_id: str | None, now: float) -> Question | None:
        """Close the conversation's question; return it where what is said now answers it."""
        if conversation_id is None:
            return None
        question = self._open.pop(conversation_id, None)
        return question if question is not None and question.takes(now) else None


class LastDialogs:
    """The last dialog of each place. What a replaced one still brings is not presented."""

    def __init__(self, drop: Callable[[str], None]) -> None:
        """Tell drop of each dialog that is replaced."""
        self._drop = drop
        # apart: conversations come and go, and must not push out a satellite's
        self._of_conversations: OrderedDict[str, str] = OrderedDict()
        self._of_satellites: OrderedDict[str, str] = OrderedDict()

    @callback
    def begin(
        self, dialog_request_id: str, conversation_id: str, satellite_id: str | None
    ) -> set[str]:
        """Make a dialog the last one of its places; return those it replaces."""
        replaced = set(remember(self._of_conversations, conversation_id, dialog_request_id))
        if satellite_id is not None:
            replaced.update(remember(self._of_satellites, satellite_id, dialog_request_id))
        replaced.discard(dialog_request_id)
        for before in replaced:
            self._drop(before)
        return replaced

    def satellite_of(self, dialog_request_id: str) -> str | None:
        """Return the satellite whose last dialog this is."""
        for satellite_id, last in self._of_satellites.items():
            if last == dialog_request_id:
                return satellite_id
        return None


def remember[T](table: OrderedDict[str, T], place: str, value: T) -> list[T]:
    """Put into a table that forgets its oldest entry beyond a bound; return what this replaces."""
    replaced = [table.pop(place)] if place in table else []
    table[place] = value
    if len(table) > MOST_PLACES:
        table.popitem(last=False)
    return replaced
