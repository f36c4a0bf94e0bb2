"""A dialog that CIC has certainly not acted on goes up once more, and nobody notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, SettingsFrame
import pytest

from custom_components.clova_cic.cic import (
    Client,
    Dialog,
    Dialogs,
    Identity,
    dialog as dialog_module,
    errors,
    exchange,
)
from custom_components.clova_cic.cic.client import Again, speech_recognizer, text_recognizer
from custom_components.clova_cic.cic.upload import KEPT_BYTES
from tests.peer.frames import PATIENCE, data, frame_server, goaway, reset
from tests.peer.scripted import (
    TOKEN,
    Owner,
    Request,
    ScriptedCic,
    collect,
    connected,
    delimiter,
    directive,
    endpoint,
    greet,
    json_part,
)

CHUNK = bytes(range(256)) * 25
MORE = CHUNK[::-1]

type Refuse = Callable[[ScriptedCic, int], None]


def refused(cic: ScriptedCic, stream_id: int) -> None:
    cic.peer.send(reset(stream_id, ErrorCodes.REFUSED_STREAM))


def unauthorized(cic: ScriptedCic, stream_id: int) -> None:
    fields = {"namespace": "System", "name": "Exception"}
    payload = {"code": 401, "description": "the token is too old"}
    cic.answer(
        stream_id, json_part({"directive": {"header": fields, "payload": payload}}), status="401"
    )


def unauthorized_without_a_word(cic: ScriptedCic, stream_id: int) -> None:
    cic.peer.send(cic.peer.headers(stream_id, [(":status", "401")]))


def above_goaway(cic: ScriptedCic, _stream_id: int) -> None:
    cic.peer.send(goaway(cic.downchannel))


REFUSALS = [refused, unauthorized, unauthorized_without_a_word, above_goaway]


@asynccontextmanager
async def two_clients(
    settings: dict[int, int] | None = None,
) -> AsyncIterator[list[tuple[Client, ScriptedCic]]]:
    """Join two clients that follow each other with a scripted server each."""
    dialogs, made = Dialogs(), []
    async with frame_server(settings) as (port, peers):
        for _ in range(2):
            connecting = asyncio.create_task(
                Client.connect(
                    endpoint(port), Identity(access_token=TOKEN), Owner().callbacks(), dialogs
                )
            )
            cic = await greet(await peers.get())
            made.append((await connecting, cic))
        try:
            yield made
        finally:
            for client, cic in made:
                await client.close()
                cic.peer.writer.close()


def to(client: Client, asked: list[errors.CicError] | None = None) -> Again:
    """Return what sends a dialog on to a client, and notes why."""

    async def again(error: errors.CicError) -> Client:
        if asked is not None:
            asked.append(error)
        return client

    return again


def spoken(client: Client, again: Again | None, *, hold: bool = False) -> Dialog:
    request = speech_recognizer.Recognize(lang="en", device_uuid="device")
    return client.recognize(request, dialog_request_id="d1", hold=hold, again=again)


async def heard(cic: ScriptedCic, sound: bytes) -> int:
    """Read a request up to some sound; return its stream."""
    stream_id, fields = await cic.peer.request()
    await cic.upload(stream_id, fields, until=sound)
    return stream_id


def sounds(request: Request) -> list[bytes]:
    return [body for _, body in request.parts[1:]]


async def answered(dialog: Dialog, cic: ScriptedCic, stream_id: int) -> None:
    """Answer, and see that it reaches who reads the dialog."""
    cic.answer(stream_id, directive("Clova.RenderText", "d1", text="noon"))
    (one,) = await collect(dialog.directives())
    assert one.payload["text"] == "noon"


@pytest.mark.parametrize("refuse", REFUSALS)
async def test_speech_goes_up_again_with_what_follows(refuse: Refuse) -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        asked: list[errors.CicError] = []
        dialog = spoken(client, to(second, asked))
        await dialog.write(CHUNK)
        stream_id, fields = await cic.peer.request()
        first = await cic.upload(stream_id, fields, until=CHUNK)
        refuse(cic, stream_id)
        writing = asyncio.create_task(dialog.write(MORE + b"last"))
        stream_id, fields = await cic2.peer.request()
        await cic2.upload(stream_id, fields, until=MORE)
        dialog.end_audio()
        rest = await cic2.upload(stream_id, fields)
        await writing
        await answered(dialog, cic2, stream_id)
        assert rest.complete
        assert b"\r\n\r\nlast\r\n" in rest.body
        assert len(asked) == 1
    assert fields["content-type"] == first.fields["content-type"]


@pytest.mark.parametrize("refuse", REFUSALS)
async def test_the_same_message_goes_up_again(refuse: Refuse) -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        await dialog.write(CHUNK + MORE)
        dialog.end_audio()
        stream_id, fields = await cic.peer.request()
        before = await cic.upload(stream_id, fields)
        refuse(cic, stream_id)
        after = await cic2.event()
        await answered(dialog, cic2, after.stream_id)
    assert after.body == before.body
    assert sounds(after) == [CHUNK, MORE]
    assert after.metadata["event"]["header"]["dialogRequestId"] == "d1"


async def test_typed_words_go_up_again_on_the_same_connection() -> None:
    async with connected() as (client, cic, _):
        request = text_recognizer.Recognize(text="what time")
        dialog = client.recognize_text(request, dialog_request_id="d1", again=to(client))
        before = await cic.event()
        refused(cic, before.stream_id)
        after = await cic.event()
        assert after.body == before.body
        cic.push(directive("Clova.Help", "d1"))
        await cic.peer.settle()
        cic.answer(after.stream_id, directive("Clova.RenderText", "d1", text="noon"))
        assert len(await collect(dialog.directives())) == 2


async def test_a_held_upload_is_held_again() -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second), hold=True)
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="on"))
        assert await dialog.wait_capture_stopped() == "on"
        refused(cic, stream_id)
        stream_id, fields = await cic2.peer.request()
        before = await cic2.upload(stream_id, fields, until=CHUNK)
        cic2.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="off"))
        assert all(frame.stream_id != stream_id for frame in await cic2.peer.settle())
        assert not before.complete
        dialog.commit()
        after = await cic2.upload(stream_id, fields)
        assert after.complete
        assert after.body.startswith(b"\r\n--")
        assert dialog.recognized_text == "on"
        await answered(dialog, cic2, stream_id)


async def test_a_commit_may_come_between_the_two() -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        found = asyncio.Event()

        async def again(_error: errors.CicError) -> Client:
            await found.wait()
            return second

        dialog = spoken(client, again, hold=True)
        await dialog.write(CHUNK + b"rest")
        refused(cic, await heard(cic, CHUNK))
        await cic.peer.settle()
        dialog.end_audio()
        dialog.commit()
        found.set()
        request = await cic2.event()
        assert sounds(request) == [CHUNK, b"rest"]
        assert request.complete
        await answered(dialog, cic2, request.stream_id)


async def test_a_request_that_never_left_its_queue_goes_up_elsewhere() -> None:
    settings = {SettingsFrame.MAX_CONCURRENT_STREAMS: 1}
    async with two_clients(settings) as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        dialog.end_audio()
        cic2.peer.send(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 9}))
        above_goaway(cic, 0)
        request = await cic2.event()
        await answered(dialog, cic2, request.stream_id)


async def test_a_second_refusal_is_the_end() -> None:
    async with connected() as (client, cic, _):
        asked: list[errors.CicError] = []
        dialog = spoken(client, to(client, asked))
        await dialog.write(CHUNK)
        refused(cic, await heard(cic, CHUNK))
        unauthorized(cic, await heard(cic, CHUNK))
        with pytest.raises(errors.UnauthorizedError) as caught:
            await collect(dialog.directives())
        assert caught.value.description == "the token is too old"
        await cic.peer.settle()
        assert len(asked) == 1
        assert isinstance(asked[0], errors.NotProcessedError)


async def test_without_anybody_to_ask_a_refusal_is_the_end() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client, None)
        await dialog.write(CHUNK)
        refused(cic, await heard(cic, CHUNK))
        with pytest.raises(errors.NotProcessedError):
            await collect(dialog.directives())
        assert dialog._upload._kept is None


def exception_in_a_good_answer(cic: ScriptedCic, stream_id: int) -> None:
    cic.answer(stream_id, directive("System.Exception", code=401, description="no"))


def refused_after_its_head(cic: ScriptedCic, stream_id: int) -> None:
    cic.begin(stream_id)
    refused(cic, stream_id)


def refused_after_a_bad_head(cic: ScriptedCic, stream_id: int) -> None:
    cic.begin(stream_id, status="503")
    refused(cic, stream_id)


def broken_off(cic: ScriptedCic, stream_id: int) -> None:
    cic.peer.send(reset(stream_id, ErrorCodes.INTERNAL_ERROR))


def server_error(cic: ScriptedCic, stream_id: int) -> None:
    cic.answer(stream_id, status="500")


def lost(cic: ScriptedCic, _stream_id: int) -> None:
    cic.peer.writer.transport.abort()


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (exception_in_a_good_answer, errors.UnauthorizedError),
        (refused_after_its_head, errors.NotProcessedError),
        (refused_after_a_bad_head, errors.StatusError),
        (broken_off, errors.StreamResetError),
        (server_error, errors.StatusError),
        (lost, errors.ConnectionLostError),
    ],
)
async def test_nothing_else_is_sent_twice(end: Refuse, kind: type[errors.CicError]) -> None:
    async with two_clients() as ((client, cic), (second, _)):
        asked: list[errors.CicError] = []
        dialog = spoken(client, to(second, asked))
        dialog.end_audio()
        request = await cic.event()
        end(cic, request.stream_id)
        with pytest.raises(kind):
            await collect(dialog.directives())
        assert asked == []
        assert dialog._upload._kept is None


async def test_no_answer_in_time_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "ANSWER_TIMEOUT", 0.02)
    async with connected() as (client, _cic, _):
        asked: list[errors.CicError] = []
        dialog = spoken(client, to(client, asked))
        dialog.end_audio()
        with pytest.raises(errors.NoAnswerError):
            await collect(dialog.directives())
        assert asked == []


async def test_speech_of_ten_seconds_is_kept_and_no_more() -> None:
    async with connected() as (client, cic, _):
        asked: list[errors.CicError] = []
        dialog = spoken(client, to(client, asked))
        stream_id, fields = await cic.peer.request()
        reading = asyncio.create_task(cic.upload(stream_id, fields, until=b"\0" * 5000))
        await dialog.write(bytes([1]) * KEPT_BYTES)
        kept = dialog._upload._kept
        assert sum(map(len, kept)) == KEPT_BYTES
        await dialog.write(b"\0" * len(CHUNK))
        assert dialog._upload._kept is None
        await reading
        refused(cic, stream_id)
        with pytest.raises(errors.TooLongToRepeatError) as caught:
            await collect(dialog.directives())
        assert isinstance(caught.value.__cause__, errors.NotProcessedError)
        assert not isinstance(caught.value.__cause__, errors.TooLongToRepeatError)
        assert asked == []


async def test_what_was_kept_goes_when_the_answer_begins() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client, to(client))
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        assert dialog._upload._kept == [CHUNK]
        cic.begin(stream_id)
        await cic.peer.settle()
        assert dialog._upload._kept is None
        await dialog.write(CHUNK)
        assert dialog._upload._kept is None


@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_cancelling_while_another_connection_is_looked_for(how: str) -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        asked = asyncio.Event()

        async def again(_error: errors.CicError) -> Client:
            asked.set()
            await asyncio.Event().wait()
            return second

        dialog = spoken(client, again)
        await dialog.write(CHUNK)
        refused(cic, await heard(cic, CHUNK))
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
            writing = asyncio.create_task(dialog.write(MORE))
            await asyncio.sleep(0)
            assert not writing.done()
            dialog.cancel()
            await writing
            await asyncio.wait([dialog._repeating])
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        assert await cic2.peer.settle() == []
        assert not second._exchanges
        assert not client._exchanges


async def test_cancelled_by_whoever_is_asked() -> None:
    async with connected() as (client, cic, _):

        async def again(_error: errors.CicError) -> Client:
            dialog.cancel()
            return client

        dialog = spoken(client, again)
        await dialog.write(CHUNK)
        refused(cic, await heard(cic, CHUNK))
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        assert not any(isinstance(frame, DataFrame) for frame in await cic.peer.settle())


async def _nobody(_error: errors.CicError) -> Client:
    raise ValueError("there is no other connection")


async def _never(_error: errors.CicError) -> Client:
    return await asyncio.Event().wait()


async def _worse(_error: errors.CicError) -> Client:
    raise errors.UnreachableError("no")


@pytest.mark.parametrize(
    ("again", "kind"),
    [
        (_nobody, errors.NotProcessedError),
        (_never, errors.NotProcessedError),
        (_worse, errors.UnreachableError),
    ],
)
async def test_no_other_connection(
    again: Callable[[errors.CicError], Awaitable[Client]],
    kind: type[errors.CicError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialog_module, "REPEAT_TIMEOUT", 0.05)
    async with connected() as (client, cic, _):
        dialog = spoken(client, again)
        await dialog.write(CHUNK)
        refused(cic, await heard(cic, CHUNK))
        with pytest.raises(kind):
            await collect(dialog.directives())


async def test_the_answers_deadline_begins_with_the_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with connected() as (client, cic, _):
        asked, found = asyncio.Event(), asyncio.Event()

        async def again(_error: errors.CicError) -> Client:
            asked.set()
            await found.wait()
            return client

        dialog = spoken(client, again)
        dialog.end_audio()
        request = await cic.event()
        due = dialog._due
        refused(cic, request.stream_id)
        await asked.wait()
        assert dialog._timer is None
        monkeypatch.setattr(dialog, "_answer_timeout", 0.05)
        found.set()
        await cic.event()
        assert dialog._due < due
        with pytest.raises(errors.NoAnswerError):
            await collect(dialog.directives())


async def test_a_repetition_waits_for_the_window() -> None:
    settings = {SettingsFrame.INITIAL_WINDOW_SIZE: 10_000}
    async with two_clients(settings) as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        writing = asyncio.create_task(dialog.write(CHUNK * 20))
        stream_id, fields = await cic.peer.request()
        reading = asyncio.create_task(cic.upload(stream_id, fields, until=b"never there"))
        await writing
        reading.cancel()
        dialog.end_audio()
        refused(cic, stream_id)
        stream_id, fields = await cic2.peer.request()
        await cic2.peer.settle()
        assert len(dialog._stream.outbox) < len(CHUNK) + 200
        sent = sum(len(f.data) for f in cic2.peer.seen if isinstance(f, DataFrame))
        assert sent == 10_000
        dialog.cancel()
        await cic2.reset(stream_id)


async def test_speech_that_ends_while_it_goes_up_again() -> None:
    settings = {SettingsFrame.INITIAL_WINDOW_SIZE: 10_000}
    async with two_clients(settings) as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        writing = asyncio.create_task(dialog.write(CHUNK + MORE + CHUNK + b"rest"))
        refused(cic, await heard(cic, MORE))
        await writing
        stream_id, fields = await cic2.peer.request()
        dialog.end_audio()
        request = await cic2.upload(stream_id, fields)
        assert sounds(request) == [CHUNK, MORE, CHUNK, b"rest"]
        assert request.complete
        dialog.cancel()


async def test_the_old_client_does_not_wait_for_a_dialog_that_has_moved() -> None:
    async with two_clients() as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        dialog.end_audio()
        request = await cic.event()
        draining = asyncio.create_task(client.drain())
        await asyncio.sleep(0)
        refused(cic, request.stream_id)
        async with asyncio.timeout(PATIENCE):
            await draining
        request = await cic2.event()
        await answered(dialog, cic2, request.stream_id)


async def test_a_dialog_hears_what_the_next_connection_brings() -> None:
    """CIC speaks on the newest downchannel, also of what goes up on the one before."""
    async with two_clients() as ((client, cic), (_second, cic2)):
        dialog = spoken(client, None)
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        cic2.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="on"))
        assert await dialog.wait_capture_stopped() == "on"
        assert "END_STREAM" in (await cic.peer.expect(DataFrame, stream_id)).flags
        await answered(dialog, cic, stream_id)


async def test_a_cancelled_upload_is_never_completed() -> None:
    """Its closing boundary would have CIC act on half a sentence."""
    async with connected() as (client, cic, _):
        dialog = spoken(client, None)
        await dialog.write(CHUNK)
        stream_id = await heard(cic, CHUNK)
        dialog.cancel()
        frames = await cic.peer.settle()
        assert not any(isinstance(frame, DataFrame) for frame in frames)
        assert cic.peer.resets(stream_id) == [8]


async def test_an_answer_may_begin_while_speech_goes_up_again() -> None:
    """What was kept is not dropped before it is sent."""
    settings = {SettingsFrame.INITIAL_WINDOW_SIZE: 10_000}
    async with two_clients(settings) as ((client, cic), (second, cic2)):
        dialog = spoken(client, to(second))
        writing = asyncio.create_task(dialog.write(CHUNK + MORE))
        refused(cic, await heard(cic, MORE))
        await writing
        stream_id, fields = await cic2.peer.request()
        cic2.begin(stream_id)
        dialog.end_audio()
        request = await cic2.upload(stream_id, fields)
        assert sounds(request) == [CHUNK, MORE]
        cic2.peer.send(
            data(stream_id, directive("Clova.Help", "d1") + delimiter(last=True), end=True)
        )
        assert len(await collect(dialog.directives())) == 1
