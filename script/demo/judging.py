"""Whether a command worked."""

from enum import Enum
import re

from .report import Turn
from .sentences import Sentence


class Answerer(Enum):
    """Who is to answer, and to act."""

    CLOUD = "the cloud"
    HOME = "Home Assistant"
    BOT = "the bot"


def problems(turn: Turn, sentence: Sentence, answerer: Answerer) -> list[str]:
    """Return what is wrong."""
    found = []
    if turn.heard.error:
        found.append(f"the pipeline ended with an error ({turn.heard.error})")
    elif turn.heard.is_error_answer:
        found.append(f"the answer is an error: {turn.heard.answer}")
    # what was ordered can be answer enough: then there is no text either
    if not turn.heard.sound_bytes and (turn.heard.answer or sentence.answer):
        found.append("there was no sound")
    # what is typed to another agent is not the cloud's business
    wanted = 0 if sentence.typed and answerer is Answerer.BOT else 1
    if turn.counts.recognize_requests != wanted:
        found.append(f"{turn.counts.recognize_requests} Recognize requests instead of {wanted}")
    if sentence.answer and not re.search(sentence.answer, turn.heard.answer or "", re.IGNORECASE):
        found.append(f"the answer is not what was expected: {turn.heard.answer}")
    if sentence.player is not None and not turn.is_player_right:
        found.append(f"the player does not do what it should: {turn.player}")
    match answerer:
        case Answerer.CLOUD:
            return found + _not_in_the_cloud(turn)
        case Answerer.HOME:
            return found + _not_at_home(turn, sentence) + _in_the_cloud(turn, answerer, wanted)
        case Answerer.BOT:
            return found + _not_by_the_bot(turn) + _in_the_cloud(turn, answerer, wanted)


def _not_at_home(turn: Turn, sentence: Sentence) -> list[str]:
    wanted = "on" if sentence.light else "off"
    return [] if turn.light == wanted else [f"the kitchen light is {turn.light}, not {wanted}"]


def _not_by_the_bot(turn: Turn) -> list[str]:
    return [] if turn.heard.answer else ["the bot did not answer"]


def _in_the_cloud(turn: Turn, answerer: Answerer, uploads: int) -> list[str]:
    found = []
    if executed := turn.counts.outcomes.get("executed", 0):
        found.append(f"the cloud executed {executed} dialog(s) that {answerer.value} had answered")
    if turn.counts.outcomes.get("reset", 0) != uploads:
        found.append("the upload was not taken back")
    return found


def _not_in_the_cloud(turn: Turn) -> list[str]:
    if turn.counts.outcomes.get("executed", 0) == 1:
        return []
    return ["the cloud did not execute the command once"]
