"""Frames of every other kind: what is allowed passes by, what is not ends the connection."""

from h2.errors import ErrorCodes
from hyperframe.frame import (
    AltSvcFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PushPromiseFrame,
    SettingsFrame,
)
import pytest

from custom_components.clova_cic.cic.errors import ConnectionLostError

from .frames import data, raw, unknown
from .house import NOON, House, replaced, survives
from .scripted import ScriptedCic, delimiter

ORIGIN = 0x0C
PRIORITY_UPDATE = 0x10
END = delimiter(last=True)

PASSING = {
    "ALTSVC on the connection": lambda _: AltSvcFrame(0, origin=b"https://x", field=b'h3=":1"'),
    "ALTSVC on a stream": lambda key: AltSvcFrame(key, field=b'h3=":1"'),
    "ORIGIN": lambda _: raw(ORIGIN, 0, b"\x00\x09https://x"),
    "PRIORITY_UPDATE": lambda key: raw(PRIORITY_UPDATE, 0, key.to_bytes(4) + b"u=1"),
    "a type nobody knows": lambda _: unknown(0xBE, 0),
    "a type nobody knows, on a stream": lambda key: unknown(0xBE, key),
    "a type nobody knows, on an idle stream": lambda _: unknown(0xBE, 99),
    "a type nobody knows, as long as may be": lambda _: raw(0xBE, 0, bytes(16_384)),
    "flags nobody knows": lambda _: raw(0x06, 0, bytes(8), flags=0xF1),
    "a reserved bit": lambda _: raw(0x06, 2**31, bytes(8), flags=1),
}


@pytest.mark.parametrize("frame", PASSING.values(), ids=PASSING)
@survives
async def test_a_frame_that_means_nothing_here(house: House, frame) -> None:
    """Trap 20, fault 40: before, within and behind an answer (RFC 9113, 5.5)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    passing = frame(asked.stream_id)
    head, body = cic.reply(asked, NOON)
    cic.says(passing, head, passing, body, passing)
    assert await turn.text() == "noon"


@survives
async def test_reserved_bits_in_a_whole_answer(house: House) -> None:
    """Trap 20, fault 40: they are masked wherever a stream is named (RFC 9113, 4.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    for frame in cic.reply(asked, NOON):
        octets = bytearray(frame.serialize())
        octets[5] |= 0x80
        cic.says(bytes(octets))
    assert await turn.text() == "noon"


def _push(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Promise an answer nobody asked for; we said ENABLE_PUSH 0 (RFC 9113, 8.4)."""
    block = cic.peer.headers(2).data
    return PushPromiseFrame(stream_id, promised_stream_id=2, data=block, flags=["END_HEADERS"])


def _servers_own_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Open a stream that was never promised (RFC 9113, 5.1.1)."""
    return cic.peer.headers(2)


def _headers_of_an_idle_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Answer what was never asked (RFC 9113, 5.1)."""
    return cic.peer.headers(stream_id + 20)


def _data_of_an_idle_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Send the body of what was never asked."""
    return data(stream_id + 20, b"x")


def _data_of_no_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Send a body of the connection itself (RFC 9113, 6.1)."""
    return raw(DataFrame.type, 0, b"x")


def _headers_of_no_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Send fields of the connection itself (RFC 9113, 6.2)."""
    return raw(HeadersFrame.type, 0, b"\x88", flags=4)


def _settings_of_a_stream(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Send SETTINGS of a stream (RFC 9113, 6.5)."""
    return raw(SettingsFrame.type, stream_id)


def _padding_beyond_the_frame(cic: ScriptedCic, stream_id: int) -> Frame | bytes:
    """Pad a HEADERS frame with more than it has (RFC 9113, 6.2)."""
    return raw(HeadersFrame.type, stream_id, b"\xff\x88", flags=0xC)


@pytest.mark.parametrize(
    "frame",
    [
        _push,
        _servers_own_stream,
        _headers_of_an_idle_stream,
        _data_of_an_idle_stream,
        _data_of_no_stream,
        _headers_of_no_stream,
        _settings_of_a_stream,
        _padding_beyond_the_frame,
    ],
)
@replaced
async def test_a_frame_that_may_never_come(house: House, frame) -> None:
    """Trap 20, fault 40: PROTOCOL_ERROR, and the answer beside it was delivered."""
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    cic.says(*cic.reply(other, NOON), frame(cic, asked.stream_id))
    assert await good.text() == "noon"
    assert await cic.goodbye() == ErrorCodes.PROTOCOL_ERROR
    assert isinstance(await bad.error(), ConnectionLostError)
