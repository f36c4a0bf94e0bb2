"""The table of skills, and the way through it."""

from collections.abc import Sequence
from datetime import datetime

from cic_server.lang import Lang
from cic_server.remote import Remote

from .alerts import ALERT_SKILLS
from .base import Answer, Question, Skill, Utterance, tidy
from .clock import DATE, TIME
from .device import DEVICE_SKILLS
from .echo import ECHO
from .home import HOME
from .music import MUSIC_SKILLS
from .news import NEWS
from .order import ORDER
from .pages import PAGE_SKILLS
from .quiz import QUIZ_SKILLS
from .sign_in import sign_in_first
from .small_talk import GREETING, HELP, NOT_UNDERSTOOD, THANKS
from .sums import SUMS

# Characters of a text that are read; nobody says more in one breath.
MAX_TEXT = 500

# Asked in this order; the first that answers wins.
# Alerts before anything that knows them by one word of theirs: "stop" is for what rings first.
# The device itself and music before the home's devices: "stop the music" is not for those.
SKILLS: tuple[Skill, ...] = (
    ECHO,
    *ALERT_SKILLS,
    *(TIME, DATE, ORDER, SUMS),
    *(*QUIZ_SKILLS, *PAGE_SKILLS),
    *DEVICE_SKILLS,
    *MUSIC_SKILLS,
    *(NEWS, HOME, GREETING, THANKS, HELP),
)


def reply_to(
    text: str,
    lang: Lang,
    now: datetime,
    question: Question | None = None,
    skills: Sequence[Skill] = SKILLS,
    remote: Remote | None = None,
) -> Answer:
    """Return the answer to a text, or to the question that waits for it."""
    asked = Utterance(text=tidy(text[:MAX_TEXT]), lang=lang, now=now, remote=remote or Remote())
    if question is not None:
        return question.reply(asked)
    for skill in skills:
        answer = skill.match(asked)
        if answer is not None:
            guest = skill.needs_account and asked.remote.is_guest
            return sign_in_first(lang) if guest else answer
    return Answer(phrase=NOT_UNDERSTOOD[lang], lang=lang)
