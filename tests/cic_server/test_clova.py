"""Settings, notifications, delegation, the quiz and what is shown, over the wire."""

from collections.abc import AsyncIterator
import re
from typing import Any
import urllib.request

import pytest

from cic_server.skills.numbers import english
from tests.cic_server.client import Client, Control, Part
from tests.cic_server.mp3 import frames_in
from tests.cic_server.test_music import Device, names


@pytest.fixture
async def device(client: Client, control: Control) -> AsyncIterator[Device]:
    """Give a device; whatever a test did with it, it was told nothing it may not tell."""
    made = Device(client, control)
    await made.open()
    yield made
    assert await made.illegal() == []


async def lever(device: Device, name: str, **body: Any) -> Any:
    return await device.control.call(
        "POST", f"/control/{name}", {"client": device.client.name} | body
    )


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url) as answer:
        return answer.read()


async def test_settings_are_asked_for_and_kept(device: Device) -> None:
    await lever(device, "configuration")
    assert (await device.channel.part("Settings.ExpectReport")).payload == {}
    told = {"VoiceTypeChange": "V003", "Broken": 7}
    assert await device.tell("Settings.Report", configuration=told) == []
    path = f"/control/configuration?client={device.client.name}"
    kept = await device.control.call("GET", path)
    assert kept == {"configuration": {"VoiceTypeChange": "V003"}}
    assert await device.tell("Settings.Report", configuration="loud") == []


async def test_another_voice_speaks_after_an_update(device: Device) -> None:
    def sound(parts: list[Part]) -> bytes:
        return next(part.body for part in parts if part.name == "attachment")

    usual = sound(await device.say("hello"))
    assert sound(await device.say("hello")) == usual
    configuration = {"VoiceTypeChange": "V004"}
    await lever(device, "configuration", configuration=configuration)
    update = await device.channel.part("Settings.Update")
    assert update.payload == {"configuration": configuration}
    await device.tell("Settings.Report", configuration=configuration)
    other = sound(await device.say("hello"))
    assert frames_in(other) > 5
    assert other != usual
    await device.tell("Settings.Report", configuration={"VoiceTypeChange": "unheard of"})
    assert sound(await device.say("hello")) == usual


async def test_the_voices_are_told(device: Device) -> None:
    [spec] = await device.tell("Settings.RequestVersionSpec")
    assert spec.name == "Settings.UpdateVersionSpec"
    voices = spec.payload["spec"]["voiceType"]
    assert voices["default"] in voices["list"]
    assert len({voice["key"] for voice in voices["list"]}) == len(voices["list"]) > 3
    assert re.fullmatch(r"\d{14}", spec.payload["specVersion"])


async def test_a_notification_has_a_sound_and_words(device: Device) -> None:
    told = await lever(device, "notify", text="The laundry is done.")
    payload = (await device.channel.part("Notifier.Notify")).payload
    sound, speech = payload["assets"]
    assert sound["url"] == "clova://notifier/sound/default"
    assert speech["url"] == told["address"]
    assert payload["assetPlayOrder"] == [sound["assetId"], speech["assetId"]]
    assert (payload["light"], "new" in payload) == ("DEFAULT", False)
    assert frames_in(fetched(speech["url"])) > 5


async def test_an_indicator_is_lit_and_put_out(device: Device) -> None:
    await lever(device, "notify", indicator=True, light="NONE", new=False)
    payload = (await device.channel.part("Notifier.SetIndicator")).payload
    assert (payload["light"], payload["new"], len(payload["assets"])) == ("NONE", False, 1)
    await lever(device, "notify", clear=True)
    assert (await device.channel.part("Notifier.ClearIndicator")).payload == {}


async def test_a_request_is_delegated(device: Device) -> None:
    told = await lever(device, "delegate", text="what is two plus three")
    order = await device.channel.part("Clova.HandleDelegatedEvent")
    assert order.payload == told
    parts = await device.tell("Clova.ProcessDelegatedEvent", **told)
    assert parts[-1].payload == {"text": "2 plus 3 is 5."}
    assert "dialogRequestId" not in parts[0].directive["header"]


async def test_a_delegation_is_taken_once_and_by_its_own_client(
    client: Client, control: Control
) -> None:
    device = Device(client, control)
    await device.open()
    told = await lever(device, "delegate", text="hello")
    await device.channel.part("Clova.HandleDelegatedEvent")
    async with Client(client.server).named() as other:
        await other.downchannel()
        for payload in (told, {"delegationId": "x"}, {}, {"delegationId": 7}):
            refused = await other.event("Clova", "ProcessDelegatedEvent", payload)
            assert await refused.status == 400
            assert b"No such delegation" in await refused.body()
    assert await device.tell("Clova.ProcessDelegatedEvent", **told)
    again = await client.event("Clova", "ProcessDelegatedEvent", told)
    assert await again.status == 400


async def reply(device: Device, parts: list[Part], text: str) -> list[Part]:
    [expect] = [part for part in parts if part.name == "SpeechRecognizer.ExpectSpeech"]
    dialog = expect.directive["header"]["dialogRequestId"]
    speech_id = expect.payload["expectSpeechId"]
    stream = await device.client.say_text(text, dialog, speechId=speech_id)
    return await stream.all_parts()


def solution(parts: list[Part]) -> str:
    """Return the answer to the sum that was asked."""
    [text] = [part.payload["text"] for part in parts if part.name == "Clova.RenderText"]
    left, right = re.search(r"What is (\w+) plus (\w+)\?", text).groups()
    numbers = {english(number): number for number in range(10)}
    return english(numbers[left] + numbers[right])


async def test_a_quiz_is_an_extension(device: Device) -> None:
    first = await device.say("open the quiz")
    assert names(first)[2:] == ["Clova.StartExtension", "SpeechRecognizer.ExpectSpeech"]
    assert first[3].payload == {"extension": "quiz"}
    second = await reply(device, first, solution(first))
    [text] = [part.payload["text"] for part in second if part.name == "Clova.RenderText"]
    assert text.startswith("Right. What is ")
    last = await reply(device, second, "one hundred")
    assert last[-1].name == "Clova.FinishExtension"
    [text] = [part.payload["text"] for part in last if part.name == "Clova.RenderText"]
    assert text.startswith("No, it is ")
    assert text.endswith("You had one of two.")
    assert "not open" in (await device.say("close the quiz"))[-1].payload["text"]


@pytest.mark.parametrize("text", ["open the quiz", "퀴즈 시작하자", "クイズを始めて"])
async def test_a_quiz_is_left(device: Device, text: str) -> None:
    first = await device.say(text)
    assert names(await device.say("close the quiz"))[-1] == "Clova.FinishExtension"
    first = await device.say(text)
    assert names(await reply(device, first, "never mind"))[-1] == "Clova.FinishExtension"


@pytest.mark.parametrize("text", ["show me the map", "지도 보여 줘", "地図を見せて"])
async def test_a_map_is_an_address(device: Device, text: str) -> None:
    order = (await device.say(text))[-1]
    assert order.name == "Clova.LaunchURI"
    assert all({"uri", "title"} <= target.keys() for target in order.payload["targets"])


async def test_help_suggests_and_is_shown(device: Device) -> None:
    parts = await device.say("help")
    assert names(parts) == [
        "SpeechSynthesizer.Speak",
        "Clova.RenderText",
        "Clova.RenderSuggestion",
    ]
    for chip in parts[-1].payload["suggestions"]:
        assert {"label", "query", "meta", "type"} <= chip.keys()
        assert "did not understand" not in str((await device.say(chip["query"]))[-1].payload)
    # a timer is among the suggestions
    path = f"/control/alerts?client={device.client.name}"
    [timer] = (await device.control.call("GET", path))["alerts"]
    await device.tell("Alerts.SetAlertSucceeded", token=timer["token"], type="TIMER")
    assert names(await device.say("show me the help")) == ["Clova.Help"]


async def test_what_others_play_is_passed_on(device: Device) -> None:
    async with Client(device.client.server).named() as client:
        other = Device(client, device.control)
        await other.open()
        assert await device.tell("AudioPlayer.RequestPlaybackState", deviceId=client.name) == []
        await other.channel.part("AudioPlayer.ExpectReportPlaybackState")
        state = {"playerActivity": "IDLE", "repeatMode": "NONE"}
        await other.tell("AudioPlayer.ReportPlaybackState", **state)
        told = await device.channel.part("AudioPlayer.SynchronizePlaybackState")
        assert told.payload == {"deviceId": client.name, "playbackState": state}
        assert await other.illegal() == []
    assert await device.tell("AudioPlayer.RequestPlaybackState", deviceId="gone") == []
    told = await device.channel.part("AudioPlayer.SynchronizePlaybackState")
    assert told.payload == {"deviceId": "gone"}


async def test_an_app_presses_a_button_of_another_device(device: Device) -> None:
    async with Client(device.client.server).named() as client:
        other = Device(client, device.control)
        await other.open()
        tokens = await other.start()
        name = "PlaybackController.SetRepeatModeCommandIssued"
        payload = {"repeatMode": "REPEAT_ONE", "deviceId": client.name}
        assert await device.tell(name, **payload) == []
        order = await other.channel.part("PlaybackController.SetRepeatMode")
        assert order.payload == {"repeatMode": "REPEAT_ONE"}
        payload = {"deviceId": client.name}
        assert await device.tell("PlaybackController.StopCommandIssued", **payload) == []
        await other.channel.part("PlaybackController.Stop")
        await other.audio("PlayStopped", tokens[0], 900)
        assert await other.illegal() == []


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("configuration", {"configuration": {"a": 1}}, "Every value in configuration is a text"),
        ("configuration", {"configuration": "a"}, "configuration is an object"),
        ("configuration", {}, "has no downchannel"),
        ("notify", {"light": "RED"}, "light is one of DEFAULT, NONE"),
        ("notify", {"light": []}, "light is one of"),
        ("notify", {"text": 7}, "text is a text"),
        ("notify", {"clear": "yes"}, "clear is true or false"),
        ("notify", {"indicator": 1}, "indicator is true or false"),
        ("notify", {}, "has no downchannel"),
        ("delegate", {}, "text says what is asked"),
        ("delegate", {"text": "hello"}, "has no downchannel"),
        ("delegate", {"client": None, "text": "hello"}, "client names a client"),
        ("directives", {"directive": "A.B"}, "directive is an object"),
        ("directives", {"directive": {"header": 7}}, "header is an object"),
        ("directives", {}, "neither a directive"),
    ],
)
async def test_wrong_fields_are_told_in_words(
    control: Control, name: str, body: dict[str, Any], words: str
) -> None:
    with pytest.raises(AssertionError, match=f"400.*{words}"):
        await control.call("POST", f"/control/{name}", {"client": "nobody"} | body)
