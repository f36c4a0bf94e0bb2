"""The multipart reader and writer: what a downchannel brings, cut anywhere."""

import tracemalloc

import pytest

from custom_components.clova_cic.cic.errors import MalformedResponseError, TruncatedResponseError
from custom_components.clova_cic.cic.multipart import (
    MultipartReader,
    MultipartWriter,
    PartBegin,
    PartData,
    PartHeaders,
    boundary_of,
)

from .parts import Outcome, Part, bytewise, read

B = b"b4bc"
JSON = b"Content-Type: application/json; charset=UTF-8"
SOUND = b"Content-Type: application/octet-stream"


# name, message, bodies; every one is read whole and byte by byte, and is closed at its end
CASES: list[tuple[str, bytes, list[bytes]]] = [
    ("plain", b"--b4bc\r\n" + JSON + b"\r\n\r\n{}\r\n--b4bc--\r\n", [b"{}"]),
    ("two parts", b"--b4bc\r\nA: 1\r\n\r\none\r\n--b4bc\r\nA: 2\r\n\r\ntwo\r\n--b4bc--", [b"one", b"two"]),
    ("no Content-Disposition", b"--b4bc\r\n" + SOUND + b"\r\n\r\n\x00\xff\r\n--b4bc--", [b"\x00\xff"]),
    ("LF only", b"--b4bc\n" + JSON + b"\n\n{}\n--b4bc\n\nx\n--b4bc--\n", [b"{}", b"x"]),
    ("blanks behind the boundary", b"--b4bc \t\r\nA: 1\r\n\r\nx\r\n--b4bc  \r\n\r\ny\r\n--b4bc-- ", [b"x", b"y"]),
    ("preamble", b"This is MIME.\r\nIgnore it.\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"x"]),
    ("preamble with a look-alike", b"--b4bcd\r\nno\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"x"]),
    ("preamble not at a line's start", b"no --b4bc\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"x"]),
    ("leading CRLF", b"\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"x"]),
    ("epilogue", b"--b4bc\r\n\r\nx\r\n--b4bc--\r\nbye\r\n--b4bc\r\n\r\nno\r\n--b4bc--", [b"x"]),
    ("empty part", b"--b4bc\r\nA: 1\r\n\r\n\r\n--b4bc--", [b""]),
    ("blank line is the delimiter's", b"--b4bc\r\nA: 1\r\n\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"", b"x"]),
    ("blank line is the delimiter's, LF", b"--b4bc\nA: 1\n\n--b4bc--\n", [b""]),
    ("headers and then the delimiter", b"--b4bc\r\nA: 1\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"", b"x"]),
    ("no headers", b"--b4bc\r\n\r\n{}\r\n--b4bc--", [b"{}"]),
    ("no headers, blank line is the delimiter's", b"--b4bc\r\n\r\n--b4bc--", [b""]),
    ("two delimiters in a row", b"--b4bc\r\n--b4bc\r\n\r\nx\r\n--b4bc--", [b"x"]),
    ("two delimiters, the second closes", b"--b4bc\r\n--b4bc--", []),
    ("nothing in it", b"--b4bc--\r\n", []),
    ("nothing in it, and text behind that", b"--b4bc--x\r\n--b4bc\r\n\r\nno\r\n--b4bc--", []),
    ("part Content-Length too small", b"--b4bc\r\nContent-Length: 1\r\n\r\nxyz\r\n--b4bc--", [b"xyz"]),
    ("part Content-Length too large", b"--b4bc\r\nContent-Length: 99\r\n\r\nxyz\r\n--b4bc--", [b"xyz"]),
    ("body begins with LF", b"--b4bc\r\nA: 1\r\n\r\n\nx\r\n--b4bc--", [b"\nx"]),
    ("body begins with LF, LF only", b"--b4bc\nA: 1\n\n\nx\n--b4bc--", [b"\nx"]),
    ("body begins with CRLF", b"--b4bc\r\nA: 1\r\n\r\n\r\nx\r\n--b4bc--", [b"\r\nx"]),
    ("body of line ends", b"--b4bc\r\n\r\n\r\n\n\r\r\n\r\n--b4bc--", [b"\r\n\n\r\r\n"]),
    ("bare LF before the token is sound", b"--b4bc\r\n\r\na\n--b4bc\r\nb\r\n--b4bc--", [b"a\n--b4bc\r\nb"]),
    ("delimiter prefixes in sound", b"--b4bc\r\n\r\n\r\n--b4b\r\n--b4\r\n-\r\r\n--b4bc--", [b"\r\n--b4b\r\n--b4\r\n-\r"]),
    ("LF headers in a CRLF message", b"--b4bc\r\nA: 1\n\nx\r\n--b4bc--", [b"x"]),
]  # fmt: skip


@pytest.mark.parametrize("cut", [lambda data: [data], bytewise], ids=["whole", "bytewise"])
@pytest.mark.parametrize(
    ("message", "bodies"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_edge_cases(cut, message: bytes, bodies: list[bytes]) -> None:
    reader = MultipartReader(B)
    outcome = read(reader, cut(message))
    assert outcome.bodies == bodies
    assert all(part.complete for part in outcome.parts)
    assert outcome.rejected == []
    assert reader.closed
    assert reader.finish() == []


@pytest.mark.parametrize("behind", [b"x", b"--x", b" x", b"-\r\n"])
def test_look_alike_in_sound_is_sound(behind: bytes) -> None:
    message = b"--b4bc\r\n\r\na\r\n--b4bc" + behind + b"\r\nb\r\n--b4bc--"
    reader = MultipartReader(B)
    assert read(reader, [message]).bodies == [b"a\r\n--b4bc" + behind + b"\r\nb"]
    assert reader.closed


def test_part_ends_with_the_token_and_nothing_behind_it() -> None:
    reader = MultipartReader(B)
    outcome = read(reader, [b"--b4bc\r\n" + JSON + b"\r\n\r\n{}\r\n--b4bc"])
    assert [(part.body, part.complete) for part in outcome.parts] == [(b"{}", True)]
    assert not reader.closed
    outcome.take(reader.feed(b"\r\n" + JSON + b"\r\n\r\n[]\r\n--b4bc"))
    assert outcome.bodies == [b"{}", b"[]"]
    assert outcome.parts[1].complete


def test_body_is_given_while_it_arrives() -> None:
    """At most a prefix of the delimiter is held back."""
    sound = bytes(range(256)) * 40 + b"\r\n--b4b" * 30 + b"!"
    reader = MultipartReader(B)
    reader.feed(b"--b4bc\r\n\r\n")
    given = Outcome([Part(PartHeaders(b""))])
    for sent, piece in enumerate(bytewise(sound), 1):
        given.take(reader.feed(piece))
        held = sent - len(given.parts[0].body)
        assert held < len(b"\r\n--b4bc")
        assert sound[sent - held : sent] == b"\r\n--b4bc"[:held]
    assert given.bodies == [sound]


def test_a_chunk_of_sound_is_not_copied() -> None:
    chunk = bytes(16384)
    reader = MultipartReader(B)
    reader.feed(b"--b4bc\r\n\r\nx")
    (event,) = reader.feed(chunk)
    assert isinstance(event, PartData)
    assert event.data is chunk


def test_begin_comes_with_the_headers() -> None:
    reader = MultipartReader(B)
    (event,) = reader.feed(b"--b4bc\r\n" + SOUND + b"\r\n\r\n")
    assert isinstance(event, PartBegin)
    assert event.headers.content_type == "application/octet-stream"


def test_truncated() -> None:
    reader = MultipartReader(B)
    reader.feed(b"--b4bc\r\n\r\nx\r\n--b4bc")
    with pytest.raises(TruncatedResponseError):
        reader.finish()
    reader.feed(b"-")
    with pytest.raises(TruncatedResponseError):
        reader.finish()
    reader.feed(b"-")
    assert reader.finish() == []


def test_wrong_boundary_is_truncated_and_bounded() -> None:
    reader = MultipartReader(b"other")
    for _ in range(100):
        assert reader.feed(b"--b4bc\r\n\r\n" + b"x" * 10_000) == []
    assert len(reader._data) < len(b"\n--other")
    with pytest.raises(TruncatedResponseError):
        reader.finish()


@pytest.mark.parametrize("size", [1, 100, 70_000])
def test_oversized_header_block_is_rejected_once_and_skipped(size: int) -> None:
    block = b"X: " + b"y" * 100_000
    message = b"--b4bc\r\n" + block + b"\r\n\r\nno\r\n--b4bc\r\nA: 1\r\n\r\nyes\r\n--b4bc--"
    reader = MultipartReader(B)
    outcome = Outcome()
    for at in range(0, len(message), size):
        outcome.take(reader.feed(message[at : at + size]))
        assert len(reader._data) <= 16 * 1024 + len(b"\n--b4bc") + size
    assert outcome.rejected == ["header block above 16384 bytes"]
    assert outcome.bodies == [b"yes"]
    assert reader.closed


def test_rejected_part_ends_at_its_delimiter_even_without_a_blank_line() -> None:
    reader = MultipartReader(B, max_header_block=20)
    message = b"--b4bc\r\n" + b"z" * 50 + b"\r\n--b4bc\r\n\r\nx\r\n--b4bc--"
    outcome = read(reader, bytewise(message))
    assert len(outcome.rejected) == 1
    assert outcome.bodies == [b"x"]


def test_text_behind_a_token_that_came_alone() -> None:
    """The part was given as complete: what follows cannot be taken back."""
    reader = MultipartReader(B)
    outcome = read(
        reader, [b"--b4bc\r\n\r\na\r\n--b4bc", b"zzz\r\nb\r\n--b4bc\r\n\r\nc\r\n--b4bc--"]
    )
    assert outcome.bodies == [b"a", b"c"]
    assert outcome.rejected == ["text behind a boundary"]


def test_endless_blanks_behind_a_boundary() -> None:
    reader = MultipartReader(B)
    outcome = read(
        reader, [b"--b4bc\r\n\r\na\r\n--b4bc", b" " * 2000, b"\r\n--b4bc\r\n\r\nc\r\n--b4bc--"]
    )
    assert outcome.bodies == [b"a", b"c"]
    assert outcome.rejected == ["text behind a boundary"]


def test_endless_blanks_behind_the_first_boundary() -> None:
    reader = MultipartReader(B)
    outcome = read(reader, [b"--b4bc", *([b" " * 500] * 20), b"\r\n--b4bc\r\n\r\nc\r\n--b4bc--"])
    assert len(reader._data) < 3000
    assert outcome.bodies == [b"c"]


def test_many_empty_parts() -> None:
    outcome = read(MultipartReader(B), [b"--b4bc\r\n\r\n" * 10_000])
    assert len(outcome.parts) == 10_000
    assert set(outcome.bodies) == {b""}


def test_memory_of_a_large_part() -> None:
    reader = MultipartReader(B)
    reader.feed(b"--b4bc\r\n\r\n")
    chunk = b"\r\n--b4b" * 2048
    tracemalloc.start()
    try:
        for _ in range(1000):
            for _event in reader.feed(chunk):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(chunk)


# Headers


def test_headers() -> None:
    headers = PartHeaders(
        b"content-TYPE:  Application/JSON ; charset=UTF-8\r\n"
        b"Content-Id: <d329085c>\r\n"
        b"no colon here\r\n"
        b"X-Folded: one\r\n\ttwo\r\n  three\r\n"
        b"X-Twice: first\r\nX-Twice: second"
    )
    assert headers.content_type == "application/json"
    assert headers.content_id == "d329085c"
    assert headers.get("x-folded") == "one two three"
    assert headers.get("X-TWICE") == "first"
    assert headers.get("X-None") == ""
    assert headers.get("X-None", "other") == "other"


def test_no_headers() -> None:
    headers = PartHeaders(b"")
    assert headers.content_type == ""
    assert headers.content_id == ""


def test_headers_that_are_no_text() -> None:
    assert PartHeaders(b"X\xff: \xff\xfe").get("x\ufffd") == "\ufffd\ufffd"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/related; boundary=b4bc", b"b4bc"),
        ("multipart/related; boundary=b4bc;", b"b4bc"),
        ("multipart/form-data;boundary=b4bc ; charset=utf-8", b"b4bc"),
        ("Multipart/Mixed; charset=utf-8; BOUNDARY=b4bc", b"b4bc"),
        ('multipart/related; type="x; boundary=no"; boundary="with blank"', b"with blank"),
        (r'multipart/related; boundary="a\"b"', b'a"b'),
        ("multipart/related; boundary = b4bc", b"b4bc"),
        (" multipart/related; boundary=" + "x" * 70, b"x" * 70),
        ("multipart/related; boundary==_b:()'+,./?", b"=_b:()'+,./?"),
    ],
)
def test_boundary_of(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json; boundary=b",
        "multipart/related",
        "multipart/related; boundary=",
        'multipart/related; boundary=""',
        "multipart/related; xboundary=b",
        "multipart/related; boundary=é",
        "multipart/related; boundary=" + "x" * 257,
    ],
)
def test_boundary_of_nothing(content_type: str) -> None:
    with pytest.raises(MalformedResponseError):
        boundary_of(content_type)


# Writer


def test_writer_holds_the_closing_boundary_back() -> None:
    writer = MultipartWriter(b"BOUNDARY")
    assert writer.content_type == "multipart/form-data; boundary=BOUNDARY"
    assert writer.part([("A", "1"), ("B", "2")], b"{}") == b"--BOUNDARY\r\nA: 1\r\nB: 2\r\n\r\n{}"
    assert writer.part([], b"") == b"\r\n--BOUNDARY\r\n\r\n"
    assert writer.close() == b"\r\n--BOUNDARY--\r\n"


def test_writer_boundaries_differ() -> None:
    first, second = MultipartWriter(), MultipartWriter()
    assert first.boundary != second.boundary
    assert len(first.boundary) >= 32


def test_reader_reads_the_writer() -> None:
    writer = MultipartWriter()
    message = writer.part([("Content-Type", "a/b")], b"one") + b" more"
    message += writer.part([("Content-ID", "x")], b"two") + writer.close()
    outcome = read(MultipartReader(boundary_of(writer.content_type)), [message])
    assert outcome.bodies == [b"one more", b"two"]
    assert outcome.parts[1].headers.content_id == "x"
