"""Too many, too large, too small, too slow: bounded, and where one stream is enough, that one only."""

import asyncio

from h2.errors import ErrorCodes
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    SettingsFrame,
)
import pytest

from custom_components.clova_cic.cic import exchange, h2_overrides, multiplexer, streams
from custom_components.clova_cic.cic.connection import ConnectionSettings
from custom_components.clova_cic.cic.errors import (
    ConnectionLostError,
    LimitExceededError,
    NoAnswerError,
    NotProcessedError,
    TruncatedResponseError,
)

from .frames import FramePeer, data, ping, raw
from .house import NOON, SPEAK, House, eventually, filled, replaced, survives
from .scripted import RELATED, delimiter, sound

MAX_CONCURRENT = SettingsFrame.MAX_CONCURRENT_STREAMS
OK = (":status", "200")
END = delimiter(last=True)

# How many streams


@survives
async def test_room_for_the_downchannel_alone(house: House) -> None:
    """Trap 11, fault 27: MAX_CONCURRENT_STREAMS 1; the turn waits, and goes when there is room."""
    cic = await house.cic({MAX_CONCURRENT: 1})
    turn = house.asks("what time is it")
    assert not any(isinstance(frame, HeadersFrame) for frame in await cic.peer.settle())
    cic.says(SettingsFrame(0, settings={MAX_CONCURRENT: 2}))
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_room_for_nothing_at_first(house: House) -> None:
    """Trap 11, fault 27: MAX_CONCURRENT_STREAMS 0; even the downchannel waits."""
    opening = asyncio.create_task(house.cic({MAX_CONCURRENT: 0}))
    await eventually(lambda: house.peers and len(house.peers[0].seen) >= 3)
    peer = house.peers[0]
    peer.send(ping(b"settled?"))
    await eventually(lambda: isinstance(peer.seen[-1], PingFrame))
    assert not peer.requested
    peer.send(SettingsFrame(0, settings={MAX_CONCURRENT: 10}))
    await opening


@survives
async def test_a_limit_below_what_is_open(house: House) -> None:
    """Trap 11, fault 27: what is open goes on; the next one waits for two to end."""
    cic = await house.cic()
    turns = [house.asks(text) for text in ("one", "two")]
    heard = [await cic.hears(turn.mark) for turn in turns]
    cic.says(SettingsFrame(0, settings={MAX_CONCURRENT: 2}))
    await cic.peer.settle()
    third = house.asks("three")
    for turn, asked in zip(turns, heard, strict=True):
        assert len(cic.peer.requested) == 3
        cic.says(*cic.reply(asked, NOON))
        assert await turn.text() == "noon"
        await cic.peer.settle()
    cic.says(*cic.reply(await cic.hears(third.mark), NOON))
    assert await third.text() == "noon"


@survives
async def test_a_turn_that_is_cancelled_while_it_waits_for_room(house: House) -> None:
    """Trap 11, fault 27: it never reaches the server."""
    cic = await house.cic({MAX_CONCURRENT: 2})
    first, second, third = house.asks("one"), house.asks("two"), house.asks("three")
    asked = await cic.hears(first.mark)
    second.exchange.cancel()
    cic.says(*cic.reply(asked, NOON))
    other = await cic.hears(third.mark)
    cic.says(*cic.reply(other, NOON))
    assert (await first.text(), await third.text()) == ("noon", "noon")
    assert list(cic.peer.requested) == [cic.downchannel, asked.stream_id, other.stream_id]
    assert cic.peer.resets() == []


@survives
async def test_more_waits_than_can_be_meant(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 11, fault 27: the queue has an end, and says so at once."""
    monkeypatch.setattr(multiplexer, "MAX_QUEUED_REQUESTS", 3)
    cic = await house.cic({MAX_CONCURRENT: 1})
    waiting = [house.tells() for _ in range(3)]
    with pytest.raises(NotProcessedError):
        house.tells()
    cic.says(SettingsFrame(0, settings={MAX_CONCURRENT: 100}))
    for turn in waiting:
        cic.says(*cic.reply(await cic.hears(turn.mark)))
        assert await turn.text() == ""


@survives
async def test_streams_that_are_over_do_not_pile_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 21, fault 38: a connection that lives for a day remembers a bounded past."""
    monkeypatch.setattr(h2_overrides.H2Client, "MAX_CLOSED_STREAMS", 5)
    cic = await house.cic()
    for _ in range(30):
        turn = house.asks("what time is it")
        cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
        assert await turn.text() == "noon"
    assert house.client is not None
    h2 = house.client._connection._h2
    assert len(h2.streams) + len(h2._closed_streams) <= 5 + 3


# Field sections


def _long_list(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Send 70 kB of fields in one block, over frames as large as they may be."""
    block = Encoder().encode([OK, RELATED, *((f"x-{n}", "y" * 1000, True) for n in range(70))])
    pieces = [block[start : start + 16_384] for start in range(0, len(block), 16_384)]
    frames: list[Frame] = [HeadersFrame(stream_id, pieces[0])]
    frames += [ContinuationFrame(stream_id, piece) for piece in pieces[1:]]
    frames[-1].flags.add("END_HEADERS")
    return frames


def _bomb(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Name one field of 4 kB two thousand times: 8 MB in 2 kB."""
    block = Encoder().encode([OK, ("x", "y" * 4000)]) + b"\xbe" * 2000
    return [HeadersFrame(stream_id, block, flags=["END_HEADERS"])]


def _endless(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Send seventy CONTINUATION frames, and no end of the fields."""
    head = peer.headers(stream_id)
    head.flags.discard("END_HEADERS")
    return [head, *[ContinuationFrame(stream_id, b"\x00\x01a\x01b")] * 70]


def _interrupted(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Miss a CONTINUATION: another frame has come between."""
    head = peer.headers(stream_id)
    head.flags.discard("END_HEADERS")
    return [head, data(stream_id, b"x")]


def _continued_elsewhere(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Go on with the CONTINUATION of another stream."""
    head = peer.headers(stream_id)
    head.flags.discard("END_HEADERS")
    return [head, ContinuationFrame(stream_id + 2, b"", flags=["END_HEADERS"])]


def _naked(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Continue nothing."""
    return [ContinuationFrame(stream_id, b"\x88", flags=["END_HEADERS"])]


def _undecodable(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Send octets that are no field block."""
    return [HeadersFrame(stream_id, b"\xff" * 6, flags=["END_HEADERS"])]


def _table_beyond_its_limit(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Take a table larger than our SETTINGS allow (RFC 7541, 6.3)."""
    return [HeadersFrame(stream_id, b"\x3f\xe1\xff\x03\x88", flags=["END_HEADERS"])]


def _no_such_entry(peer: FramePeer, stream_id: int) -> list[Frame]:
    """Name an entry that no table has (RFC 7541, 2.3.3)."""
    return [HeadersFrame(stream_id, b"\x88\xc0", flags=["END_HEADERS"])]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (_long_list, ErrorCodes.ENHANCE_YOUR_CALM),
        (_bomb, ErrorCodes.ENHANCE_YOUR_CALM),
        (_endless, ErrorCodes.PROTOCOL_ERROR),
        (_interrupted, ErrorCodes.PROTOCOL_ERROR),
        (_continued_elsewhere, ErrorCodes.PROTOCOL_ERROR),
        (_naked, ErrorCodes.PROTOCOL_ERROR),
    ],
)
@replaced
async def test_fields_that_cannot_be_taken(house: House, frames, code: int) -> None:
    """Trap 5, fault 36: a connection error, for the table of fields is shared (RFC 9113, 4.3)."""
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    cic.says(*cic.reply(other, NOON), *frames(cic.peer, asked.stream_id))
    assert await good.text() == "noon"
    assert await cic.goodbye() == code
    assert isinstance(await bad.error(), ConnectionLostError)


@pytest.mark.parametrize("frames", [_undecodable, _table_beyond_its_limit, _no_such_entry])
@replaced
async def test_fields_that_cannot_be_decoded(house: House, frames) -> None:
    """Trap 5, fault 36: a connection error of type COMPRESSION_ERROR (RFC 9113, 4.3)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(*frames(cic.peer, asked.stream_id))
    assert isinstance(await turn.error(), ConnectionLostError)
    assert await cic.goodbye() == ErrorCodes.COMPRESSION_ERROR


@survives
async def test_fields_over_many_frames(house: House) -> None:
    """Trap 20, fault 36: CONTINUATION is allowed, one octet at a time, padded at its beginning."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    block = cic.head(asked).data
    head = HeadersFrame(asked.stream_id, block[:1], flags=["PADDED"])
    head.pad_length = 200
    rest = [ContinuationFrame(asked.stream_id, block[at : at + 1]) for at in range(1, len(block))]
    rest[-1].flags.add("END_HEADERS")
    cic.says(head, *rest, data(asked.stream_id, NOON + END, end=True))
    assert await turn.text() == "noon"


# Frames


@replaced
async def test_a_frame_larger_than_allowed(house: House) -> None:
    """Trap 5, fault 28: refused at its header, before 16 MB of it are collected (RFC 9113, 4.2)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), raw(DataFrame.type, asked.stream_id, bytes(20_000))[:9])
    assert await cic.goodbye() == ErrorCodes.FRAME_SIZE_ERROR
    assert isinstance(await turn.error(), ConnectionLostError)


@survives
async def test_thousands_of_empty_frames(house: House) -> None:
    """Trap 10, fault 30: they cost no window, so they are counted."""
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    cic.says(cic.head(asked), *[data(asked.stream_id)] * (streams.MAX_EMPTY_FRAMES + 1))
    cic.says(*cic.reply(other, NOON))
    assert isinstance(await bad.error(), LimitExceededError)
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.ENHANCE_YOUR_CALM


@survives
async def test_a_few_empty_frames_are_nothing(house: House) -> None:
    """Trap 10, fault 30: between any two frames, and at the end."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    nothing = [data(asked.stream_id)] * 100
    cic.says(cic.head(asked), *nothing, data(asked.stream_id, NOON), *nothing)
    cic.says(data(asked.stream_id, END), *nothing, data(asked.stream_id, end=True))
    assert await turn.text() == "noon"


@survives
async def test_an_answer_in_frames_of_one_byte(house: House) -> None:
    """Trap 10, fault 31: text and sound come out whole."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    body = SPEAK + sound("S", bytes(range(256))) + NOON + END
    frames = [data(asked.stream_id, bytes([byte])) for byte in body]
    cic.says(cic.head(asked), *frames, data(asked.stream_id, end=True))
    assert (await turn.text(), await turn.sound()) == ("noon", bytes(range(256)))


@survives
async def test_tls_records_of_one_byte(house: House) -> None:
    """Trap 10, fault 31: frames are cut at every octet, header and content alike."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    for byte in b"".join(frame.serialize() for frame in cic.reply(asked, NOON)):
        cic.says(bytes([byte]))
        await asyncio.sleep(0)
    assert await turn.text() == "noon"


@survives
async def test_twenty_thousand_tiny_frames_nobody_reads(house: House) -> None:
    """Trap 10, fault 31: what lies unread is bytes, not objects."""
    cic = await house.cic()
    turn = house.asks("play it all")
    asked = await cic.hears(turn.mark)
    beginning = SPEAK + sound("S", b"")[: -len(b"\r\n")]
    cic.says(cic.head(asked), data(asked.stream_id, beginning))
    cic.says(*[data(asked.stream_id, b"x")] * 20_000)
    cic.says(data(asked.stream_id, b"\r\n" + NOON + END, end=True))
    assert await turn.text() == "noon"
    assert await turn.sound() == b"x" * 20_000


# Time


@survives
async def test_an_answer_that_stands_still(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 10, fault 37: its own deadline ends it; the answer beside it comes in peace."""
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.05)
    cic = await house.cic()
    slow, good = house.asks("one"), house.speaks(hold=True)
    asked = await cic.hears(slow.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter()))
    assert await slow.begun() == "noon"
    assert isinstance(await slow.error(), TruncatedResponseError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
    assert not good.exchange.done
    monkeypatch.undo()
    good.dialog.end_audio()
    good.dialog.commit()
    cic.says(*cic.reply(await cic.hears(good.mark), NOON))
    assert await good.text() == "noon"


@survives
async def test_no_answer_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 10, fault 37: from the question's end on; another turn's clock is its own."""
    monkeypatch.setattr(exchange, "ANSWER_TIMEOUT", 0.05)
    cic = await house.cic()
    silent, held = house.asks("one"), house.speaks(hold=True)
    asked = await cic.hears(silent.mark)
    assert isinstance(await silent.error(), NoAnswerError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
    assert not held.exchange.done
    monkeypatch.undo()
    held.exchange.cancel()


@survives
async def test_an_answer_that_comes_drop_by_drop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 10, fault 37: slow is allowed as long as it goes on."""
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.5)
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    body = NOON + END
    step = len(body) // 12 + 1
    for start in range(0, len(body), step):
        cic.says(data(asked.stream_id, body[start : start + step]))
        await asyncio.sleep(0.05)
    assert loop.time() - begun > 0.5
    cic.says(data(asked.stream_id, end=True))
    assert await turn.text() == "noon"


@survives
async def test_sound_that_is_never_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 8, fault 37: a reader that has gone does not hold its answer for ever."""
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.2)
    cic = await house.cic()
    turn = house.asks("play it all")
    asked = await cic.hears(turn.mark)
    await filled(cic, asked, ConnectionSettings().stream_window)
    assert isinstance(await turn.error(), LimitExceededError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
