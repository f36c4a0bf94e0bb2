"""Strategies: JSON as it should be, and as it should not."""

from collections.abc import Callable
import json
from typing import Any

from hypothesis import strategies as st

# Half a surrogate pair is what is left of an emoji that was cut by a server counting UTF-16.
ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(["", "cid:", "CID:S1", "true", "-1", "1e999", "7" * 400, "\ud83d", "\u0000"]),
)
CLEAN_TEXT = st.text(max_size=12)
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**400), 2**53, 10**4299])
)


def values(
    texts: st.SearchStrategy[str] = ANY_TEXT, numbers: st.SearchStrategy[Any] = NUMBERS
) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, texts),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)
        ),
        max_leaves=6,
    )


def objects(
    texts: st.SearchStrategy[str] = ANY_TEXT, numbers: st.SearchStrategy[Any] = NUMBERS
) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(texts, values(texts, numbers), max_size=4)


# What JSON can say and get back: no NaN, no infinity, no more than 64 bits, no half of a pair.
PROPER_OBJECTS = objects(
    CLEAN_TEXT,
    st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False)),
)

_NAMES = st.one_of(
    st.sampled_from(["Clova", "Hello", "SpeechSynthesizer", "Speak", "N" * 128, "N" * 129]),
    ANY_TEXT,
)


@st.composite
def _members(draw: st.DrawFn, likely: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Draw an object as documented, but that one member may be anything or missing, or one too many."""
    members = {key: draw(value) for key, value in likely.items()}
    match draw(st.sampled_from(["right", "right", "right", "wrong", "missing", "more"])):
        case "wrong":
            members[draw(st.sampled_from(list(likely)))] = draw(values())
        case "missing":
            del members[draw(st.sampled_from(list(likely)))]
        case "more":
            members |= draw(st.dictionaries(ANY_TEXT, values(), min_size=1, max_size=1))
    return members


_HEADERS = _members(
    {
        "namespace": _NAMES,
        "name": _NAMES,
        "messageId": ANY_TEXT,
        "dialogRequestId": st.one_of(st.none(), ANY_TEXT),
    }
)
_MESSAGES = _members({"header": _HEADERS, "payload": objects()})
DOCUMENTS = st.one_of(
    values(),
    _MESSAGES,
    _MESSAGES,
    _members({"directive": _MESSAGES}),
    _members({"directive": _MESSAGES}),
)


def _doubled(text: str) -> str:
    """Give every object its members twice, the first time as null."""
    return text.replace('{"header"', '{"header":null,"header"')


_WRITERS: list[Callable[[Any], str]] = [
    json.dumps,
    lambda document: json.dumps(document, ensure_ascii=False, indent=1),
    lambda document: _doubled(json.dumps(document)),
    # One number of more digits than Python reads.
    lambda document: json.dumps(document).replace("1", "1" * 5000, 1),
]
_ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]


@st.composite
def json_parts(draw: st.DrawFn) -> bytes:
    """Draw a JSON part: mostly right, or cut, or spoilt, or in another encoding."""
    text = draw(st.sampled_from(_WRITERS))(draw(DOCUMENTS))
    data = text.encode(draw(st.sampled_from(_ENCODINGS)), "surrogatepass")
    spoilt = draw(st.one_of(st.just(b""), st.just(b""), st.binary(min_size=1, max_size=3)))
    at = draw(st.integers(0, len(data))) if spoilt else len(data)
    return data[:at] + spoilt + data[at + draw(st.integers(0, 2)) :] if spoilt else data
