"""Music over the wire: what is asked for by voice or button, and what a player is told."""

from collections.abc import AsyncIterator
from itertools import pairwise
import json
from typing import Any
from uuid import uuid4

import pytest

from cic_server.lang import Lang
from cic_server.messages import Directive, Event
from cic_server.music.catalogue import JAZZ, OCEAN, PLAYLISTS, track_of
from cic_server.music.jockey import play_from
from cic_server.music.player import RemotePlayer
from cic_server.remote import Remote
from cic_server.skills import reply_to
from cic_server.skills.base import Answer, detect_lang
from cic_server.skills.music import NOTHING_PLAYS
from tests.cic_server.client import CLOSING, Client, Control, Part, part_head
from tests.cic_server.mp3 import frames_in
from tests.cic_server.test_skills import NOW


class Device:
    """A client that does what it is told, and says so, as the documents have it."""

    def __init__(self, client: Client, control: Control) -> None:
        self.client = client
        self.control = control

    async def open(self) -> None:
        self.channel = await self.client.downchannel()

    async def say(self, text: str) -> list[Part]:
        return await self._answer(await self.client.say_text(text))

    async def tell(self, name: str, **payload: Any) -> list[Part]:
        namespace, _, short = name.partition(".")
        return await self._answer(await self.client.event(namespace, short, payload))

    async def _answer(self, stream: Any) -> list[Part]:
        return await stream.all_parts() if await stream.status == 200 else []

    async def audio(self, name: str, token: str, offset: int = 0) -> list[Part]:
        return await self.tell(f"AudioPlayer.{name}", token=token, offsetInMilliseconds=offset)

    async def start(self, text: str = "play music") -> list[str]:
        """Ask for music and begin it; returns the tokens of the queue."""
        tokens = tokens_of(await self.say(text))
        await self.audio("PlayStarted", tokens[0])
        return tokens

    async def illegal(self) -> list[str]:
        found = await self.control.call("GET", f"/control/illegal?client={self.client.name}")
        return [each["reason"] for each in found["illegal"]]


def names(parts: list[Part]) -> list[str]:
    return [part.name for part in parts if part.name != "attachment"]


def tokens_of(parts: list[Part]) -> list[str]:
    plays = [part.payload for part in parts if part.name == "AudioPlayer.Play"]
    return [play["audioItem"]["stream"]["token"] for play in plays]


@pytest.fixture
async def device(client: Client, control: Control) -> AsyncIterator[Device]:
    """Give a device; whatever a test did with it, it was told nothing it may not tell."""
    made = Device(client, control)
    await made.open()
    yield made
    assert await made.illegal() == []


async def test_music_is_a_list(device: Device) -> None:
    parts = await device.say("play music")
    assert names(parts) == [
        "SpeechSynthesizer.Speak",
        "Clova.RenderText",
        *["AudioPlayer.Play"] * len(JAZZ.tracks),
    ]
    assert parts[2].payload == {"text": "Playing Jazz."}
    first, *others = [part.payload for part in parts if part.name == "AudioPlayer.Play"]
    assert first["playBehavior"] == "REPLACE_ALL"
    assert {play["playBehavior"] for play in others} == {"ENQUEUE"}
    item, stream = first["audioItem"], first["audioItem"]["stream"]
    assert item["audioItemId"] == stream["token"]
    assert (item["titleText"], item["headerText"]) == ("Blue Wave", "Jazz")
    assert stream["urlPlayable"] is True
    assert stream["url"].startswith(device.client.server.media_address)
    assert (stream["beginAtInMilliseconds"], stream["durationInMilliseconds"]) == (0, 30_000)
    dialogs = {
        part.directive["header"]["dialogRequestId"] for part in parts if part.name != "attachment"
    }
    assert len(dialogs) == 1
    assert len(set(tokens_of(parts))) == len(JAZZ.tracks)
    # asked for once more it is not a duplicate
    assert not set(tokens_of(await device.say("play music"))) & set(tokens_of(parts))


async def test_buttons_by_voice(device: Device) -> None:
    tokens = await device.start()
    assert names(await device.say("pause")) == ["PlaybackController.Pause"]
    await device.audio("PlayPaused", tokens[0], 5_000)
    assert names(await device.say("resume")) == ["PlaybackController.Resume"]
    await device.audio("PlayResumed", tokens[0], 5_000)
    assert names(await device.say("next")) == ["PlaybackController.Next"]
    await device.audio("PlayStopped", tokens[0], 6_000)
    await device.audio("PlayStarted", tokens[1])
    assert names(await device.say("previous song")) == ["PlaybackController.Previous"]
    await device.audio("PlayStopped", tokens[1], 900)
    await device.audio("PlayStarted", tokens[0])
    assert names(await device.say("go back")) == ["PlaybackController.Replay"]
    for text, name in (("sound off", "Mute"), ("sound on", "Unmute")):
        assert names(await device.say(text)) == [f"PlaybackController.{name}"]
    assert names(await device.say("stop")) == ["PlaybackController.Stop"]
    await device.audio("PlayStopped", tokens[0], 900)


@pytest.mark.parametrize(
    "text", ["pause", "next", "previous song", "stop", "mute", "what is playing"]
)
async def test_nothing_plays(device: Device, text: str) -> None:
    parts = await device.say(text)
    assert names(parts) == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    assert parts[-1].payload == {"text": NOTHING_PLAYS[Lang.EN].text}


async def test_stop_counts_for_music_that_has_not_begun(device: Device) -> None:
    await device.say("play music")
    assert names(await device.say("stop")) == ["PlaybackController.Stop"]
    assert "Clova.RenderText" in names(await device.say("stop"))


async def test_repeat_like_and_what_plays(device: Device) -> None:
    [token, *_] = await device.start()
    repeated = await device.say("repeat this song")
    assert repeated[-1].payload == {"repeatMode": "REPEAT_ONE"}
    await device.audio("PlayFinished", token, 30_000)
    await device.audio("PlayStarted", token)
    assert (await device.say("stop repeating"))[-1].payload == {"repeatMode": "NONE"}
    liked = await device.say("i like this song")
    assert liked[-1].name == "TemplateRuntime.UpdateLike"
    assert liked[-1].payload == {"like": True, "token": token}
    *_, text, info = await device.say("what is playing")
    assert text.payload == {"text": "This is Blue Wave by The Oscillator Quartet."}
    assert info.name == "TemplateRuntime.RenderPlayerInfo"
    assert [item["titleText"] for item in info.payload["playableItems"]] == [
        track.title for track in JAZZ.tracks
    ]
    buttons = {each["name"]: each for each in info.payload["playableItems"][0]["controls"]}
    assert buttons["LIKE_DISLIKE"]["selected"] is True


async def test_news_is_several_speeches(device: Device) -> None:
    parts = await device.say("tell me the news")
    speaks = [part for part in parts if part.name == "SpeechSynthesizer.Speak"]
    assert [part.payload["x-clova-pause-before"] for part in speaks] == [0, 500, 500]
    sounds = {part.headers["content-id"]: part.body for part in parts if part.name == "attachment"}
    for part in speaks:
        assert frames_in(sounds[part.payload["url"].removeprefix("cid:")]) > 10
    assert parts[-1].payload["text"].startswith("Here is the news. ")
    for part in speaks:
        for name in ("SpeechStarted", "SpeechFinished"):
            await device.tell(f"SpeechSynthesizer.{name}", token=part.payload["token"])


async def test_an_endless_list_goes_on_track_by_track(device: Device) -> None:
    [token] = await device.start("play ocean sounds")
    heard = []
    for _ in range(4):
        heard.append(track_of(token))
        [following] = tokens_of(await device.audio("PlayFinished", token, 6_000))
        await device.audio("PlayStarted", following)
        token = following
    assert heard == [*OCEAN.tracks, OCEAN.tracks[0]]
    # music that was asked for meanwhile is not overtaken
    await device.say("play jazz")
    assert await device.audio("PlayFinished", token, 6_000) == []


async def test_a_list_that_ends_ends(device: Device) -> None:
    tokens = await device.start("play the bells")
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        assert await device.audio("PlayFinished", token, 4_000) == []
        if following is not None:
            await device.audio("PlayStarted", following)
    assert "Clova.RenderText" in names(await device.say("next"))


async def test_behind_the_last_track_comes_the_first(device: Device) -> None:
    tokens = await device.start("play the bells")
    for token, following in pairwise(tokens):
        await device.audio("PlayStopped", token, 100)
        await device.audio("PlayStarted", following)
    again = tokens_of(await device.say("next"))
    assert [track_of(token) for token in again] == list(PLAYLISTS["bells"].tracks)


async def test_a_protected_stream_is_delivered(device: Device) -> None:
    parts = await device.say("play the concert")
    item = next(part for part in parts if part.name == "AudioPlayer.Play").payload["audioItem"]
    stream = item["stream"]
    assert (stream["url"], stream["urlPlayable"]) == ("clova:concert-1", False)
    [deliver] = await device.tell(
        "AudioPlayer.StreamRequested", audioItemId=item["audioItemId"], audioStream=stream
    )
    assert deliver.name == "AudioPlayer.StreamDeliver"
    delivered = deliver.payload["audioStream"]
    assert deliver.payload["audioItemId"] == item["audioItemId"]
    assert set(delivered) == {"token", "url", "progressReport"}
    assert "/protected/" in delivered["url"]
    token = stream["token"]
    await device.audio("PlayStarted", token)
    # what came with it counts: after 2 s, every 3 s, at 5 s
    await device.audio("ProgressReportDelayPassed", token, 2_000)
    await device.audio("ProgressReportIntervalPassed", token, 3_000)
    await device.audio("ProgressReportPositionPassed", token, 5_000)
    await device.audio("ProgressReportIntervalPassed", token, 6_000)
    await device.audio("PlayFinished", token, 8_000)


async def test_the_order_of_events_is_judged(client: Client, control: Control) -> None:
    device = Device(client, control)
    await device.open()
    since = await control.now()
    tokens = tokens_of(await device.say("play the bells"))
    await device.audio("PlayFinished", tokens[0], 4_000)
    found = await control.entry(since, "illegal", client=client.name)
    assert found["what"] == "AudioPlayer.PlayFinished"
    assert found["token"] == tokens[0]
    assert await device.illegal() == ["has not been started"]


async def test_buttons_are_answered_with_directives(device: Device) -> None:
    async def press(name: str, **payload: Any) -> list[str]:
        return names(await device.tell(f"PlaybackController.{name}CommandIssued", **payload))

    assert await press("Pause") == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    # the play button of a player that has nothing: what is usual
    parts = await device.tell("PlaybackController.ResumeCommandIssued")
    assert names(parts) == ["AudioPlayer.Play"] * 4
    tokens = tokens_of(parts)
    await device.audio("PlayStarted", tokens[0])
    source = {"namespace": "AudioPlayer"}
    [pause] = await device.tell("PlaybackController.PauseCommandIssued", source=source)
    assert (pause.name, pause.payload) == ("PlaybackController.Pause", {"target": source})
    await device.audio("PlayPaused", tokens[0], 900)
    assert await press("Resume") == ["PlaybackController.Resume"]
    await device.audio("PlayResumed", tokens[0], 900)
    assert await press("Next") == ["PlaybackController.Next"]
    assert await press("Previous") == ["PlaybackController.Replay"]
    assert await press("Stop") == ["PlaybackController.Stop"]
    await device.audio("PlayStopped", tokens[0], 900)
    assert await press("SetRepeatMode", repeatMode="NONE") == ["PlaybackController.SetRepeatMode"]
    assert await press("Custom", button="CUSTOM_BUTTON_1") == ["AudioPlayer.Play"] * 4


async def test_a_track_is_chosen(device: Device) -> None:
    tokens = await device.start()
    parts = await device.tell("PlaybackController.PlayCommandIssued", token=tokens[2])
    chosen = [track_of(token) for token in tokens_of(parts)]
    assert chosen == list(JAZZ.tracks[2:])


async def test_lists_within_lists(device: Device) -> None:
    async def select(token: str) -> list[Part]:
        return await device.tell("TemplateRuntime.SelectCommandIssued", token=token)

    tokens = await device.start()
    [menu] = await device.tell("TemplateRuntime.MoreCommandIssued", token=tokens[0])
    assert menu.name == "TemplateRuntime.RenderPlaylist"
    [group] = await select(menu.payload["items"][0]["token"])
    assert [item["titleText"] for item in group.payload["items"]][:2] == ["Jazz", "Piano"]
    [tracks] = await select(group.payload["items"][1]["token"])
    assert tracks.payload["title"] == "Piano"
    assert {item["type"] for item in tracks.payload["items"]} == {"track"}
    plays = await select(tracks.payload["items"][1]["token"])
    assert [track_of(token).title for token in tokens_of(plays)] == ["Interlude", "Postlude"]
    [back] = await select("nonsense")
    assert back.payload == menu.payload


async def test_likes_and_subscriptions_are_kept(device: Device) -> None:
    [token, *_] = await device.start()

    async def told(name: str) -> dict[str, Any]:
        [part] = await device.tell(f"TemplateRuntime.{name}CommandIssued", token=token)
        return part.payload

    async def selected(button: str) -> bool:
        [info] = await device.tell("TemplateRuntime.RequestPlayerInfo", token=token)
        controls = info.payload["playableItems"][0]["controls"]
        return next(each["selected"] for each in controls if each["name"] == button)

    assert await told("Like") == {"like": True, "token": token}
    assert await selected("LIKE_DISLIKE")
    assert await told("Unlike") == {"like": False, "token": token}
    assert not await selected("LIKE_DISLIKE")
    assert await told("Subscribe") == {"subscribe": True, "token": token}
    assert await selected("SUBSCRIBE_UNSUBSCRIBE")
    assert await told("Unsubscribe") == {"subscribe": False, "token": token}
    assert await device.tell("TemplateRuntime.LikeCommandIssued", token="unknown") == []


async def test_player_info_has_its_range(device: Device) -> None:
    tokens = await device.start()

    async def titles(token: str, **asked: int) -> list[str]:
        payload = {"token": token} | ({"range": asked} if asked else {})
        [info] = await device.tell("TemplateRuntime.RequestPlayerInfo", **payload)
        return [item["token"] for item in info.payload["playableItems"]]

    assert await titles(tokens[1]) == tokens
    assert await titles(tokens[1], after=1) == tokens[1:3]
    assert await titles(tokens[2], before=1) == tokens[1:3]
    assert await titles(tokens[1], after=1, before=1) == tokens[:3]
    assert await titles("unknown") == []


async def test_another_device_takes_over(device: Device) -> None:
    tokens = await device.start()
    await device.audio("PlayPaused", tokens[0], 12_000)
    async with Client(device.client.server).named() as second:
        other = Device(second, device.control)
        await other.open()
        body = {"from": device.client.name, "to": second.name}
        await device.control.call("POST", "/control/handover", body)
        asked = await other.channel.part("PlaybackController.ExpectPlayCommand")
        assert asked.payload["handover"]["deviceId"] == device.client.name
        plays = await other.tell("PlaybackController.PlayCommandIssued", **asked.payload)
        stream = plays[0].payload["audioItem"]["stream"]
        assert track_of(stream["token"]) == track_of(tokens[0])
        assert stream["beginAtInMilliseconds"] == 12_000
        assert stream["durationInMilliseconds"] == 18_000
        await device.channel.part("PlaybackController.Stop")
        await device.audio("PlayStopped", tokens[0], 12_000)
        assert await other.illegal() == []


async def test_plays_and_expected_commands_are_pushed(device: Device) -> None:
    control, name = device.control, device.client.name
    catalogue = await control.call("GET", f"/control/catalogue?client={name}")
    assert catalogue["bells"][0]["pitch"] == 784
    body = {
        "client": name,
        "tracks": ["podcast-2", "bells-1"],
        "stream": {"progressReport": None},
        "item": {"titleText": "Mine"},
    }
    told = await control.call("POST", "/control/play", body)
    first = await device.channel.part("AudioPlayer.Play")
    second = await device.channel.part("AudioPlayer.Play")
    assert tokens_of([first, second]) == told["tokens"]
    assert [part.payload["playBehavior"] for part in (first, second)] == ["REPLACE_ALL", "ENQUEUE"]
    item = first.payload["audioItem"]
    assert (item["titleText"], item["stream"]["progressReport"]) == ("Mine", None)
    assert item["stream"]["beginAtInMilliseconds"] == 5_000
    body = {"client": name, "command": "Next", "target": "AudioPlayer"}
    await control.call("POST", "/control/expect", body)
    expected = await device.channel.part("PlaybackController.ExpectNextCommand")
    assert expected.payload == {"target": {"namespace": "AudioPlayer"}}
    await device.tell("PlaybackController.NextCommandIssued", source={"namespace": "AudioPlayer"})
    await device.audio("PlayStarted", told["tokens"][0], 5_000)
    await control.call("POST", "/control/seek", {"client": name})
    await device.audio("PlayStopped", told["tokens"][0], 14_000)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("play", {"client": "nobody", "tracks": ["bells-1"]}),
        ("play", {"client": "nobody", "tracks": ["unknown"]}),
        ("play", {"tracks": ["bells-1"]}),
        ("play", {"client": "nobody"}),
        ("handover", {"from": "nobody", "to": "nobody"}),
        ("expect", {"client": "nobody", "command": "Dance"}),
        ("expect", {"client": "nobody", "command": "Next"}),
        ("seek", {}),
    ],
)
async def test_wrong_levers_are_refused(control: Control, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="400"):
        await control.call("POST", f"/control/{path}", body)


async def test_the_context_tells_what_plays(device: Device, client: Client) -> None:
    """Music the service knows nothing of can be paused all the same."""
    header = {"namespace": "TextRecognizer", "name": "Recognize", "messageId": "m"}
    state = {"playerActivity": "PLAYING", "repeatMode": "NONE", "stream": {"token": "elsewhere"}}
    context = [{"header": {"namespace": "AudioPlayer", "name": "PlaybackState"}, "payload": state}]

    async def say(text: str) -> list[str]:
        event = {"header": header | {"dialogRequestId": str(uuid4())}, "payload": {"text": text}}
        stream = await client.json_event({"context": context, "event": event})
        return names(await stream.all_parts())

    assert await say("pause") == ["PlaybackController.Pause"]
    assert "Clova.RenderText" in await say("what is playing")
    assert await say("next") == ["PlaybackController.Next"]
    await device.audio("PlayPaused", "elsewhere", 100)


def asked(text: str, player: RemotePlayer | None = None) -> Answer:
    return reply_to(
        text, detect_lang(text, None), NOW, remote=Remote(player=player or RemotePlayer())
    )


def playing(name: str = "jazz") -> RemotePlayer:
    """Return a player in the middle of a list's first track."""
    player = RemotePlayer()
    for order in play_from(PLAYLISTS[name].tracks[0], player):
        player.ordered(order)
    payload = {"token": player.queue[0], "offsetInMilliseconds": 0}
    player.happened(
        Event(
            namespace="AudioPlayer",
            name="PlayStarted",
            message_id="m",
            dialog_id=None,
            payload=payload,
            context=(),
        )
    )
    return player


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Play some jazz, please", "jazz"),
        ("play the piano music", "piano"),
        ("play the radio", "radio"),
        ("음악 틀어 줘", "jazz"),
        ("피아노 음악 들려줘", "piano"),
        ("音楽をかけて", "jazz"),
        ("海の音を流して", "ocean"),
    ],
)
def test_which_list(text: str, name: str) -> None:
    answer = asked(text)
    assert [track_of(token) for token in _tokens(answer)][0] == PLAYLISTS[name].tracks[0]
    assert answer.text


def _tokens(answer: Answer) -> list[str]:
    return [
        order.payload["audioItem"]["stream"]["token"]
        for order in answer.orders
        if order.name == "Play"
    ]


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("Next", ("skip this song", "다음 곡", "次の曲にして")),
        ("Replay", ("play the previous song", "이전 곡 틀어 줘", "前の曲をかけて")),
        ("Pause", ("pause the music please", "일시 정지", "一時停止して")),
        ("Stop", ("stop playing music", "음악 꺼 줘", "그만", "音楽を止めて", "ストップ")),
        ("SetRepeatMode", ("repeat this one", "이 곡 반복해 줘", "この曲を繰り返して")),
        ("SetRepeatMode", ("don't repeat", "반복 꺼 줘", "リピートをやめて")),
        ("Mute", ("mute", "음소거 해 줘", "ミュートして")),
        ("Unmute", ("unmute the music", "음소거 해제해 줘", "ミュートを解除して")),
        ("UpdateLike", ("like this track", "이 노래 좋아", "この曲好き")),
        ("RenderPlayerInfo", ("what song is this", "이 노래 뭐야", "この曲は何")),
    ],
)
def test_words_of_three_languages(name: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        assert [order.name for order in asked(text, playing()).orders] == [name], text


@pytest.mark.parametrize("text", ["계속 재생해 줘", "再開して", "continue"])
def test_resume_in_three_languages(text: str) -> None:
    player = playing()
    assert asked(text, player).orders == ()
    player.activity = type(player.activity).PAUSED
    assert [order.name for order in asked(text, player).orders] == ["Resume"]


@pytest.mark.parametrize(
    "payload", [{}, {"audioItem": {"stream": {"token": 1}}}, {"audioItem": []}]
)
def test_malformed_plays_are_not_remembered(payload: dict[str, Any]) -> None:
    player = RemotePlayer()
    player.ordered(Directive(namespace="AudioPlayer", name="Play", payload=payload))
    assert not player.queue
    assert not player.is_on


@pytest.mark.parametrize("metadata_first", [True, False])
async def test_what_is_told_while_somebody_speaks_counts(
    device: Device, client: Client, *, metadata_first: bool
) -> None:
    """The context of a command is older than the events that came during it."""
    header = {"namespace": "TextRecognizer", "name": "Recognize", "messageId": "m"}
    state = {"playerActivity": "IDLE", "repeatMode": "NONE"}
    context = [{"header": {"namespace": "AudioPlayer", "name": "PlaybackState"}, "payload": state}]
    [token, *_] = tokens_of(await device.say("play music"))
    event = {"header": header | {"dialogRequestId": str(uuid4())}, "payload": {"text": "pause"}}
    since = await device.control.now()
    speaking = await client.open_event(json.dumps({"context": context, "event": event}).encode())
    more = b"\r\n" + part_head("audio", "application/octet-stream")
    if metadata_first:
        await speaking.send(more)
        await device.control.entry(since, "event", client=client.name)
        await device.audio("PlayStarted", token)
    else:
        await device.audio("PlayStarted", token)
        await speaking.send(more)
    await speaking.send(CLOSING, end=True)
    assert names(await speaking.all_parts()) == ["PlaybackController.Pause"]
    await device.audio("PlayPaused", token, 500)
