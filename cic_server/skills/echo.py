"""Repeat after me: the words of a published list, or any typed text."""

import re

from cic_server.lang import Lang

from .base import Answer, Phrase, Skill, Utterance

# Common words that sound different from each other, so that a recogniser keeps them apart. Measured
# and left out: words heard in other words' ends (two, eight, ten, blue) and look-alikes (lion for
# one, lemon for eleven, turtle for purple, elephant for yellow, candle for apple).
WORDS = (
    # colours
    *("red", "green", "orange", "black", "golden", "silver"),
    # animals
    *("tiger", "elephant", "monkey", "rabbit", "dolphin", "chicken", "spider", "zebra"),
    *("penguin", "butterfly", "horse", "fish", "camel"),
    # fruits and food
    *("banana", "cherry", "mango", "strawberry", "potato", "tomato", "cheese"),
    *("butter", "chocolate", "coffee", "sugar", "garlic"),
    # numbers
    *("three", "four", "five", "six", "seven", "eleven", "twelve"),
    # nature and things
    *("river", "mountain", "ocean", "forest", "thunder", "rainbow", "island", "volcano", "winter"),
    *("summer", "diamond", "hammer", "umbrella", "guitar", "piano", "bicycle", "basket"),
    *("airplane", "hospital", "library", "castle", "window", "picture", "planet", "doctor"),
    *("rocket", "magic", "music"),
)
# The grammar takes this many words in one go.
MAX_WORDS = 5

_ECHO = {
    Lang.EN: re.compile(r"(?:please )?repeat after me (?P<words>.+)"),
    Lang.KO: re.compile(r"따라 ?해(?: ?줘| ?봐)?[ ,:]+(?P<words>.+)"),
    Lang.JA: re.compile(r"(?:繰り返して|くりかえして|復唱して)[ 、]*(?P<words>.+)"),
}


def repeat(asked: Utterance) -> Answer | None:
    """Say the user's words again."""
    found = _ECHO[asked.lang].fullmatch(asked.text)
    if found is None:
        return None
    return Answer(phrase=Phrase(text=found["words"].strip()), lang=asked.lang)


ECHO = Skill(
    name="repeat after me",
    match=repeat,
    examples=("repeat after me tiger banana", "repeat after me red five umbrella"),
    grammar=(f"repeat after me <word> {'[<word> ' * (MAX_WORDS - 1)}{']' * (MAX_WORDS - 1)}",),
)
