"""What holds for tracks, streams and lists, whatever a server sends."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from cic_server import messages as service
from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.audio_player import (
    Play,
    PlaybackState,
    PlayerActivity,
    RepeatMode,
    ReportPlaybackState,
    StreamDeliver,
    StreamRequested,
)
from custom_components.clova_cic.cic.interfaces.audio_stream import AudioItem, AudioStream
from custom_components.clova_cic.cic.interfaces.fields import LARGEST_ECHO, LONGEST_TIME
from custom_components.clova_cic.cic.interfaces.playback_controller import ExpectPlayCommand
from custom_components.clova_cic.cic.interfaces.template_runtime import (
    RenderPlayerInfo,
    RenderPlaylist,
)
from custom_components.clova_cic.cic.messages import Directive, Event, Header, encode_event

from .json_documents import ANY_TEXT, CLEAN_TEXT, NUMBERS, PROPER_OBJECTS, values

SECRET = "what only the user knows"


def likely(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw an object with some of its members, each as documented or anything at all."""
    return st.fixed_dictionaries(
        {}, optional={key: st.one_of(value, values()) for key, value in members.items()}
    )


def mostly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(value, value, value, values())


TIMES = st.one_of(
    st.integers(-5, 10**6), st.floats(), NUMBERS, st.sampled_from(["70", "1e9", "-1"])
)
REPORTS = likely(
    progressReportDelayInMilliseconds=TIMES,
    progressReportIntervalInMilliseconds=TIMES,
    progressReportPositionInMilliseconds=TIMES,
)
STREAMS = likely(
    token=ANY_TEXT,
    url=st.one_of(ANY_TEXT, st.sampled_from(["clova:TR-NM-1", "https://localhost/a", "http://["])),
    urlPlayable=st.booleans(),
    beginAtInMilliseconds=TIMES,
    durationInMilliseconds=TIMES,
    format=ANY_TEXT,
    customData=ANY_TEXT,
    progressReport=REPORTS,
)
TRACKS = likely(
    audioItemId=ANY_TEXT,
    stream=STREAMS,
    titleText=ANY_TEXT,
    titleSubText1=ANY_TEXT,
    artImageUrl=ANY_TEXT,
    album=likely(title=ANY_TEXT),
)
CONTROLS = st.lists(likely(name=ANY_TEXT, enabled=st.booleans()), max_size=3)
LISTED = st.lists(
    mostly(likely(token=ANY_TEXT, titleText=ANY_TEXT, type=ANY_TEXT, controls=CONTROLS)), max_size=4
)
PAYLOADS = {
    "AudioPlayer.Play": likely(
        playBehavior=ANY_TEXT, audioItem=TRACKS, source=likely(name=ANY_TEXT, logoUrl=ANY_TEXT)
    ),
    "AudioPlayer.StreamDeliver": likely(audioItemId=ANY_TEXT, audioStream=STREAMS, stream=STREAMS),
    "AudioPlayer.ClearQueue": likely(clearBehavior=ANY_TEXT),
    "PlaybackController.Pause": likely(target=likely(namespace=ANY_TEXT)),
    "PlaybackController.ExpectPlayCommand": likely(
        token=ANY_TEXT, handover=likely(customData=ANY_TEXT, deviceId=ANY_TEXT)
    ),
    "TemplateRuntime.RenderPlayerInfo": likely(
        displayType=ANY_TEXT,
        controls=CONTROLS,
        playableItems=LISTED,
        provider=likely(name=ANY_TEXT),
    ),
    "TemplateRuntime.RenderPlaylist": likely(title=ANY_TEXT, items=LISTED),
}


def content(name: str, payload: dict[str, Any]) -> object | None:
    """Return what is read of a directive; None for a MessageError, nothing else may be raised."""
    namespace, _, name = name.partition(".")
    try:
        return read(Directive(header=Header(namespace=namespace, name=name), payload=payload))
    except MessageError:
        return None


def sent(payload: Any) -> Any:
    """Return what a service reads of an event's payload: it must be JSON as others know it."""
    header = Header(namespace="N", name="E", message_id="m")
    text = encode_event(Event(header=header, payload=payload), [])
    return service.parse_event(text).payload


def proper(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("name", PAYLOADS)
@given(data=st.data())
def test_any_payload_is_content_or_a_message_error(name: str, data: st.DataObject) -> None:
    got = content(name, data.draw(PAYLOADS[name]))
    hash(got)


@given(PAYLOADS["AudioPlayer.Play"])
def test_a_track_can_be_played_and_told_of(payload: dict[str, Any]) -> None:
    play = content("AudioPlayer.Play", payload)
    if play is None:
        return
    assert isinstance(play, Play)
    stream = play.item.stream
    assert play.item.audio_item_id
    assert stream.token
    assert 0 <= stream.begin_at <= LONGEST_TIME
    assert stream.end_at is None or stream.begin_at < stream.end_at
    assert stream.progress.interval is None or stream.progress.interval > 0
    asked = StreamRequested(audio_item_id=play.item.audio_item_id, stream=stream.raw)
    state = PlaybackState(
        activity=PlayerActivity.PLAYING,
        repeat_mode=RepeatMode.NONE,
        stream=stream.raw,
        token=stream.token,
    )
    for event in (asked, ReportPlaybackState(state=state)):
        text = encode_event(
            Event(header=Header(namespace="N", name="E"), payload=event.as_payload()), []
        )
        json.loads(text, parse_constant=proper)


@given(PROPER_OBJECTS)
def test_what_is_unknown_is_sent_back_as_it_came(unknown: dict[str, Any]) -> None:
    raw = {**unknown, "token": "t"}
    stream = AudioStream.from_payload(raw)
    assert stream.raw == raw
    asked = StreamRequested(audio_item_id="i", stream=stream.raw)
    assert sent(asked.as_payload())["audioStream"] == raw
    handover = {**unknown, "deviceId": "d"}
    assert ExpectPlayCommand.from_payload({"handover": handover}).handover == handover


# Merging

NESTED = st.recursive(
    st.one_of(st.none(), st.integers(), CLEAN_TEXT),
    lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=8,
)
PARTS = st.dictionaries(st.sampled_from("abcd"), NESTED, max_size=4)


def stream_of(unknown: dict[str, Any]) -> AudioStream:
    return AudioStream.from_payload({**unknown, "token": "t", "urlPlayable": False})


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return what stands at each path that is no object."""
    if not isinstance(value, dict):
        return {path: value}
    return {
        key: leaf
        for name, part in value.items()
        for key, leaf in leaves(part, (*path, name)).items()
    }


def at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


@given(PARTS, PARTS)
def test_every_value_is_the_delivered_one_or_else_the_plays(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """The table of StreamDeliver, at every level."""
    merged = stream_of(old).merged(new)
    for path, value in leaves(new).items():
        assert value is None or at(merged.raw, path) == value
    for path, value in leaves(old).items():
        replaced = any(
            not isinstance(at(new, path[:depth]), dict) and at(new, path[:depth]) is not None
            for depth in range(1, len(path) + 1)
        )
        if not replaced and at(new, path) is None:
            assert at(merged.raw, path) == value
    assert merged.url_playable
    assert merged.raw["urlPlayable"] is True


@given(PARTS, PARTS)
def test_delivered_twice_is_delivered_once(old: dict[str, Any], new: dict[str, Any]) -> None:
    once = stream_of(old).merged(new)
    assert once.merged(new) == once
    assert stream_of(old).merged({}).raw == {**stream_of(old).raw, "urlPlayable": True}


@given(STREAMS, STREAMS)
def test_any_two_streams_merge(old: dict[str, Any], new: dict[str, Any]) -> None:
    play = content("AudioPlayer.Play", {"audioItem": {"audioItemId": "i", "stream": old}})
    delivered = content("AudioPlayer.StreamDeliver", {"audioStream": new})
    if play is None or delivered is None:
        return
    assert isinstance(play, Play)
    assert isinstance(delivered, StreamDeliver)
    before = json.dumps(play.item.stream.raw)
    merged = play.item.stream.merged(delivered.stream)
    assert merged.token
    assert merged.url_playable
    assert json.dumps(play.item.stream.raw) == before


# Lists


@given(LISTED)
def test_lists_keep_what_can_be_chosen_in_order(listed: list[Any]) -> None:
    tokens = [
        item["token"]
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("token"), str) and item["token"]
    ]
    info = RenderPlayerInfo.from_payload({"playableItems": listed})
    playlist = RenderPlaylist.from_payload({"items": listed})
    assert [item.token for item in info.items] == tokens
    assert [item.token for item in playlist.items] == tokens


def test_secrets_are_in_no_repr_and_no_error() -> None:
    stream = {
        "token": SECRET,
        "url": f"https://localhost/?{SECRET}",
        "customData": SECRET,
    }
    track = {"titleText": SECRET, "titleSubText1": SECRET, "artImageUrl": stream["url"]}
    play = Play.from_payload(
        {
            "audioItem": {**track, "audioItemId": "i", "stream": stream},
            "source": {"logoUrl": stream["url"]},
        }
    )
    shown: list[object] = [play, play.item.stream.merged({"url": stream["url"]})]
    shown.append(AudioItem.from_payload({**track, "audioItemId": "i", "stream": stream}))
    shown.append(StreamDeliver.from_payload({"stream": stream}))
    listed = {"items": [{**track, **stream}], "playableItems": [{**track, **stream}]}
    shown += [RenderPlayerInfo.from_payload(listed), RenderPlaylist.from_payload(listed)]
    assert SECRET not in repr(shown)
    for long in ({"token": SECRET * 400}, {"customData": SECRET * (LARGEST_ECHO // 8)}):
        with pytest.raises(MessageError) as caught:
            AudioStream.from_payload({**stream, **long})
        assert SECRET not in str(caught.value)
