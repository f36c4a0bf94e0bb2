"""AudioPlayer, PlaybackController, TemplateRuntime and what is told of speech: as documented, and as sent."""

import pytest

from custom_components.clova_cic.cic import ContextObject
from custom_components.clova_cic.cic.errors import MessageError
from custom_components.clova_cic.cic.interfaces import read
from custom_components.clova_cic.cic.interfaces.audio_player import (
    ClearBehavior,
    ClearQueue,
    ExpectReportPlaybackState,
    Play,
    PlaybackQueueCleared,
    PlaybackState,
    PlayBehavior,
    PlayerActivity,
    PlayFinished,
    PlayPaused,
    PlayResumed,
    PlayStarted,
    PlayStopped,
    ProgressReportDelayPassed,
    ProgressReportIntervalPassed,
    ProgressReportPositionPassed,
    RepeatMode,
    ReportPlaybackState,
    RequestPlaybackState,
    StreamDeliver,
    StreamRequested,
)
from custom_components.clova_cic.cic.interfaces.audio_stream import (
    AudioItem,
    AudioStream,
    ProgressReport,
)
from custom_components.clova_cic.cic.interfaces.fields import (
    LARGEST_ECHO,
    LONGEST_CAPTION,
    LONGEST_IDENTIFIER,
    LONGEST_TIME,
    is_web_address,
)
from custom_components.clova_cic.cic.interfaces.playback_controller import (
    CustomCommandIssued,
    ExpectNextCommand,
    ExpectPauseCommand,
    ExpectPlayCommand,
    ExpectPreviousCommand,
    ExpectResumeCommand,
    ExpectStopCommand,
    Mute,
    Next,
    NextCommandIssued,
    Pause,
    PauseCommandIssued,
    PlayCommandIssued,
    Previous,
    PreviousCommandIssued,
    Replay,
    Resume,
    ResumeCommandIssued,
    SetRepeatMode,
    SetRepeatModeCommandIssued,
    Stop,
    StopCommandIssued,
    Target,
    TurnOffRepeatMode,
    TurnOnRepeatMode,
    Unmute,
    VolumeDown,
    VolumeUp,
)
from custom_components.clova_cic.cic.interfaces.speech_synthesizer import (
    SpeechFinished,
    SpeechStarted,
    SpeechStopped,
)
from custom_components.clova_cic.cic.interfaces.template_runtime import (
    MOST_CONTROLS,
    MOST_ITEMS,
    Control,
    DisplayType,
    ExpectRequestPlayerInfo,
    LikeCommandIssued,
    MoreCommandIssued,
    PlayableItem,
    PlaylistItem,
    PlaylistKind,
    RenderPlayerInfo,
    RenderPlaylist,
    RequestPlayerInfo,
    SelectCommandIssued,
    SubscribeCommandIssued,
    UnlikeCommandIssued,
    UnsubscribeCommandIssued,
    UpdateLike,
    UpdateSubscribe,
)
from custom_components.clova_cic.cic.messages import Directive, Header
from tests.peer.scripted import collect, connected, directive

AUDIO_PLAYER = Target(namespace="AudioPlayer")
ADDRESS = "https://localhost/one.mp3"


def reading(full_name: str, **payload):
    namespace, name = full_name.split(".")
    return read(Directive(header=Header(namespace=namespace, name=name), payload=payload))


def track(**stream):
    return {"audioItemId": "item", "stream": {"token": "track", **stream}}


def test_a_play_as_documented() -> None:
    stream = {
        "token": "track",
        "url": "clova:TR-NM-17717945",
        "urlPlayable": False,
        "beginAtInMilliseconds": 10_000,
        "durationInMilliseconds": 60_000,
        "format": "audio/mpeg",
        "customData": "opaque",
        "podcastId": 12,
        "progressReport": {
            "progressReportDelayInMilliseconds": None,
            "progressReportIntervalInMilliseconds": 60_000,
            "progressReportPositionInMilliseconds": 30_000,
        },
    }
    play = reading(
        "AudioPlayer.Play",
        playBehavior="ENQUEUE",
        audioItem={
            "audioItemId": "item",
            "stream": stream,
            "titleText": "Song",
            "titleSubText1": "Singer",
            "titleSubText2": "Record",
            "headerText": "Evening",
            "artImageUrl": "https://localhost/art.png",
            "type": "1",
        },
        source={"name": "Service", "logoUrl": "https://localhost/logo.png"},
    )
    assert play == Play(
        behavior=PlayBehavior.ENQUEUE,
        item=AudioItem(
            audio_item_id="item",
            stream=AudioStream(
                token="track",
                url="clova:TR-NM-17717945",
                url_playable=False,
                begin_at=10_000,
                duration=60_000,
                format="audio/mpeg",
                progress=ProgressReport(delay=None, interval=60_000, position=30_000),
                raw=stream,
            ),
            title="Song",
            artist="Singer",
            album="Record",
            playlist="Evening",
            image_url="https://localhost/art.png",
        ),
        source_name="Service",
        source_logo_url="https://localhost/logo.png",
    )
    assert play.item.stream.end_at == 70_000
    assert not play.item.stream.at_web_address


def test_a_play_that_lacks_what_is_required() -> None:
    """As the documents' own examples do."""
    play = reading(
        "AudioPlayer.Play",
        audioItem={
            "audioItemId": "item",
            "title": "Song",
            "album": {"albumId": "1", "title": "Record"},
            "artImageUrl": "file:///etc/passwd",
            "stream": {"url": ADDRESS, "urlPlayable": "true", "playType": "NONE"},
        },
        source=None,
    )
    assert (play.behavior, play.source_name) == (PlayBehavior.REPLACE_ALL, None)
    assert (play.item.title, play.item.artist, play.item.album) == ("Song", None, "Record")
    assert play.item.image_url is None
    stream = play.item.stream
    assert (stream.token, stream.url_playable, stream.at_web_address) == ("item", True, True)
    assert (stream.begin_at, stream.duration, stream.end_at) == (0, None, None)
    assert stream.progress == ProgressReport()


def test_the_id_of_a_track_may_be_its_token() -> None:
    play = reading("AudioPlayer.Play", audioItem={"stream": {"token": "track"}})
    assert play.item.audio_item_id == play.item.stream.token == "track"


@pytest.mark.parametrize(
    ("stream", "playable"),
    [
        ({"url": ADDRESS}, True),
        ({"url": "clova:TR-1"}, False),
        ({"url": ADDRESS, "urlPlayable": False}, False),
        ({"url": ADDRESS, "urlPlayable": None}, True),
        ({"url": "clova:TR-1", "urlPlayable": True}, True),
        ({}, False),
    ],
)
def test_whether_a_stream_must_be_asked_for(stream, playable) -> None:
    assert AudioStream.from_payload({"token": "t", **stream}).url_playable is playable


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        (ADDRESS, True),
        ("HTTP://localhost/", True),
        ("http://", False),
        ("http://[", False),
        ("//localhost/a", False),
        ("file:///a", False),
        ("clova:TR-1", False),
        ("", False),
    ],
)
def test_addresses_of_the_web(url, is_one) -> None:
    assert is_web_address(url) is is_one


@pytest.mark.parametrize(
    ("sent", "begin"),
    [
        (1500, 1500),
        (1500.9, 1500),
        ("1500", 1500),
        ("1500.9", 1500),
        (-1, 0),
        (-0.5, 0),
        (None, 0),
        (True, 0),
        ("soon", 0),
        ([1500], 0),
        (float("nan"), 0),
        (float("inf"), 0),
        (10**400, 0),
        (LONGEST_TIME, LONGEST_TIME),
        (LONGEST_TIME + 1, 0),
    ],
)
def test_offsets_of_any_kind(sent, begin) -> None:
    stream = AudioStream.from_payload({"token": "t", "beginAtInMilliseconds": sent})
    assert stream.begin_at == begin


@pytest.mark.parametrize(
    ("sent", "duration"),
    [(60_000, 60_000), ("60000", 60_000), (0, None), (-1, None), (None, None), (10**300, None)],
)
def test_windows_of_any_kind(sent, duration) -> None:
    stream = AudioStream.from_payload({"token": "t", "durationInMilliseconds": sent})
    assert stream.duration == duration


def test_an_interval_of_nothing_is_none() -> None:
    report = {
        f"progressReport{name}InMilliseconds": 0 for name in ("Delay", "Interval", "Position")
    }
    assert ProgressReport.from_payload(report) == ProgressReport(delay=0, interval=None, position=0)


def test_a_number_no_json_can_hold_is_not_sent_back() -> None:
    stream = AudioStream.from_payload({"token": "t", "a": float("inf"), "b": [float("nan")]})
    assert stream.raw == {"token": "t", "a": None, "b": [None]}


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("AudioPlayer.Play", {}),
        ("AudioPlayer.Play", {"audioItem": []}),
        ("AudioPlayer.Play", {"audioItem": {"stream": {"url": ADDRESS}}}),
        ("AudioPlayer.Play", {"audioItem": track(token="t" * (LONGEST_IDENTIFIER + 1))}),
        ("AudioPlayer.Play", {"audioItem": track(token="음" * (LONGEST_IDENTIFIER // 2))}),
        ("AudioPlayer.Play", {"audioItem": track(url="http://" + "a" * LONGEST_IDENTIFIER)}),
        ("AudioPlayer.Play", {"audioItem": track(customData="d" * LARGEST_ECHO)}),
        ("AudioPlayer.StreamDeliver", {}),
        ("AudioPlayer.StreamDeliver", {"audioItemId": "item"}),
        ("AudioPlayer.StreamDeliver", {"audioStream": {"url": "u" * (LONGEST_IDENTIFIER + 1)}}),
        ("AudioPlayer.ClearQueue", {}),
        ("AudioPlayer.ClearQueue", {"clearBehavior": "SOME"}),
        ("PlaybackController.SetRepeatMode", {"repeatMode": 1}),
        ("PlaybackController.SetRepeatMode", {"repeatMode": "ALL"}),
        ("PlaybackController.ExpectPlayCommand", {"handover": {"customData": "d" * LARGEST_ECHO}}),
        ("TemplateRuntime.UpdateLike", {"like": True}),
        ("TemplateRuntime.UpdateSubscribe", {"subscribe": True, "token": ""}),
    ],
)
def test_what_nothing_can_be_done_with(name, payload) -> None:
    with pytest.raises(MessageError):
        reading(name, **payload)


def test_a_token_of_three_thousand_bytes() -> None:
    token = "t" * 3000
    stream = AudioStream.from_payload({"token": token})
    assert PlayStarted(token=stream.token, offset=0).as_payload()["token"] == token
    assert AudioStream.from_payload({"token": "t" * LONGEST_IDENTIFIER})


def test_a_title_too_long_to_show_is_cut() -> None:
    play = reading("AudioPlayer.Play", audioItem={**track(), "titleText": "라" * 5000})
    assert play.item.title == "라" * LONGEST_CAPTION


# StreamDeliver


def test_the_documents_example_of_merging() -> None:
    def report(delay, interval, position):
        return {
            "progressReport": {
                "progressReportDelayInMilliseconds": delay,
                "progressReportIntervalInMilliseconds": interval,
                "progressReportPositionInMilliseconds": position,
            }
        }

    asked = AudioStream.from_payload(
        {
            "token": "track",
            "url": "clova:TR-1",
            "urlPlayable": False,
            "beginAtInMilliseconds": 0,
            "customData": "kept",
            **report(None, 20_000, 30_000),
        }
    )
    delivered = reading(
        "AudioPlayer.StreamDeliver",
        audioItemId="item",
        audioStream={"url": ADDRESS, "format": "audio/mpegurl", **report(3000, None, 50_000)},
    )
    merged = asked.merged(delivered.stream)
    assert merged.progress == ProgressReport(delay=3000, interval=20_000, position=50_000)
    assert (merged.url, merged.url_playable, merged.format) == (ADDRESS, True, "audio/mpegurl")
    assert merged.raw == {
        "token": "track",
        "url": ADDRESS,
        "urlPlayable": True,
        "beginAtInMilliseconds": 0,
        "customData": "kept",
        "format": "audio/mpegurl",
        **report(3000, 20_000, 50_000),
    }
    assert asked.raw["url"] == "clova:TR-1"


@pytest.mark.parametrize("key", ["audioStream", "stream"])
def test_a_delivery_under_either_name(key) -> None:
    """2018's example: only token and url, and a urlPlayable that was never taken back."""
    delivered = reading("AudioPlayer.StreamDeliver", **{key: {"token": "new", "url": ADDRESS}})
    assert delivered == StreamDeliver(audio_item_id=None, stream={"token": "new", "url": ADDRESS})
    asked = AudioStream.from_payload({"token": "old", "url": "clova:TR-1", "urlPlayable": False})
    merged = asked.merged({**delivered.stream, "urlPlayable": False})
    assert (merged.token, merged.url_playable, merged.at_web_address) == ("new", True, True)


def test_a_stream_without_token_keeps_the_one_it_got() -> None:
    play = reading("AudioPlayer.Play", audioItem={"audioItemId": "item", "stream": {}})
    merged = play.item.stream.merged({"url": ADDRESS})
    assert merged.token == "item"
    assert "token" not in merged.raw


# Other directives


@pytest.mark.parametrize(
    ("name", "payload", "content"),
    [
        (
            "AudioPlayer.ClearQueue",
            {"clearBehavior": "CLEAR_ALL"},
            ClearQueue(behavior=ClearBehavior.CLEAR_ALL),
        ),
        ("AudioPlayer.ExpectReportPlaybackState", {}, ExpectReportPlaybackState()),
        ("PlaybackController.Pause", {}, Pause()),
        ("PlaybackController.Pause", {"target": "AudioPlayer"}, Pause()),
        ("PlaybackController.Pause", {"target": {"namespace": "n" * 500}}, Pause()),
        (
            "PlaybackController.Resume",
            {"target": {"namespace": "AudioPlayer"}},
            Resume(target=AUDIO_PLAYER),
        ),
        (
            "PlaybackController.Stop",
            {"target": {"namespace": "MediaPlayer"}},
            Stop(target=Target(namespace="MediaPlayer")),
        ),
        ("PlaybackController.Next", {}, Next()),
        ("PlaybackController.Previous", {}, Previous()),
        ("PlaybackController.Replay", {}, Replay()),
        ("PlaybackController.Mute", {}, Mute()),
        ("PlaybackController.Unmute", {}, Unmute()),
        (
            "PlaybackController.SetRepeatMode",
            {"repeatMode": "repeat_one"},
            SetRepeatMode(repeat_mode=RepeatMode.REPEAT_ONE),
        ),
        ("PlaybackController.TurnOnRepeatMode", {}, TurnOnRepeatMode()),
        ("PlaybackController.TurnOffRepeatMode", {}, TurnOffRepeatMode()),
        ("PlaybackController.VolumeUp", {}, VolumeUp()),
        ("PlaybackController.VolumeDown", {}, VolumeDown()),
        (
            "PlaybackController.ExpectNextCommand",
            {"target": {"namespace": "AudioPlayer"}},
            ExpectNextCommand(target=AUDIO_PLAYER),
        ),
        ("PlaybackController.ExpectPauseCommand", {}, ExpectPauseCommand()),
        ("PlaybackController.ExpectPreviousCommand", {}, ExpectPreviousCommand()),
        ("PlaybackController.ExpectResumeCommand", {}, ExpectResumeCommand()),
        ("PlaybackController.ExpectStopCommand", {}, ExpectStopCommand()),
        ("PlaybackController.ExpectPlayCommand", {}, ExpectPlayCommand()),
        (
            "PlaybackController.ExpectPlayCommand",
            {"token": "t", "handover": {"customData": "c", "deviceId": "d"}},
            ExpectPlayCommand(token="t", handover={"customData": "c", "deviceId": "d"}),
        ),
        ("TemplateRuntime.ExpectRequestPlayerInfo", {}, ExpectRequestPlayerInfo()),
        (
            "TemplateRuntime.UpdateLike",
            {"like": "true", "token": "t"},
            UpdateLike(like=True, token="t"),
        ),
        (
            "TemplateRuntime.UpdateSubscribe",
            {"subscribe": False, "token": "t"},
            UpdateSubscribe(subscribe=False, token="t"),
        ),
    ],
)
def test_directives(name, payload, content) -> None:
    assert reading(name, **payload) == content


def test_the_player_info_as_documented() -> None:
    info = reading(
        "TemplateRuntime.RenderPlayerInfo",
        displayType="single",
        controls=[
            {"name": "NEXT", "enabled": False, "selected": False, "type": "BUTTON"},
            {"name": "PLAY_PAUSE"},
            {"enabled": True},
            "NEXT",
        ],
        playableItems=[
            {
                "token": "t1",
                "titleText": "Song",
                "titleSubText1": "Singer",
                "titleSubText2": "Record",
                "headerText": "Evening",
                "artImageUrl": "https://localhost/art.png",
                "showAdultIcon": True,
                "isLive": True,
                "controls": [{"name": "LIKE_DISLIKE", "enabled": True, "selected": True}],
                "lyrics": [{"format": "PLAIN", "data": "la"}],
            },
            {"titleText": "cannot be chosen"},
            {"token": "t" * (LONGEST_IDENTIFIER + 1)},
            None,
            {"token": "t2"},
        ],
        provider={"name": "Service", "smallLogoUrl": "https://localhost/small.png"},
    )
    assert info == RenderPlayerInfo(
        display_type=DisplayType.SINGLE,
        controls=(Control(name="NEXT", enabled=False), Control(name="PLAY_PAUSE")),
        items=(
            PlayableItem(
                token="t1",
                title="Song",
                artist="Singer",
                album="Record",
                playlist="Evening",
                image_url="https://localhost/art.png",
                show_adult_icon=True,
                is_live=True,
                controls=(Control(name="LIKE_DISLIKE", selected=True),),
            ),
            PlayableItem(token="t2"),
        ),
        provider_name="Service",
        provider_logo_url="https://localhost/small.png",
    )
    assert reading("TemplateRuntime.RenderPlayerInfo", playableItems={}, controls=1) == (
        RenderPlayerInfo(display_type=DisplayType.LIST)
    )


def test_a_playlist_as_documented() -> None:
    playlist = reading(
        "TemplateRuntime.RenderPlaylist",
        title="Jazz",
        items=[
            {
                "token": "l1",
                "type": "playlist",
                "titleText": "Evening",
                "titleSubText1": "12 tracks",
                "showAdultIcon": False,
                "imageUri": "https://localhost/a.png",
            },
            {"token": "l2", "type": "other", "titleSubText2": "Record"},
            {"type": "track", "titleText": "cannot be chosen"},
        ],
    )
    assert playlist == RenderPlaylist(
        title="Jazz",
        items=(
            PlaylistItem(
                token="l1",
                kind=PlaylistKind.PLAYLIST,
                title="Evening",
                artist="12 tracks",
                image_url="https://localhost/a.png",
            ),
            PlaylistItem(token="l2", album="Record"),
        ),
    )


def test_lists_have_an_end() -> None:
    many = [{"token": str(number)} for number in range(MOST_ITEMS + 5)]
    buttons = [{"name": str(number)} for number in range(MOST_CONTROLS + 5)]
    info = reading("TemplateRuntime.RenderPlayerInfo", playableItems=many, controls=buttons)
    assert (len(info.items), len(info.controls)) == (MOST_ITEMS, MOST_CONTROLS)
    assert info.items[-1].token == str(MOST_ITEMS - 1)
    assert len(reading("TemplateRuntime.RenderPlaylist", items=many).items) == MOST_ITEMS


# Events

STATE = PlaybackState(
    activity=PlayerActivity.PAUSED,
    repeat_mode=RepeatMode.REPEAT_ONE,
    offset=0,
    total=70_000,
    stream={"token": "t", "customData": "c"},
    token="t",
)
STATE_PAYLOAD = {
    "playerActivity": "PAUSED",
    "repeatMode": "REPEAT_ONE",
    "offsetInMilliseconds": 0,
    "totalInMilliseconds": 70_000,
    "stream": {"token": "t", "customData": "c"},
}


def test_the_state_as_context() -> None:
    assert STATE.as_payload() == STATE_PAYLOAD
    idle = PlaybackState(activity=PlayerActivity.IDLE, repeat_mode=RepeatMode.NONE)
    assert idle.as_payload() == {"playerActivity": "IDLE", "repeatMode": "NONE"}
    assert ReportPlaybackState(state=idle).as_payload() == idle.as_payload()


@pytest.mark.parametrize(
    ("event", "name", "payload"),
    [
        *(
            (
                kind(token="t", offset=1500),
                f"AudioPlayer.{kind.__name__}",
                {"token": "t", "offsetInMilliseconds": 1500},
            )
            for kind in (
                *(PlayStarted, PlayPaused, PlayResumed, PlayStopped, PlayFinished),
                *(ProgressReportDelayPassed, ProgressReportIntervalPassed),
                ProgressReportPositionPassed,
            )
        ),
        (
            PlayStopped(token="t", offset=-3),
            "AudioPlayer.PlayStopped",
            {"token": "t", "offsetInMilliseconds": 0},
        ),
        (
            StreamRequested(audio_item_id="i", stream={"token": "t", "unknown": [1]}),
            "AudioPlayer.StreamRequested",
            {"audioItemId": "i", "audioStream": {"token": "t", "unknown": [1]}},
        ),
        (
            PlaybackQueueCleared(behavior=ClearBehavior.CLEAR_ENQUEUED),
            "AudioPlayer.PlaybackQueueCleared",
            {"clearBehavior": "CLEAR_ENQUEUED"},
        ),
        (
            ReportPlaybackState(state=STATE),
            "AudioPlayer.ReportPlaybackState",
            {**STATE_PAYLOAD, "token": "t"},
        ),
        (RequestPlaybackState(), "AudioPlayer.RequestPlaybackState", {}),
        (
            RequestPlaybackState(device_id="d"),
            "AudioPlayer.RequestPlaybackState",
            {"deviceId": "d"},
        ),
        *(
            (kind(), f"PlaybackController.{kind.__name__}", {})
            for kind in (
                *(NextCommandIssued, PauseCommandIssued, PreviousCommandIssued),
                *(ResumeCommandIssued, StopCommandIssued, PlayCommandIssued),
            )
        ),
        (
            StopCommandIssued(device_id="d", source=AUDIO_PLAYER),
            "PlaybackController.StopCommandIssued",
            {"deviceId": "d", "source": {"namespace": "AudioPlayer"}},
        ),
        (
            PlayCommandIssued(token="t", device_id="d", handover={"deviceId": "o"}),
            "PlaybackController.PlayCommandIssued",
            {"token": "t", "deviceId": "d", "handover": {"deviceId": "o"}},
        ),
        (
            SetRepeatModeCommandIssued(repeat_mode=RepeatMode.NONE, device_id="d"),
            "PlaybackController.SetRepeatModeCommandIssued",
            {"repeatMode": "NONE", "deviceId": "d"},
        ),
        (
            CustomCommandIssued(button="CUSTOM_BUTTON_2"),
            "PlaybackController.CustomCommandIssued",
            {"button": "CUSTOM_BUTTON_2"},
        ),
        (RequestPlayerInfo(token="t"), "TemplateRuntime.RequestPlayerInfo", {"token": "t"}),
        (
            RequestPlayerInfo(token="t", after=5),
            "TemplateRuntime.RequestPlayerInfo",
            {"token": "t", "range": {"after": 5}},
        ),
        (
            RequestPlayerInfo(token="t", after=5, before=1),
            "TemplateRuntime.RequestPlayerInfo",
            {"token": "t", "range": {"after": 5, "before": 1}},
        ),
        *(
            (kind(token="t"), f"TemplateRuntime.{kind.__name__}", {"token": "t"})
            for kind in (
                *(SelectCommandIssued, LikeCommandIssued, UnlikeCommandIssued),
                *(SubscribeCommandIssued, UnsubscribeCommandIssued, MoreCommandIssued),
            )
        ),
        *(
            (kind(token="t"), f"SpeechSynthesizer.{kind.__name__}", {"token": "t"})
            for kind in (SpeechStarted, SpeechFinished, SpeechStopped)
        ),
    ],
)
def test_events(event, name, payload) -> None:
    assert f"{event.NAMESPACE}.{event.NAME}" == name
    assert event.as_payload() == payload


async def test_an_event_is_reported_with_the_context_of_its_moment() -> None:
    then = [ContextObject(namespace="Speaker", name="VolumeState", payload={"volume": 3})]
    async with connected() as (client, cic, _):
        exchange = client.report(PlayFinished(token="t", offset=70_000), then)
        request = await cic.event()
        cic.answer(request.stream_id, directive("PlaybackController.Stop"))
        (answered,) = await collect(exchange.directives())
        client.report(PlayStopped(token="t", offset=0))
        now = await cic.event()
    header = request.metadata["event"]["header"]
    assert (header["namespace"], header["name"]) == ("AudioPlayer", "PlayFinished")
    assert header["messageId"]
    assert "dialogRequestId" not in header
    assert request.metadata["event"]["payload"] == {"token": "t", "offsetInMilliseconds": 70_000}
    assert [state["header"]["name"] for state in request.metadata["context"]] == ["VolumeState"]
    assert now.metadata["context"] == []
    assert read(answered) == Stop()
