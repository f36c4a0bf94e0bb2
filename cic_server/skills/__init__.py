"""The table of skills, and the way through it."""

from collections.abc import Sequence
from datetime import datetime

from cic_server.music.player import RemotePlayer

from .base import Answer, Lang, Question, Skill, Utterance, tidy
from .clock import DATE, TIME
from .echo import ECHO
from .home import HOME
from .music import MUSIC_SKILLS
from .news import NEWS
from .order import ORDER
from .small_talk import GREETING, HELP, NOT_UNDERSTOOD, THANKS
from .sums import SUMS

# Characters of a text that are read; nobody says more in one breath.
MAX_TEXT = 500

# Asked in this order; the first that answers wins.
# Music before the home's devices: "stop the music" is not for those.
SKILLS: tuple[Skill, ...] = (
    *(ECHO, TIME, DATE, ORDER, SUMS),
    *MUSIC_SKILLS,
    *(NEWS, HOME, GREETING, THANKS, HELP),
)


def reply_to(
    text: str,
    lang: Lang,
    now: datetime,
    question: Question | None = None,
    skills: Sequence[Skill] = SKILLS,
    player: RemotePlayer | None = None,
) -> Answer:
    """Return the answer to a text, or to the question that waits for it."""
    asked = Utterance(
        text=tidy(text[:MAX_TEXT]), lang=lang, now=now, player=player or RemotePlayer()
    )
    if question is not None:
        return question.reply(asked)
    for skill in skills:
        answer = skill.match(asked)
        if answer is not None:
            return answer
    return Answer(phrase=NOT_UNDERSTOOD[lang], lang=lang)
