"""A turn that was certainly not processed goes up once more; nothing else ever does."""

import asyncio

from h2.errors import ErrorCodes
from hyperframe.frame import SettingsFrame
import pytest

from custom_components.clova_cic.cic import errors
from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    DialogCancelledError,
    NoDownchannelError,
    NotProcessedError,
    StatusError,
    StreamResetError,
    UnauthorizedError,
)

from .frames import goaway, reset, window
from .house import CHUNK, NOON, House, Turn, eventually, replaced, survives
from .scripted import RELATED, Request, ScriptedCic, directive

INITIAL_WINDOW = SettingsFrame.INITIAL_WINDOW_SIZE
TEN_SECONDS = 320_000


def typed(house: House) -> Turn:
    """Begin a typed turn that may be repeated."""
    return house.asks("what time is it", again=house.next_client)


def spoken(house: House) -> Turn:
    """Begin a spoken turn that may be repeated, and wants to be committed."""
    return house.speaks(hold=True, again=house.next_client)


def refuse(cic: ScriptedCic, asked: Request) -> None:
    """Refuse a stream (RFC 9113, 8.7)."""
    cic.says(reset(asked.stream_id, ErrorCodes.REFUSED_STREAM))


def streams(cic: ScriptedCic) -> list[int]:
    """Return the streams that were asked on, besides the downchannel."""
    return [key for key in cic.peer.requested if key != cic.downchannel]


async def heard_again(cic: ScriptedCic, turn: Turn, first: Request) -> Request:
    """Read the repeated request to its end: another stream, the same turn."""
    while True:
        again = await cic.hears(turn.mark)
        if again.stream_id != first.stream_id:
            return again
        del cic.peer.requested[first.stream_id]


# What is repeated


@survives
async def test_a_refused_question_is_asked_again(house: House) -> None:
    """Trap 22, fault 18: REFUSED_STREAM before the headers; the same connection."""
    cic = await house.cic()
    turn = typed(house)
    first = await cic.hears(turn.mark)
    refuse(cic, first)
    again = await heard_again(cic, turn, first)
    assert again.metadata["event"]["payload"] == first.metadata["event"]["payload"]
    cic.says(*cic.reply(again, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_a_question_above_the_last_stream_is_asked_on_the_next_connection(
    house: House,
) -> None:
    """Trap 22, fault 6: GOAWAY says that nobody has looked at it."""
    cic = await house.cic()
    turn = typed(house)
    await cic.hears(turn.mark)
    cic.says(goaway(cic.downchannel))
    following = await house.cic()
    again = await following.hears(turn.mark)
    following.says(*following.reply(again, NOON))
    assert await turn.text() == "noon"
    assert len(streams(following)) == 1


@survives
async def test_a_question_whose_token_was_refused(house: House) -> None:
    """Trap 22, fault 22: 401 is the one status that is repeated."""
    cic = await house.cic()
    turn = typed(house)
    first = await cic.hears(turn.mark)
    cic.says(cic.peer.headers(first.stream_id, [(":status", "401")], end=True))
    again = await heard_again(cic, turn, first)
    cic.says(*cic.reply(again, NOON))
    assert await turn.text() == "noon"


@survives
async def test_speech_is_heard_again_from_its_beginning(house: House) -> None:
    """Trap 22, fault 18: what was said so far, then what is still being said, then the commit."""
    cic = await house.cic()
    turn = spoken(house)
    await turn.says(CHUNK)
    first = await cic.hears(turn.mark, until=CHUNK)
    refuse(cic, first)
    while len(streams(cic)) < 2:
        await cic.peer.next()
    await turn.says(CHUNK[::-1])
    await cic.hears(turn.mark, until=CHUNK[::-1])
    cic.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="time"))
    assert await turn.dialog.wait_capture_stopped() == "time"
    turn.dialog.commit()
    again = await heard_again(cic, turn, first)
    assert again.complete
    assert b"".join(body for _, body in again.parts[1:]) == CHUNK + CHUNK[::-1]
    cic.says(*cic.reply(again, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_held_speech_that_was_recognised_is_heard_again(house: House) -> None:
    """Trap 22, fault 6: StopCapture had come; its first transcript stays, and the hold too."""
    cic = await house.cic()
    turn = spoken(house)
    await turn.says(CHUNK)
    await cic.hears(turn.mark, until=CHUNK)
    cic.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="time"))
    assert await turn.dialog.wait_capture_stopped() == "time"
    cic.says(goaway(cic.downchannel))
    following = await house.cic()
    again = await following.hears(turn.mark, until=CHUNK)
    assert not again.complete
    following.push(directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="else"))
    turn.dialog.commit()
    again = await following.hears(turn.mark)
    assert again.complete
    following.says(*following.reply(again, NOON))
    assert await turn.text() == "noon"
    assert turn.dialog.recognized_text == "time"


@survives
async def test_repeated_speech_waits_for_the_window(house: House) -> None:
    """Trap 9, fault 24: nine seconds go up no faster than the server takes them."""
    cic = await house.cic({INITIAL_WINDOW: 2**20})
    cic.says(window(0, 2**20))
    turn = spoken(house)
    await turn.says(CHUNK * 45)
    first = await cic.hears(turn.mark, until=CHUNK)
    while cic.peer.body(first.stream_id)[0].count(CHUNK) < 45:
        await cic.peer.next()
    cic.says(SettingsFrame(0, settings={INITIAL_WINDOW: 10_000}))
    refuse(cic, first)
    while len(streams(cic)) < 2:
        await cic.peer.next()
    await cic.peer.settle()
    second = streams(cic)[-1]
    assert len(cic.peer.body(second)[0]) == 10_000
    cic.says(window(second, 2**20), SettingsFrame(0, settings={INITIAL_WINDOW: 2**20}))
    turn.dialog.end_audio()
    turn.dialog.commit()
    again = await heard_again(cic, turn, first)
    assert b"".join(body for _, body in again.parts[1:]) == CHUNK * 45
    cic.says(*cic.reply(again, NOON))
    assert await turn.text() == "noon"


# What is not


@survives
async def test_a_second_refusal_is_final(house: House) -> None:
    """Trap 22, fault 18: once more, and no more."""
    cic = await house.cic()
    turn = typed(house)
    first = await cic.hears(turn.mark)
    refuse(cic, first)
    refuse(cic, await heard_again(cic, turn, first))
    assert isinstance(await turn.error(), NotProcessedError)
    await cic.peer.settle()
    assert len(streams(cic)) == 1  # the first one was struck off


@survives
async def test_a_token_refused_twice(house: House) -> None:
    """Trap 22, fault 22: the second 401 is told."""
    cic = await house.cic()
    turn = typed(house)
    first = await cic.hears(turn.mark)
    cic.says(cic.peer.headers(first.stream_id, [(":status", "401")], end=True))
    again = await heard_again(cic, turn, first)
    cic.says(cic.peer.headers(again.stream_id, [(":status", "401")], end=True))
    assert isinstance(await turn.error(), UnauthorizedError)


@survives
async def test_speech_too_long_to_be_kept(house: House) -> None:
    """Trap 22, fault 18: more than ten seconds are not repeated, and the error says why."""
    cic = await house.cic()
    turn = spoken(house)
    await turn.says(bytes(TEN_SECONDS + 6400))
    first = await cic.hears(turn.mark, until=b"octet-stream")
    refuse(cic, first)
    assert type(await turn.error()) is errors.TooLongToRepeatError
    await cic.peer.settle()
    assert streams(cic) == [first.stream_id]


@survives
async def test_a_cancel_while_the_next_client_is_awaited(house: House) -> None:
    """Trap 22, fault 18: nothing goes up any more, and nothing waits."""
    cic = await house.cic()
    asking: asyncio.Future[CicError] = asyncio.get_running_loop().create_future()

    async def never(error: CicError):
        asking.set_result(error)
        await asyncio.Event().wait()

    turn = house.asks("what time is it", again=never)
    first = await cic.hears(turn.mark)
    refuse(cic, first)
    assert isinstance(await asking, NotProcessedError)
    turn.exchange.cancel()
    assert isinstance(await turn.error(), DialogCancelledError)
    await cic.peer.settle()
    assert streams(cic) == [first.stream_id]


@pytest.mark.parametrize("how", ["cancel", "internal error", "503", "in mid-answer"])
@survives
async def test_what_may_have_been_processed_is_never_repeated(house: House, how: str) -> None:
    """Trap 22, fault 19: another code, another status, or an answer that has begun."""
    cic = await house.cic()
    turn = typed(house)
    first = await cic.hears(turn.mark)
    match how:
        case "cancel":
            cic.says(reset(first.stream_id, ErrorCodes.CANCEL))
        case "internal error":
            cic.says(reset(first.stream_id, ErrorCodes.INTERNAL_ERROR))
        case "in mid-answer":
            cic.says(cic.head(first), reset(first.stream_id, ErrorCodes.REFUSED_STREAM))
        case status:
            cic.says(cic.peer.headers(first.stream_id, [(":status", status), RELATED], end=True))
    assert isinstance(await turn.error(), StreamResetError | StatusError | NotProcessedError)
    await cic.peer.settle()
    assert streams(cic) == [first.stream_id]


@pytest.mark.parametrize("kind", ["typed", "spoken"])
@replaced
async def test_a_forgotten_downchannel_costs_no_turn(house: House, kind: str) -> None:
    """Trap 21, fault 16: 412 says that nobody looked; the turn goes up on the next connection."""
    cic = await house.cic()
    turn = typed(house) if kind == "typed" else spoken(house)
    if kind == "spoken":
        await turn.says(CHUNK)
        turn.dialog.end_audio()
        turn.dialog.commit()
    first = await cic.hears(turn.mark)
    cic.says(cic.peer.headers(first.stream_id, [(":status", "412"), RELATED], end=True))
    following = await house.cic()
    again = await following.hears(turn.mark)
    assert again.body == first.body
    following.says(*following.reply(again, NOON))
    assert await turn.text() == "noon"


@replaced
async def test_a_forgotten_downchannel_is_opened_anew_also_for_others(house: House) -> None:
    """Trap 21, fault 16: a report says 412 as well as a turn; what is under way may finish."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    report = house.tells()
    told = await cic.hears(report.mark)
    cic.says(cic.peer.headers(told.stream_id, [(":status", "412"), RELATED], end=True))
    assert isinstance(await report.error(), NoDownchannelError)
    await house.cic()
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"
    assert await cic.goodbye() == ErrorCodes.NO_ERROR


@replaced
async def test_a_lost_connection_is_never_repeated(house: House) -> None:
    """Trap 22, fault 11: whether it was processed nobody knows."""
    cic = await house.cic()
    turn = typed(house)
    await cic.hears(turn.mark)
    cic.peer.writer.close()
    assert isinstance(await turn.error(), ConnectionLostError)
    following = await house.cic()
    await following.peer.settle()
    assert streams(following) == []


@survives
async def test_other_events_are_never_repeated(house: House) -> None:
    """Trap 22, fault 18: a report that was refused is not news any more."""
    cic = await house.cic()
    report = house.tells()
    first = await cic.hears(report.mark)
    refuse(cic, first)
    assert isinstance(await report.error(), NotProcessedError)
    await cic.peer.settle()
    assert streams(cic) == [first.stream_id]


@replaced
async def test_a_turn_that_never_left_the_queue(house: House) -> None:
    """Trap 22, fault 27: there was no room, and then a goodbye."""
    cic = await house.cic({SettingsFrame.MAX_CONCURRENT_STREAMS: 1})
    turn = typed(house)
    await cic.peer.settle()
    assert streams(cic) == []
    cic.says(goaway(2**31 - 1))
    following = await house.cic()
    again = await following.hears(turn.mark)
    following.says(*following.reply(again, NOON))
    assert await turn.text() == "noon"


@survives
async def test_a_repeated_turn_belongs_to_its_client(house: House) -> None:
    """Trap 22, fault 18: its downchannel's words still find it, and only once."""
    cic = await house.cic()
    turn = spoken(house)
    await turn.says(CHUNK)
    first = await cic.hears(turn.mark, until=CHUNK)
    refuse(cic, first)
    while len(streams(cic)) < 2:
        await cic.peer.next()
    cic.push(directive("Clova.RenderText", turn.name, text="for the turn"), NOON)
    await eventually(lambda: house.owner.directives)
    assert [item.payload["text"] for item in house.owner.directives] == ["noon"]
    turn.dialog.end_audio()
    turn.dialog.commit()
    again = await heard_again(cic, turn, first)
    cic.says(*cic.reply(again, NOON))
    assert await turn.text() == "for the turn noon"
