"""A spoken or typed turn: what goes up, what comes down, and how it ends."""

import asyncio

from hyperframe.frame import WindowUpdateFrame
import pytest

from custom_components.clova_cic.cic import Mark, errors, exchange
from custom_components.clova_cic.cic.attachments import TURN_BOUND
from custom_components.clova_cic.cic.client import text_recognizer
from custom_components.clova_cic.cic.connection import ConnectionSettings
from tests.peer.frames import data
from tests.peer.scripted import (
    ScriptedCic,
    asked,
    collect,
    connected,
    delimiter,
    directive,
    json_part,
    part,
    sound,
    spoken,
)

WINDOW = ConnectionSettings().stream_window
PIECE = 16_000
SPEAK = {"format": "AUDIO_MPEG", "token": "t", "url": "cid:S1", "x-clova-pause-before": 0}
CHUNK = bytes(range(256)) * 25


def names(item) -> str:
    return item.header.full_name


async def test_metadata_goes_up_before_any_sound() -> None:
    async with connected() as (client, cic, _):
        spoken(client)
        stream_id, fields = await cic.peer.request()
        request = await cic.upload(stream_id, fields, until=b'"format"')
    assert (fields[":method"], fields[":path"]) == ("POST", "/v1/events")
    assert b'name="metadata"' in request.body
    assert b'"dialogRequestId":"d1"' in request.body
    assert b"octet-stream" not in request.body


async def test_sound_goes_up_in_parts_of_200_ms_until_stop_capture() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        for start in range(0, 2 * len(CHUNK), 320):
            await dialog.write((CHUNK * 2)[start : start + 320])
        stream_id, fields = await cic.peer.request()
        reading = asyncio.create_task(cic.upload(stream_id, fields))
        cic.push(directive("SpeechRecognizer.ShowRecognizedText", "d1", text="what"))
        cic.push(directive("SpeechRecognizer.KeepRecording", "d1"))
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="what time"))
        assert await dialog.wait_capture_stopped() == "what time"
        assert dialog.capture_stopped
        await dialog.write(CHUNK)  # what the microphone still had is dropped
        request = await reading
        cic.answer(stream_id, directive("Clova.RenderText", "d1", text="noon"))
        assert await collect(dialog.directives(), names) == ["Clova.RenderText"]
    assert request.complete
    assert [body for _, body in request.parts[1:]] == [CHUNK, CHUNK]
    assert {headers for headers, _ in request.parts[1:]} == {
        b'Content-Disposition: form-data; name="audio"\r\nContent-Type: application/octet-stream'
    }
    payload = request.metadata["event"]["payload"]
    assert payload["format"] == "AUDIO_L16_RATE_16000_CHANNELS_1"
    assert payload["initiator"]["type"] == "TAP"
    assert payload["initiator"]["inputSource"] == "SELF"


async def test_never_more_than_one_chunk_waits() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        writing = asyncio.create_task(dialog.write(CHUNK * 100))  # more than windows let through
        while not dialog._stream.outbox:
            await cic.peer.settle()
        assert len(dialog._stream.outbox) < len(CHUNK) + 200
        assert not dialog._upload._pending
        assert not writing.done()
        dialog.cancel()
        await writing


async def test_the_last_sound_may_be_shorter() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        await dialog.write(b"ab")
        dialog.end_audio()
        request = await cic.event()
    assert [body for _, body in request.parts[1:]] == [b"ab"]


async def test_a_held_upload_lacks_only_its_closing_boundary() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client, hold=True)
        await dialog.write(CHUNK)
        stream_id, fields = await cic.peer.request()
        before = await cic.upload(stream_id, fields, until=CHUNK)
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="on"))
        assert await dialog.wait_capture_stopped() == "on"
        assert all(frame.stream_id != stream_id for frame in await cic.peer.settle())
        dialog.commit()
        after = await cic.upload(stream_id, fields)
    assert not before.complete
    boundary = fields["content-type"].partition("boundary=")[2].encode()
    assert after.body == b"\r\n--" + boundary + b"--\r\n"


async def test_cancelling_resets_once_and_drops_what_is_late() -> None:
    async with connected() as (client, cic, owner):
        dialog = spoken(client, hold=True)
        stream_id, fields = await cic.peer.request()
        await cic.upload(stream_id, fields, until=b"metadata")
        dialog.cancel()
        dialog.cancel()
        assert await cic.reset(stream_id) == 8  # CANCEL
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="on"))
        cic.push(directive("SpeechSynthesizer.Speak", "d1", **SPEAK))
        cic.push(directive("Notifier.Notify"))
        await cic.peer.settle()
        assert cic.peer.resets(stream_id) == [8]
        with pytest.raises(errors.DialogCancelledError):
            await collect(dialog.directives())
        with pytest.raises(errors.DialogCancelledError):
            await dialog.wait_capture_stopped()
    assert [names(item) for item in owner.directives] == ["Notifier.Notify"]
    assert isinstance(dialog.error, errors.DialogCancelledError)


async def test_what_asks_for_a_state_is_never_dropped() -> None:
    """Its id says nothing (differences.md, trap 13): of a held dialog, and of one that is over."""
    async with connected() as (client, cic, owner):
        dialog = spoken(client, hold=True)
        stream_id, fields = await cic.peer.request()
        await cic.upload(stream_id, fields, until=b"metadata")
        cic.push(directive("DeviceControl.ExpectReportState", "d1"))
        cic.push(directive("SpeechSynthesizer.Speak", "d1", **SPEAK))
        await cic.peer.settle()
        assert [names(item) for item in owner.directives] == ["DeviceControl.ExpectReportState"]
        dialog.cancel()
        assert await cic.reset(stream_id) == 8  # CANCEL
        cic.push(directive("SpeechSynthesizer.Speak", "d1", **SPEAK))
        cic.push(directive("settings.expectReport", "d1"))
        await cic.peer.settle()
    assert [names(item) for item in owner.directives] == [
        "DeviceControl.ExpectReportState",
        "settings.expectReport",
    ]


async def test_sound_is_there_before_its_part_ends_and_before_the_text() -> None:
    async with connected() as (client, cic, _):
        dialog = client.recognize_text(text_recognizer.Recognize(text="hi"), dialog_request_id="d1")
        request = await cic.event()
        begun = sound("S1", b"first")[: -len(b"\r\n")]
        cic.begin(request.stream_id, directive("SpeechSynthesizer.Speak", "d1", **SPEAK), begun)
        directives = dialog.directives()
        assert names(await anext(directives)) == "SpeechSynthesizer.Speak"
        stream = dialog.attachment("S1")
        assert await anext(stream) == b"first"
        cic.more(request.stream_id, b"second", b"\r\n", delimiter())
        assert await collect(stream) == [b"second"]
        assert stream.ended
        text = directive("Clova.RenderText", "d1", text="hello")[len(delimiter()) :]
        cic.more(request.stream_id, text, delimiter(last=True), end=True)
        assert names(await anext(directives)) == "Clova.RenderText"
        await dialog.wait_done()
    assert list(dialog.marks) == [Mark.UPLOADED, Mark.FIRST_DIRECTIVE, Mark.DONE]


async def test_a_sound_may_come_before_its_directive() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(
            request.stream_id,
            sound("S1", b"early"),
            directive("SpeechSynthesizer.Speak", "d1", **SPEAK),
        )
        assert await collect(dialog.directives(), names) == ["SpeechSynthesizer.Speak"]
        assert await collect(dialog.attachment("S1")) == [b"early"]


async def test_unread_sound_does_not_hold_back_the_text_behind_it() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, sound("S1", b"")[:-2])
        for _ in range(60):
            cic.more(request.stream_id, bytes(16_000))
        cic.more(
            request.stream_id,
            b"\r\n",
            directive("Clova.RenderText", "d1", text="x"),
            delimiter(last=True),
            end=True,
        )
        assert await collect(dialog.directives(), names) == ["Clova.RenderText"]
        assert sum(map(len, await collect(dialog.attachment("S1")))) == 960_000


async def test_a_cid_that_never_comes() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(request.stream_id, directive("SpeechSynthesizer.Speak", "d1", **SPEAK))
        with pytest.raises(errors.AttachmentMissingError):
            await collect(dialog.attachment("S1"))
        with pytest.raises(errors.AttachmentMissingError):
            await collect(dialog.attachment("asked later"))


async def test_bad_parts_are_reported_once_and_the_rest_is_read() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        cic.answer(
            request.stream_id,
            json_part([1, 2]),
            part(b"{not json", "Content-Type: application/json"),
            json_part({"directive": {"header": {"namespace": "Clova"}}}),
            part(b"plain words", "Content-Type: text/plain"),
            directive("Marvel.Unknown", "d1", any="thing"),
            part(b'{"directive":{"header":{"namespace":"Clova","name":"Help"}}}'),
        )
        assert await collect(dialog.directives(), names) == ["Marvel.Unknown", "Clova.Help"]
    assert owner.malformed == [
        "the part is not a JSON object",
        "the part is not JSON",
        "the message's header has no name",
    ]


async def test_a_json_part_without_end_is_bounded() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, part(b"{", "Content-Type: application/json")[:-2])
        for _ in range(66):
            cic.more(request.stream_id, b" " * 16_000)
        cic.more(
            request.stream_id,
            b"\r\n",
            directive("Clova.RenderText", "d1", text="x"),
            delimiter(last=True),
            end=True,
        )
        assert await collect(dialog.directives(), names) == ["Clova.RenderText"]
    assert owner.malformed == ["a JSON part is larger than 1 MiB"]


async def test_a_truncated_answer_gives_what_came_then_fails() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, directive("Clova.RenderText", "d1", text="x"))
        cic.more(request.stream_id, delimiter(), end=True)
        directives = dialog.directives()
        assert names(await anext(directives)) == "Clova.RenderText"
        with pytest.raises(errors.TruncatedResponseError):
            await anext(directives)


@pytest.mark.parametrize("close", [True, False])
async def test_no_error_instead_of_the_end_is_clean_only_after_the_closing_delimiter(close) -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(
            request.stream_id,
            directive("Clova.RenderText", "d1", text="x"),
            delimiter(last=close),
        )
        cic.peer.send(bytes.fromhex(f"00000403 00{request.stream_id:08x} 00000000"))
        await dialog.wait_done()
    assert (dialog.error is None) is close


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400", errors.StatusError),
        ("401", errors.UnauthorizedError),
        ("412", errors.NoDownchannelError),
        ("429", errors.TooManyRequestsError),
        ("500", errors.StatusError),
    ],
)
@pytest.mark.parametrize("enveloped", [True, False])
async def test_an_error_status_brings_the_servers_words(status, kind, enveloped) -> None:
    message = {
        "header": {"namespace": "System", "name": "Exception", "messageId": "m"},
        "payload": {"code": status, "description": "Could not decode multipart"},
    }
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(
            request.stream_id,
            json_part({"directive": message} if enveloped else message),
            status=status,
        )
        with pytest.raises(kind) as caught:
            await dialog.wait_capture_stopped()
    assert caught.value.status == int(status)
    assert caught.value.description == "Could not decode multipart"
    assert "decode" not in str(caught.value)  # it may repeat what was said, and is logged


async def test_an_error_status_without_a_body_is_an_error() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.peer.send(cic.peer.headers(request.stream_id, [(":status", "503")], end=True))
        with pytest.raises(errors.StatusError, match="HTTP 503"):
            await collect(dialog.directives())


@pytest.mark.parametrize("name", ["System.Exception", "system.exception"])
async def test_an_exception_among_good_parts_ends_the_answer(name) -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(request.stream_id, directive(name, code=500, description="it broke"))
        with pytest.raises(errors.StatusError) as caught:
            await collect(dialog.directives())
    assert caught.value.description == "it broke"


async def test_nothing_to_do_is_a_good_answer() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.peer.send(cic.peer.headers(request.stream_id, [(":status", "204")], end=True))
        assert await collect(dialog.directives()) == []
        assert await dialog.wait_capture_stopped() is None


async def test_an_answer_without_a_boundary_is_malformed() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        fields = [(":status", "200"), ("content-type", "text/html")]
        cic.peer.send(cic.peer.headers(request.stream_id, fields))
        with pytest.raises(errors.MalformedResponseError):
            await collect(dialog.directives())


async def test_no_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "ANSWER_TIMEOUT", 0.02)
    async with connected() as (client, cic, _):
        dialog = spoken(client, hold=True)
        dialog.end_audio()
        stream_id, fields = await cic.peer.request()
        dialog.commit()
        await cic.upload(stream_id, fields)
        with pytest.raises(errors.NoAnswerError):
            await collect(dialog.directives())
        assert await cic.reset(stream_id) == 8


async def test_an_answer_that_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.02)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, directive("Clova.RenderText", "d1", text="x"))
        with pytest.raises(errors.TruncatedResponseError, match="stood still"):
            await collect(dialog.directives())


async def test_a_server_that_never_stops_ordering_is_stopped(monkeypatch) -> None:
    monkeypatch.setattr(exchange, "MOST_DIRECTIVES", 3)
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(request.stream_id, *[directive("Clova.Help", "d1")] * 5)
        with pytest.raises(errors.LimitExceededError):
            await collect(dialog.directives())


async def pour(cic: ScriptedCic, stream_id: int, size: int | None = None) -> int:
    """Send a sound as a server that keeps to windows does: of a size, or all that is let in."""
    sent, room = 0, WINDOW - 200
    while size is None or sent < size:
        for _ in range(room // PIECE):
            cic.more(stream_id, bytes(PIECE))
            sent, room = sent + PIECE, room - PIECE
        frames = await cic.peer.settle()
        opened = [frame for frame in frames if isinstance(frame, WindowUpdateFrame)]
        room += sum(frame.window_increment for frame in opened if frame.stream_id == stream_id)
        if size is None and room < PIECE:
            break
    return sent


async def poured(cic: ScriptedCic, stream_id: int) -> int:
    """Begin an answer with a sound without end; return how much of it the client let in."""
    cic.begin(stream_id, sound("S1", b"")[:-2])
    return await pour(cic, stream_id)


async def test_sound_nobody_reads_stops_at_the_bound() -> None:
    """The rest waits in the server: flow control, not memory."""
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        sent = await poured(cic, request.stream_id)
        assert TURN_BOUND - WINDOW // 2 < sent <= TURN_BOUND
        assert dialog._attachments.buffered == sent
        assert not dialog.done
        dialog.attachment("S1").discard()
        frames = await cic.peer.settle()
        assert any(isinstance(f, WindowUpdateFrame) and f.stream_id for f in frames)
        text = directive("Clova.RenderText", "d1", text="x")
        cic.more(request.stream_id, b"\r\n", text, delimiter(last=True), end=True)
        assert await collect(dialog.directives(), names) == ["Clova.RenderText"]


async def test_sound_nobody_reads_does_not_wait_for_ever(monkeypatch) -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.5)
        await poured(cic, request.stream_id)
        with pytest.raises(errors.LimitExceededError, match="nobody reads"):
            await collect(dialog.directives())
        assert await cic.reset(request.stream_id) == 8


async def test_who_reads_slowly_is_waited_for() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        await poured(cic, request.stream_id)
        due = dialog._due
        cic.more(request.stream_id, b"still within the window")
        await cic.peer.settle()
        assert dialog._due == due  # what the server sends is not what is waited for
        await anext(dialog.attachment("S1"))
        assert dialog._attachments.full
        assert dialog._due > due


async def test_small_pieces_of_a_sound_do_not_pile_up_as_objects() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id, sound("S1", b"")[:-2])
        for _ in range(100):
            cic.peer.send(*[data(request.stream_id, b"x")] * 100)
            await cic.peer.settle()
        assert len(dialog.attachment("S1")._chunks) < 10
        assert dialog._attachments.buffered == 10_000


async def test_a_boundary_that_is_never_found() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id)
        for _ in range(60):
            cic.more(request.stream_id, b"--no boundary of this answer\r\n" * 500)
        cic.more(request.stream_id, end=True)
        with pytest.raises(errors.TruncatedResponseError):
            await collect(dialog.directives())
    assert owner.malformed == []


async def test_a_part_of_100_megabytes_is_a_stream() -> None:
    """Only what has not been read yet is kept."""
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)

        async def send() -> int:
            cic.begin(request.stream_id, sound("S1", b"")[:-2])
            sent = await pour(cic, request.stream_id, 100_000_000)
            cic.more(request.stream_id, b"\r\n", delimiter(last=True), end=True)
            return sent

        sending = asyncio.create_task(send())
        received = most = 0
        async for chunk in dialog.attachment("S1"):
            received += len(chunk)
            most = max(most, dialog._attachments.buffered)
    assert received == await sending
    assert most <= TURN_BOUND


async def test_a_second_stop_capture_keeps_the_transcript() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        cic.push(
            directive("SpeechRecognizer.StopCapture", "d1", recognizedText="hello"),
            directive("SpeechRecognizer.StopCapture", "d1"),
        )
        assert await dialog.wait_capture_stopped() == "hello"


async def test_an_answer_may_begin_long_before_the_speech_ends(monkeypatch) -> None:
    monkeypatch.setattr(exchange, "PROGRESS_TIMEOUT", 0.02)
    async with connected() as (client, cic, _):
        dialog = spoken(client, hold=True)
        stream_id, _ = await cic.peer.request()
        cic.begin(stream_id)
        await asyncio.sleep(0.1)
        assert not dialog.done
        dialog.end_audio()
        dialog.commit()
        with pytest.raises(errors.TruncatedResponseError):
            await collect(dialog.directives())


async def test_directives_are_bounded_in_bytes() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.begin(request.stream_id)
        text = "x" * 16_000
        for _ in range(TURN_BOUND // len(text) + 1):
            cic.more(request.stream_id, directive("Clova.RenderText", "d1", text=text))
        cic.more(request.stream_id, delimiter(last=True), end=True)
        with pytest.raises(errors.LimitExceededError, match="4 MiB"):
            await collect(dialog.directives())


async def test_a_part_that_cannot_be_read_is_skipped() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        long = part(b"x", "Content-Type: application/json", "X-Long: " + "y" * 17_000)
        cic.begin(request.stream_id, sound("S1", b"before"), long[:9_000])
        cic.more(request.stream_id, long[9_000:])
        text = directive("Clova.RenderText", "d1", text="after")
        cic.more(request.stream_id, text, delimiter(last=True), end=True)
        assert await collect(dialog.directives(), names) == ["Clova.RenderText"]
        assert await collect(dialog.attachment("S1")) == [b"before"]
    assert len(owner.malformed) == 1


async def test_an_owner_that_breaks_wakes_whoever_waits(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_what: str) -> None:
        raise ValueError("broken owner")

    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        dialog._on_malformed = broken
        cic.answer(request.stream_id, json_part([1]))
        with pytest.raises(errors.NotCicError):
            await collect(dialog.directives())
    assert "Reading an answer failed" in caplog.text
