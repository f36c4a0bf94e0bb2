"""The envelope and the typed payloads, as lenient as the documents are sloppy."""

import json

import pytest

from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.clova import Hello, RenderText
from custom_components.clova_cic.cic.interfaces.speech_recognizer import (
    ExpectSpeech,
    KeepRecording,
    Recognize,
    ShowRecognizedText,
    StopCapture,
)
from custom_components.clova_cic.cic.interfaces.speech_synthesizer import Speak
from custom_components.clova_cic.cic.interfaces.system import ErrorMessage
from custom_components.clova_cic.cic.messages import (
    DEEPEST,
    LONGEST_ID,
    Directive,
    Event,
    Header,
    decode_directive,
    encode_event,
)
from custom_components.clova_cic.cic.user_agent import DEFAULT_USER_AGENT, is_valid_user_agent


def directive(full_name: str, **payload) -> Directive:
    namespace, name = full_name.split(".")
    return Directive(header=Header(namespace=namespace, name=name), payload=payload)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("18446744073709551615", 2**64 - 1),
        ("-9223372036854775808", -(2**63)),
        ("18446744073709551616", 2.0**64),
        ("-9223372036854775809", -(2.0**63)),
        ("9" * 400, float("inf")),
    ],
)
def test_whole_numbers_have_64_bits(written, read_as) -> None:
    part = f'{{"header": {{"namespace": "N", "name": "D"}}, "payload": {{"n": [{written}]}}}}'
    (number,) = decode_directive(part.encode()).payload["n"]
    assert (type(number), number) == (type(read_as), read_as)


@pytest.mark.parametrize(("length", "kept"), [(LONGEST_ID, True), (LONGEST_ID + 1, False)])
def test_ids_are_not_endless(length, kept) -> None:
    told = "i" * length
    header = {"namespace": "N", "name": "D", "messageId": told, "dialogRequestId": told}
    got = decode_directive(json.dumps({"header": header}).encode()).header
    expected = (told, told) if kept else ("", None)
    assert (got.message_id, got.dialog_request_id) == expected


def test_an_event_without_dialog_has_no_dialog_request_id() -> None:
    event = Event(header=Header(namespace="N", name="E", message_id="m"), payload={"음": 1})
    assert json.loads(encode_event(event, [])) == {
        "context": [],
        "event": {
            "header": {"namespace": "N", "name": "E", "messageId": "m"},
            "payload": {"음": 1},
        },
    }
    assert "음".encode() in encode_event(event, [])


@pytest.mark.parametrize("enveloped", [True, False])
def test_both_shapes(enveloped) -> None:
    message = {
        "header": {"namespace": "Clova", "name": "Hello", "messageId": 5, "dialogRequestId": ""},
        "payload": None,
    }
    document = {"directive": message} if enveloped else message
    decoded = decode_directive(json.dumps(document).encode())
    assert decoded == Directive(
        header=Header(namespace="Clova", name="Hello", message_id="5"), payload={}
    )
    assert decoded.header.full_name == "Clova.Hello"


@pytest.mark.parametrize(
    ("written", "message_id"),
    [
        ('"m"', "m"),
        ("5", "5"),
        ("null", ""),
        ('["what was said"]', ""),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\uD83D"', "\ufffd"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d"', "\\\ufffd"),
    ],
)
def test_ids_are_text(written, message_id) -> None:
    part = f'{{"header": {{"namespace": "Clova", "name": "Hello", "messageId": {written}}}}}'
    assert decode_directive(part.encode()).header.message_id == message_id


def test_the_deepest_part() -> None:
    def part(levels: int) -> bytes:
        inner = "[" * (levels - 2) + "]" * (levels - 2)
        return (
            f'{{"header": {{"namespace": "N", "name": "D"}}, "payload": {{"a": {inner}}}}}'.encode()
        )

    assert decode_directive(part(DEEPEST)).payload
    with pytest.raises(MessageError):
        decode_directive(part(DEEPEST + 1))
    wide = b'{"header": {"namespace": "N", "name": "D"}, "payload": {"a": [' + b"[],{}," * DEEPEST
    assert decode_directive(wide + b"0]}}").payload


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b"{",
        b"[" * 100_000,
        b"{}",
        b'{"directive": []}',
        b'{"directive": {"header": []}}',
        b'{"header": {"namespace": "Clova"}}',
        b'{"header": {"namespace": 3, "name": "Hello"}}',
        b'{"header": {"namespace": "", "name": "Hello"}}',
        b'{"header": {"namespace": "Clova", "name": "' + b"H" * 129 + b'"}}',
    ],
)
def test_what_is_no_message(data) -> None:
    with pytest.raises(MessageError):
        decode_directive(data)


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (directive("Clova.Hello"), Hello()),
        (directive("clova.RENDERTEXT", text="a"), RenderText(text="a")),
        (directive("SpeechRecognizer.KeepRecording"), KeepRecording()),
        (directive("SpeechRecognizer.ShowRecognizedText", text="a"), ShowRecognizedText(text="a")),
        (directive("SpeechRecognizer.StopCapture"), StopCapture(recognized_text=None)),
        (
            directive("SpeechRecognizer.StopCapture", recognizedText="on"),
            StopCapture(recognized_text="on"),
        ),
        (
            directive(
                "SpeechRecognizer.ExpectSpeech",
                expectSpeechId="E",
                explicit="true",
                timeoutInMilliseconds="7000",
            ),
            ExpectSpeech(expect_speech_id="E", explicit=True, timeout_in_milliseconds=7000),
        ),
        (
            directive("SpeechRecognizer.ExpectSpeech", expectSpeechId="E"),
            ExpectSpeech(expect_speech_id="E", explicit=False, timeout_in_milliseconds=0),
        ),
        (
            directive("SpeechSynthesizer.Speak", url="CID:S1", **{"x-clova-pause-before": -5}),
            Speak(
                token="",
                url="CID:S1",
                content_id="S1",
                content_type=None,
                lang=None,
                pause_before=0,
                caption=None,
            ),
        ),
        (
            directive(
                "SpeechSynthesizer.Speak",
                url="https://host/a.m3u8",
                token="t",
                ttsLang="ko",
                ttsText="안녕",
                contentType="application/vnd.apple.mpegurl",
                **{"x-clova-pause-before": 250},
            ),
            Speak(
                token="t",
                url="https://host/a.m3u8",
                content_id=None,
                content_type="application/vnd.apple.mpegurl",
                lang="ko",
                pause_before=250,
                caption="안녕",
            ),
        ),
        (
            directive("System.Exception", code="401", description="no"),
            ErrorMessage(code=401, description="no"),
        ),
        (
            directive("System.Exception", code="four", description=3),
            ErrorMessage(code=0, description=""),
        ),
        (directive("System.Exception", code=True), ErrorMessage(code=0, description="")),
        (directive("System.Exception", code=float("inf")), ErrorMessage(code=0, description="")),
        (directive("Marvel.Unknown", any="thing"), None),
    ],
)
def test_typed_content(message, content) -> None:
    assert read(message) == content


@pytest.mark.parametrize(
    "message",
    [
        directive("Clova.RenderText"),
        directive("Clova.RenderText", text=5),
        directive("SpeechSynthesizer.Speak", token="t"),
        directive("SpeechSynthesizer.Speak", url="file:///etc/passwd"),
        directive("SpeechSynthesizer.Speak", url="speech.mp3"),
        directive("SpeechSynthesizer.Speak", url="https:///speech.mp3"),
        directive("SpeechSynthesizer.Speak", url="http://[::1/speech.mp3"),
        directive("SpeechSynthesizer.Speak", url="rtsp://host/speech"),
        directive("SpeechRecognizer.ExpectSpeech"),
        directive("SpeechRecognizer.ShowRecognizedText"),
    ],
)
def test_what_a_directive_cannot_do_without(message) -> None:
    with pytest.raises(MessageError):
        read(message)


def test_an_answer_to_a_question_repeats_id_and_explicit() -> None:
    question = ExpectSpeech(expect_speech_id="E", explicit=False, timeout_in_milliseconds=0)
    payload = Recognize(lang="ko", device_uuid="u", answering=question).as_payload()
    assert payload["speechId"] == "E"
    assert payload["explicit"] is False
    assert "speechId" not in Recognize(lang="ko", device_uuid="u").as_payload()


@pytest.mark.parametrize(
    "value",
    [
        DEFAULT_USER_AGENT,
        "Maker/Thing/1.0.1 (System 0.9;Hardware;key1=value1;key2=value2)",
        "My Maker/My App/2.1.2-release (Android 7.0;SettopBox;target=KR;other=sample)",
        "A/B/0.8.2+build (Linux 7.0;Raspberry_pi;domain=Sample%40Home;type=Test%20Type)",
        "MCN / Sample.Client / 1.7.0 (SampleOS 2.1 ; Smart-Hub)",
    ],
)
def test_user_agents(value) -> None:
    assert is_valid_user_agent(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Mozilla/5.0",
        "A/B/1.0 (OS;HW)",
        "A/B/1.0.0",
        "A/B/1.0.0 (OS)",
        "A/B/1.0.0 (OS;HW;key)",
        " A/B/1.0.0 (OS;HW)",
        "A/B/1.0.0 (OS;HW) x",
        "Ä/B/1.0.0 (OS;HW)",
        "A\r\nx: y/B/1.0.0 (OS;HW)",
        "A" * 600 + "/B/1.0.0 (OS;HW)",
    ],
)
def test_no_user_agents(value) -> None:
    assert not is_valid_user_agent(value)
