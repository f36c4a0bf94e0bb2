"""Typed dialogues, synthesis, and what an answer looks like on the wire."""

from uuid import UUID, uuid4

import pytest

from tests.cic_server.client import CLOSING, Client, Control, StreamResetByServerError, event_json
from tests.cic_server.mp3 import frames_in


async def test_answer_is_sound_then_text(client: Client) -> None:
    await client.downchannel()
    dialog = str(uuid4())
    stream = await client.say_text("What is twelve plus thirty-four?", dialog)
    speak, sound, text = await stream.all_parts()
    assert stream.complete
    assert speak.name == "SpeechSynthesizer.Speak"
    assert speak.directive["header"]["dialogRequestId"] == dialog
    assert speak.payload["format"] == "AUDIO_MPEG"
    assert speak.payload["ttsLang"] == "en"
    assert speak.payload["x-clova-pause-before"] == 0
    assert speak.payload["url"] == f"cid:{sound.headers['content-id']}"
    assert str(UUID(sound.headers["content-id"])) == sound.headers["content-id"]
    assert sound.headers["content-type"] == "application/octet-stream"
    assert frames_in(sound.body) > 10
    assert text.name == "Clova.RenderText"
    assert text.directive["header"]["dialogRequestId"] == dialog
    assert text.payload["text"] == "12 plus 34 is 46."


async def test_sound_is_sent_while_it_is_made(client: Client) -> None:
    await client.downchannel()
    stream = await client.say_text("what can you do")
    await stream.all_parts()
    assert stream.writes > 10


async def test_text_can_be_held_back_after_the_sound(client: Client, control: Control) -> None:
    await control.call("PUT", "/control/settings", {"render_text_delay": 60})
    await client.downchannel()
    stream = await client.say_text("hello")
    parts = stream.parts()
    assert (await anext(parts)).name == "SpeechSynthesizer.Speak"
    # The delimiter after the sound is here, so a reader knows that the sound is complete.
    assert frames_in((await anext(parts)).body) > 10
    assert stream.rest == b""
    await stream.reset()


async def test_cancelled_answer_is_noticed(client: Client, control: Control) -> None:
    await control.call("PUT", "/control/settings", {"render_text_delay": 60})
    await client.downchannel()
    since, dialog = await control.now(), str(uuid4())
    stream = await client.say_text("hello", dialog)
    await stream.part("SpeechSynthesizer.Speak")
    await stream.reset()
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert (found["outcome"], found["answer"]) == ("executed", "cancelled")


async def test_language_follows_the_script(client: Client) -> None:
    await client.downchannel()
    for text, lang, answer in (
        ("12 더하기 30은?", "ko", "12 더하기 30, 답은 42입니다."),
        ("3 かける 4 は?", "ja", "3 かける 4 は 12 です。"),
        ("7 / 2", "en", "7 divided by 2 is 3.5."),
    ):
        speak, sound, shown = await (await client.say_text(text)).all_parts()
        assert speak.payload["ttsLang"] == lang
        assert shown.payload["text"] == answer
        assert frames_in(sound.body) > 10


async def test_text_without_letters_follows_the_last_voice_request(client: Client) -> None:
    await client.downchannel()
    voice = await client.open_voice(str(uuid4()), lang="ja")
    await voice.reset()
    speak, *_ = await (await client.say_text("12 + 30")).all_parts()
    assert speak.payload["ttsLang"] == "ja"


async def test_order_in_two_steps(client: Client, control: Control) -> None:
    await client.downchannel()
    since, dialog = await control.now(), str(uuid4())
    *_, text, expect = await (await client.say_text("order a pizza", dialog)).all_parts()
    assert text.payload["text"] == "How many pizzas would you like?"
    assert expect.name == "SpeechRecognizer.ExpectSpeech"
    assert expect.directive["header"]["dialogRequestId"] == dialog
    assert expect.payload["explicit"] is True
    assert expect.payload["timeoutInMilliseconds"] == 7000
    reply = {"speechId": expect.payload["expectSpeechId"], "explicit": True}
    *_, again = await (await client.say_text("lots of them", dialog, **reply)).all_parts()
    assert again.name == "SpeechRecognizer.ExpectSpeech"
    reply["speechId"] = again.payload["expectSpeechId"]
    *_, last = await (await client.say_text("three please", **reply)).all_parts()
    assert last.payload["text"] == "Ordering three pizzas."
    found = await control.entry(since, "dialog", said="Ordering three pizzas.")
    assert found["transcript"] == "three please"
    # The question is answered: the same id means nothing any more.
    *_, after = await (await client.say_text("three please", **reply)).all_parts()
    assert after.payload["text"] == "Sorry, I did not understand that."


async def test_second_reply_without_a_number_ends_the_order(client: Client) -> None:
    await client.downchannel()
    *_, expect = await (await client.say_text("order a pizza")).all_parts()
    for _ in range(2):
        reply = {"speechId": expect.payload["expectSpeechId"], "explicit": True}
        *_, expect = await (await client.say_text("blue", **reply)).all_parts()
    assert expect.name == "Clova.RenderText"
    assert expect.payload["text"] == "All right, no pizza."


async def test_speech_on_request_has_no_dialogue(client: Client, control: Control) -> None:
    await client.downchannel()
    since = await control.now()
    request = {"text": "안녕하세요", "lang": "ko"}
    speak, sound = await (await client.event("SpeechSynthesizer", "Request", request)).all_parts()
    assert "dialogRequestId" not in speak.directive["header"]
    assert speak.payload["ttsLang"] == "ko"
    assert frames_in(sound.body) > 10
    found = await control.entry(since, "dialog", namespace="SpeechSynthesizer")
    assert found["said"] == "안녕하세요"


async def test_text_event_taken_back_does_nothing(client: Client, control: Control) -> None:
    await client.downchannel()
    since, dialog = await control.now(), str(uuid4())
    body = event_json("TextRecognizer", "Recognize", {"text": "hello"}, dialogRequestId=dialog)
    stream = await client.open_event(body)
    # The event is complete, but another part could follow: this is no closing boundary.
    await stream.send(CLOSING.replace(b"--\r\n", b"\r\n"))
    await control.entry(since, "event", dialogRequestId=dialog)
    await stream.reset()
    found = await control.entry(since, "dialog", dialogRequestId=dialog)
    assert (found["outcome"], found["said"]) == ("reset", None)


async def test_answers_run_in_parallel(client: Client) -> None:
    await client.downchannel()
    streams = [await client.say_text(f"{number} + 1") for number in range(8)]
    texts = [(await stream.part("Clova.RenderText")).payload["text"] for stream in streams]
    assert texts == [f"{number} plus 1 is {number + 1}." for number in range(8)]


async def test_planned_answer_can_break_off(client: Client, control: Control) -> None:
    await client.downchannel()
    part = {"json": {"directive": {"header": {"namespace": "X", "name": "Y"}, "payload": {}}}}
    plan = {"parts": [part], "event": "TextRecognizer.Recognize"}
    await control.call("POST", "/control/next-answer", plan | {"truncate": True})
    stream = await client.say_text("hello")
    assert await stream.all_parts() == []
    assert stream.rest.endswith(b"}")
    assert not stream.complete
    await control.call("POST", "/control/next-answer", plan | {"reset": True})
    with pytest.raises(StreamResetByServerError):
        await (await client.say_text("hello")).body()
    await control.call("POST", "/control/next-answer", {"status": 503})
    assert await (await client.say_text("hello")).status == 503
    assert await (await client.say_text("hello")).status == 200
