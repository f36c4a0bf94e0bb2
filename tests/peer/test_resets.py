"""RST_STREAM, both ways: one stream's business, said once, and nothing asked twice."""

import asyncio

from h2.errors import ErrorCodes
from hyperframe.frame import RstStreamFrame
import pytest

from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    DialogCancelledError,
    NotProcessedError,
    StatusError,
    StreamResetError,
    TooManyRequestsError,
    TruncatedResponseError,
    UnauthorizedError,
)

from .frames import data, raw, reset, window
from .house import CHUNK, NOON, SPEAK, House, replaced, survives
from .scripted import RELATED, delimiter, directive, json_part, sound

MEGABYTE = 1024 * 1024
END = delimiter(last=True)

# What the server resets


@survives
async def test_a_refused_stream_was_not_processed(house: House) -> None:
    """Trap 11, fault 18: nobody to repeat it was named, so it is told, and not sent again."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(reset(asked.stream_id, ErrorCodes.REFUSED_STREAM))
    assert isinstance(await turn.error(), NotProcessedError)
    await cic.peer.settle()
    assert list(cic.peer.requested) == [cic.downchannel, asked.stream_id]


@pytest.mark.parametrize("code", [ErrorCodes.CANCEL, ErrorCodes.INTERNAL_ERROR, 0xDEAD])
@survives
async def test_a_reset_in_mid_answer(house: House, code: int) -> None:
    """Trap 22, fault 19: that answer only, after what had come of it; any code will do."""
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter()))
    cic.says(reset(asked.stream_id, code), *cic.reply(other, NOON))
    assert await bad.begun() == "noon"
    error = await bad.error()
    assert isinstance(error, StreamResetError)
    assert (error.error_code, error.remote) == (code, True)
    assert await good.text() == "noon"
    assert cic.peer.resets() == []


@survives
async def test_a_sound_that_is_cut_off(house: House) -> None:
    """Trap 22, fault 19: what was heard was heard, then the reader is told."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    begun = sound("S", b"tick")[: -len(b"\r\n")]
    cic.says(cic.head(asked), data(asked.stream_id, SPEAK + begun))
    stream = turn.exchange.attachment("S")
    assert await anext(stream) == b"tick"
    cic.says(reset(asked.stream_id, ErrorCodes.INTERNAL_ERROR))
    with pytest.raises(StreamResetError):
        await anext(stream)


@survives
async def test_a_reset_while_speech_goes_up(house: House) -> None:
    """Trap 22, fault 19: what is said from then on is dropped, and nothing is repeated."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(reset(asked.stream_id, ErrorCodes.INTERNAL_ERROR))
    assert isinstance(await turn.error(), StreamResetError)
    await turn.says(CHUNK)
    turn.dialog.commit()
    await cic.peer.settle()
    assert cic.peer.body(asked.stream_id)[0].count(CHUNK) == 1
    assert list(cic.peer.requested) == [cic.downchannel, asked.stream_id]


@survives
async def test_no_error_behind_the_answer_ends_the_upload(house: House) -> None:
    """Trap 12, fault 20: enough was heard, and the answer is whole (RFC 9113, 8.1)."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(*cic.reply(asked, NOON), reset(asked.stream_id, ErrorCodes.NO_ERROR))
    assert await turn.text() == "noon"
    await turn.says(CHUNK)
    await cic.peer.settle()
    assert cic.peer.body(asked.stream_id)[0].count(CHUNK) == 1


@pytest.mark.parametrize("closed", [True, False])
@survives
async def test_no_error_instead_of_the_end(house: House, closed: bool) -> None:
    """Trap 12, fault 21: the closing delimiter tells whether that is an end."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter(last=closed)))
    cic.says(reset(asked.stream_id, ErrorCodes.NO_ERROR))
    if closed:
        assert await turn.text() == "noon"
    else:
        assert await turn.begun() == "noon"
        assert isinstance(await turn.error(), CicError)


@survives
async def test_no_error_without_any_answer(house: House) -> None:
    """Trap 12, fault 21: nothing was said, so nothing is complete."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(reset(asked.stream_id, ErrorCodes.NO_ERROR))
    assert isinstance(await turn.error(), StreamResetError)


@survives
async def test_a_reset_said_twice(house: House) -> None:
    """Trap 13, fault 19: the second one finds nothing (RFC 9113, 5.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    again = reset(asked.stream_id, ErrorCodes.CANCEL)
    cic.says(again, again)
    assert isinstance(await turn.error(), StreamResetError)
    cic.says(again)
    await cic.peer.settle()
    assert cic.peer.resets() == []


@pytest.mark.parametrize("late", ["data", "headers"])
@survives
async def test_more_behind_the_servers_own_reset(house: House, late: str) -> None:
    """Trap 2, fault 38: answered with one STREAM_CLOSED, however much it is (RFC 9113, 5.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(reset(asked.stream_id, ErrorCodes.CANCEL))
    frame = data(asked.stream_id, b"x") if late == "data" else cic.head(asked)
    cic.says(frame, frame, frame)
    assert isinstance(await turn.error(), StreamResetError)
    await cic.peer.settle()
    assert set(cic.peer.resets()) <= {ErrorCodes.STREAM_CLOSED}
    assert len(cic.peer.resets()) <= 1


@survives
async def test_late_credit_and_resets_of_streams_that_are_over(house: House) -> None:
    """Trap 13, fault 26: WINDOW_UPDATE and RST_STREAM may still be on their way (5.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(*cic.reply(asked, NOON), window(asked.stream_id, 5), reset(asked.stream_id, 0))
    assert await turn.text() == "noon"
    cic.says(window(asked.stream_id, 5), reset(asked.stream_id, ErrorCodes.CANCEL))
    await cic.peer.settle()
    assert cic.peer.resets() == []


BROKEN = {
    "of a stream that was never opened": (reset(99, 8), ErrorCodes.PROTOCOL_ERROR),
    "of a stream of the server's own": (reset(2, 8), ErrorCodes.PROTOCOL_ERROR),
    "of no stream": (raw(RstStreamFrame.type, 0, bytes(4)), ErrorCodes.PROTOCOL_ERROR),
    "of a wrong length": (raw(RstStreamFrame.type, 1, bytes(3)), ErrorCodes.FRAME_SIZE_ERROR),
}


@pytest.mark.parametrize(("frame", "code"), BROKEN.values(), ids=BROKEN)
@replaced
async def test_a_reset_that_breaks_the_rules(house: House, frame: bytes, code: int) -> None:
    """Trap 20, fault 40: a connection error (RFC 9113, 6.4)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    await cic.hears(turn.mark)
    cic.says(frame)
    assert await cic.goodbye() == code
    assert isinstance(await turn.error(), ConnectionLostError)


# Answers before the question is complete


REFUSALS = {
    "401": UnauthorizedError,
    "403": StatusError,
    "429": TooManyRequestsError,
    "500": StatusError,
    "503": StatusError,
}


@pytest.mark.parametrize(("status", "kind"), REFUSALS.items())
@survives
async def test_a_refusal_before_the_speech_is_over(
    house: House, status: str, kind: type[StatusError]
) -> None:
    """Trap 13, fault 22: delivered with its words, and the upload stops without an error."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    body = directive("System.Exception", code=int(status), description="go away") + END
    cic.says(
        cic.peer.headers(asked.stream_id, [(":status", status), RELATED]),
        data(asked.stream_id, body, end=True),
    )
    error = await turn.error()
    assert type(error) is kind
    assert isinstance(error, StatusError)
    assert (error.status, error.description) == (int(status), "go away")
    await turn.says(CHUNK)
    await cic.peer.settle()
    assert cic.peer.resets() == [ErrorCodes.NO_ERROR]
    assert cic.peer.body(asked.stream_id)[0].count(CHUNK) == 1


@survives
async def test_a_refusal_whose_words_never_end(house: House) -> None:
    """Trap 13, fault 22: the status alone is enough."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.peer.headers(asked.stream_id, [(":status", "500"), RELATED]))
    cic.says(data(asked.stream_id, json_part({})), reset(asked.stream_id, 2))
    error = await turn.error()
    assert isinstance(error, StatusError)
    assert error.status == 500


@survives
async def test_an_answer_that_comes_while_speech_goes_up(house: House) -> None:
    """Trap 13, fault 23: full duplex, part by part."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    directives = turn.exchange.directives()
    cic.says(cic.head(asked))
    for count in range(1, 4):
        cic.says(data(asked.stream_id, directive("Clova.RenderText", text=str(count)) + b"--"))
        cic.says(data(asked.stream_id, delimiter()[2:]))
        async with asyncio.timeout(5):
            assert (await anext(directives)).payload["text"] == str(count)
        await turn.says(CHUNK)
        cic.says(data(asked.stream_id, b"Content-Type: text/plain\r\n\r\n\r\n"))
    turn.dialog.end_audio()
    turn.dialog.commit()
    asked = await cic.hears(turn.mark)
    assert [body for _, body in asked.parts[1:]] == [CHUNK] * 4
    cic.says(data(asked.stream_id, END, end=True))
    assert [item async for item in directives] == []


# What the house resets


@survives
async def test_a_cancel_with_a_megabyte_in_flight_is_one_reset(house: House) -> None:
    """Trap 2, fault 38: h2 answers each late frame with one more; sixty are an attack."""
    cic = await house.cic()
    turn = house.asks("play it all")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, SPEAK + sound("S", b"")[:-2]))
    turn.exchange.cancel()
    assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
    cic.says(*[data(asked.stream_id, bytes(16_000))] * 64, data(asked.stream_id, end=True))
    assert isinstance(await turn.error(), DialogCancelledError)
    await cic.peer.settle()
    assert cic.peer.resets() == [ErrorCodes.CANCEL]


@survives
async def test_credit_of_what_was_cancelled_comes_back(house: House) -> None:
    """Trap 3, fault 38: twice the connection's window thrown away, and none of it is lost."""
    house.bounds(connection_window=MEGABYTE)
    cic = await house.cic()
    sent = 0
    for _ in range(4):
        turn = house.asks("play it all")
        asked = await cic.hears(turn.mark)
        cic.says(cic.head(asked), *[data(asked.stream_id, bytes(16_000))] * 16)
        await cic.peer.settle()
        turn.exchange.cancel()
        await cic.reset(asked.stream_id)
        cic.says(*[data(asked.stream_id, bytes(16_000))] * 16)
        await cic.peer.settle()
        sent += 32 * 16_000
    opened = MEGABYTE - 65_535
    assert cic.peer.credit(0) - opened > sent - MEGABYTE // 4


@survives
async def test_sixty_cancels_are_sixty_resets(house: House) -> None:
    """Trap 2, fault 38: turns that nobody wants any more, one after the other."""
    cic = await house.cic()
    for _ in range(60):
        turn = house.asks("never mind")
        asked = await cic.hears(turn.mark)
        cic.says(cic.head(asked), data(asked.stream_id, NOON))
        turn.exchange.cancel()
        turn.exchange.cancel()
        assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
        cic.says(data(asked.stream_id, bytes(100), end=True))
    await cic.peer.settle()
    assert len(cic.peer.resets()) == 60


@survives
async def test_a_cancel_of_a_complete_answer_is_silence(house: House) -> None:
    """Trap 2, fault 38: there is nothing left to reset."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"
    turn.exchange.cancel()
    await cic.peer.settle()
    assert cic.peer.resets() == []


@survives
async def test_a_cancel_that_crosses_the_servers_reset(house: House) -> None:
    """Trap 13, fault 38: both sides give the stream up at once."""
    cic = await house.cic()
    turn = house.asks("never mind")
    asked = await cic.hears(turn.mark)
    turn.exchange.cancel()
    cic.says(reset(asked.stream_id, ErrorCodes.INTERNAL_ERROR), data(asked.stream_id, b"x"))
    assert isinstance(await turn.error(), DialogCancelledError)
    await cic.peer.settle()
    assert cic.peer.resets()[0] == ErrorCodes.CANCEL
    assert len(cic.peer.resets()) == 1


@survives
async def test_a_held_turn_that_is_given_up_was_never_complete(house: House) -> None:
    """Trap 22, fault 38: the reset comes instead of the closing boundary."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="open the door"))
    assert await turn.dialog.wait_capture_stopped() == "open the door"
    turn.exchange.cancel()
    turn.dialog.commit()
    assert await cic.reset(asked.stream_id) == ErrorCodes.CANCEL
    await cic.peer.settle()
    body, ended = cic.peer.body(asked.stream_id)
    assert not ended
    assert not body.endswith(b"--\r\n")


@survives
async def test_truncation_is_no_end(house: House) -> None:
    """Trap 12, fault 39: END_STREAM without the closing delimiter."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), data(asked.stream_id, NOON + delimiter(), end=True))
    assert await turn.begun() == "noon"
    assert isinstance(await turn.error(), TruncatedResponseError)
