"""Connections that end without a word, and those that only look alive."""

import asyncio
from contextlib import suppress
import socket

from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, PingFrame
import pytest

from custom_components.clova_cic.cic import reconnect, wire
from custom_components.clova_cic.cic.errors import ConnectionLostError, TruncatedResponseError

from .frames import FramePeer, data, ping, raw, window
from .house import CHUNK, NOON, ROOM, SPEAK, House, eventually, replaced, survives, vanish
from .scripted import delimiter, sound

# A silent peer is noticed after these seconds; long enough for a busy machine to begin a turn.
SOON = {"ping_interval": 0.02, "ping_timeout": 0.5}


async def acknowledged(peer: FramePeer) -> bytes:
    """Wait for the house's next PING and answer it; return its payload."""
    while "ACK" in (frame := await peer.expect(PingFrame)).flags:
        pass
    peer.send(ping(frame.opaque_data, ack=True))
    return frame.opaque_data


# Sockets that end


@pytest.mark.parametrize("how", ["close_notify", "FIN", "RST"])
@replaced
async def test_a_socket_that_ends_while_speech_goes_up(house: House, how: str) -> None:
    """Trap 22, fault 11: told at once, and never said again on the next connection."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    await cic.hears(turn.mark, until=CHUNK)
    match how:
        case "close_notify":
            cic.peer.writer.close()
        case "FIN":
            vanish(cic.peer, reset=False)
        case "RST":
            vanish(cic.peer, reset=True)
    assert isinstance(await turn.error(), ConnectionLostError)
    await turn.says(CHUNK)
    turn.dialog.commit()
    following = await house.cic()
    await following.peer.settle()
    assert list(following.peer.requested) == [following.downchannel]


@pytest.mark.parametrize("notify", [True, False], ids=["close_notify", "FIN"])
@replaced
async def test_a_socket_that_ends_in_mid_answer(house: House, notify: bool) -> None:
    """Trap 12, fault 12: incomplete, however politely it was closed."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter()))
    assert await turn.begun() == "noon"
    if notify:
        cic.peer.writer.close()
    else:
        vanish(cic.peer, reset=False)
    assert isinstance(await turn.error(), ConnectionLostError)


@replaced
async def test_a_sound_whose_socket_ends(house: House) -> None:
    """Trap 12, fault 12: what was heard was heard; the reader is told that it is not all."""
    cic = await house.cic()
    turn = house.asks("play it all")
    asked = await cic.hears(turn.mark)
    begun = sound("S", b"tick")[: -len(b"\r\n")]
    cic.says(cic.head(asked), data(asked.stream_id, SPEAK + begun))
    cic.peer.writer.close()
    stream = turn.exchange.attachment("S")
    assert await anext(stream) == b"tick"
    with pytest.raises(ConnectionLostError):
        await anext(stream)


@replaced
async def test_the_closing_delimiter_and_then_the_end_of_the_socket(house: House) -> None:
    """Trap 12, fault 12: without END_STREAM nobody knows; what came of it is delivered."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter(last=True)))
    cic.peer.writer.close()
    assert await turn.begun() == "noon"
    async with asyncio.timeout(5):
        await turn.exchange.wait_done()
    assert isinstance(turn.exchange.error, ConnectionLostError | None)


@replaced
async def test_an_answer_and_the_end_of_the_socket_in_one_read(house: House) -> None:
    """Trap 5, fault 12: what arrived before the end has arrived."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    cic.peer.writer.close()
    assert await turn.text() == "noon"


@replaced
async def test_half_a_frame_and_the_end(house: House) -> None:
    """Trap 5, fault 12: a frame that is not whole says nothing."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    whole = b"".join(frame.serialize() for frame in cic.reply(asked, NOON))
    cic.says(whole[:-1])
    cic.peer.writer.close()
    assert isinstance(await turn.error(), ConnectionLostError)


# Silence


@replaced
async def test_a_black_hole(house: House) -> None:
    """Trap 17, fault 13: the socket stays open and nothing comes; PING ends it, at once."""
    house.bounds(**SOON)
    cic = await house.cic()
    cic.peer.writer.transport.pause_reading()
    turn = house.asks("what time is it")
    assert isinstance(await turn.error(), ConnectionLostError)
    await house.cic()


@replaced
async def test_a_black_hole_that_swallows_speech(house: House) -> None:
    """Trap 17, fault 13: with its windows open; what waits for the socket is let go."""
    house.bounds(**SOON)
    cic = await house.cic({4: 2**31 - 1})
    cic.says(window(0, 2**30))
    await cic.peer.settle()
    cic.peer.writer.transport.pause_reading()
    turn = house.speaks(hold=True)
    async with asyncio.timeout(5):
        await turn.says(bytes(20 * ROOM))
    assert isinstance(await turn.error(), ConnectionLostError)


@replaced
async def test_a_ping_that_is_never_answered(house: House) -> None:
    """Trap 14, fault 14: though answers come, for so says the peer that it is deaf."""
    house.bounds(**SOON)
    cic = await house.cic()
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"
    await eventually(lambda: house.errors)
    assert isinstance(house.errors[0], ConnectionLostError)


@replaced
async def test_a_ping_answered_with_something_else(house: House) -> None:
    """Trap 14, fault 14: another payload is another PING's; its own is still waited for (6.7)."""
    house.bounds(**SOON)
    cic = await house.cic()
    await cic.peer.expect(PingFrame)
    cic.says(ping(b"not ours", ack=True))
    await eventually(lambda: house.errors)
    assert isinstance(house.errors[0], ConnectionLostError)
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            await cic.peer.next()
    assert len([frame for frame in cic.peer.seen if isinstance(frame, PingFrame)]) == 1


@survives
async def test_answers_to_pings_nobody_sent(house: House) -> None:
    """Trap 14, fault 14: nothing waits for them."""
    cic = await house.cic()
    cic.says(ping(bytes(8), ack=True), ping(b"not ours", ack=True))
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_one_ping_at_a_time(house: House) -> None:
    """Trap 15, fault 14: each has a payload of its own, and waits for the one before."""
    house.bounds(ping_interval=0.01)
    cic = await house.cic()
    assert len({await acknowledged(cic.peer) for _ in range(3)}) == 3
    await cic.peer.expect(PingFrame)
    before = len(cic.peer.seen)
    await asyncio.sleep(0.05)
    await cic.peer.settle()
    assert [frame for frame in cic.peer.seen[before:] if "ACK" not in frame.flags] == []


@survives
async def test_a_server_that_pings_all_the_time(house: House) -> None:
    """Trap 10, fault 15: each is answered, in order, with nothing under way."""
    cic = await house.cic()
    for number in range(100):
        cic.says(ping(number.to_bytes(8)))
    frames = [await cic.peer.expect(PingFrame) for _ in range(100)]
    assert [int.from_bytes(frame.opaque_data) for frame in frames] == list(range(100))
    assert all("ACK" in frame.flags for frame in frames)


@replaced
async def test_a_server_that_pings_and_does_not_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 10, fault 15: what we owe it does not pile up."""
    monkeypatch.setattr(wire, "MAX_WRITE_BACKLOG", 64 * 1024)
    cic = await house.cic()
    raw_socket: socket.socket = cic.peer.writer.get_extra_info("socket")
    raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    cic.peer.writer.transport.pause_reading()
    async with asyncio.timeout(10):
        while not house.errors:
            cic.says(*[ping(bytes(8))] * 10_000)
            await asyncio.sleep(0)
    assert isinstance(house.errors[0], ConnectionLostError)


BROKEN = {
    "of a wrong length": (raw(PingFrame.type, 0, bytes(7)), ErrorCodes.FRAME_SIZE_ERROR),
    "on a stream": (raw(PingFrame.type, 1, bytes(8)), ErrorCodes.PROTOCOL_ERROR),
}


@pytest.mark.parametrize(("frame", "code"), BROKEN.values(), ids=BROKEN)
@replaced
async def test_a_ping_that_breaks_the_rules(house: House, frame: bytes, code: int) -> None:
    """Trap 14, fault 15: a connection error (RFC 9113, 6.7)."""
    cic = await house.cic()
    cic.says(frame)
    assert await cic.goodbye() == code


@replaced
async def test_the_house_leaves_in_good_order(house: House) -> None:
    """Trap 17, fault 12: GOAWAY, then the socket, when the downchannel is over."""
    cic = await house.cic()
    cic.says(data(cic.downchannel, end=True))
    assert await cic.goodbye() == ErrorCodes.NO_ERROR
    assert not any(isinstance(frame, GoAwayFrame) for frame in cic.peer.seen[:-1])


@replaced
async def test_a_truncated_answer_and_a_black_hole(house: House) -> None:
    """Trap 14, fault 13: half an answer, then nothing at all."""
    house.bounds(**SOON)
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter()))
    assert await turn.begun() == "noon"
    assert isinstance(await turn.error(), ConnectionLostError | TruncatedResponseError)


# Connections that have aged


@pytest.mark.parametrize("bound", ["MOST_SILENCE", "MOST_AGE"])
@replaced
async def test_a_connection_is_replaced_before_it_is_left(
    house: House, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 14, fault 16: half an hour without a directive, or a day; PING works all the time."""
    monkeypatch.setattr(reconnect, "MOST_PATIENCE", 0.01)
    cic = await house.cic()
    turn = house.asks("what time is it")
    house.lets_pass(getattr(reconnect, bound))
    knocking = await house.visitor()
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"  # of the old one: it had begun
    following = await house.greeted(knocking)
    assert await cic.goodbye() == ErrorCodes.NO_ERROR
    turn = house.asks("what time is it")
    following.says(*following.reply(await following.hears(turn.mark), NOON))
    assert await turn.text() == "noon"
    assert house.errors == []


@replaced
async def test_nothing_begins_on_a_connection_that_is_being_replaced(house: House) -> None:
    """Trap 14, fault 16: CIC says 412 there once it is asked for a downchannel elsewhere."""
    cic = await house.cic()
    house.lets_pass(reconnect.MOST_SILENCE)
    knocking = await house.visitor()
    waiting = asyncio.create_task(house.next_client(ConnectionLostError("none yet")))
    await cic.peer.settle()
    assert not waiting.done()
    following = await house.greeted(knocking)
    assert await waiting is house.client
    turn = house.asks("what time is it")
    following.says(*following.reply(await following.hears(turn.mark), NOON))
    assert await turn.text() == "noon"
    assert list(cic.peer.requested) == [cic.downchannel]


@replaced
async def test_a_connection_that_cannot_be_replaced_stays(house: House) -> None:
    """Trap 14, fault 16: nothing is lost by trying, and it is tried again."""
    cic = await house.cic()
    house.has_patience()
    house.lets_pass(reconnect.MOST_SILENCE)
    (await house.knock()).abort()
    await eventually(lambda: house.errors)
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"
    house.lets_pass(reconnect.LAST_CEILING)
    await house.cic()
    assert await cic.goodbye() == ErrorCodes.NO_ERROR


@replaced
async def test_nobody_is_interrupted_for_a_renewal(house: House) -> None:
    """Trap 21, fault 16: it waits for the turn that is under way."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    house.lets_pass(reconnect.MOST_AGE)
    await cic.peer.settle()
    assert len(house.peers) == 1
    assert not house.has_knocks
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"
    await house.cic()
    assert await cic.goodbye() == ErrorCodes.NO_ERROR


@replaced
async def test_a_connection_that_ends_while_it_is_replaced(house: House) -> None:
    """Trap 14, fault 16: the new one is under way already, and there is no third."""
    cic = await house.cic()
    house.lets_pass(reconnect.MOST_SILENCE)
    knocking = await house.visitor()
    cic.peer.writer.close()
    await house.greeted(knocking)
    assert not house.has_knocks
    assert len(house.sessions) == 2
