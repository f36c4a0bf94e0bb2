"""The beginning of a connection: TLS, ALPN, the first SETTINGS, and those that follow."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import ssl

from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, Frame, HeadersFrame, SettingsFrame
import pytest

from custom_components.clova_cic.cic.errors import (
    CertificateError,
    ConnectionLostError,
    NotHttp2Error,
    UnreachableError,
)

from .certificates import authority
from .frames import PREFACE, goaway, ping, raw, unknown
from .house import NOON, House, eventually, replaced, survives

SETTINGS = SettingsFrame.type


async def failed(house: House) -> BaseException:
    """Return why the first connection failed."""
    await eventually(lambda: house.errors)
    return house.errors[0]


# TLS


@pytest.mark.parametrize("protocols", [["http/1.1"], []], ids=["HTTP/1.1", "nothing"])
@replaced
async def test_another_protocol_is_chosen(house: House, protocols: list[str]) -> None:
    """Trap 16, fault 1: ALPN did not give "h2", so not a byte of HTTP/2 is sent."""
    with suppress(ConnectionError):  # it may be gone before the server has seen its Finished
        peer = await house.visitor(authority().server_context(alpn=protocols))
        assert await peer.reader.read() == b""
    assert isinstance(await failed(house), NotHttp2Error)


@pytest.mark.parametrize(
    "context",
    [
        lambda: authority().server_context(name="elsewhere.example"),
        lambda: authority().server_context(days=-1),
    ],
    ids=["another name", "expired"],
)
@replaced
async def test_a_certificate_that_is_not_accepted(
    house: House, context: Callable[[], ssl.SSLContext]
) -> None:
    """Trap 16, fault 1: told apart from an address that does not answer."""
    with suppress(OSError):
        await house.visitor(context())
    assert isinstance(await failed(house), CertificateError)


@replaced
async def test_a_tls_handshake_that_hangs(house: House) -> None:
    """Trap 17, fault 2: the deadline of the connection covers it."""
    house.bounds(connect_timeout=0.5)
    knocks = [await house.knock(), await house.knock()]  # the second over IPv4 alone
    assert isinstance(await failed(house), UnreachableError)
    for knock in knocks:
        knock.abort()


@replaced
async def test_a_socket_that_closes_at_once(house: House) -> None:
    """Trap 17, fault 2: before a byte of TLS."""
    (await house.knock()).abort()
    assert isinstance(await failed(house), UnreachableError)


@replaced
async def test_a_peer_that_speaks_no_tls(house: House) -> None:
    """Trap 16, fault 1: plain HTTP on the port."""
    knock = await house.knock()
    knock.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    assert isinstance(await failed(house), NotHttp2Error)
    knock.abort()


# The first SETTINGS


@replaced
async def test_settings_that_never_come(house: House) -> None:
    """Trap 11, fault 3: no request is sent on a guess; the deadline ends it."""
    house.bounds(connect_timeout=0.5)
    peer = await house.visitor()
    assert await peer.reader.readexactly(len(PREFACE)) == PREFACE
    assert isinstance(await failed(house), UnreachableError)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await peer.expect(HeadersFrame)


FIRST: dict[str, Frame | bytes] = {
    "ping": ping(b"01234567"),
    "an acknowledgement": SettingsFrame(0, flags=["ACK"]),
    "goaway": goaway(0, ErrorCodes.ENHANCE_YOUR_CALM),
    "unknown": unknown(0xBE, 0),
    "HTTP/1.1": b"HTTP/1.1 400 Bad Request\r\n\r\n",
}


@pytest.mark.parametrize("frame", FIRST.values(), ids=FIRST)
@replaced
async def test_another_frame_comes_first(house: House, frame: Frame | bytes) -> None:
    """Trap 7, fault 4: that is not HTTP/2 (RFC 9113, 3.4)."""
    peer = await house.visitor()
    peer.send(frame)
    assert isinstance(await failed(house), NotHttp2Error)


@survives
async def test_our_settings_are_sent_once(house: House) -> None:
    """Trap 7, fault 3: preface, SETTINGS with every value, and no second frame of them."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"
    await cic.peer.settle()
    frames = [frame for frame in cic.peer.seen if isinstance(frame, SettingsFrame)]
    assert [("ACK" in frame.flags) for frame in frames] == [False, True]
    assert isinstance(cic.peer.seen[0], SettingsFrame)


BROKEN = {
    "no whole setting": (raw(SETTINGS, 0, bytes(5)), ErrorCodes.FRAME_SIZE_ERROR),
    "on a stream": (raw(SETTINGS, 1, bytes(6)), ErrorCodes.PROTOCOL_ERROR),
    "a window beyond the largest": (
        raw(SETTINGS, 0, b"\x00\x04" + (2**31).to_bytes(4)),
        ErrorCodes.FLOW_CONTROL_ERROR,
    ),
    "frames too small": (
        raw(SETTINGS, 0, b"\x00\x05" + (16_383).to_bytes(4)),
        ErrorCodes.PROTOCOL_ERROR,
    ),
    "frames too large": (
        raw(SETTINGS, 0, b"\x00\x05" + (2**24).to_bytes(4)),
        ErrorCodes.PROTOCOL_ERROR,
    ),
    "push is neither on nor off": (
        raw(SETTINGS, 0, b"\x00\x02" + (2).to_bytes(4)),
        ErrorCodes.PROTOCOL_ERROR,
    ),
    "a server that wants to be pushed to": (
        raw(SETTINGS, 0, b"\x00\x02" + (1).to_bytes(4)),
        ErrorCodes.PROTOCOL_ERROR,
    ),
}


@pytest.mark.parametrize(("frame", "code"), BROKEN.values(), ids=BROKEN)
@replaced
async def test_settings_that_break_the_rules(house: House, frame: bytes, code: int) -> None:
    """Trap 7, fault 28: a connection error (RFC 9113, 6.5 and 6.5.2)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    await cic.hears(turn.mark)
    cic.says(frame)
    assert await cic.goodbye() == code
    assert isinstance(await turn.error(), ConnectionLostError)


@replaced
async def test_an_acknowledgement_that_says_something(house: House) -> None:
    """Trap 7, fault 28: a connection error of type FRAME_SIZE_ERROR (RFC 9113, 6.5)."""
    cic = await house.cic()
    cic.says(raw(SETTINGS, 0, bytes(6), flags=1))
    assert await cic.goodbye() == ErrorCodes.FRAME_SIZE_ERROR


# Later SETTINGS


@survives
async def test_settings_nobody_knows(house: House) -> None:
    """Trap 20, fault 28: acknowledged and forgotten (RFC 9113, 6.5.2)."""
    cic = await house.cic()
    cic.says(SettingsFrame(0, settings={0xBEEF: 1, 0x0: 2, 0xFFFF: 2**32 - 1}))
    assert "ACK" in (await cic.peer.expect(SettingsFrame)).flags


@survives
async def test_the_table_of_fields_comes_and_goes(house: House) -> None:
    """Trap 7, fault 28: HEADER_TABLE_SIZE 0, back, and gigabytes; requests stay readable."""
    cic = await house.cic()
    for size in (0, 4096, 2**32 - 1):
        cic.says(SettingsFrame(0, settings={SettingsFrame.HEADER_TABLE_SIZE: size}))
        turn = house.asks("what time is it")
        asked = await cic.hears(turn.mark)
        assert asked.fields[":path"] == "/v1/events"
        cic.says(*cic.reply(asked, NOON))
        assert await turn.text() == "noon"


@survives
async def test_a_header_list_the_server_would_not_take(house: House) -> None:
    """Trap 7, fault 28: MAX_HEADER_LIST_SIZE is advice (RFC 9113, 6.5.2)."""
    cic = await house.cic()
    cic.says(SettingsFrame(0, settings={SettingsFrame.MAX_HEADER_LIST_SIZE: 1}))
    turn = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_a_flood_of_settings_is_acknowledged_one_by_one(house: House) -> None:
    """Trap 10, fault 15: and nothing else is said of them."""
    cic = await house.cic()
    cic.says(*[SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 100})] * 200)
    frames = await cic.peer.settle()
    assert [("ACK" in frame.flags) for frame in frames] == [True] * 200


@survives
async def test_an_acknowledgement_nobody_waits_for(house: House) -> None:
    """Trap 7, fault 28: one more than we sent SETTINGS."""
    cic = await house.cic()
    cic.says(SettingsFrame(0, flags=["ACK"]), SettingsFrame(0, flags=["ACK"]))
    await cic.peer.settle()


@survives
async def test_the_token_goes_up_with_every_request_and_into_no_table(house: House) -> None:
    """Trap 7, fault 28: never indexed (RFC 7541, 7.1.3), so that no decoder's log has it twice."""
    cic = await house.cic()
    for _ in range(2):
        turn = house.asks("what time is it")
        asked = await cic.hears(turn.mark)
        (block,) = (
            frame.data
            for frame in cic.peer.seen
            if isinstance(frame, HeadersFrame) and frame.stream_id == asked.stream_id
        )
        token = asked.fields["authorization"].encode()
        assert b"\x1f\x08" + bytes([len(token)]) + token in block
        cic.says(*cic.reply(asked, NOON))
        assert await turn.text() == "noon"


@survives
async def test_a_typed_turn_is_one_write(house: House) -> None:
    """Trap 18, fault 31: HEADERS, body and END_STREAM together, in one TLS record."""
    cic = await house.cic()
    await cic.peer.settle()
    buffered = cic.peer.reader._buffer  # type: ignore[attr-defined]  # what has come, before it is read
    turn = house.asks("what time is it")
    await eventually(lambda: buffered)
    frames = list(_frames(bytes(buffered)))
    assert [type(frame) for frame in frames] == [HeadersFrame, DataFrame]
    assert "END_STREAM" in frames[-1].flags
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


def _frames(octets: bytes) -> list[Frame]:
    """Return the whole frames in what one read brought."""
    frames = []
    while octets:
        frame, length = Frame.parse_frame_header(memoryview(octets[:9]))
        frame.parse_body(memoryview(octets[9 : 9 + length]))
        frames.append(frame)
        octets = octets[9 + length :]
    return frames
