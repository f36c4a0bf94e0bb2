"""Repeat after me: the words of a published list, or any typed text."""

import re

from .base import Answer, Lang, Phrase, Skill, Utterance

# Common words that sound different from each other, so that a recogniser keeps them apart.
WORDS = (
    # colours
    *("red", "blue", "green", "yellow", "orange", "purple", "black", "silver", "golden"),
    # animals
    *("tiger", "elephant", "monkey", "rabbit", "dolphin", "chicken", "spider", "zebra", "lion"),
    *("penguin", "butterfly", "horse", "dog", "fish", "bird", "camel", "turtle"),
    # fruits and food
    *("apple", "banana", "cherry", "lemon", "mango", "strawberry", "potato", "tomato", "cheese"),
    *("butter", "chocolate", "coffee", "sugar", "garlic"),
    # numbers
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve",),
    # nature and things
    *("river", "mountain", "ocean", "forest", "thunder", "rainbow", "island", "volcano", "winter"),
    *("summer", "diamond", "hammer", "umbrella", "candle", "guitar", "piano", "bicycle"),
    *("airplane", "hospital", "library", "castle", "window", "picture", "pencil", "planet"),
    *("rocket", "magic", "music", "basket", "doctor"),
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
