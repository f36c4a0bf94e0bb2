"""Ends that come otherwise than they should: of answers, refusals, repetitions and connections."""

import asyncio
from contextlib import suppress

from h2.errors import ErrorCodes
from hyperframe.frame import SettingsFrame
import pytest

from custom_components.clova_cic.cic import Client, client as client_module, errors, exchange
from custom_components.clova_cic.cic.client import text_recognizer
from tests.peer.frames import FRAME, PATIENCE, data, goaway, reset, window
from tests.peer.house import filled
from tests.peer.scripted import (
    Request,
    asked,
    collect,
    connected,
    delimiter,
    directive,
    json_part,
    sound,
)

from .test_repeat import CHUNK, MORE, heard, refused, sounds, spoken, to, two_clients

EXCEPTION = json_part(
    {
        "directive": {
            "header": {"namespace": "System", "name": "Exception"},
            "payload": {"code": 401, "description": "the token is too old"},
        }
    }
)


async def test_a_microphone_that_goes_on_while_a_repetition_waits_for_the_window() -> None:
    """Both wait for the same stream; the one place for who waits is not for two."""
    settings = {SettingsFrame.INITIAL_WINDOW_SIZE: 10_000}
    async with two_clients(settings) as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        first = asyncio.create_task(dialog.write(CHUNK + MORE + CHUNK))
        refused(cic, await heard(cic, MORE))
        await first
        stream_id, _ = await cic2.peer.request()
        await cic2.peer.settle()  # the repetition has met the window's end
        speaking = asyncio.create_task(dialog.write(MORE))
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            cic2.says(window(stream_id, 1024 * 1024), window(0, 1024 * 1024))
            await speaking
            dialog.end_audio()
            request = await cic2.hears(b'"dialogRequestId":"d1"')
            assert sounds(request) == [CHUNK, MORE, CHUNK, MORE]


@pytest.mark.parametrize("spoken_on", [False, True], ids=["complete", "still speaking"])
async def test_a_401_whose_body_never_ends_is_a_401(
    spoken_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "REFUSAL_TIMEOUT", 0.05)
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        if not spoken_on:
            dialog.end_audio()
        cic.begin(stream_id, EXCEPTION, delimiter(), status="401")
        async with asyncio.timeout(2):
            await heard(cic2, CHUNK)
        dialog.cancel()


async def test_a_401_whose_body_never_ends_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The owner asks for another token on UnauthorizedError alone."""
    monkeypatch.setattr(exchange, "REFUSAL_TIMEOUT", 0.05)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, EXCEPTION, delimiter(), status="401")
        async with asyncio.timeout(PATIENCE):
            await dialog.wait_done()
        assert isinstance(dialog.error, errors.UnauthorizedError)


async def test_a_204_without_end_stream_leaves_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "END_TIMEOUT", 0.05)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.peer.send(cic.peer.headers(request.stream_id, [(":status", "204")]))
        async with asyncio.timeout(PATIENCE):
            await dialog.wait_done()
        assert await cic.reset(request.stream_id) == ErrorCodes.CANCEL
        streams = client._connection._streams
        assert list(streams._streams) == [cic.downchannel]


async def test_whoever_is_asked_for_a_client_is_cancelled() -> None:
    """A cancelled look-up is no answer; the dialog must end all the same."""
    async with connected() as (client, cic, _):
        looking: asyncio.Future[Client] = asyncio.get_running_loop().create_future()

        async def again(_error: errors.CicError) -> Client:
            return await looking

        dialog = spoken(client, again)
        dialog.end_audio()
        refused(cic, (await cic.event()).stream_id)
        await cic.peer.settle()
        looking.cancel()
        async with asyncio.timeout(1):
            await dialog.wait_done()
        assert dialog.error is not None


async def test_a_client_that_closes_ends_a_dialog_that_looks_for_another() -> None:
    """Between two connections a dialog is nobody's, and outlives them all."""
    async with two_clients() as ((client, cic), (second, _)):

        async def again(_error: errors.CicError) -> Client:
            return await asyncio.Event().wait()

        dialog = spoken(client, again)
        dialog.end_audio()
        refused(cic, (await cic.event()).stream_id)
        await cic.peer.settle()
        await second.close()
        await client.close()
        try:
            async with asyncio.timeout(1):
                await dialog.wait_done()
        finally:
            dialog.cancel()


async def test_a_done_callback_that_breaks_leaves_the_rest_done() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client, None)
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        told: list[str] = []

        def breaks() -> None:
            raise ValueError("an owner's mistake")

        dialog.add_done_callback(breaks)
        dialog.add_done_callback(lambda: told.append("second"))
        with suppress(ValueError):
            dialog.cancel()
        await cic.peer.settle()
        assert told == ["second"]
        assert cic.peer.resets(stream_id) == [ErrorCodes.CANCEL]
        async with asyncio.timeout(1):
            await dialog.wait_captured()


async def test_a_complete_answer_survives_the_loss_of_its_connection() -> None:
    """Its closing delimiter was read: RST_STREAM(NO_ERROR) is told apart there, a loss is not."""
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, directive("Clova.RenderText", "d1", text="noon"))
        cic.more(request.stream_id, delimiter(last=True))
        await cic.peer.settle()
        cic.peer.writer.transport.abort()
        async with asyncio.timeout(PATIENCE):
            await dialog.wait_done()
        assert dialog.error is None


async def test_a_complete_answer_needs_no_end_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.05)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, directive("Clova.RenderText", "d1", text="noon"))
        cic.more(request.stream_id, delimiter(last=True))
        async with asyncio.timeout(PATIENCE):
            await dialog.wait_done()
        assert dialog.error is None


async def test_an_epilogue_without_end_ends_the_answer() -> None:
    """What follows the closing delimiter keeps a turn alive, and its window open, for ever."""
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, directive("Clova.RenderText", "d1", text="noon"))
        cic.more(request.stream_id, delimiter(last=True))
        for _ in range(4):
            cic.peer.send(*[data(request.stream_id, bytes(FRAME))] * 32)  # 512 KiB
            await cic.peer.settle()
        assert dialog.done
        assert cic.peer.credit(request.stream_id) == 0


async def test_a_late_end_of_the_microphone_does_not_shorten_the_readers_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """end_audio restarts the wait for more, which the closed window forbids to come."""
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.4)
    async with connected() as (client, cic, _):
        dialog = spoken(client, None)
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="play"))
        await dialog.wait_capture_stopped()
        await filled(cic, Request(stream_id, {}, b""), 1024 * 1024)
        assert dialog._attachments.full
        dialog.end_audio()  # the pipeline's microphone ends after CIC had heard enough
        reading = aiter(dialog.attachment("S"))
        async with asyncio.timeout(PATIENCE):
            for _ in range(10):
                await anext(reading)
                await asyncio.sleep(0.08)
        assert dialog.error is None
        dialog.cancel()


async def test_what_a_refused_answer_brought_is_not_part_of_the_next() -> None:
    async with connected() as (client, cic, _):
        request = text_recognizer.Recognize(text="what time")
        dialog = client.recognize_text(request, dialog_request_id="d1", again=to(client))
        before = await cic.event()
        cic.answer(before.stream_id, EXCEPTION, sound("S", b"refused"), status="401")
        after = await cic.event()
        speak = directive("SpeechSynthesizer.Speak", "d1", url="cid:S", token="t")
        cic.answer(after.stream_id, speak, sound("S", b"noon"))
        await collect(dialog.directives())
        assert b"".join(await collect(dialog.attachment("S"))) == b"noon"


async def test_a_connection_gets_no_credit_for_what_the_next_one_served() -> None:
    """Backoff starts over after a server that served: this one has refused all it was asked."""
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        dialog.end_audio()
        request = await cic.event()
        cic.peer.send(goaway(request.stream_id), reset(request.stream_id, 7))
        request = await cic2.event()
        cic2.answer(request.stream_id, directive("Clova.RenderText", "d1", text="noon"))
        await collect(dialog.directives())
        assert second._answered
        assert not client.served


async def test_nothing_is_handed_on_after_the_channel_has_ended() -> None:
    """A directive may unload its owner in the very step; its neighbours find nobody."""
    async with connected() as (client, cic, _):
        told: list[str] = []

        def take(_client: Client, item) -> None:
            told.append(item.payload["text"])
            client._connection._close()

        object.__setattr__(client._callbacks, "directive", take)
        cic.push(
            directive("Clova.RenderText", text="one"), directive("Clova.RenderText", text="two")
        )
        async with asyncio.timeout(PATIENCE):
            await client.wait_unusable()
        assert told == ["one"]


async def test_an_answer_that_is_cut_by_a_drain_was_not_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody barged in: what had arrived may be heard, and the rest is a loss."""
    monkeypatch.setattr(client_module, "DRAIN_TIMEOUT", 0.05)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, sound("S", CHUNK)[: -len(b"\r\n")])
        cic.peer.send(goaway(request.stream_id))
        await cic.peer.settle()
        await client.drain()
        assert isinstance(dialog.error, errors.ConnectionLostError)
        assert await anext(aiter(dialog.attachment("S")))


async def test_what_has_been_answered_is_not_asked_again() -> None:
    """A directive of the dialog shows that CIC has acted, whatever its GOAWAY says."""
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        dialog.end_audio()
        await cic.event()
        cic.push(directive("Clova.RenderText", "d1", text="noon"))
        cic.peer.send(goaway(cic.downchannel))
        await cic.peer.settle()
        assert await cic2.peer.settle() == []
        assert isinstance(dialog.error, errors.NotProcessedError)


async def test_a_pushed_sound_that_is_coming_in_outlives_a_goodbye() -> None:
    """The downchannel is below GOAWAY's last stream: what has begun on it may finish."""
    async with connected() as (client, cic, owner):
        speak = directive("SpeechSynthesizer.Speak", url="cid:S", token="t")
        cic.push(speak)
        await cic.peer.settle()
        assert owner.directives
        pushed = client.attachment("S")
        rest = sound("S", CHUNK)[len(delimiter()) :] + delimiter()
        cic.peer.send(data(cic.downchannel, rest[:1000]), goaway(cic.downchannel))
        async with asyncio.timeout(PATIENCE):
            await client.wait_unusable()
        draining = asyncio.create_task(client.drain())
        await asyncio.wait({draining}, timeout=0.2)
        cic.peer.send(data(cic.downchannel, rest[1000:]))
        assert b"".join(await collect(pushed)) == CHUNK
        async with asyncio.timeout(PATIENCE):
            await draining
