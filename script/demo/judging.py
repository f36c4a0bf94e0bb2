"""Whether a command worked."""

import re

from .report import Turn
from .sentences import Sentence


def problems(turn: Turn, sentence: Sentence, *, at_home: bool) -> list[str]:
    """Return what is wrong; at_home: Home Assistant, not the cloud, was to act."""
    found = []
    if turn.heard.error:
        found.append(f"the pipeline ended with an error ({turn.heard.error})")
    elif turn.heard.is_error_answer:
        found.append(f"the answer is an error: {turn.heard.answer}")
    # what was ordered can be answer enough: then there is no text either
    if not turn.heard.sound_bytes and (turn.heard.answer or sentence.answer):
        found.append("there was no sound")
    if turn.counts.recognize_requests != 1:
        found.append(f"{turn.counts.recognize_requests} Recognize requests instead of one")
    if sentence.answer and not re.search(sentence.answer, turn.heard.answer or "", re.IGNORECASE):
        found.append(f"the answer is not what was expected: {turn.heard.answer}")
    if sentence.player is not None and not turn.is_player_right:
        found.append(f"the player does not do what it should: {turn.player}")
    return found + (_not_at_home(turn, sentence) if at_home else _not_in_the_cloud(turn))


def _not_at_home(turn: Turn, sentence: Sentence) -> list[str]:
    found = []
    wanted = "on" if sentence.light else "off"
    if turn.light != wanted:
        found.append(f"the kitchen light is {turn.light}, not {wanted}")
    if executed := turn.counts.outcomes.get("executed", 0):
        found.append(f"the cloud executed {executed} dialog(s) that Home Assistant had answered")
    if turn.counts.outcomes.get("reset", 0) != 1:
        found.append("the upload was not taken back")
    return found


def _not_in_the_cloud(turn: Turn) -> list[str]:
    if turn.counts.outcomes.get("executed", 0) == 1:
        return []
    return ["the cloud did not execute the command once"]
