"""Strategies: multipart messages that are taken apart while they are built."""

from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
import re
import string

from hypothesis import strategies as st

CRLF, LF = b"\r\n", b"\n"
BOUNDARIES = [
    b"b",
    b"b4bc",
    b"--",
    b"b-b--",
    b"with blank",
    b"=_b:()'+,./?",
    b"0123456789abcdef" * 4,
]
BLANKS = st.sampled_from([b"", b"", b" ", b"\t "])
# What may stand behind the token at a line's start without making it a delimiter.
LOOK_ALIKE_TAILS = [
    b"x",
    b" x",
    b"-x",
    b"--x",
    b"-\r\n",
    b"-\n",
    b"\t-",
    b"\rx",
    b"-- x",
    b"\r\r\n",
]
# A token followed by one of these may still become a delimiter, or already is one.
UNDECIDED = re.compile(rb"-?|(?:--)?[ \t]*\r?")
DELIMITER_TAIL = re.compile(rb"--\Z|(?:--)?[ \t]*\r?\n")


class Blank(Enum):
    """What stands between a part's headers and the delimiter behind it."""

    LINE = "the blank line, the body, a line end"
    SHARED = "the blank line, which is the delimiter's line end as well"
    NONE = "nothing: the headers' last line end is the delimiter's"


@dataclass
class WrittenPart:
    """A part as it stands in a message; offsets count from the message's start."""

    fields: dict[str, str]
    body: bytes = b""
    begins: int = 0  # its headers are complete
    held_from: int = 0  # what may be the line end of a delimiter begins here
    ends: int = 0  # the token behind it is complete


@dataclass
class Message:
    """A message and what a reader must make of it."""

    boundary: bytes
    line: bytes
    raw: bytes = b""
    parts: list[WrittenPart] = field(default_factory=list)
    closes: int | None = None  # the offset behind the close delimiter

    @property
    def token(self) -> bytes:
        return b"--" + self.boundary

    @property
    def delimiter(self) -> bytes:
        return self.line + self.token


def undecided(message: bytes, token: bytes) -> set[int]:
    """Where a cut leaves a token complete, and what follows it unknown."""
    found: set[int] = set()
    at = message.find(token)
    while at >= 0:
        cut = behind = at + len(token)
        while cut < len(message) and UNDECIDED.fullmatch(message, behind, cut):
            found.add(cut)
            cut += 1
        at = message.find(token, at + 1)
    return found


def cut_at(message: bytes, marks: set[int]) -> list[bytes]:
    edges = sorted({mark for mark in marks if mark < len(message)} | {0, len(message)})
    return [message[a:b] for a, b in pairwise(edges)]


def marks(most: int = 20) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(1, 700), max_size=most)


# Headers

_NAMES = st.one_of(
    st.sampled_from(["Content-Type", "content-id", "CONTENT-DISPOSITION"]),
    st.text(string.ascii_letters + "-", min_size=1, max_size=6).filter(
        lambda name: not name.startswith("--")
    ),
)
_VISIBLE = st.characters(codec="utf-8", exclude_categories=["C", "Z"], min_codepoint=33)
_WORDS = st.lists(st.text(_VISIBLE, min_size=1, max_size=6), max_size=3)


@st.composite
def header_block(
    draw: st.DrawFn, end: bytes, *, plain: bool = False
) -> tuple[bytes, dict[str, str]]:
    """Draw header lines, and what is to be read from them."""
    block, fields = b"", {}
    folds = [" "] if plain else [" ", end.decode() + " ", end.decode() + "\t "]
    blanks = ["", " "] if plain else ["", " ", "\t", end.decode() + " "]
    for name, words in draw(st.lists(st.tuples(_NAMES, _WORDS), max_size=3)):
        before = "" if plain else draw(st.sampled_from(["", " ", "\t"]))
        value = draw(st.sampled_from(folds)).join(words)
        after = draw(st.sampled_from(blanks))
        block += f"{name}{before}:{after}{value}".encode() + end
        fields.setdefault(name.lower(), " ".join(words))
        if not plain and draw(st.booleans()):
            block += draw(st.sampled_from([b"no colon", b"-", b"\xff"])) + end
    return block, fields


# Bodies


def _pieces(line: bytes, token: bytes) -> st.SearchStrategy[bytes]:
    near = [line + token[:size] for size in range(len(token))]
    other = LF if line == CRLF else b"\r"
    loose = [token, b"x" + token, token + b"x", other + token, other + token + b"--" + line]
    return st.one_of(
        st.sampled_from([CRLF, LF, b"\r", b"-", b"--", b"x", b"\x00", b"{", *near]),
        st.sampled_from(loose),
        st.binary(max_size=30),
    )


def _occurrences(text: bytes, wanted: bytes) -> list[int]:
    return [match.start() for match in re.finditer(b"(?=" + re.escape(wanted) + b")", text)]


def bodies(line: bytes, token: bytes, blank_line: bytes) -> st.SearchStrategy[bytes]:
    """Bodies rich in what is nearly a delimiter, and is none wherever a chunk may end."""
    delimiter = line + token

    def is_body(body: bytes) -> bool:
        return (blank_line + body + delimiter).find(delimiter) == len(blank_line + body)

    return st.lists(_pieces(line, token), max_size=8).map(b"".join).filter(is_body)


def look_alike_bodies(line: bytes, token: bytes) -> st.SearchStrategy[bytes]:
    """Bodies with the delimiter at a line's start, but something behind it."""
    delimiter = line + token

    def is_body(body: bytes) -> bool:
        whole = line + body + delimiter + LF
        found = _occurrences(whole, delimiter)[:-1]
        return all(not DELIMITER_TAIL.match(whole, at + len(delimiter)) for at in found)

    tails = st.sampled_from(LOOK_ALIKE_TAILS).map(lambda tail: delimiter + tail)
    texts = st.lists(_pieces(line, token), max_size=3).map(b"".join)
    return st.builds(lambda a, b, c: a + b + c, texts, tails, texts).filter(is_body)


# Messages


def preambles(line: bytes, token: bytes) -> st.SearchStrategy[bytes]:
    """Texts before the first delimiter line that are nowhere nearly one."""
    pieces = [b"This is MIME.", CRLF, LF, b"-", token + b"x", b"x" + token, token[:-1] + LF]

    def is_preamble(text: bytes) -> bool:
        found = _occurrences(LF + text, LF + token)
        return not any(text[at + len(token) : at + len(token) + 1] in b"- \t\r\n" for at in found)

    texts = st.lists(st.sampled_from(pieces), min_size=1, max_size=4).map(b"".join)
    return st.one_of(
        st.sampled_from([b"", line]), texts.map(lambda text: text + line).filter(is_preamble)
    )


@st.composite
def messages(
    draw: st.DrawFn,
    *,
    line: bytes | None = None,
    look_alikes: bool = False,
    closed: bool | None = None,
) -> Message:
    """Draw a message; where look_alikes, one part's body has one."""
    line = draw(st.sampled_from([CRLF, LF])) if line is None else line
    message = Message(draw(st.sampled_from(BOUNDARIES)), line)
    raw = draw(preambles(line, message.token)) + message.token
    count = draw(st.integers(1 if look_alikes else 0, 4))
    special = draw(st.integers(0, count - 1)) if look_alikes else -1
    sloppy = st.sampled_from([line, line, CRLF, LF])
    for number in range(count):
        # The first delimiter line fixes the line end of all delimiters.
        raw += draw(BLANKS) + (line if number == 0 else draw(sloppy))
        end = line if number == special else draw(sloppy)
        block, fields = draw(header_block(end))
        part = WrittenPart(fields)
        raw += block
        kinds = [Blank.LINE, Blank.LINE]
        if number != special:
            kinds += [Blank.SHARED] * end.endswith(line)
            kinds += [Blank.NONE] * (block != b"")
        kind = draw(st.sampled_from(kinds))
        if kind is not Blank.NONE:
            raw += end
            part.begins, part.held_from = len(raw), len(raw) - len(line)
        if kind is Blank.LINE:
            if number == special:
                part.body = draw(look_alike_bodies(line, message.token))
            else:
                part.body = draw(bodies(line, message.token, end))
            raw += part.body + line
        raw += message.token
        part.ends = len(raw)
        if kind is Blank.NONE:
            part.begins = part.held_from = part.ends
        message.parts.append(part)
    if draw(st.booleans()) if closed is None else closed:
        raw += b"--"
        message.closes = len(raw)
        # Nothing counts behind the close delimiter.
        raw += draw(BLANKS)
        raw += draw(st.sampled_from([b"", line, line + b"bye" + message.delimiter + line]))
    else:
        raw += draw(st.sampled_from([b"", line]))
    message.raw = raw
    return message
