"""Speech without a satellite: a browser or a phone does not tell where it is.

All outputs make way for such a turn, from its first sound to the end of its
answer's. A typed one makes no sound, and is answered in writing.
"""

from collections import OrderedDict

from homeassistant.core import HomeAssistant, callback

from .between_turns import remember
from .playback.attention import ATTENTION, LONGEST_SILENCE, Speaking
from .turn import CUT_SHORT, Turn


class Overhearing:
    """The focus of the turns of one entry whose place nobody knows."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Nobody speaks."""
        self._attention = hass.data[ATTENTION]
        self._speaking: OrderedDict[str, Speaking] = OrderedDict()

    @callback
    def begin(self, turn: Turn) -> None:
        """Make way for a turn that begins to listen, unless it is a satellite's."""
        if not self._attention.somebody_listens:
            self._take_focus(turn)

    @callback
    def place(self, turn: Turn, satellite_id: str | None) -> None:
        """Learn where a turn was spoken: a satellite has the focus beside it already."""
        if satellite_id is not None:
            turn.beside = self._attention.at(satellite_id)
            if turn.overheard is not None:
                turn.overheard.end()
        elif turn.record.spoken and turn.overheard is None:
            self._take_focus(turn)

    @callback
    def closed(self, turn: Turn) -> None:
        """Make way no longer than a turn that is over will be heard."""
        if turn.overheard is None:
            return
        answer = turn.answer
        is_silent = answer is not None and not (
            answer.has_sound or answer.text or answer.wants_help
        )
        if (
            turn.hearing is None
            or not turn.wants_sound
            or is_silent
            or turn.record.outcome in CUT_SHORT
        ):
            turn.overheard.end()
        elif turn.hearing.ended_at is None:
            turn.overheard.last_for(LONGEST_SILENCE)

    @callback
    def stop(self) -> None:
        """Make way no longer: the entry is unloaded."""
        while self._speaking:
            self._speaking.popitem()[1].end()

    def _take_focus(self, turn: Turn) -> None:
        """Take it from the turn before in the same conversation, whose sound nobody wants any more."""
        turn.overheard = self._attention.overhear()
        for before in remember(self._speaking, turn.conversation_id or "", turn.overheard):
            before.end()
