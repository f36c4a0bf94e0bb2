"""GOAWAY: what was asked before it is answered, what comes after it goes elsewhere, nothing twice."""

from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, PingFrame
import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.errors import (
    ConnectionLostError,
    NotProcessedError,
    TruncatedResponseError,
)

from .frames import data, goaway, ping, raw, reset
from .house import CHUNK, NOON, SPEAK, House, eventually, replaced
from .scripted import delimiter, directive, sound

ALL = 2**31 - 1


@replaced
async def test_data_behind_a_goaway_is_delivered(house: House) -> None:
    """Trap 1, fault 7: GOAWAY and an older stream's answer in one record."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id), *cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_an_answer_in_the_middle_goes_on_after_a_goaway(house: House) -> None:
    """Trap 1, fault 7: the answer had begun, and its sound comes after the goodbye."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    begun = sound("S", b"tick ")[: -len(b"\r\n")]
    cic.says(cic.head(asked), data(asked.stream_id, SPEAK + begun), goaway(asked.stream_id))
    await house.cic()
    cic.more(asked.stream_id, b"tock\r\n", NOON, delimiter(last=True), end=True)
    assert (await turn.text(), await turn.sound()) == ("noon", b"tick tock")


@replaced
async def test_a_goodbye_in_two_steps(house: House) -> None:
    """Trap 1, fault 5: first all streams live on, then the real last one is named."""
    cic = await house.cic()
    first, second = house.asks("one"), house.asks("two")
    one, two = await cic.hears(first.mark), await cic.hears(second.mark)
    cic.says(goaway(ALL))
    await house.cic()  # before anything is answered
    assert not first.exchange.done
    assert not second.exchange.done
    cic.says(goaway(one.stream_id), *cic.reply(one, NOON), *cic.reply(two, NOON))
    assert await first.text() == "noon"
    assert isinstance(await second.error(), NotProcessedError)


@replaced
async def test_what_is_above_the_last_stream_was_not_processed(house: House) -> None:
    """Trap 22, fault 6: the higher stream fails at once, the lower is answered."""
    cic = await house.cic()
    first, second = house.asks("one"), house.asks("two")
    one = await cic.hears(first.mark)
    await cic.hears(second.mark)
    cic.says(goaway(one.stream_id))
    assert isinstance(await second.error(), NotProcessedError)
    cic.says(*cic.reply(one, NOON))
    assert await first.text() == "noon"


@replaced
async def test_the_last_stream_itself_was_processed(house: House) -> None:
    """Trap 1, fault 6: above means above, not equal (RFC 9113, 6.8)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id))
    await house.cic()
    assert not turn.exchange.done
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_a_last_stream_that_grows_revives_nothing(house: House) -> None:
    """Trap 1, fault 5: a peer must not raise it (RFC 9113, 6.8); what has failed has failed."""
    cic = await house.cic()
    first, second = house.asks("one"), house.asks("two")
    one, two = await cic.hears(first.mark), await cic.hears(second.mark)
    cic.says(goaway(one.stream_id), goaway(ALL), *cic.reply(two, NOON), *cic.reply(one, NOON))
    assert await first.text() == "noon"
    assert isinstance(await second.error(), NotProcessedError)


@replaced
async def test_a_goodbye_while_speech_goes_up(house: House) -> None:
    """Trap 1, fault 5: the old connection hears the rest, and its downchannel ends the capture."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(goaway(asked.stream_id))
    await house.cic()
    await turn.says(CHUNK)
    cic.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="time"))
    assert await turn.dialog.wait_capture_stopped() == "time"
    turn.dialog.commit()
    asked = await cic.hears(turn.mark)
    assert asked.complete
    assert [body for _, body in asked.parts[1:]] == [CHUNK, CHUNK]
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_speech_that_is_not_looked_at_fails_at_once(house: House) -> None:
    """Trap 22, fault 6: without anybody to repeat it, it is told and never sent again."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    await cic.hears(turn.mark, until=CHUNK)
    cic.says(goaway(cic.downchannel))
    assert isinstance(await turn.error(), NotProcessedError)
    following = await house.cic()
    await following.peer.settle()
    assert list(following.peer.requested) == [following.downchannel]


@replaced
async def test_what_is_asked_after_a_goodbye_goes_to_the_next_connection(house: House) -> None:
    """Trap 1, fault 5: while the old one still answers."""
    cic = await house.cic()
    old = house.asks("old")
    asked = await cic.hears(old.mark)
    cic.says(goaway(ALL))
    following = await house.cic()
    new = house.asks("new")
    following.says(*following.reply(await following.hears(new.mark), NOON))
    assert await new.text() == "noon"
    assert not old.exchange.done
    cic.says(*cic.reply(asked, NOON))
    assert await old.text() == "noon"
    assert len(cic.peer.requested) == 2


@replaced
async def test_the_old_connection_is_left_when_its_last_answer_has_come(house: House) -> None:
    """Trap 1, fault 5: with a GOAWAY of our own, and without an error."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(ALL))
    await house.cic()
    assert not any(isinstance(frame, GoAwayFrame) for frame in await cic.peer.settle())
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"
    assert await cic.goodbye() == ErrorCodes.NO_ERROR
    assert house.errors == []


@replaced
async def test_a_goodbye_with_nothing_under_way(house: House) -> None:
    """Trap 1, fault 5: even the downchannel is above it."""
    cic = await house.cic()
    cic.says(goaway(0))
    assert await cic.goodbye() == ErrorCodes.NO_ERROR


@replaced
async def test_ping_after_a_goodbye_is_answered(house: House) -> None:
    """Trap 1, fault 10: the connection is alive until its last answer."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id), ping(b"are you "))
    answer = await cic.peer.expect(PingFrame)
    assert ("ACK" in answer.flags, answer.opaque_data) == (True, b"are you ")
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_a_peer_that_leaves_in_anger(house: House) -> None:
    """Trap 2, fault 9: GOAWAY(INTERNAL_ERROR) after many resets, and the socket is gone."""
    cic = await house.cic()
    for _ in range(20):
        turn = house.asks("never mind")
        asked = await cic.hears(turn.mark)
        turn.exchange.cancel()
        await cic.reset(asked.stream_id)
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id, ErrorCodes.INTERNAL_ERROR))
    cic.peer.writer.close()
    assert isinstance(await turn.error(), ConnectionLostError)


@replaced
async def test_a_goodbye_and_the_end_of_the_socket_in_mid_answer(house: House) -> None:
    """Trap 1, fault 12: a promise to finish that was not kept is an error, not an end."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id), cic.head(asked), data(asked.stream_id, NOON + delimiter()))
    cic.peer.writer.close()
    assert await turn.begun() == "noon"
    assert isinstance(await turn.error(), ConnectionLostError | TruncatedResponseError)


@replaced
async def test_a_goodbye_and_a_reset_of_the_stream_it_promised(house: House) -> None:
    """Trap 22, fault 18: REFUSED_STREAM below the last stream is still a refusal."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(goaway(ALL), reset(asked.stream_id, ErrorCodes.REFUSED_STREAM))
    assert isinstance(await turn.error(), NotProcessedError)


@replaced
async def test_a_goodbye_with_a_long_explanation(house: House) -> None:
    """Trap 1, fault 5: debug data is for a log (RFC 9113, 6.8), and not for ours."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    farewell = goaway(asked.stream_id)
    farewell.additional_data = b"because " * 2000
    cic.says(farewell, *cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (raw(GoAwayFrame.type, 1, bytes(8)), ErrorCodes.PROTOCOL_ERROR),
        (raw(GoAwayFrame.type, 0, bytes(7)), ErrorCodes.FRAME_SIZE_ERROR),
    ],
    ids=["on a stream", "too short"],
)
@replaced
async def test_a_goodbye_that_breaks_the_rules(house: House, frame: bytes, code: int) -> None:
    """Trap 1, fault 5: a connection error (RFC 9113, 6.8 and 4.2)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    await cic.hears(turn.mark)
    cic.says(frame)
    assert await cic.goodbye() == code
    assert isinstance(await turn.error(), ConnectionLostError)


@replaced
async def test_goodbye_after_goodbye_is_no_storm(house: House) -> None:
    """Trap 22, fault 5: a server that lets nobody stay is not asked without end."""
    for _ in range(reconnect.MOST_ATTEMPTS - 2):
        cic = await house.cic()
        cic.says(goaway(0))
        await cic.goodbye()
    assert max(house.pauses) == 0.0
    for _ in range(2):
        cic = await house.cic()
        cic.says(goaway(0))
        await cic.goodbye()
    await eventually(lambda: house.pauses[-1] > reconnect.ATTEMPTS_WINDOW / 2)
    house.lets_pass(house.pauses[-1])


@replaced
async def test_a_server_that_asks_for_calm(house: House) -> None:
    """Trap 15, fault 8: following connections PING half as often, down to once in 8 minutes."""
    paces = []
    cic = await house.cic()
    for _ in range(5):
        paces.append(house.pings_every())
        cic.says(goaway(cic.downchannel, ErrorCodes.ENHANCE_YOUR_CALM))
        following = await house.cic()
        await cic.goodbye()
        cic = following
    assert paces == [60, 120, 240, 480, 480]


@replaced
async def test_other_farewells_ask_for_no_calm(house: House) -> None:
    """Trap 15, fault 9: neither a goodbye nor an error of the server's is about PINGs."""
    cic = await house.cic()
    for code in (ErrorCodes.NO_ERROR, ErrorCodes.INTERNAL_ERROR, ErrorCodes.PROTOCOL_ERROR):
        cic.says(goaway(cic.downchannel, code))
        following = await house.cic()
        await cic.goodbye()
        cic = following
    assert house.pings_every() == 60
