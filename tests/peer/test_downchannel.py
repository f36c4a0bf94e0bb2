"""The response that never ends: how it is refused, how it ends, and what it may not be ended by."""

from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, HeadersFrame, PingFrame
import pytest

from custom_components.clova_cic.cic import client as client_module
from custom_components.clova_cic.cic.attachments import MOST_ATTACHMENTS
from custom_components.clova_cic.cic.errors import (
    CicError,
    ConnectionLostError,
    LimitExceededError,
    MalformedResponseError,
    NotCicError,
    StatusError,
    TooManyRequestsError,
    UnauthorizedError,
)
from custom_components.clova_cic.cic.reconnect import AFTER_TOO_MANY

from .frames import FramePeer, data, ping, reset
from .house import NOON, House, eventually, replaced, survives
from .scripted import BOUNDARY, RELATED, delimiter, directive, json_part, part, sound

OK = (":status", "200")
HELLO = directive("Clova.Hello")


async def requested(house: House) -> tuple[FramePeer, int]:
    """Return the first connection, which has asked for its downchannel."""
    peer = await house.visitor()
    await peer.handshake({})
    stream_id, _ = await peer.request()
    return peer, stream_id


async def failed(house: House) -> CicError:
    """Return why there is no downchannel."""
    await eventually(lambda: house.errors)
    return house.errors[0]


def told(house: House) -> list[str]:
    """Return the texts that came down to nobody in particular."""
    return [item.payload.get("text", "") for item in house.owner.directives]


# Refused


REFUSALS = {
    "204": NotCicError,
    "302": NotCicError,
    "401": UnauthorizedError,
    "403": NotCicError,
    "404": NotCicError,
    "429": TooManyRequestsError,
    "500": StatusError,
}


@pytest.mark.parametrize(("status", "kind"), REFUSALS.items())
@replaced
async def test_a_downchannel_that_is_refused(
    house: House, status: str, kind: type[CicError]
) -> None:
    """Trap 14, fault 17: each says what is to be done; the socket is left in order."""
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [(":status", status)], end=True))
    assert type(await failed(house)) is kind
    await eventually(lambda: house.pauses)
    assert (house.pauses[0] > AFTER_TOO_MANY - 0.5) is (kind is TooManyRequestsError)
    house.lets_pass(house.pauses[0])


@replaced
async def test_a_downchannel_of_another_kind(house: House) -> None:
    """Trap 14, fault 39: 200, and a page."""
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [OK, ("content-type", "text/html")]))
    assert isinstance(await failed(house), NotCicError)


@replaced
async def test_a_downchannel_without_a_boundary(house: House) -> None:
    """Trap 14, fault 39: multipart in name only."""
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [OK, ("content-type", "multipart/related")]))
    assert isinstance(await failed(house), NotCicError)


@replaced
async def test_a_downchannel_with_a_malformed_head(house: House) -> None:
    """Trap 6, fault 33: a stream error of this stream is the end of the connection."""
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [OK, RELATED, ("connection", "keep-alive")]))
    assert isinstance(await failed(house), MalformedResponseError)


@replaced
async def test_a_downchannel_that_is_reset_at_once(house: House) -> None:
    """Trap 22, fault 18: REFUSED_STREAM is no goodbye; another connection is made."""
    peer, stream_id = await requested(house)
    peer.send(reset(stream_id, ErrorCodes.REFUSED_STREAM))
    assert isinstance(await failed(house), CicError)


@replaced
async def test_a_server_that_never_greets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap 14, fault 16: headers, and then no Clova.Hello."""
    monkeypatch.setattr(client_module, "HELLO_TIMEOUT", 0.1)
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [OK, RELATED]))
    assert "Hello" in str(await failed(house))
    monkeypatch.undo()


@replaced
async def test_a_downchannel_that_ends_before_the_greeting(house: House) -> None:
    """Trap 14, fault 17: 200, and nothing."""
    peer, stream_id = await requested(house)
    peer.send(peer.headers(stream_id, [OK, RELATED], end=True))
    assert isinstance(await failed(house), CicError)


@replaced
async def test_a_connection_that_ends_before_the_greeting(house: House) -> None:
    """Trap 14, fault 12: between the request and its answer."""
    peer, _ = await requested(house)
    peer.writer.close()
    assert isinstance(await failed(house), ConnectionLostError)


# Ended


@replaced
async def test_a_downchannel_that_ends(house: House) -> None:
    """Trap 14, fault 17: END_STREAM behind the closing delimiter, with a turn under way."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(data(cic.downchannel, delimiter(last=True), end=True))
    assert isinstance(await failed(house), ConnectionLostError)
    await house.cic()
    cic.says(*cic.reply(asked, NOON))  # the old connection finishes what it began
    assert await turn.text() == "noon"


@replaced
async def test_a_downchannel_that_is_cut_off(house: House) -> None:
    """Trap 14, fault 17: END_STREAM in the middle of a part, which nobody is told of."""
    cic = await house.cic()
    cic.says(data(cic.downchannel, NOON[len(delimiter()) :][:-20], end=True))
    assert isinstance(await failed(house), CicError)
    assert told(house) == []


@replaced
async def test_a_closing_delimiter_on_the_downchannel(house: House) -> None:
    """Trap 14, fault 17: without END_STREAM; nothing can come any more, so it is over."""
    cic = await house.cic()
    cic.says(data(cic.downchannel, delimiter(last=True)))
    await cic.peer.settle()
    await cic.peer.settle()
    assert house.errors


@pytest.mark.parametrize("code", [ErrorCodes.NO_ERROR, ErrorCodes.CANCEL])
@replaced
async def test_a_downchannel_that_is_reset(house: House, code: int) -> None:
    """Trap 12, fault 19: whatever the code, it is over."""
    cic = await house.cic()
    cic.says(reset(cic.downchannel, code))
    assert isinstance(await failed(house), CicError)


@replaced
async def test_trailers_end_a_downchannel(house: House) -> None:
    """Trap 20, fault 35: fields with END_STREAM are an end like any other."""
    cic = await house.cic()
    cic.says(cic.peer.headers(cic.downchannel, [("x-reason", "maintenance")], end=True))
    assert isinstance(await failed(house), ConnectionLostError)


@replaced
async def test_a_flood_of_nothing_on_the_downchannel(house: House) -> None:
    """Trap 10, fault 30: empty frames are counted here too."""
    cic = await house.cic()
    cic.says(*[data(cic.downchannel)] * 1100)
    assert isinstance(await failed(house), CicError)


@replaced
async def test_more_sounds_at_once_than_can_be_kept(house: House) -> None:
    """Trap 8, fault 39: the channel is given up, and said to be; the turn beside it goes on."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.push(*[sound(str(number), b"x") for number in range(MOST_ATTACHMENTS + 1)])
    assert await cic.reset(cic.downchannel) == ErrorCodes.CANCEL
    assert isinstance(await failed(house), LimitExceededError)
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


# Not ended


@survives
async def test_parts_cut_anywhere(house: House) -> None:
    """Trap 10, fault 39: each octet in a frame of its own, and padded."""
    cic = await house.cic()
    for byte in NOON[len(delimiter()) :] + delimiter():
        frame = DataFrame(cic.downchannel, bytes([byte]), flags=["PADDED"], pad_length=3)
        cic.says(frame)
    await cic.peer.settle()
    assert told(house) == ["noon"]


@survives
async def test_a_part_that_ends_with_its_delimiter(house: House) -> None:
    """Trap 14, fault 39: neither a line end nor the next part is waited for."""
    cic = await house.cic()
    cic.says(data(cic.downchannel, NOON[len(delimiter()) :] + f"--{BOUNDARY}".encode()))
    await cic.peer.settle()
    assert told(house) == ["noon"]
    cic.says(data(cic.downchannel, b"\r\n"))


@survives
async def test_parts_that_cannot_be_read(house: House) -> None:
    """Trap 6, fault 39: each is reported once, and what follows is read."""
    cic = await house.cic()
    cic.push(json_part([1]), part(b"{", "Content-Type: application/json"), NOON)
    cic.push(part(b"\xff\xfe", "Content-Type: application/json"), NOON)
    await cic.peer.settle()
    assert told(house) == ["noon", "noon"]
    assert len(house.owner.malformed) == 3


@survives
async def test_headers_of_a_megabyte_on_the_downchannel(house: House) -> None:
    """Trap 6, fault 39: the part is skipped at its bound, the next one is read."""
    cic = await house.cic()
    long = part(b"{}", "Content-Type: application/json", "X-Long: " + "y" * 900_000)
    for start in range(len(delimiter()), len(long), 16_000):
        cic.says(data(cic.downchannel, long[start : start + 16_000]))
    cic.says(data(cic.downchannel, NOON + delimiter()))
    await eventually(lambda: told(house))
    assert told(house) == ["noon"]
    assert len(house.owner.malformed) == 1


@survives
async def test_a_second_greeting(house: House) -> None:
    """Trap 14, fault 16: it changes nothing, and nobody is told."""
    cic = await house.cic()
    cic.push(HELLO, NOON)
    await cic.peer.settle()
    assert told(house) == ["noon"]


@survives
async def test_what_belongs_to_a_turn_that_is_over(house: House) -> None:
    """Trap 13, fault 38: late orders of a cancelled turn, and words nobody waits for."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    turn.exchange.cancel()
    cic.push(
        directive("SpeechRecognizer.StopCapture", turn.name, recognizedText="secret"),
        directive("Clova.RenderText", turn.name, text="late"),
        directive("SpeechRecognizer.StopCapture", "another's", recognizedText="secret"),
        NOON,
    )
    await cic.peer.settle()
    assert told(house) == ["noon"]


@survives
async def test_the_downchannel_lives_half_closed(house: House) -> None:
    """Trap 13, fault 16: our side ended with the request; silence is no fault of its own."""
    house.bounds(ping_interval=0.01)
    cic = await house.cic()
    (asked,) = (frame for frame in cic.peer.seen if isinstance(frame, HeadersFrame))
    assert "END_STREAM" in asked.flags
    for _ in range(5):
        pinged = await cic.peer.expect(PingFrame)
        cic.says(ping(pinged.opaque_data, ack=True))
    cic.push(NOON)
    await cic.peer.settle()
    assert told(house) == ["noon"]


@survives
async def test_an_endless_flow_does_not_use_up_its_window(house: House) -> None:
    """Trap 4, fault 37: three windows of directives, each taken and given back."""
    house.bounds(stream_window=64 * 1024)
    cic = await house.cic()
    size = 8_000
    order = directive("Clova.RenderText", text="x" * size)[len(delimiter()) :] + delimiter()
    for _ in range(24):
        while cic.peer.credit(cic.downchannel) + 60_000 < (len(told(house)) + 1) * len(order):
            await cic.peer.next()
        known = len(told(house))
        cic.says(data(cic.downchannel, order))
        await eventually(lambda known=known: len(told(house)) > known)
    assert len(told(house)) == 24
