"""What holds for the multipart reader whatever a message says and however it is cut."""

from email.message import Message as Mail
import email.parser

from hypothesis import example, given, strategies as st
import pytest

from cic_server import multipart_in, multipart_out
from custom_components.clova_cic.cic.errors import MalformedResponseError, TruncatedResponseError
from custom_components.clova_cic.cic.multipart import MultipartReader, MultipartWriter, boundary_of

from .multipart_messages import (
    CRLF,
    DELIMITER_TAIL,
    LF,
    Message,
    WrittenPart,
    cut_at,
    header_block,
    marks,
    messages,
    undecided,
)
from .parts import Outcome, bytewise, read


def outcome_of(raw: bytes, pieces: list[bytes], reader: MultipartReader) -> tuple:
    """Return all a reader made of a message, in a form that compares."""
    outcome = read(reader, pieces)
    assert sum(map(len, pieces)) == len(raw)
    parts = [(part.headers._raw, part.body, part.complete) for part in outcome.parts]
    return parts, outcome.rejected, reader.closed


def assert_read(message: Message, outcome: Outcome) -> None:
    assert [part.body for part in outcome.parts] == [part.body for part in message.parts]
    assert all(part.complete for part in outcome.parts)
    assert outcome.rejected == []
    for got, part in zip(outcome.parts, message.parts, strict=True):
        assert {name: got.headers.get(name.upper()) for name in part.fields} == part.fields


@given(messages())
def test_every_split_point_gives_the_same_parts(message: Message) -> None:
    for at in range(len(message.raw) + 1):
        reader = MultipartReader(message.boundary)
        outcome = read(reader, [message.raw[:at], message.raw[at:]])
        assert_read(message, outcome)
        assert reader.closed == (message.closes is not None)


@given(messages(), marks())
def test_random_cuts_give_the_same_parts(message: Message, cuts: set[int]) -> None:
    reader = MultipartReader(message.boundary)
    assert_read(message, read(reader, cut_at(message.raw, cuts)))
    assert reader.closed == (message.closes is not None)


def _may_begin_a_delimiter(read_so_far: bytes, delimiter: bytes) -> int:
    """Return how many bytes at the end are the beginning of a delimiter, and no whole one."""
    sizes = range(len(delimiter) - 1, 0, -1)
    return next((size for size in sizes if read_so_far.endswith(delimiter[:size])), 0)


@given(messages())
def test_everything_is_given_as_soon_as_it_is_certain(message: Message) -> None:
    """Headers with their blank line, a body but for a delimiter's prefix, the end with the token."""
    reader, outcome = MultipartReader(message.boundary), Outcome()
    for at, byte in enumerate(bytewise(message.raw), 1):
        outcome.take(reader.feed(byte))
        assert len(outcome.parts) == sum(part.begins <= at for part in message.parts)
        assert reader.closed == (message.closes is not None and message.closes <= at)
        for got, part in zip(outcome.parts, message.parts, strict=False):
            assert got.complete == (part.ends <= at)
            if not got.complete:
                held = _may_begin_a_delimiter(message.raw[part.held_from : at], message.delimiter)
                assert got.body == part.body[: max(0, at - held - part.begins)]


@given(messages(), st.data())
def test_what_ends_early_is_truncated(message: Message, data: st.DataObject) -> None:
    end = len(message.raw) if message.closes is None else message.closes - 1
    at = data.draw(st.integers(0, end))
    reader = MultipartReader(message.boundary)
    reader.feed(message.raw[:at])
    with pytest.raises(TruncatedResponseError):
        reader.finish()


@given(messages(closed=True))
def test_what_is_closed_is_not_truncated(message: Message) -> None:
    reader = MultipartReader(message.boundary)
    reader.feed(message.raw)
    assert reader.finish() == []
    assert reader.feed(b"\r\n--" + message.boundary + b"\r\n\r\nmore") == []


@given(messages(look_alikes=True), marks())
def test_a_look_alike_is_sound_where_what_follows_came_with_it(
    message: Message, cuts: set[int]
) -> None:
    reader = MultipartReader(message.boundary)
    outcome = read(reader, cut_at(message.raw, cuts - undecided(message.raw, message.token)))
    assert_read(message, outcome)


@given(messages(look_alikes=True))
@example(
    Message(
        boundary=b"b",
        line=CRLF,
        raw=b"--b\r\n\r\n\r\n--b-\r\n\r\n--b",
        parts=[WrittenPart({}, b"\r\n--b-\r\n", begins=7, held_from=5, ends=20)],
    )
)
def test_a_look_alike_whose_token_came_alone_ends_the_part(message: Message) -> None:
    """It could not wait; what it was given stays right, and the rest of the message is read."""
    behind = _first_look_alike(message)
    number = next(n for n, part in enumerate(message.parts) if behind < part.ends)
    before, cut = message.parts[:number], message.parts[number]
    reader = MultipartReader(message.boundary)
    outcome = read(reader, [message.raw[:behind], message.raw[behind:]])
    sound = message.raw[cut.begins : behind - len(message.delimiter)]
    assert outcome.bodies[: number + 1] == [part.body for part in before] + [sound]
    assert all(part.complete for part in outcome.parts)
    if message.raw.startswith(b"--", behind):
        assert reader.closed
    else:
        assert len(outcome.rejected) == 1
        rest = message.parts[number + 1 :]
        assert outcome.bodies[number + 1 :][-len(rest) :] == [part.body for part in rest]


def _first_look_alike(message: Message) -> int:
    """Return the offset behind the first look-alike's token."""
    at = message.parts[0].held_from
    while True:
        behind = message.raw.index(message.delimiter, at) + len(message.delimiter)
        if not DELIMITER_TAIL.match(message.raw, behind):
            return behind
        at = behind


# Anything at all

TOKEN = b"--b4bc"
HEADER_BLOCK, DELIMITER_LINE = 40, 10
NOISE = st.lists(
    st.one_of(
        st.sampled_from([TOKEN, LF + TOKEN, CRLF + TOKEN, TOKEN + CRLF, TOKEN + LF]),
        st.sampled_from([CRLF, LF, b"\r", b"--", b"-", b":", b" ", b"A: 1", b"\x00", CRLF * 2]),
        st.sampled_from([b" " * 9, b" " * 11, b"y" * 33, b"y" * 36]),
        st.binary(max_size=8),
    ),
    max_size=40,
).map(b"".join)


def small_reader() -> MultipartReader:
    return MultipartReader(
        TOKEN[2:], max_header_block=HEADER_BLOCK, max_delimiter_line=DELIMITER_LINE
    )


@given(NOISE, marks())
def test_any_bytes_are_read_alike_however_they_are_cut(raw: bytes, cuts: set[int]) -> None:
    """Where no token is left alone at a chunk's end; what follows it is then another story."""
    pieces = cut_at(raw, cuts - undecided(raw, TOKEN))
    assert outcome_of(raw, pieces, small_reader()) == outcome_of(raw, [raw], small_reader())


@st.composite
def near_the_limits(draw: st.DrawFn) -> bytes:
    """Draw delimiter lines and header blocks some bytes shorter or longer than what is allowed."""
    raw, line = b"", draw(st.sampled_from([CRLF, LF]))
    for _ in range(draw(st.integers(1, 3))):
        blanks = draw(st.one_of(st.just(0), st.integers(DELIMITER_LINE - 3, DELIMITER_LINE + 2)))
        size = draw(st.integers(HEADER_BLOCK - 4, HEADER_BLOCK + len(TOKEN) + 2))
        ends = st.sampled_from([line + line, line, LF + LF, LF + CRLF, LF])
        raw += line + TOKEN + b" " * blanks + line + b"y" * size + draw(ends) + b"body"
    return raw + draw(st.sampled_from([b"", line + TOKEN, line + TOKEN + b"--"]))


@given(near_the_limits())
@example(CRLF + TOKEN + CRLF + b"y" * (HEADER_BLOCK - 3) + CRLF + CRLF + b"body")
@example(LF + TOKEN + b" " * (DELIMITER_LINE + 1) + LF + b"y" + LF + LF + b"body")
def test_what_is_too_long_is_too_long_however_it_is_cut(raw: bytes) -> None:
    whole = outcome_of(raw, [raw], small_reader())
    assert outcome_of(raw, bytewise(raw), small_reader()) == whole
    for at in range(1, len(raw)):
        assert outcome_of(raw, [raw[:at], raw[at:]], small_reader()) == whole


@given(NOISE)
def test_any_bytes_are_read_in_bounded_memory_and_end_as_documented(raw: bytes) -> None:
    reader, outcome = small_reader(), Outcome()
    for byte in bytewise(raw):
        outcome.take(reader.feed(byte))
        assert len(reader._data) <= HEADER_BLOCK + len(LF + TOKEN) + 1
    if not reader.closed:
        with pytest.raises(TruncatedResponseError):
            reader.finish()
    assert all(part.complete for part in outcome.parts[:-1])


@given(st.text(), st.text())
def test_any_content_type_names_a_boundary_or_is_malformed(before: str, after: str) -> None:
    for text in (before, f"multipart/{before}boundary={after}", f'multipart/x; boundary="{after}"'):
        try:
            boundary = boundary_of(text)
        except MalformedResponseError:
            continue
        assert 0 < len(boundary) <= 256


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=256))
def test_any_quoted_boundary_is_read_back(boundary: str) -> None:
    quoted = boundary.replace("\\", "\\\\").replace('"', '\\"')
    assert boundary_of(f'multipart/related; type=x; boundary="{quoted}"; a=b') == boundary.encode()


# Other readers and writers

BOUNDARY = b"7MA4YWxkTrZu0gW"
BODIES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([CRLF, LF, b"\r", b"--", CRLF + b"--", CRLF + b"--7MA4YWxkTrZu0g"]),
    ),
    max_size=5,
).map(b"".join)
FIELDS = header_block(CRLF, plain=True).map(lambda drawn: list(drawn[1].items()))


@given(st.lists(st.tuples(FIELDS, BODIES), min_size=1, max_size=5), marks())
def test_the_reader_reads_the_writer(parts: list, cuts: set[int]) -> None:
    writer = MultipartWriter(BOUNDARY)
    raw = b"".join(writer.part(fields, body) for fields, body in parts) + writer.close()
    reader = MultipartReader(boundary_of(writer.content_type))
    outcome = read(reader, cut_at(raw, cuts))
    assert outcome.bodies == [body for _, body in parts]
    for got, (fields, _) in zip(outcome.parts, parts, strict=True):
        assert [(name, got.headers.get(name)) for name, _ in fields] == fields
    assert reader.finish() == []


@given(st.binary(max_size=60), st.lists(BODIES, max_size=5), marks(), st.booleans())
def test_the_service_reads_the_writer(
    metadata: bytes, sounds: list[bytes], cuts: set[int], complete: bool
) -> None:
    writer = MultipartWriter(BOUNDARY)
    raw = writer.part([("Content-Disposition", 'form-data; name="metadata"')], metadata)
    for sound in sounds:
        raw += writer.part([("Content-Disposition", 'form-data; name="audio"')], sound)
    raw += writer.close() if complete else b""
    parser = multipart_in.UploadParser(multipart_in.boundary_of(writer.content_type))
    pieces = [piece for data in cut_at(raw, cuts) for piece in parser.feed(data)]
    audio = b"".join(p.data for p in pieces if isinstance(p, multipart_in.Audio))
    assert (multipart_in.Closed() in pieces) == complete
    if complete:
        assert pieces[0] == multipart_in.Metadata(body=metadata)
        assert audio == b"".join(sounds)


def _written_by_the_service(parts: list[multipart_out.Part], boundary: str) -> bytes:
    """Run the service's writer, which waits for nothing here."""
    raw = bytearray(multipart_out.opening(boundary))

    async def write(data: bytes) -> None:
        raw.extend(data)

    async def write_all() -> None:
        for number, part in enumerate(parts, 1):
            last = number == len(parts)
            end = multipart_out.closing if last else multipart_out.delimiter
            await multipart_out.write_part(write, part, end(boundary))

    with pytest.raises(StopIteration):
        write_all().send(None)
    return bytes(raw)


async def _chunks(data: bytes):
    for at in range(0, len(data), 7):
        yield data[at : at + 7]


@given(st.lists(st.tuples(st.booleans(), BODIES), min_size=1, max_size=5), marks())
def test_the_reader_reads_the_service(parts: list[tuple[bool, bytes]], cuts: set[int]) -> None:
    written: list[multipart_out.Part] = [
        multipart_out.JsonPart(label="speak", body=body)
        if is_json
        else multipart_out.SoundPart(content_id=f"S{number}", chunks=_chunks(body))
        for number, (is_json, body) in enumerate(parts)
    ]
    raw = _written_by_the_service(written, BOUNDARY.decode())
    content_type = multipart_out.content_type(BOUNDARY.decode())[0][1].decode()
    reader = MultipartReader(boundary_of(content_type))
    outcome = read(reader, cut_at(raw, cuts))
    assert outcome.bodies == [body for _, body in parts]
    assert [(part.headers.content_type, part.headers.content_id) for part in outcome.parts] == [
        ("application/json", "") if is_json else ("application/octet-stream", f"S{number}")
        for number, (is_json, _) in enumerate(parts)
    ]
    assert reader.finish() == []


def _mail(raw: bytes) -> Mail:
    """Read with Python's own parser, which keeps line ends only when it is fed."""
    parser = email.parser.BytesFeedParser()
    parser.feed(b'Content-Type: multipart/related; boundary="' + BOUNDARY + b'"\r\n\r\n' + raw)
    return parser.close()


@given(st.lists(st.tuples(FIELDS, BODIES), min_size=1, max_size=5), st.booleans())
def test_pythons_mail_parser_reads_the_same(parts: list, preamble: bool) -> None:
    writer = MultipartWriter(BOUNDARY)
    raw = b"This is MIME.\r\n" * preamble
    raw += b"".join(writer.part(fields, body) for fields, body in parts) + writer.close()
    judge = _mail(raw).get_payload()
    assert isinstance(judge, list)
    outcome = read(MultipartReader(BOUNDARY), [raw])
    assert outcome.bodies == [part.get_payload(decode=True) for part in judge]
