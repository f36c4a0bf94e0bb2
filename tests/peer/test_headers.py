"""Answers that break HTTP: that stream only, though h2 itself would end the connection.

RFC 9113, 8.1.1: a malformed message is a stream error of type PROTOCOL_ERROR.
"""

from collections.abc import Callable

from h2.errors import ErrorCodes
from hyperframe.frame import Frame, HeadersFrame, PriorityFrame, RstStreamFrame
import pytest

from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    MalformedResponseError,
    TruncatedResponseError,
)

from .frames import FramePeer, data, raw
from .house import CHUNK, NOON, House, Turn, replaced, survives
from .scripted import RELATED, Request, ScriptedCic, delimiter

OK = (":status", "200")
END = delimiter(last=True)

type Fields = list[tuple[str, str]]


async def two_turns(house: House) -> tuple[ScriptedCic, Turn, Request, Turn, Request]:
    """Have a turn that will be broken, and beside it one that must not notice."""
    cic = await house.cic()
    bad, good = house.asks("bad"), house.asks("good")
    return cic, bad, await cic.hears(bad.mark), good, await cic.hears(good.mark)


MALFORMED: dict[str, Fields] = {
    "no status": [RELATED],
    "no field at all": [],
    "two statuses": [OK, OK, RELATED],
    "two different statuses": [OK, (":status", "204"), RELATED],
    "status behind a field": [RELATED, OK],
    "status is no number": [(":status", "2xx"), RELATED],
    "status of four digits": [(":status", "2000"), RELATED],
    "empty status": [(":status", ""), RELATED],
    "a request's pseudo-field": [OK, (":path", "/"), RELATED],
    "unknown pseudo-field": [OK, (":x", "y"), RELATED],
    "upper case": [OK, ("Content-Type", RELATED[1])],
    "blank in a name": [OK, RELATED, ("x y", "z")],
    "control character in a name": [OK, RELATED, ("x\x01", "z")],
    "colon in a name": [OK, RELATED, ("x:y", "z")],
    "byte above ASCII in a name": [OK, RELATED, ("x\xff", "z")],
    "empty name": [OK, RELATED, ("", "z")],
    "connection": [OK, RELATED, ("connection", "close")],
    "keep-alive": [OK, RELATED, ("keep-alive", "timeout=5")],
    "proxy-connection": [OK, RELATED, ("proxy-connection", "close")],
    "transfer-encoding": [OK, RELATED, ("transfer-encoding", "chunked")],
    "upgrade": [OK, RELATED, ("upgrade", "h2c")],
    "trailing blank": [OK, RELATED, ("x", "y ")],
    "leading blank": [OK, RELATED, ("x", " y")],
    "trailing tab": [OK, RELATED, ("x", "y\t")],
    "line feed": [OK, RELATED, ("x", "y\nz: 1")],
    "carriage return": [OK, RELATED, ("x", "y\rz")],
    "NUL": [OK, RELATED, ("x", "y\0z")],
    "content-length is no number": [OK, RELATED, ("content-length", "many")],
    "content-length below zero": [OK, RELATED, ("content-length", "-1")],
    "content-length with a sign": [OK, RELATED, ("content-length", "+5")],
    "two different content-lengths": [
        OK,
        RELATED,
        ("content-length", "1"),
        ("content-length", "2"),
    ],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
@survives
async def test_a_malformed_head(house: House, fields: Fields) -> None:
    """Trap 6, fault 33: reset once, the answer beside it in the same record delivered."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(cic.peer.headers(asked.stream_id, fields), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR
    cic.says(data(asked.stream_id, NOON + END, end=True))  # what was on its way all the same
    await cic.peer.settle()
    assert len(cic.peer.resets(asked.stream_id)) == 1


@survives
async def test_a_malformed_head_that_is_the_whole_answer(house: House) -> None:
    """Trap 6, fault 33: with END_STREAM the stream is over on both sides at once."""
    cic, bad, asked, good, other = await two_turns(house)
    frame = cic.peer.headers(asked.stream_id, [OK, ("connection", "close")], end=True)
    cic.says(frame, *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"


@survives
async def test_a_malformed_head_while_speech_goes_up(house: House) -> None:
    """Trap 6, fault 33: the upload stops too."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(cic.peer.headers(asked.stream_id, [OK, ("X", "y")]))
    assert isinstance(await turn.error(), MalformedResponseError)
    await turn.says(CHUNK)
    await cic.peer.settle()
    assert cic.peer.resets(asked.stream_id) == [ErrorCodes.PROTOCOL_ERROR]
    assert cic.peer.body(asked.stream_id)[0].count(CHUNK) == 1


@survives
async def test_fields_that_are_odd_and_allowed(house: House) -> None:
    """Trap 6, fault 33: empty values, bytes above ASCII, one length named twice."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    body = NOON + END
    length = ("content-length", str(len(body)))
    fields = [OK, RELATED, ("x-empty", ""), ("x-latin", "caf\xe9"), ("x", "a\tb"), length, length]
    cic.says(cic.peer.headers(asked.stream_id, fields), data(asked.stream_id, body, end=True))
    assert await turn.text() == "noon"


@pytest.mark.parametrize(
    ("off_by", "error"), [(-1, MalformedResponseError), (1, TruncatedResponseError)]
)
@survives
async def test_a_content_length_that_is_wrong(
    house: House, off_by: int, error: type[CicError]
) -> None:
    """Trap 6, fault 34: more than was promised is malformed, less is truncated."""
    cic, bad, asked, good, other = await two_turns(house)
    length = ("content-length", str(len(NOON + END) + off_by))
    cic.says(
        cic.peer.headers(asked.stream_id, [OK, RELATED, length]),
        data(asked.stream_id, NOON + END, end=True),
        *cic.reply(other, NOON),
    )
    assert type(await bad.error()) is error
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR


@survives
async def test_a_content_length_passed_long_before_the_end(house: House) -> None:
    """Trap 6, fault 34: noticed at the frame that passes it."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.peer.headers(asked.stream_id, [OK, RELATED, ("content-length", "5")]))
    cic.more(asked.stream_id, NOON)
    assert isinstance(await turn.error(), MalformedResponseError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR


@survives
async def test_a_body_where_none_is_allowed(house: House) -> None:
    """Trap 6, fault 34: DATA behind 204 (RFC 9110, 15.3.5) harms nobody."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(
        cic.peer.headers(asked.stream_id, [(":status", "204")]),
        data(asked.stream_id, NOON + END, end=True),
        *cic.reply(other, NOON),
    )
    assert await good.text() == "noon"
    assert await bad.text() == ""


@survives
async def test_not_modified_is_no_answer(house: House) -> None:
    """Trap 6, fault 34: 304 to a POST, with a length that describes another body."""
    cic, bad, asked, good, other = await two_turns(house)
    fields = [(":status", "304"), ("content-length", "5000")]
    cic.says(cic.peer.headers(asked.stream_id, fields, end=True), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), CicError)
    assert await good.text() == "noon"


# The order of frames


@survives
async def test_data_before_headers(house: House) -> None:
    """Trap 6, fault 32: a message begins with its fields (RFC 9113, 8.1)."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(data(asked.stream_id, NOON), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR


@survives
async def test_a_second_head_that_ends_nothing(house: House) -> None:
    """Trap 6, fault 32: fields behind a final head are trailers, and end the stream (8.1)."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(cic.head(asked), cic.head(asked), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR


type Late = Callable[[FramePeer, int], Frame]

LATE: dict[str, Late] = {
    "data": lambda _peer, stream_id: data(stream_id, b"x"),
    "a second end": lambda _peer, stream_id: data(stream_id, end=True),
    "headers": lambda peer, stream_id: peer.headers(stream_id, [("x-trailer", "1")], end=True),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@survives
async def test_more_after_the_end_while_speech_goes_up(house: House, late: Late) -> None:
    """Trap 13, fault 32: half-closed, so a matter of that stream (RFC 9113, 5.1)."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(*cic.reply(asked, NOON), late(cic.peer, asked.stream_id))
    assert await turn.text() == "noon"
    await cic.peer.settle()
    assert len(cic.peer.resets(asked.stream_id)) == 1


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
@replaced
async def test_more_after_the_end_of_both_sides(house: House, late: Late) -> None:
    """Trap 13, fault 32: on a closed stream, a connection error of type STREAM_CLOSED (5.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(*cic.reply(asked, NOON), late(cic.peer, asked.stream_id))
    assert await turn.text() == "noon"
    assert await cic.goodbye() == ErrorCodes.STREAM_CLOSED


# Before and after the answer itself


@survives
async def test_ten_informational_answers(house: House) -> None:
    """Trap 20, fault 35: 100 and 103 come and go, while speech goes up."""
    cic = await house.cic()
    turn = house.speaks()
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    early = [(":status", "103"), ("link", "</style.css>; rel=preload")]
    cic.says(
        *[cic.peer.headers(asked.stream_id, fields) for fields in ([(":status", "100")], early)] * 5
    )
    turn.dialog.end_audio()
    asked = await cic.hears(turn.mark)
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@survives
async def test_an_informational_answer_that_ends_the_stream(house: House) -> None:
    """Trap 20, fault 35: nothing final ever came (RFC 9113, 8.1)."""
    cic, bad, asked, good, other = await two_turns(house)
    frame = cic.peer.headers(asked.stream_id, [(":status", "103")], end=True)
    cic.says(frame, *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"


@survives
async def test_data_behind_an_informational_answer(house: House) -> None:
    """Trap 20, fault 35: a body needs a final head."""
    cic, bad, asked, good, other = await two_turns(house)
    head = cic.peer.headers(asked.stream_id, [(":status", "100")])
    cic.says(head, data(asked.stream_id, NOON), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"


@survives
async def test_a_malformed_informational_answer(house: House) -> None:
    """Trap 20, fault 35: it is part of the message, and the message is malformed."""
    cic, bad, asked, good, other = await two_turns(house)
    head = cic.peer.headers(asked.stream_id, [(":status", "103"), ("Link", "</x>")])
    cic.says(head, *cic.reply(asked, NOON), *cic.reply(other, NOON))
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"


@survives
async def test_switching_protocols(house: House) -> None:
    """Trap 20, fault 35: 101 means nothing here (RFC 9113, 8.6); the final answer counts."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    switching = cic.peer.headers(asked.stream_id, [(":status", "101")])
    cic.says(switching, *cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@survives
async def test_trailers(house: House) -> None:
    """Trap 20, fault 35: fields behind the body say nothing to us."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    trailers = cic.peer.headers(asked.stream_id, [("x-checksum", "1")], end=True)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + END), trailers)
    assert await turn.text() == "noon"


TRAILERS: dict[str, Fields] = {
    "pseudo-field": [("x", "y"), OK],
    "upper case": [("X-Checksum", "1")],
    "connection": [("connection", "close")],
    "line feed": [("x", "y\nz")],
}


@pytest.mark.parametrize("fields", TRAILERS.values(), ids=TRAILERS)
@survives
async def test_malformed_trailers(house: House, fields: Fields) -> None:
    """Trap 6, fault 33: what came before them is still delivered."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(
        cic.head(asked),
        data(asked.stream_id, NOON + delimiter()),
        cic.peer.headers(asked.stream_id, fields, end=True),
        *cic.reply(other, NOON),
    )
    assert await bad.begun() == "noon"
    assert isinstance(await bad.error(), MalformedResponseError)
    assert await good.text() == "noon"


# PRIORITY, which RFC 9113 only keeps from doing harm


@survives
async def test_priority_is_nothing_to_us(house: House) -> None:
    """Trap 19, fault 40: in frames and in HEADERS, on open, idle and closed streams."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    head, body = cic.reply(asked, NOON)
    assert isinstance(head, HeadersFrame)
    head.flags.add("PRIORITY")
    head.depends_on, head.stream_weight = 99, 255
    before = [PriorityFrame(key, depends_on=0) for key in (asked.stream_id, 99, 2)]
    cic.says(*before, head, body, PriorityFrame(asked.stream_id, depends_on=0))
    assert await turn.text() == "noon"
    assert not any(isinstance(frame, PriorityFrame) for frame in await cic.peer.settle())


@survives
async def test_priority_of_a_wrong_length(house: House) -> None:
    """Trap 19, fault 40: a stream error of type FRAME_SIZE_ERROR (RFC 9113, 6.3)."""
    cic, bad, asked, good, other = await two_turns(house)
    cic.says(raw(PriorityFrame.type, asked.stream_id, bytes(4)), *cic.reply(other, NOON))
    assert await good.text() == "noon"
    assert isinstance(await bad.error(), CicError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.FRAME_SIZE_ERROR


@survives
async def test_a_stream_that_depends_on_itself(house: House) -> None:
    """Trap 19, fault 40: no error of the connection; RFC 9113 knows it no more."""
    cic, turn, asked, good, other = await two_turns(house)
    itself = PriorityFrame(asked.stream_id, depends_on=asked.stream_id)
    cic.says(itself, *cic.reply(other, NOON))
    assert await good.text() == "noon"
    if not cic.peer.resets(asked.stream_id):
        cic.says(*cic.reply(asked, NOON))
        assert await turn.text() == "noon"


@survives
async def test_a_head_that_depends_on_itself(house: House) -> None:
    """Trap 19, fault 40: the same, said in HEADERS."""
    cic, turn, asked, good, other = await two_turns(house)
    head, body = cic.reply(asked, NOON)
    assert isinstance(head, HeadersFrame)
    head.flags.add("PRIORITY")
    head.depends_on = asked.stream_id
    cic.says(head, body, *cic.reply(other, NOON))
    assert await good.text() == "noon"
    assert await turn.text() == "noon"


@replaced
async def test_priority_on_no_stream(house: House) -> None:
    """Trap 19, fault 40: PRIORITY on stream 0 is a connection error (RFC 9113, 6.3)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    await cic.hears(turn.mark)
    cic.says(raw(PriorityFrame.type, 0, bytes(5)))
    assert await cic.goodbye() == ErrorCodes.PROTOCOL_ERROR
    assert isinstance(await turn.error(), ConnectionLostError)


# One read, many frames


@replaced
async def test_what_came_before_a_bad_frame_counts(house: House) -> None:
    """Trap 5, fault 40: h2 forgets all events of a read whose last frame is bad."""
    cic = await house.cic()
    turns = [house.asks(text) for text in ("one", "two", "three")]
    heard = [await cic.hears(turn.mark) for turn in turns]
    good = [frame for asked in heard[:2] for frame in cic.reply(asked, NOON)]
    cic.push(NOON)
    cic.says(*good, raw(RstStreamFrame.type, 0, bytes(4)))
    assert [await turn.text() for turn in turns[:2]] == ["noon", "noon"]
    assert isinstance(await turns[2].error(), ConnectionLostError)
    assert [item.payload["text"] for item in house.owner.directives] == ["noon"]
