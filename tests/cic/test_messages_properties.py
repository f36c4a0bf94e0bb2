"""What holds for the envelope and the typed payloads, whatever a server sends."""

import json
from typing import Any

from hypothesis import example, given, strategies as st
import pytest

from cic_server import messages as service
from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import (
    audio_player,
    clova,
    playback_controller,
    read,
    speech_recognizer,
    speech_synthesizer,
    system,
    template_runtime,
    text_recognizer,
)
from custom_components.clova_cic.cic.messages import (
    LONGEST_NAME,
    ContextObject,
    Directive,
    Event,
    Header,
    decode_directive,
    encode_event,
)
from custom_components.clova_cic.cic.multipart import PartData

from .json_documents import (
    ANY_TEXT,
    CLEAN_TEXT,
    NUMBERS,
    PROPER_OBJECTS,
    json_parts,
    objects,
    values,
)

MODULES = (
    *(audio_player, clova, playback_controller, speech_recognizer, speech_synthesizer),
    *(system, template_runtime),
)
KNOWN = {
    (module.NAMESPACE, name): kind for module in MODULES for name, kind in module.DIRECTIVES.items()
}
# What each directive cannot do without.
NEEDED = {
    ("Clova", "RenderText"): {"text"},
    ("SpeechRecognizer", "ShowRecognizedText"): {"text"},
    ("SpeechRecognizer", "ExpectSpeech"): {"expectSpeechId"},
    ("SpeechSynthesizer", "Speak"): {"url"},
    ("AudioPlayer", "Play"): {"audioItem"},
    ("AudioPlayer", "StreamDeliver"): {"audioStream", "stream"},
    ("AudioPlayer", "ClearQueue"): {"clearBehavior"},
    ("PlaybackController", "SetRepeatMode"): {"repeatMode"},
    ("TemplateRuntime", "UpdateLike"): {"token"},
    ("TemplateRuntime", "UpdateSubscribe"): {"token"},
}
KEYS = [
    *("text", "recognizedText", "expectSpeechId", "explicit", "timeoutInMilliseconds"),
    *("token", "url", "contentType", "ttsLang", "x-clova-pause-before", "ttsText"),
    *("code", "description"),
    *("playBehavior", "audioItem", "source", "audioStream", "stream", "clearBehavior"),
    *("target", "handover", "repeatMode", "displayType", "controls", "playableItems"),
    *("provider", "title", "items", "like", "subscribe"),
]
NAMES = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=128)
IDS = st.text(min_size=1, max_size=40)


def deep(before: bytes, behind: bytes) -> bytes:
    return before + b"[" * 40_000 + b"]" * 40_000 + behind


def is_unicode(value: Any) -> bool:
    """Whether everything in a JSON value can be written in UTF-8."""
    text = json.dumps(value, ensure_ascii=False)
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


@given(st.one_of(json_parts(), st.binary()))
@example(b'{"header":{"namespace":"N","name":"D","messageId":"\\ud83d"}}')
@example(b'{"header":{"namespace":"N","name":"D"},"payload":{"\\uDE00\\uD83D":1}}')
@example(b'{"header":{"namespace":"N","name":"D","dialogRequestId":"\xed\xa0\xbd"}}')
@example(b'{"header":{"namespace":"N","name":"D\\nERROR"}}')
@example(b'{"header":{"namespace":"N","name":"D"},"payload":[1]}')
@example(deep(b'{"header":{"namespace":"N","name":"D","messageId":', b"}}"))
@example(deep(b'{"header":{"namespace":"N","name":"D"},"payload":{"a":', b"}}"))
def test_any_part_is_a_directive_or_a_message_error(data: bytes) -> None:
    try:
        directive = decode_directive(data)
    except MessageError:
        return
    header = directive.header
    for name in (header.namespace, header.name):
        assert 0 < len(name) <= LONGEST_NAME
        assert name.isprintable()
    assert isinstance(directive.payload, dict)
    assert isinstance(header.message_id, str)
    assert header.dialog_request_id is None or header.dialog_request_id
    assert is_unicode(
        [header.full_name, header.message_id, header.dialog_request_id, directive.payload]
    )


@given(NAMES, NAMES, IDS, st.one_of(st.none(), IDS), PROPER_OBJECTS, st.booleans(), st.booleans())
def test_both_shapes_are_read_as_they_were_meant(
    namespace: str,
    name: str,
    message_id: str,
    dialog_id: str | None,
    payload: dict[str, Any],
    enveloped: bool,
    escaped: bool,
) -> None:
    header = {"namespace": namespace, "name": name, "messageId": message_id}
    header |= {} if dialog_id is None else {"dialogRequestId": dialog_id}
    message = {"header": header, "payload": payload}
    document = {"directive": message} if enveloped else message
    assert decode_directive(json.dumps(document, ensure_ascii=escaped).encode()) == Directive(
        header=Header(
            namespace=namespace, name=name, message_id=message_id, dialog_request_id=dialog_id
        ),
        payload=payload,
    )


@given(NAMES, NAMES, st.one_of(st.none(), IDS), PROPER_OBJECTS)
def test_what_the_service_writes_is_read(
    namespace: str, name: str, dialog_id: str | None, payload: dict[str, Any]
) -> None:
    sent = service.Directive(namespace=namespace, name=name, dialog_id=dialog_id, payload=payload)
    got = decode_directive(sent.to_json())
    assert (got.header.namespace, got.header.name) == (namespace, name)
    assert got.header.dialog_request_id == dialog_id
    assert got.payload == payload


# Typed payloads

PAYLOADS = st.builds(
    lambda others, known: others | known,
    st.dictionaries(ANY_TEXT, values(), max_size=1),
    st.fixed_dictionaries({}, optional={key: st.one_of(ANY_TEXT, values()) for key in KEYS}),
)


@given(PAYLOADS)
def test_any_payload_is_content_or_a_message_error(payload: dict[str, Any]) -> None:
    for (namespace, name), kind in KNOWN.items():
        directive = Directive(header=Header(namespace=namespace, name=name), payload=payload)
        try:
            content = read(directive)
        except MessageError:
            continue
        assert isinstance(content, kind)
        hash(content)


@given(NAMES, NAMES, objects())
def test_an_unknown_directive_has_no_content(
    namespace: str, name: str, payload: dict[str, Any]
) -> None:
    directive = Directive(header=Header(namespace=namespace, name=f"{name}?"), payload=payload)
    assert read(directive) is None


@given(st.integers(0, 2**53), st.sampled_from([int, float, str]), NUMBERS)
def test_numbers_are_read_whatever_they_are_written_as(number: int, form: type, odd: Any) -> None:
    exception = Header(namespace="System", name="Exception")
    assert read(Directive(header=exception, payload={"code": form(number)})) == (
        system.ErrorMessage(code=number, description="")
    )
    for value in (odd, str(odd)[:400], -number - 1):
        content = read(Directive(header=exception, payload={"code": value}))
        assert isinstance(content, system.ErrorMessage)
        assert content.code >= 0


# Events

EVENTS = st.builds(
    Event,
    header=st.builds(
        Header,
        namespace=NAMES,
        name=NAMES,
        message_id=st.one_of(IDS, ANY_TEXT.filter(bool)),
        dialog_request_id=st.one_of(st.none(), IDS, ANY_TEXT.filter(bool)),
    ),
    payload=st.one_of(
        PROPER_OBJECTS,
        objects(ANY_TEXT, st.integers(-(2**63), 2**64)),
        objects(CLEAN_TEXT, st.integers()),
    ),
)
CONTEXTS = st.lists(
    st.builds(ContextObject, namespace=NAMES, name=NAMES, payload=PROPER_OBJECTS), max_size=3
)


def through_json(value: Any) -> Any:
    """Return what JSON itself makes of a value: halves of a pair that stand together become one."""
    return json.loads(json.dumps(value))


@given(EVENTS, CONTEXTS)
def test_the_service_reads_an_event_as_it_was_meant(
    event: Event, context: list[ContextObject]
) -> None:
    got = service.parse_event(encode_event(event, context))
    header = event.header
    assert [got.namespace, got.name, got.message_id, got.dialog_id, got.payload] == through_json(
        [
            header.namespace,
            header.name,
            header.message_id,
            header.dialog_request_id,
            event.payload,
        ]
    )
    assert [
        (state["header"]["namespace"], state["header"]["name"], state["payload"])
        for state in got.context
    ] == [(state.namespace, state.name, state.payload) for state in context]


QUESTIONS = st.builds(
    speech_recognizer.ExpectSpeech,
    expect_speech_id=ANY_TEXT,
    explicit=st.booleans(),
    timeout_in_milliseconds=st.integers(0, 60_000),
)


@given(ANY_TEXT, QUESTIONS)
@example(
    "\ud83d",
    speech_recognizer.ExpectSpeech(
        expect_speech_id="\ude00", explicit=True, timeout_in_milliseconds=0
    ),
)
def test_an_answer_repeats_what_its_question_said(
    text: str, question: speech_recognizer.ExpectSpeech
) -> None:
    answer = text_recognizer.Recognize(text=text, answering=question)
    header = Header(
        namespace="TextRecognizer", name="Recognize", message_id="m", dialog_request_id="d"
    )
    got = service.parse_event(encode_event(Event(header=header, payload=answer.as_payload()), []))
    assert [got.payload["text"], got.payload["speechId"]] == through_json(
        [text, question.expect_speech_id]
    )
    assert got.payload["explicit"] is question.explicit


# Secrets

SECRET = "what only the user knows"


def test_what_users_say_and_hear_is_in_no_repr() -> None:
    words = [
        *("text", "recognizedText", "ttsText", "description", "label", "query", "topic", "name"),
        *("pinCode", "address", "deviceName", "uri", "title"),
    ]
    address = {"expectSpeechId": "E", "url": f"https://localhost/?{SECRET}", "token": "t"}
    choices = {"clearBehavior": "CLEAR_ALL", "repeatMode": "NONE"}
    names = {"delegationId": "d", "deviceId": "d", "extension": "e", "target": "t", "type": "ALARM"}
    payload = {**address, **choices, **names, **dict.fromkeys(words, SECRET)}
    payload |= {"scheduledTime": "", "allAlerts": [], "deviceState": {"wifi": SECRET}}
    payload |= {"configuration": {"city": SECRET}, "spec": {"city": SECRET}}
    lists = ("assets", "suggestions", "targets", "deviceList")
    payload |= {key: [dict(payload) | {"assetId": "a"}] for key in lists}
    payload |= {"audioItem": {"stream": dict(payload)}, "audioStream": dict(payload)}
    header = Header(namespace="N", name="E")
    shown: list[object] = [
        Event(header=header, payload=payload),
        Directive(header=header, payload=payload),
        ContextObject(namespace="N", name="S", payload=payload),
        PartData(SECRET.encode()),
        speech_synthesizer.Request(text=SECRET, lang="ko"),
        text_recognizer.Recognize(text=SECRET),
    ]
    for namespace, name in KNOWN:
        known = Header(namespace=namespace, name=name)
        shown.append(read(Directive(header=known, payload=payload)))
    assert SECRET not in repr(shown)


@given(st.sampled_from(KEYS), PAYLOADS)
def test_what_users_say_and_hear_is_in_no_error(key: str, payload: dict[str, Any]) -> None:
    texts = [json.dumps({"header": {key: SECRET}}), f'{{"{SECRET}', f'"{SECRET}"', f"{{{SECRET}}}"]
    for text in texts:
        with pytest.raises(MessageError) as caught:
            decode_directive(text.encode())
        assert SECRET not in f"{caught.value} {caught.value.__cause__}"
    for (namespace, name), keys in NEEDED.items():
        header = Header(namespace=namespace, name=name)
        without = {other: SECRET for other in [*KEYS, *payload] if other not in keys}
        with pytest.raises(MessageError) as caught:
            read(Directive(header=header, payload=without))
        assert SECRET not in str(caught.value)
