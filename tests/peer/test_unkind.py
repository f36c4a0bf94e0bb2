"""What drives clients into loops, silence or lost turns, against real sockets."""

import asyncio

from h2.errors import ErrorCodes
from hyperframe.frame import PingFrame
import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.errors import DownchannelClosedError, SilentPeerError

from .frames import data, goaway, ping
from .house import CHUNK, NOON, SPEAK, House, eventually, replaced
from .scripted import ScriptedCic, delimiter, directive, sound

pytestmark = pytest.mark.unkind


@replaced
async def test_a_goodbye_while_a_turn_is_under_way(house: House) -> None:
    """Trap 1, fault 5: the next connection and its downchannel first, and the old one drained.

    Until the next stands, the old downchannel brings what is pushed; the turn ends on the
    connection it began on, with sound and all; only then that is left.
    """
    cic = await house.cic()
    turn = house.speaks(hold=True)
    await turn.says(CHUNK)
    turn.dialog.end_audio()
    turn.dialog.commit()
    asked = await cic.hears(turn.mark)
    cic.says(goaway(asked.stream_id), cic.head(asked))
    cic.says(data(asked.stream_id, (NOON + SPEAK + sound("S", CHUNK))[: -len(CHUNK)]))
    visitor = await house.visitor()
    cic.push(directive("Notifier.SetIndicator", new=True))
    await eventually(lambda: house.owner.directives)  # though no other channel stands yet
    following = await house.greeted(visitor)
    new = house.asks("and tomorrow")
    following.says(*following.reply(await following.hears(new.mark), NOON))
    assert await new.text() == "noon"
    assert not turn.exchange.done
    rest = sound("S", CHUNK)[-len(CHUNK) :]
    cic.says(data(asked.stream_id, rest + delimiter(last=True), end=True))
    assert (await turn.text(), await turn.sound()) == ("noon", CHUNK)
    assert await cic.goodbye() == ErrorCodes.NO_ERROR
    assert house.errors == []


@replaced
async def test_a_downchannel_that_is_silent_though_pings_are_answered(house: House) -> None:
    """Trap 14, fault 16: it has its own deadline; the old one is closed when the next is open."""
    house.bounds(ping_interval=0.02)
    cic = await house.cic()
    for _ in range(2):
        cic.says(ping((await cic.peer.expect(PingFrame)).opaque_data, ack=True))
    house.lets_pass(reconnect.MOST_SILENCE)
    visitor = await house.visitor()
    assert house.client is None  # for anything new
    assert house.errors == []
    cic.push(directive("Notifier.SetIndicator", new=True))
    await eventually(lambda: house.owner.directives)
    await house.greeted(visitor)
    assert await cic.goodbye() == ErrorCodes.NO_ERROR
    assert house.errors == []


async def thrown_out(house: House) -> ScriptedCic:
    """Have a connection whose downchannel CIC ends, as another client asks for one."""
    cic = await house.cic()
    cic.says(data(cic.downchannel, end=True))
    return cic


@replaced
async def test_another_client_with_the_same_device(house: House) -> None:
    """Trap 22, fault 16: thrown out three times in a row, a house comes back once a minute."""
    for _ in range(reconnect.MOST_THROWN_OUT):
        assert not house.is_contested
        await thrown_out(house)
    pause, _ = reconnect.CONTESTED_PAUSE
    for count in range(3):
        ends = reconnect.MOST_THROWN_OUT + count
        await eventually(lambda ends=ends: len(house.errors) == ends)
        assert house.is_contested
        assert {type(error) for error in house.errors} == {DownchannelClosedError}
        assert house.next_attempt_in > pause - 1
        house.lets_pass(pause - 1)
        await asyncio.sleep(0.01)
        assert not house.has_knocks
        house.lets_pass(1)
        await thrown_out(house)
    await eventually(lambda: len(house.errors) == reconnect.MOST_THROWN_OUT + 3)
    house.lets_pass(pause)
    cic = await house.cic()
    house.lets_pass(reconnect.GOOD_LIFE)  # the other has gone
    cic.says(data(cic.downchannel, end=True))
    await eventually(lambda: not house.is_contested)


@replaced
async def test_a_host_that_wakes_with_a_dead_connection(house: House) -> None:
    """Trap 17, fault 13: a PING goes out at once, and not when the next was due."""
    house.bounds(ping_timeout=0.2)
    cic = await house.cic()
    cic.peer.writer.transport.pause_reading()
    house.wakes()
    await eventually(lambda: house.errors)
    assert [type(error) for error in house.errors] == [SilentPeerError], house.errors
