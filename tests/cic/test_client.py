"""A client on one connection: downchannel first, and everything on that connection."""

import asyncio
import json
import logging

from h2.errors import ErrorCodes
import pytest

from custom_components.clova_cic.cic import (
    Client,
    ContextObject,
    Event,
    Header,
    Identity,
    client as client_module,
    downchannel as downchannel_module,
    errors,
)
from custom_components.clova_cic.cic.attachments import MOST_ATTACHMENTS
from custom_components.clova_cic.cic.client import (
    Callbacks,
    speech_recognizer,
    speech_synthesizer,
    text_recognizer,
)
from tests.peer.frames import data, frame_server, goaway
from tests.peer.scripted import (
    BOUNDARY,
    RELATED,
    TOKEN,
    Owner,
    asked,
    collect,
    connected,
    delimiter,
    directive,
    endpoint,
    greet,
    json_part,
    sound,
    spoken,
)


async def refused(port: int, owner: Owner | None = None) -> BaseException:
    """Return what connecting raises."""
    with pytest.raises(errors.CicError) as caught:
        await Client.connect(
            endpoint(port), Identity(access_token=TOKEN), (owner or Owner()).callbacks()
        )
    return caught.value


async def test_the_downchannel_carries_token_and_user_agent_and_no_content_type() -> None:
    async with connected() as (client, cic, owner):
        assert client.usable
    assert cic.downchannel_fields["authorization"] == f"Bearer {TOKEN}"
    assert cic.downchannel_fields["user-agent"].startswith("HomeAssistant/clova_cic/")
    assert "content-type" not in cic.downchannel_fields
    assert owner.directives == []


async def test_the_token_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    """The scripted server decodes in this process: hpack's own lines are read in test_connection."""
    caplog.set_level(logging.DEBUG, "custom_components.clova_cic")
    logging.getLogger("hpack").setLevel(logging.INFO)
    async with connected() as (client, cic, _):
        client.send(Event(header=Header(namespace="N", name="E")))
        await cic.event()
    assert any(record.name.startswith("custom_components.clova_cic") for record in caplog.records)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(Identity(access_token=TOKEN))


async def test_another_token_from_the_next_request_on() -> None:
    """What is under way was asked with the one before, and says nothing of the other."""
    async with connected() as (client, cic, owner):
        event = Event(header=Header(namespace="N", name="E"))
        first = client.send(event)
        client.identify(Identity(access_token="another"))
        second, third = client.send(event), client.send(event)
        for status in ("401", "200", "500"):
            request = await cic.event()
            token = TOKEN if status == "401" else "another"
            assert request.fields["authorization"] == f"Bearer {token}"
            cic.answer(request.stream_id, directive("Clova.Help"), status=status)
        for exchange in (first, second, third):
            await exchange.wait_done()
        assert owner.judged == [(TOKEN, False), ("another", True)]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401", errors.UnauthorizedError),
        ("429", errors.TooManyRequestsError),
        ("500", errors.StatusError),
        ("404", errors.NotCicError),
        ("302", errors.NotCicError),
    ],
)
async def test_a_refused_downchannel(status, kind) -> None:
    async with frame_server() as (port, peers):
        connecting = asyncio.create_task(refused(port))
        peer = await peers.get()
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id, [(":status", status)], end=True))
        assert isinstance(await connecting, kind)


async def test_a_service_that_is_not_cic(monkeypatch: pytest.MonkeyPatch) -> None:
    async with frame_server() as (port, peers):
        connecting = asyncio.create_task(refused(port))
        peer = await peers.get()
        stream_id, _ = await peer.request()
        fields = [(":status", "200"), ("content-type", "text/html")]
        peer.send(peer.headers(stream_id, fields), data(stream_id, b"<html>", end=True))
        assert isinstance(await connecting, errors.NotCicError)


async def test_no_hello_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HELLO_TIMEOUT", 0.05)
    async with frame_server() as (port, peers):
        connecting = asyncio.create_task(refused(port))
        peer = await peers.get()
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id, [(":status", "200"), RELATED]))
        assert "Hello" in str(await connecting)


async def test_context_goes_up_with_every_event() -> None:
    owner = Owner()
    states = [ContextObject(namespace="Device", name="Display", payload={"size": "none"})]
    callbacks = Callbacks(
        context=lambda: states,
        directive=lambda *_: None,
        malformed=owner.malformed.append,
        new_id=owner.new_id,
    )
    async with frame_server() as (port, peers):
        connecting = asyncio.create_task(
            Client.connect(endpoint(port), Identity(access_token=TOKEN), callbacks)
        )
        cic = await greet(await peers.get())
        client = await connecting
        client.recognize_text(text_recognizer.Recognize(text="여보세요"), dialog_request_id="d9")
        request = await cic.event()
        await client.close()
    assert request.metadata == {
        "context": [
            {"header": {"namespace": "Device", "name": "Display"}, "payload": {"size": "none"}}
        ],
        "event": {
            "header": {
                "namespace": "TextRecognizer",
                "name": "Recognize",
                "messageId": request.metadata["event"]["header"]["messageId"],
                "dialogRequestId": "d9",
            },
            "payload": {"text": "여보세요"},
        },
    }
    assert request.fields["authorization"] == f"Bearer {TOKEN}"


async def test_an_answer_to_a_question_repeats_its_id() -> None:
    async with connected() as (client, cic, _):
        question = speech_recognizer.ExpectSpeech(
            expect_speech_id="E1", explicit=True, timeout_in_milliseconds=7000
        )
        again = text_recognizer.Recognize(text="two", answering=question)
        client.recognize_text(again, dialog_request_id="d1")
        request = await cic.event()
    assert request.metadata["event"]["payload"] == {
        "text": "two",
        "speechId": "E1",
        "explicit": True,
    }


async def test_other_text_is_spoken_without_a_dialog() -> None:
    async with connected() as (client, cic, _):
        exchange = client.synthesize(speech_synthesizer.Request(text="hello", lang="en"))
        request = await cic.event()
        speak = directive("SpeechSynthesizer.Speak", url="cid:S", token="t", format="AUDIO_MPEG")
        cic.answer(request.stream_id, speak, sound("S", b"mp3"))
        assert len(await collect(exchange.directives())) == 1
        assert await collect(exchange.attachment("S")) == [b"mp3"]
    assert request.metadata["event"]["header"]["name"] == "Request"
    assert "dialogRequestId" not in request.metadata["event"]["header"]


async def test_a_pushed_sound() -> None:
    async with connected() as (client, cic, owner):
        cic.push(directive("SpeechSynthesizer.Speak", url="cid:P", token="t"), sound("P", b"ding"))
        assert await collect(client.attachment("P")) == [b"ding"]
    assert [item.header.full_name for item in owner.directives] == ["SpeechSynthesizer.Speak"]


async def test_a_pushed_sound_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downchannel_module, "ARRIVAL_TIMEOUT", 0.02)
    async with connected() as (client, _, _), asyncio.timeout(5):
        with pytest.raises(errors.AttachmentMissingError):
            await collect(client.attachment("never"))


async def test_pushed_sounds_nobody_takes_are_given_up_oldest_first() -> None:
    most = downchannel_module.MOST_UNREAD_SOUNDS
    async with connected() as (client, cic, owner):
        first = client.attachment("0")
        for number in range(most + 2):
            cic.push(sound(str(number), b"x"), directive("Clova.Help"))
            await cic.peer.settle()
        with pytest.raises(errors.LimitExceededError):
            await collect(first)
        assert await collect(client.attachment(str(most + 1))) == [b"x"]
    assert len(owner.directives) == most + 2


async def test_more_attachments_than_any_answer_has() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.answer(request.stream_id, *[sound(str(n), b"") for n in range(MOST_ATTACHMENTS + 1)])
        with pytest.raises(errors.LimitExceededError):
            await collect(dialog.directives())


async def test_directives_of_a_dialog_go_to_it_and_others_to_the_owner() -> None:
    async with connected() as (client, cic, owner):
        dialog = spoken(client, dialog="mine")
        cic.push(directive("Clova.RenderText", "mine", text="for the dialog"))
        cic.push(directive("Clova.RenderText", "another client's", text="for the owner"))
        received = await anext(dialog.directives())
        await cic.peer.settle()
    assert received.payload["text"] == "for the dialog"
    assert [item.payload["text"] for item in owner.directives] == ["for the owner"]


async def test_malformed_pushes_do_not_end_the_channel() -> None:
    async with connected() as (client, cic, owner):
        cic.push(json_part("no object"))
        cic.push(directive("SpeechRecognizer.ExpectSpeech"))
        await cic.peer.settle()
        assert client.usable
    assert owner.malformed == ["the part is not a JSON object"]
    assert [item.header.name for item in owner.directives] == ["ExpectSpeech"]


async def test_the_end_of_the_downchannel_ends_the_client() -> None:
    async with connected() as (client, cic, _):
        pushed = client.attachment("P")
        cic.peer.send(data(cic.downchannel, delimiter(last=True), end=True))
        assert isinstance(await client.wait_unusable(), errors.ConnectionLostError)
        assert not client.usable
        with pytest.raises(errors.ConnectionLostError):
            await collect(pushed)


async def test_a_goodbye_lets_running_answers_finish() -> None:
    async with connected() as (client, cic, _):
        dialog, request = await asked(client, cic)
        cic.peer.send(goaway(request.stream_id))
        assert await client.wait_unusable() is None
        draining = asyncio.create_task(client.drain())
        cic.answer(request.stream_id, directive("Clova.RenderText", "d1", text="x"))
        assert len(await collect(dialog.directives())) == 1
        await draining


async def test_draining_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "DRAIN_TIMEOUT", 0.02)
    async with connected() as (client, cic, _):
        dialog = spoken(client)
        dialog.end_audio()
        await cic.event()
        await client.drain()
        assert isinstance(dialog.error, errors.ConnectionLostError)


async def test_closing_cancels_what_is_under_way() -> None:
    async with connected() as (client, cic, _):
        dialog = spoken(client, hold=True)
        exchange = client.send(Event(header=Header(namespace="N", name="E")))
        await cic.peer.request()
        await client.close()
        assert dialog.done
        assert exchange.done
        assert not client.usable


def test_a_wrong_user_agent_is_refused() -> None:
    with pytest.raises(ValueError, match="User-Agent"):
        Identity(access_token="t", user_agent="Mozilla")


async def test_parts_may_end_with_the_delimiter_alone() -> None:
    """The downchannel never ends: no line end, and no next part, is waited for."""
    async with connected() as (_, cic, owner):
        text = json.dumps({"header": {"namespace": "Clova", "name": "Help"}})
        body = f"Content-Type: application/json\r\n\r\n{text}\r\n--{BOUNDARY}"
        cic.peer.send(data(cic.downchannel, body.encode()))
        await cic.peer.settle()
        assert [item.header.name for item in owner.directives] == ["Help"]


async def test_what_was_heard_of_a_finished_dialog_is_told_to_nobody() -> None:
    async with connected() as (client, cic, owner):
        dialog, request = await asked(client, cic)
        cic.peer.send(cic.peer.headers(request.stream_id, [(":status", "204")], end=True))
        await dialog.wait_done()
        cic.push(directive("SpeechRecognizer.StopCapture", "d1", recognizedText="secret"))
        cic.push(directive("SpeechRecognizer.ShowRecognizedText", "d1"))
        await cic.peer.settle()
    assert [item.header.name for item in owner.directives] == ["ShowRecognizedText"]
    assert "text" not in owner.directives[0].payload


async def test_a_dialog_that_shares_its_id_is_drained_too() -> None:
    async with connected() as (client, cic, _):
        first, request = await asked(client, cic)
        second = spoken(client)
        second.cancel()
        draining = asyncio.create_task(client.drain())
        cic.answer(request.stream_id, directive("Clova.RenderText", "d1", text="x"))
        assert len(await collect(first.directives())) == 1
        await draining


async def test_a_goodbye_for_too_many_pings_is_told() -> None:
    async with connected() as (client, cic, _):
        assert not client.asked_for_calm
        cic.peer.send(goaway(cic.downchannel, ErrorCodes.ENHANCE_YOUR_CALM))
        assert await client.wait_unusable() is None
        assert client.asked_for_calm


@pytest.mark.parametrize("code", [ErrorCodes.NO_ERROR, ErrorCodes.ENHANCE_YOUR_CALM])
@pytest.mark.parametrize("answers", [True, False])
async def test_a_goodbye_after_good_work_is_told(code: ErrorCodes, answers: bool) -> None:
    async with connected() as (client, cic, _):
        if answers:
            dialog, request = await asked(client, cic)
            cic.answer(request.stream_id)
            await dialog.wait_done()
        assert not client.served
        cic.peer.send(goaway(2**31 - 1, code))
        await client.wait_unusable()
        assert client.served is (answers and code is ErrorCodes.NO_ERROR)


def test_a_calmer_endpoint() -> None:
    here = endpoint(1)
    assert here.paced(4).connection.ping_interval == 4 * here.connection.ping_interval
    assert here.paced(1) == here


async def test_when_something_last_came_unasked() -> None:
    async with connected() as (client, cic, _):
        before = client.heard_at
        exchange = client.send(Event(header=Header(namespace="N", name="E")))
        request = await cic.event()
        cic.answer(request.stream_id, directive("Clova.Help"))
        await exchange.wait_done()
        assert client.heard_at == before
        cic.push(directive("Clova.Help"))
        await cic.peer.settle()
        assert client.heard_at > before


async def test_idle_is_when_no_answer_is_outstanding() -> None:
    async with connected() as (client, cic, _):
        await client.wait_idle()
        dialog, request = await asked(client, cic)
        waiting = asyncio.create_task(client.wait_idle())
        await cic.peer.settle()
        assert not waiting.done()
        cic.answer(request.stream_id, directive("Clova.Help"))
        await dialog.wait_done()
        await waiting
