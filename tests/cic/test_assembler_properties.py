"""What holds for one response, whatever its parts are and however they are cut."""

from dataclasses import dataclass
import json

from hypothesis import example, given, strategies as st
import pytest

from custom_components.clova_cic.cic.assembler import MessageAssembler
from custom_components.clova_cic.cic.attachments import Attachment, Attachments
from custom_components.clova_cic.cic.errors import TruncatedResponseError
from custom_components.clova_cic.cic.messages import Directive
from custom_components.clova_cic.cic.multipart import MAX_HEADER_BLOCK

from .json_documents import PROPER_OBJECTS, json_parts
from .multipart_messages import cut_at
from .parts import bytewise

BOUNDARY = b"7MA4YWxkTrZu0gW"
JSON = b"Content-Type: application/json; charset=UTF-8\r\n"
BLANKS = st.sampled_from([b"", b"\r\n", b" \n\t"])
CUTS = st.one_of(st.just(set(range(700))), st.sets(st.integers(1, 700), max_size=20))


@dataclass(frozen=True)
class Sent:
    """One part, and what becomes of it."""

    headers: bytes
    body: bytes
    payload: dict | None = None  # of the directive in it
    content_id: str = ""  # of the sound in it
    malformed: bool = False


def _directive(payload: dict, enveloped: bool, declared: bool, blanks: bytes) -> Sent:
    message = {"header": {"namespace": "N", "name": "D"}, "payload": payload}
    text = json.dumps({"directive": message} if enveloped else message)
    return Sent(JSON if declared else b"", blanks + text.encode() + blanks, payload)


def _sound(number: int, body: bytes) -> Sent:
    headers = f"Content-ID: <S{number}>\r\nContent-Type: application/octet-stream\r\n"
    return Sent(headers.encode(), body, content_id=f"S{number}")


DIRECTIVES = st.builds(_directive, PROPER_OBJECTS, st.booleans(), st.booleans(), BLANKS)
SOUNDS = st.builds(_sound, st.integers(), st.binary(max_size=40))
MALFORMED = st.sampled_from(
    [
        Sent(JSON, b"", malformed=True),
        Sent(JSON, b"text", malformed=True),
        Sent(JSON, b'{"directive": 1}', malformed=True),
        Sent(b"", b"{", malformed=True),
        Sent(b"", b'\r\n{"header": {}}', malformed=True),
        Sent(b"X: " + b"y" * MAX_HEADER_BLOCK + b"\r\n", b"{}", malformed=True),
    ]
)
# Parts that say nothing of themselves and do not look like JSON.
IGNORED = st.sampled_from([Sent(b"", body) for body in (b"", b"\r\n ", b"text", b" text {}")])
PARTS = st.lists(
    st.one_of(DIRECTIVES, SOUNDS, MALFORMED, IGNORED),
    max_size=6,
    unique_by=lambda part: part.content_id or object(),
)


def response(parts: list[Sent]) -> bytes:
    delimiter = b"\r\n--" + BOUNDARY
    bodies = b"".join(b"\r\n" + part.headers + b"\r\n" + part.body + delimiter for part in parts)
    return delimiter + bodies + b"--"


def sound_of(attachment: Attachment) -> bytes:
    """Return all of a sound that has ended: there is nothing to wait for."""

    async def read_all() -> bytes:
        return b"".join([chunk async for chunk in attachment])

    with pytest.raises(StopIteration) as done:
        read_all().send(None)
    sound: bytes = done.value.value
    return sound


@given(PARTS, CUTS)
@example([_directive({}, enveloped=True, declared=False, blanks=b"\r\n")], set(range(700)))
@example([Sent(b"", b"")], set())
def test_each_part_is_delivered_reported_or_ignored_once(parts: list[Sent], cuts: set[int]) -> None:
    malformed: list[str] = []
    attachments = Attachments()
    assembler = MessageAssembler(BOUNDARY, attachments, malformed.append)
    directives: list[Directive] = []
    for data in cut_at(response(parts), cuts):
        directives += assembler.feed(data)
    assert [directive.payload for directive in directives] == [
        part.payload for part in parts if part.payload is not None
    ]
    assert len(malformed) == sum(part.malformed for part in parts)
    for part in parts:
        if part.content_id:
            assert sound_of(attachments.get(part.content_id)) == part.body
    assert assembler.finish() == []


HEADERS = st.sampled_from([b"", JSON, b"Content-ID: S1\r\n", b"Content-ID: S2\r\n", b"X: y"])
ENDS = st.sampled_from([b"\r\n--" + BOUNDARY, b"\r\n--" + BOUNDARY, b"", b"\r\n--"])


@given(
    st.lists(st.tuples(HEADERS, st.one_of(json_parts(), st.binary()), ENDS), max_size=5),
    st.booleans(),
)
def test_anything_is_read_without_an_error_but_the_documented(
    parts: list[tuple[bytes, bytes, bytes]], whole: bool
) -> None:
    raw = b"--" + BOUNDARY
    raw += b"".join(b"\r\n" + headers + b"\r\n" + body + end for headers, body, end in parts)
    malformed: list[str] = []
    assembler = MessageAssembler(BOUNDARY, Attachments(), malformed.append)
    found = [d for data in ([raw] if whole else bytewise(raw)) for d in assembler.feed(data)]
    assert len(found) + len(malformed) <= raw.count(BOUNDARY)
    assert assembler.json_bytes <= len(raw)
    if not assembler.closed:
        with pytest.raises(TruncatedResponseError):
            assembler.finish()
