"""Alerts over the wire: asked for in words or by an app, confirmed, rung, stopped, deleted."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
import urllib.request
from uuid import uuid4

import pytest

from tests.cic_server.client import CLOSING, Client, Control, Part, Stream
from tests.cic_server.mp3 import frames_in
from tests.cic_server.speech import speech
from tests.cic_server.test_music import Device, names


@pytest.fixture
async def device(client: Client, control: Control) -> AsyncIterator[Device]:
    """Give a device; whatever a test did with it, it was told nothing it may not tell."""
    made = Device(client, control)
    await made.open()
    yield made
    assert await made.illegal() == []


async def book(device: Device) -> list[dict[str, Any]]:
    path = f"/control/alerts?client={device.client.name}"
    return (await device.control.call("GET", path))["alerts"]


async def state(device: Device) -> str:
    [alert] = await book(device)
    return alert["state"]


async def order(device: Device, **fields: Any) -> dict[str, Any]:
    """Set an alert as an app does; returns what comes down the channel."""
    body = {"client": device.client.name, "type": "ALARM"} | fields
    told = await device.control.call("POST", "/control/alerts", body)
    payload = (await device.channel.part("Alerts.SetAlert")).payload
    assert payload["token"] == told["token"]
    return payload


async def ring(device: Device, alert: dict[str, Any]) -> None:
    """Confirm an alert and have it ring."""
    reference = {key: alert[key] for key in ("token", "type")}
    await device.tell("Alerts.SetAlertSucceeded", **reference)
    await device.tell("Alerts.AlertStarted", **reference)


def set_in(parts: list[Part]) -> dict[str, Any]:
    [payload] = [part.payload for part in parts if part.name == "Alerts.SetAlert"]
    return payload


def reference(alert: dict[str, Any]) -> dict[str, Any]:
    return {key: alert[key] for key in ("token", "type")}


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("set an alarm for 7:30 am", "ALARM", "The alarm is set for 7:30 AM."),
        ("wake me every day at seven", "ALARM", "The alarm is set for 7:00 AM every day."),
        ("set a timer for five minutes", "TIMER", "The timer is set for 5 minutes."),
        ("in five minutes play music", "ACTIONTIMER", "The action timer is set for 5 minutes."),
        ("오전 7시 30분에 알람 맞춰 줘", "ALARM", "오전 7시 30분 알람을 설정했습니다."),
        ("5분 타이머", "TIMER", "5분 타이머를 설정했습니다."),
        ("10분 후에 음악 틀어 줘", "ACTIONTIMER", "10분 예약 동작을 설정했습니다."),
        ("毎日7時に起こして", "ALARM", "毎日午前7時0分にアラームをセットしました。"),
        ("5分のタイマーをセットして", "TIMER", "5分のタイマーをセットしました。"),
    ],
)
async def test_it_is_confirmed_once_the_client_says_so(
    device: Device, text: str, kind: str, says: str
) -> None:
    parts = await device.say(text)
    assert names(parts) == ["Alerts.SetAlert"]
    alert = set_in(parts)
    assert alert["type"] == kind
    assert datetime.fromisoformat(alert["scheduledTime"]) > datetime.now().astimezone()
    assert await state(device) == "ordered"
    confirmed = await device.tell("Alerts.SetAlertSucceeded", **reference(alert))
    assert names(confirmed) == [
        "SpeechSynthesizer.Speak",
        "Clova.RenderText",
        "Clova.RenderTemplate",
    ]
    assert confirmed[2].payload == {"text": says}
    template = confirmed[-1].payload
    assert template["type"].upper() == kind
    assert template["token"]["value"] == alert["token"]
    assert template["failureMessage"]["value"] == says
    assert await state(device) == "confirmed"


async def test_what_cannot_be_set_is_said(device: Device) -> None:
    alert = set_in(await device.say("set a timer for five minutes"))
    failed = await device.tell("Alerts.SetAlertFailed", **reference(alert))
    assert failed[-1].payload == {"text": "The timer could not be set."}
    assert await state(device) == "failed"
    everything = await device.tell("Alerts.RequestSynchronizeAlert")
    assert everything[0].payload == {"allAlerts": []}


async def test_a_change_that_fails_leaves_what_was_set(device: Device) -> None:
    first = await order(device, token="one", seconds=3600)
    await device.tell("Alerts.SetAlertSucceeded", **reference(first))
    for seconds in (7200, 9000):
        changed = await order(device, token="one", seconds=seconds)
        await device.tell("Alerts.SetAlertFailed", **reference(changed))
        assert await state(device) == "confirmed"
    [everything] = await device.tell("Alerts.RequestSynchronizeAlert")
    [alert] = everything.payload["allAlerts"]
    assert alert["scheduledTime"] == first["scheduledTime"]
    await device.tell("Alerts.AlertStarted", **reference(first))


@pytest.mark.parametrize("text", ["set a timer for ever", "set an alarm", "타이머", "アラーム"])
async def test_when_must_be_known(device: Device, text: str) -> None:
    assert names(await device.say(text)) == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    assert await book(device) == []


async def test_a_reminder_brings_a_bell_and_its_words(device: Device) -> None:
    alert = set_in(await device.say("remind me in ten minutes to call mum"))
    assert (alert["type"], alert["label"]) == ("REMINDER", "call mum")
    due = datetime.fromisoformat(alert["scheduledTime"]) - datetime.now().astimezone()
    assert timedelta(minutes=9, seconds=50) < due <= timedelta(minutes=10, seconds=1)
    bell, said = alert["assets"]
    assert bell["url"] == "clova://alert/bell/reminder"
    assert alert["assetPlayOrder"] == [bell["assetId"], said["assetId"]]
    assert said["url"].startswith(device.client.server.media_address)
    sound = urllib.request.urlopen(said["url"]).read()
    assert frames_in(sound) > 5
    await device.tell("Alerts.SetAlertSucceeded", **reference(alert))


async def test_a_timer_speaks_by_setting(device: Device) -> None:
    assert "assets" not in set_in(await device.say("set a timer for one minute"))
    await device.control.call("PUT", "/control/settings", {"timer_speech": True})
    alert = set_in(await device.say("set a timer for one minute"))
    assert [asset["assetId"] for asset in alert["assets"]] == alert["assetPlayOrder"]
    for timer in await book(device):
        await device.tell("Alerts.SetAlertSucceeded", **reference(timer))


async def test_ringing_is_stopped_by_a_button(device: Device) -> None:
    alert = await order(device, seconds=60)
    # what no one said aloud is confirmed without a word
    assert await device.tell("Alerts.SetAlertSucceeded", **reference(alert)) == []
    await device.tell("Alerts.AlertStarted", **reference(alert))
    assert await state(device) == "ringing"
    stop = await device.tell("Alerts.RequestAlertStop", **reference(alert))
    assert [part.name for part in stop] == ["Alerts.StopAlert"]
    assert stop[0].payload == reference(alert)
    deleted = await device.tell("Alerts.AlertStopped", **reference(alert))
    assert [part.name for part in deleted] == ["Alerts.DeleteAlert"]
    assert await state(device) == "stopped"
    await device.tell("Alerts.DeleteAlertSucceeded", **reference(alert))
    assert await state(device) == "deleted"


async def test_stop_means_what_rings_before_music(device: Device) -> None:
    [token, *_] = await device.start()
    alert = await order(device, seconds=60)
    await ring(device, alert)
    assert names(await device.say("stop")) == ["Alerts.StopAlert"]
    await device.tell("Alerts.AlertStopped", **reference(alert))
    await device.tell("Alerts.DeleteAlertSucceeded", **reference(alert))
    assert names(await device.say("stop")) == ["PlaybackController.Stop"]
    await device.audio("PlayStopped", token, 900)
    assert "Clova.RenderText" in names(await device.say("stop the alarm"))


async def test_a_repeating_alarm_is_set_again(device: Device) -> None:
    alert = set_in(await device.say("wake me every day at seven"))
    await ring(device, alert)
    again = set_in(await device.tell("Alerts.AlertStopped", **reference(alert)))
    before, after = (datetime.fromisoformat(each["scheduledTime"]) for each in (alert, again))
    assert again["token"] == alert["token"]
    assert after.date() - before.date() == timedelta(days=1)
    assert (after.hour, after.minute) == (7, 0)
    assert await device.tell("Alerts.SetAlertSucceeded", **reference(again)) == []


async def test_an_action_timer_does_what_was_said(device: Device) -> None:
    alert = set_in(await device.say("in one minute play music"))
    assert alert["label"] == "play music"
    await ring(device, alert)
    done = names(await device.tell("Alerts.AlertStopped", **reference(alert)))
    assert done[:2] == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    assert done[2] == "AudioPlayer.Play"
    assert done[-1] == "Alerts.DeleteAlert"
    await device.tell("Alerts.DeleteAlertSucceeded", **reference(alert))


async def test_list_and_cancel(device: Device) -> None:
    assert names(await device.say("what timers are set")) == [
        "SpeechSynthesizer.Speak",
        "Clova.RenderText",
    ]
    timers = [set_in(await device.say(f"set a timer for {n} minutes")) for n in (9, 5)]
    for timer in timers:
        await device.tell("Alerts.SetAlertSucceeded", **reference(timer))
    listed = (await device.say("what timers are set"))[-1].payload
    assert listed["type"] == "TimerList"
    assert [each["token"]["value"] for each in listed["timerList"]] == [
        timers[1]["token"],
        timers[0]["token"],
    ]
    # the nearest first, then all
    for text, timer in (("cancel the timer", timers[1]), ("cancel all timers", timers[0])):
        parts = await device.say(text)
        assert parts[-1].name == "Alerts.DeleteAlert"
        assert parts[-1].payload == reference(timer)
        await device.tell("Alerts.DeleteAlertSucceeded", **reference(timer))
    assert {each["state"] for each in await book(device)} == {"deleted"}


async def test_an_alert_is_deleted_by_a_button_or_an_app(device: Device) -> None:
    first, second = [await order(device, type="TIMER", seconds=n) for n in (60, 61)]
    for alert in (first, second):
        await device.tell("Alerts.SetAlertSucceeded", **reference(alert))
    [deleted] = await device.tell("Alerts.RequestDeleteAlert", **reference(first))
    assert (deleted.name, deleted.payload) == ("Alerts.DeleteAlert", reference(first))
    await device.tell("Alerts.DeleteAlertSucceeded", **reference(first))
    body = {"client": device.client.name, "token": second["token"]}
    assert await device.control.call("DELETE", "/control/alerts", body) == {"downchannels": 1}
    assert (await device.channel.part("Alerts.DeleteAlert")).payload == reference(second)
    failed = await device.tell("Alerts.DeleteAlertFailed", **reference(second))
    assert failed[-1].payload == {"text": "The timer could not be cancelled."}
    assert [each["withdrawn"] for each in await book(device)] == [True, True]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("Alerts.RequestSynchronizeAlert", "Alerts.SynchronizeAlert"),
        ("System.RequestSynchronizeState", "System.SynchronizeState"),
    ],
)
async def test_what_is_set_while_away_comes_when_asked(
    client: Client, control: Control, asked: str, answer: str
) -> None:
    body = {"client": client.name, "type": "REMINDER", "seconds": 60, "label": "tea", "text": "tea"}
    told = await control.call("POST", "/control/alerts", body | {"token": "mine"})
    assert (told["downchannels"], told["token"]) == (0, "mine")
    device = Device(client, control)
    assert [each["sent"] for each in await book(device)] == [False]
    await device.open()
    [everything] = await device.tell(asked)
    assert everything.name == answer
    [alert] = everything.payload["allAlerts"]
    assert (alert["token"], alert["label"]) == ("mine", "tea")
    assert alert["scheduledTime"] == told["scheduledTime"]
    assert [each["sent"] for each in await book(device)] == [True]
    assert await device.tell("Alerts.SetAlertSucceeded", **reference(alert)) == []


async def test_whatever_is_pushed_stands_in_the_book(device: Device) -> None:
    payload = {"token": "raw", "type": "ALARM", "scheduledTime": "tomorrow"}
    header = {"namespace": "Alerts", "name": "SetAlert"}
    body = {"client": device.client.name, "directive": {"header": header, "payload": payload}}
    await device.control.call("POST", "/control/directives", body)
    await device.channel.part("Alerts.SetAlert")
    assert await state(device) == "ordered"
    await device.tell("Alerts.SetAlertFailed", **reference(payload))
    assert await state(device) == "failed"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ({"type": "ALERT"}, "type is one of ALARM, TIMER"),
        ({"type": 7}, "type is one of"),
        ({"client": 7}, "client names a client"),
        ({"seconds": None}, "Either seconds"),
        ({"scheduledTime": "2026-01-01T07:00:00Z"}, "Either seconds"),
        ({"seconds": "soon"}, "seconds is a number"),
        ({"seconds": 1e300}, "seconds is a number"),
        ({"seconds": None, "scheduledTime": "2026-01-01T07:00:00"}, "scheduledTime is"),
        ({"seconds": None, "scheduledTime": 7}, "scheduledTime is"),
        ({"label": []}, "label is a text"),
        ({"repeat": "hourly"}, "repeat is daily"),
        ({"repeat": ["someday"]}, "repeat is daily"),
        ({"assets": "bell"}, "assets is a list"),
        ({"assetPlayOrder": [1]}, "assetPlayOrder is a list"),
    ],
)
async def test_wrong_fields_are_told_in_words(
    control: Control, field: dict[str, Any], words: str
) -> None:
    body = {"client": "nobody", "type": "ALARM", "seconds": 5} | field
    with pytest.raises(AssertionError, match=f"400.*{words}"):
        await control.call("POST", "/control/alerts", body)
    with pytest.raises(AssertionError, match="400.*no such alert"):
        await control.call("DELETE", "/control/alerts", {"client": "nobody", "token": "x"})


async def test_spoken(device: Device) -> None:
    channel: Stream = device.channel
    for text, kind in (
        ("set a timer for five minutes", "TIMER"),
        ("remind me in ten minutes about chocolate", "REMINDER"),
    ):
        stream = await device.client.open_voice(str(uuid4()))
        await stream.send(speech(text))
        await channel.part("SpeechRecognizer.StopCapture")
        await stream.send(CLOSING, end=True)
        alert = (await stream.part("Alerts.SetAlert")).payload
        assert alert["type"] == kind
        await device.tell("Alerts.SetAlertSucceeded", **reference(alert))


async def test_what_repeats_stands_though_its_answer_is_lost(device: Device) -> None:
    alert = set_in(await device.say("wake me every day at seven"))
    await ring(device, alert)
    await device.control.call("PUT", "/control/settings", {"speak_delay": 5})
    since = await device.control.now()
    stream = await device.client.event("Alerts", "AlertStopped", reference(alert))
    await device.control.entry(since, "event", client=device.client.name, name="AlertStopped")
    await stream.status
    await stream.reset()
    await device.control.call("PUT", "/control/settings", {"speak_delay": 0})
    [everything] = await device.tell("Alerts.RequestSynchronizeAlert")
    [again] = everything.payload["allAlerts"]
    assert again["token"] == alert["token"]
    assert again["scheduledTime"] > alert["scheduledTime"]
