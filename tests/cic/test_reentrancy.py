"""What an owner does from within a callback, in the middle of a frame, and what it may break."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from custom_components.clova_cic.cic import Client, Directive, Event, Header, errors
from custom_components.clova_cic.cic.connection import ConnectionSettings
from tests.peer.frames import PATIENCE, data, goaway
from tests.peer.scripted import (
    Owner,
    ScriptedCic,
    asked,
    collect,
    connected,
    delimiter,
    directive,
    json_part,
    sound,
    spoken,
)


@dataclass
class Acting(list):
    """Keeps what an owner is told, and acts on the first."""

    act: Callable[[], object]
    acted: bool = field(default=False)

    def append(self, item: object) -> None:
        super().append(item)
        if not self.acted:
            self.acted = True
            self.act()


async def assert_alive(client: Client, cic: ScriptedCic) -> None:
    """One more event goes through."""
    exchange = client.send(Event(header=Header(namespace="N", name="Alive")))
    request = await cic.event()
    cic.answer(request.stream_id, directive("Clova.Help"))
    assert len(await collect(exchange.directives())) == 1
    assert client.usable


def acts(owner: Owner, act: Callable[[], object]) -> None:
    """Let the next directive of the downchannel set something off."""
    owner.directives = Acting(act)


def names(directives: list[Directive]) -> list[str]:
    return [item.header.full_name for item in directives]


@pytest.fixture
def silent(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing broke on the way: what is caught is logged."""
    yield
    assert [item for item in caplog.get_records("call") if item.exc_info] == []


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("end", [False, True])
async def test_an_answer_cancelled_from_within_its_own_frame(end: bool) -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        other = client.send(Event(header=Header(namespace="N", name="Other")))
        second = await cic.event()
        dialog._on_malformed = lambda _what: dialog.cancel()
        cic.begin(request.stream_id)
        cic.begin(second.stream_id)
        parts = json_part([1]) + directive("Clova.Help", "d1") + delimiter(last=True)
        cic.peer.send(
            data(request.stream_id, parts, end=end),
            data(second.stream_id, directive("Clova.Help") + delimiter(last=True), end=True),
        )
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        assert len(await collect(other.directives())) == 1
        await assert_alive(client, cic)
        # a stream that has ended on both sides is not reset
        assert cic.peer.resets(request.stream_id) == ([] if end else [8])


@pytest.mark.usefixtures("silent")
async def test_the_last_frame_of_a_stream_opens_no_window() -> None:
    """It would have: a quarter of the window has come in."""
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        head, tail = sound("S1", b"")[:-2], b"\r\n" + delimiter(last=True)
        cic.begin(request.stream_id, head)
        size = ConnectionSettings().stream_window // 4 - len(head)
        frame = bytes(16_384)
        while size > len(frame):
            cic.more(request.stream_id, frame)
            size -= len(frame)
        cic.more(request.stream_id, bytes(size - len(tail)) + tail, end=True)
        await collect(dialog.directives())
        await assert_alive(client, cic)


@pytest.mark.usefixtures("silent")
async def test_a_directive_cancels_another_dialog_whose_answer_is_in_the_same_record() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        acts(owner, dialog.cancel)
        cic.begin(request.stream_id)
        await cic.peer.settle()
        answer = directive("Clova.Help", "d1") + delimiter(last=True)
        cic.peer.send(
            data(cic.downchannel, directive("Clova.Stop")[len(delimiter()) :] + delimiter()),
            data(request.stream_id, answer, end=True),
        )
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        await assert_alive(client, cic)
        assert cic.peer.resets(request.stream_id) == [8]


@pytest.mark.usefixtures("silent")
async def test_a_directive_of_a_dialog_begins_the_next_request() -> None:
    async with connected() as (client, cic, owner):
        made = []
        acts(owner, lambda: made.append(spoken(client, dialog="d2")))
        cic.push(directive("Clova.Help"))
        stream_id, _ = await cic.peer.request()
        made[0].cancel()
        assert await cic.reset(stream_id) == 8
        await assert_alive(client, cic)


@pytest.mark.usefixtures("silent")
async def test_a_directive_closes_the_client() -> None:
    async with connected() as (client, cic, owner):
        dialog, _ = await asked(client, cic)
        closing: list[asyncio.Task] = []
        loop = asyncio.get_running_loop()
        acts(
            owner, lambda: closing.append(asyncio.Task(client.close(), loop=loop, eager_start=True))
        )
        cic.push(directive("Clova.Help"), directive("Clova.Help"))
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        async with asyncio.timeout(PATIENCE):
            await closing[0]
            await client.wait_unusable()
        assert not client.usable


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("how", ["goaway", "loss"])
async def test_the_end_of_one_dialog_cancels_the_others(how: str) -> None:
    """The streams fail one after another: each may take the next with it."""
    async with connected() as (client, cic, _):
        dialogs = [spoken(client, dialog=f"d{number}") for number in range(3)]
        for dialog in dialogs:
            for other in dialogs:
                dialog.add_done_callback(other.cancel)
            await cic.peer.request()
        if how == "goaway":
            cic.peer.send(goaway(cic.downchannel))
        else:
            cic.peer.writer.transport.abort()
        async with asyncio.timeout(PATIENCE):
            await client.wait_unusable()
            for dialog in dialogs:
                await dialog.wait_done()
        assert [type(dialog.error) for dialog in dialogs[1:]] == [errors.DialogCancelledError] * 2
        assert not isinstance(dialogs[0].error, errors.DialogCancelledError)


async def test_an_owner_that_breaks_ends_neither_channel_nor_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ValueError("broken owner")

    async with connected() as (client, cic, owner):
        acts(owner, fail)
        client._downchannel._on_malformed = lambda _what: fail()
        cic.push(directive("Clova.First"), json_part([1]), directive("Clova.Second"))
        await cic.peer.settle()
        assert names(owner.directives) == ["Clova.First", "Clova.Second"]
        await assert_alive(client, cic)
    assert caplog.text.count("Handing on what came on the downchannel failed") == 2


async def test_a_done_callback_that_breaks_ends_no_other_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise ValueError("broken owner")

    async with connected() as (client, cic, _):
        one, first = await asked(client, cic)
        two, second = await asked(client, cic)
        one.add_done_callback(fail)
        cic.begin(first.stream_id)
        cic.begin(second.stream_id)
        end = directive("Clova.Help", "d1") + delimiter(last=True)
        cic.peer.send(data(first.stream_id, end, end=True), data(second.stream_id, end, end=True))
        assert len(await collect(one.directives())) == 1
        assert len(await collect(two.directives())) == 1
        await assert_alive(client, cic)
    assert "Telling of the end of an answer failed" in caplog.text
