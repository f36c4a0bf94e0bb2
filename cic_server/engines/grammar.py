"""The sentences the recogniser listens for, as a JSGF grammar made from the skills' own forms."""

from collections.abc import Iterable

from cic_server.skills import SKILLS
from cic_server.skills.clock import CITIES
from cic_server.skills.echo import WORDS
from cic_server.skills.home import COVERS, NAMED, ROOMS, THINGS
from cic_server.skills.numbers import english
from cic_server.skills.order import REPLY_GRAMMAR

# "forty" with another word behind it sounds like "fourteen" to the recogniser, hardly ever the other
# way round: the weight (JSGF, 4.1) of zero and of the numbers from 10 to 19, beside 1 for the others.
RARE = "/0.000001/"
COMMANDS = "commands"
REPLY = "reply"


def _any(words: Iterable[str]) -> str:
    return " | ".join(words)


def _shared_rules() -> dict[str, str]:
    digits = [english(number) for number in range(1, 10)]
    teens = [english(number) for number in (0, *range(10, 20))]
    tens = [english(number) for number in range(20, 100, 10)]
    return {
        "digit": _any(digits),
        "number": (
            f"<digit> | {_any(f'{RARE} {teen}' for teen in teens)} | ({_any(tens)}) [<digit>] "
            "| one hundred"
        ),
        "hour": _any(english(number) for number in range(1, 13)),
        "span": ("<number> (minutes | seconds) | one (minute | hour) | half an hour"),
        "city": _any(CITIES),
        "word": _any(WORDS),
        "room": _any(ROOMS),
        "thing": _any(THINGS),
        "device": (
            f"[the] <room> <thing> | [all] the <thing> [in the <room>] | [the] ({_any(NAMED)}) "
            "| everything [in the <room>]"
        ),
        "cover": _any(COVERS),
    }


def jsgf(name: str, sentences: Iterable[str]) -> str:
    """Return a grammar whose public rule is any of the sentences."""
    rules = [f"<{rule}> = {body};" for rule, body in _shared_rules().items()]
    public = f"public <{name}> = {' | '.join(f'({sentence})' for sentence in sentences)};"
    return "\n".join(["#JSGF V1.0;", f"grammar {name};", *rules, public]) + "\n"


def commands_grammar() -> str:
    """Return the grammar of everything that can be said first."""
    return jsgf(COMMANDS, [sentence for skill in SKILLS for sentence in skill.grammar])


def reply_grammar() -> str:
    """Return the grammar of answers to a question."""
    return jsgf(REPLY, REPLY_GRAMMAR)
