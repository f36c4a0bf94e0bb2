"""Flow control, both ways: what may be sent, what is given back, what breaks only one stream."""

import asyncio

from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, SettingsFrame, WindowUpdateFrame
import pytest

from custom_components.clova_cic.cic.attachments import TURN_BOUND
from custom_components.clova_cic.cic.connection import ConnectionSettings
from custom_components.clova_cic.cic.errors import CicError, ConnectionLostError

from .frames import FRAME, FramePeer, data, raw, window
from .house import CHUNK, NOON, ROOM, SPEAK, House, filled, replaced, survives
from .scripted import delimiter, directive, sound

INITIAL_WINDOW = SettingsFrame.INITIAL_WINDOW_SIZE
END = delimiter(last=True)


def sizes(peer: FramePeer, stream_id: int) -> list[int]:
    """Return the sizes of a stream's DATA frames read so far."""
    return [
        len(frame.data)
        for frame in peer.seen
        if isinstance(frame, DataFrame) and frame.stream_id == stream_id
    ]


# What we may send


@survives
async def test_no_window_at_first(house: House) -> None:
    """Trap 9, fault 24: INITIAL_WINDOW_SIZE 0, raised by SETTINGS while speech waits."""
    cic = await house.cic({INITIAL_WINDOW: 0})
    turn = house.speaks()
    saying = asyncio.create_task(turn.says(CHUNK * 2))
    stream_id, _ = await cic.peer.request()
    await cic.peer.settle()
    assert sizes(cic.peer, stream_id) == []
    assert not saying.done()
    cic.says(SettingsFrame(0, settings={INITIAL_WINDOW: ROOM}))
    await saying
    turn.dialog.end_audio()
    asked = await cic.hears(turn.mark)
    assert [body for _, body in asked.parts[1:]] == [CHUNK, CHUNK]
    cic.says(*cic.reply(asked, NOON))
    assert await turn.text() == "noon"


@survives
async def test_a_window_below_zero(house: House) -> None:
    """Trap 9, fault 24: lowered below what is in flight; nothing goes until it is above again."""
    cic = await house.cic({INITIAL_WINDOW: 5000})
    turn = house.speaks()
    saying = asyncio.create_task(turn.says(CHUNK * 2))
    await cic.peer.expect(DataFrame)
    cic.says(SettingsFrame(0, settings={INITIAL_WINDOW: 100}))
    (stream_id,) = set(cic.peer.requested) - {cic.downchannel}
    await cic.peer.settle()
    assert sum(sizes(cic.peer, stream_id)) == 5000
    cic.says(window(stream_id, 4900))
    await cic.peer.settle()
    assert sum(sizes(cic.peer, stream_id)) == 5000
    cic.says(window(stream_id, 1))
    await cic.peer.settle()
    assert sum(sizes(cic.peer, stream_id)) == 5001
    cic.says(window(stream_id, ROOM), SettingsFrame(0, settings={INITIAL_WINDOW: ROOM}))
    await saying
    turn.dialog.end_audio()
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_a_shared_window_that_another_stream_has_used_up(house: House) -> None:
    """Trap 9, fault 25: WINDOW_UPDATE on stream 0 wakes who waits, the smallest first."""
    cic = await house.cic({INITIAL_WINDOW: ROOM})
    large = house.speaks()
    saying = asyncio.create_task(large.says(bytes(80_000)))
    first, _ = await cic.peer.request()
    while sum(sizes(cic.peer, first)) < 65_535:
        await cic.peer.next()
    small = house.asks("stop")
    second, _ = await cic.peer.request()
    await cic.peer.settle()
    assert sizes(cic.peer, second) == []
    cic.says(window(0, 1000))
    assert (await cic.peer.expect(DataFrame)).stream_id == second
    cic.says(*cic.reply(await cic.hears(small.mark), NOON))
    assert await small.text() == "noon"
    cic.says(window(0, ROOM))
    await saying
    large.dialog.end_audio()
    cic.says(*cic.reply(await cic.hears(large.mark), NOON))
    assert await large.text() == "noon"


@survives
async def test_credit_byte_by_byte(house: House) -> None:
    """Trap 9, fault 24: a window of one byte is a window."""
    cic = await house.cic({INITIAL_WINDOW: 0})
    turn = house.asks("what time is it")
    stream_id, _ = await cic.peer.request()
    for count in range(1, 20):
        cic.says(window(stream_id, 1))
        await cic.peer.expect(DataFrame)
        assert sizes(cic.peer, stream_id) == [1] * count
    cic.says(window(stream_id, ROOM), SettingsFrame(0, settings={INITIAL_WINDOW: ROOM}))
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_frames_grow_and_shrink_with_the_settings(house: House) -> None:
    """Trap 9, fault 28: MAX_FRAME_SIZE raised and lowered between pieces of one upload."""
    most = SettingsFrame.MAX_FRAME_SIZE
    cic = await house.cic({INITIAL_WINDOW: 0})
    cic.says(window(0, ROOM))
    turn = house.asks("x" * 100_000)
    stream_id, _ = await cic.peer.request()
    cic.says(SettingsFrame(0, settings={most: 30_000}), window(stream_id, 40_000))
    await cic.peer.settle()
    assert sizes(cic.peer, stream_id) == [30_000, 10_000]
    cic.says(SettingsFrame(0, settings={most: FRAME}), window(stream_id, 40_000))
    await cic.peer.settle()
    assert sizes(cic.peer, stream_id)[2:] == [FRAME, FRAME, 40_000 - 2 * FRAME]
    cic.says(window(stream_id, ROOM), SettingsFrame(0, settings={INITIAL_WINDOW: ROOM}))
    cic.says(*cic.reply(await cic.hears(turn.mark), NOON))
    assert await turn.text() == "noon"


@survives
async def test_an_empty_update_of_a_stream(house: House) -> None:
    """Trap 6, fault 26: a stream error of type PROTOCOL_ERROR (RFC 9113, 6.9)."""
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    cic.says(raw(WindowUpdateFrame.type, asked.stream_id, bytes(4)), *cic.reply(other, NOON))
    assert await good.text() == "noon"
    assert isinstance(await bad.error(), CicError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.PROTOCOL_ERROR


@survives
async def test_a_streams_window_beyond_the_largest(house: House) -> None:
    """Trap 6, fault 26: a stream error of type FLOW_CONTROL_ERROR (RFC 9113, 6.9.1)."""
    cic = await house.cic()
    bad, good = house.speaks(hold=True), house.asks("two")
    await bad.says(CHUNK)
    asked, other = await cic.hears(bad.mark, until=CHUNK), await cic.hears(good.mark)
    cic.says(window(asked.stream_id, 2**31 - 1), *cic.reply(other, NOON))
    assert await good.text() == "noon"
    assert isinstance(await bad.error(), CicError)
    assert await cic.reset(asked.stream_id) == ErrorCodes.FLOW_CONTROL_ERROR


UPDATE = WindowUpdateFrame.type
BROKEN = {
    "an empty update": (raw(UPDATE, 0, bytes(4)), ErrorCodes.PROTOCOL_ERROR),
    "beyond the largest": (window(0, 2**31 - 1), ErrorCodes.FLOW_CONTROL_ERROR),
    "of a wrong length": (raw(UPDATE, 0, bytes(5)), ErrorCodes.FRAME_SIZE_ERROR),
    "of a stream that was never opened": (window(99, 5), ErrorCodes.PROTOCOL_ERROR),
    "by settings": (
        SettingsFrame(0, settings={INITIAL_WINDOW: 2**31 - 1}),
        ErrorCodes.FLOW_CONTROL_ERROR,
    ),
}


@pytest.mark.parametrize(("frame", "code"), BROKEN.values(), ids=BROKEN)
@replaced
async def test_a_window_that_breaks_the_rules(house: House, frame: bytes, code: int) -> None:
    """Trap 6, fault 26: what concerns all streams is a connection error (6.9, 6.9.1, 6.9.2)."""
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    asked = await cic.hears(turn.mark, until=CHUNK)
    cic.says(window(asked.stream_id, len(asked.body) + 1), frame)
    assert await cic.goodbye() == code
    assert isinstance(await turn.error(), ConnectionLostError)


# What we give back


@survives
async def test_the_windows_stand_open_from_the_first_frames_on(house: House) -> None:
    """Trap 8, fault 25: by the first SETTINGS, and an update of the connection behind it."""
    house.bounds(stream_window=ROOM, connection_window=4 * ROOM)
    cic = await house.cic()
    (settings,) = (
        frame
        for frame in cic.peer.seen
        if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags
    )
    assert settings.settings[INITIAL_WINDOW] == ROOM
    assert settings.settings[SettingsFrame.ENABLE_PUSH] == 0
    assert cic.peer.credit(0) == 4 * ROOM - 65_535


@survives
async def test_more_than_a_streams_window(house: House) -> None:
    """Trap 8, fault 37: a stream error of type FLOW_CONTROL_ERROR; h2 ends the connection."""
    house.bounds(stream_window=4 * FRAME)
    cic = await house.cic()
    bad, good = house.asks("one"), house.asks("two")
    asked, other = await cic.hears(bad.mark), await cic.hears(good.mark)
    await filled(cic, asked, 4 * FRAME)
    cic.says(*[data(asked.stream_id, bytes(FRAME))] * 2, *cic.reply(other, NOON))
    assert await good.text() == "noon"
    assert await cic.reset(asked.stream_id) == ErrorCodes.FLOW_CONTROL_ERROR
    bad.exchange.attachment("S").discard()
    assert isinstance(await bad.error(), CicError)


@survives
async def test_padding_is_paid_for(house: House) -> None:
    """Trap 4, fault 29: frames with more padding than content, and with nothing but padding."""
    house.bounds(stream_window=4 * FRAME)
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    empty = DataFrame(asked.stream_id, b"", flags=["PADDED"], pad_length=255)
    cic.says(cic.head(asked), *[empty] * 128)
    while cic.peer.credit(asked.stream_id) < FRAME:
        await cic.peer.next()
    padded = [
        DataFrame(asked.stream_id, bytes([byte]), flags=["PADDED"], pad_length=255)
        for byte in NOON + END
    ]
    padded[-1].flags.add("END_STREAM")
    cic.says(*padded)
    assert await turn.text() == "noon"


@replaced
async def test_padding_longer_than_its_frame(house: House) -> None:
    """Trap 4, fault 29: a connection error of type PROTOCOL_ERROR (RFC 9113, 6.1)."""
    cic = await house.cic()
    turn = house.asks("what time is it")
    asked = await cic.hears(turn.mark)
    cic.says(cic.head(asked), raw(DataFrame.type, asked.stream_id, b"\xff\x00", flags=0x8))
    assert await cic.goodbye() == ErrorCodes.PROTOCOL_ERROR
    assert isinstance(await turn.error(), ConnectionLostError)


@survives
async def test_sound_nobody_reads_blocks_nobody_else(house: House) -> None:
    """Trap 8, fault 37: the whole window of one answer stands full, the next one is heard."""
    house.bounds(stream_window=16 * FRAME, connection_window=17 * FRAME)
    cic = await house.cic()
    silent = house.asks("play it all")
    await filled(cic, await cic.hears(silent.mark), 16 * FRAME)
    other = house.asks("what time is it")
    cic.says(*cic.reply(await cic.hears(other.mark), NOON))
    assert await other.text() == "noon"
    silent.exchange.cancel()


@survives
async def test_unread_sound_is_bounded_with_its_window(house: House) -> None:
    """Trap 8, fault 37: what credit was given for is never more than the bound in all."""
    cic = await house.cic()
    turn = house.asks("play it all")
    given = await filled(cic, await cic.hears(turn.mark), ConnectionSettings().stream_window)
    turn.exchange.cancel()
    assert given <= TURN_BOUND


@survives
async def test_credit_for_a_reader_that_comes_late(house: House) -> None:
    """Trap 4, fault 37: ten windows of sound, taken as slowly as it likes."""
    house.bounds(stream_window=4 * FRAME)
    cic = await house.cic()
    turn = house.asks("play it all")
    asked = await cic.hears(turn.mark)
    head = SPEAK + sound("S", b"")[:-2]
    cic.says(cic.head(asked), data(asked.stream_id, head))
    sent = len(head)
    for _ in range(40):
        while sent + FRAME > 4 * FRAME + cic.peer.credit(asked.stream_id):
            await cic.peer.next()
        cic.says(data(asked.stream_id, bytes(FRAME)))
        sent += FRAME
    ending = b"\r\n" + directive("Clova.RenderText", text="noon") + END
    cic.says(data(asked.stream_id, ending, end=True))
    assert len(await turn.sound()) == 40 * FRAME
    assert await turn.text() == "noon"
