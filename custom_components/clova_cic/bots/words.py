"""What a bot writes, as it is said: without Markdown, without tags."""

from html import unescape
import re
from typing import Final

from ..direct_line import Incoming

# A bot's text may be long; nobody listens to more, and tags are looked for in no more (characters).
MOST_SAID: Final = 20_000
_TAG: Final = re.compile(r"<[^<>]*>")
# What ends a sentence or a paragraph in SSML.
_BREAK: Final = re.compile(r"<(?:break|/p|/s)\b[^<>]*>", re.IGNORECASE)
_LINK: Final = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS: Final = re.compile(r"(?m)^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+)|\*+|`+|(?<!\w)_+|_+(?!\w)")
_BLANKS: Final = re.compile(r"[ \t]+")
_LINES: Final = re.compile(r"\s*\n\s*")
_MARKED: Final = re.compile(r"[*_`#\[<&>]")


def said(incoming: Incoming) -> str:
    """Return what is said of a message: its speech where it has one of its own, else its text.

    A speech that is "" asks for silence.
    """
    if incoming.speak is not None:
        return _tidy(_without_tags(incoming.speak[:MOST_SAID]))
    return written(incoming)


def written(incoming: Incoming) -> str:
    """Return a message's text without its marks; Markdown where it does not say otherwise."""
    text = (incoming.text or "")[:MOST_SAID]
    match incoming.text_format:
        case "plain":
            return _tidy(text)
        case "xml":
            return _tidy(_without_tags(text))
        case _:
            return _tidy(_MARKS.sub("", _LINK.sub(r"\1", text)))


def is_marked(text: str) -> bool:
    """Tell whether a text may have marks, of which half would be said otherwise than the whole."""
    return _MARKED.search(text) is not None


def _without_tags(text: str) -> str:
    return unescape(_TAG.sub("", _BREAK.sub(" ", text)))


def _tidy(text: str) -> str:
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
