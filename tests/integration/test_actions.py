"""What automations have CIC do: commands, events and words of their own."""

import asyncio
from typing import Any

from homeassistant.components.http.auth import SIGN_QUERY_PARAM
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
import probatio as vol
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.playback.speech import view

from .automations import automate, on
from .conftest import SetUp
from .player import PLAYER, Speaker
from .service import PATIENCE, CicService, client_of, directive, turns_of, until

SUM = "what is two plus three"
HEARD = {CONF_MEDIA_PLAYER: PLAYER}


async def act(hass: HomeAssistant, action: str, *, quietly: bool = False, **data: Any) -> Any:
    """Perform an action of ours; return its response."""
    return await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=not quietly
    )


def names(response: dict[str, Any]) -> list[str]:
    return [f"{one['namespace']}.{one['name']}" for one in response["directives"]]


async def plan(cic: CicService, event: str, *parts: dict[str, Any], **more: Any) -> None:
    """Have the server give another answer than its own."""
    answer = {"event": event, "parts": list(parts), **more}
    await cic.control("POST", "next-answer", answer)


async def told(cic: CicService, count: int) -> list[str]:
    """Return what CIC was told of its speech, once that is so much."""
    async with asyncio.timeout(PATIENCE):
        while len(events := await cic.told()) < count:
            await asyncio.sleep(0.02)
    return [name for name, _ in events]


def part(name: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"json": {"directive": directive(name, payload)}}


@pytest.mark.event("TextRecognizer.Recognize")
async def test_a_command(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """One dialog and one request; its sound can be fetched without a login, and is announced nowhere."""
    coordinator = await set_up(cic, options=HEARD)
    response = await act(hass, "send_text_command", text=SUM)
    assert "5" in response["answer"] or "five" in response["answer"]
    assert names(response) == ["SpeechSynthesizer.Speak", "Clova.RenderText"]
    assert response["directives"][1]["payload"] == {"text": response["answer"]}
    assert not response["expects_reply"]
    assert await cic.asked() == ["Recognize"]
    assert await turns_of(coordinator) == ["answered"]
    assert SIGN_QUERY_PARAM in response["sound"]
    async with (await hass_client_no_auth()).get(response["sound"]) as fetched:
        assert fetched.status == 200
        assert fetched.content_type == "audio/mpeg"
        assert len(await fetched.read()) > 2000
    assert response["sound_complete"]
    assert not speaker.played
    assert not await cic.told()  # whether anybody listens is not known


@pytest.mark.usefixtures("speaker")
async def test_a_sound_that_is_too_long(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What there is room for can be fetched, and it is said that this is not all."""
    monkeypatch.setattr(view, "MOST_BYTES", 2000)
    await set_up(cic)
    response = await act(hass, "send_text_command", text=SUM)
    assert response["answer"]
    assert response["sound"] is not None
    assert not response["sound_complete"]


async def test_a_command_that_is_announced(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker
) -> None:
    coordinator = await set_up(cic, options=HEARD)
    response = await act(hass, "send_text_command", text=SUM, play=True)
    (heard,) = await until(lambda: speaker.played)
    assert heard.announce
    assert len(heard.sound) > 2000
    assert response["sound"] is None
    await until(lambda: coordinator.counters.events["speech_announced"])
    assert await told(cic, 2) == ["SpeechStarted", "SpeechFinished"]


async def test_a_command_without_a_response(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker
) -> None:
    coordinator = await set_up(cic, options=HEARD)
    await act(hass, "send_text_command", text=SUM, quietly=True)
    assert await turns_of(coordinator) == ["answered"]
    assert not speaker.played


async def test_a_question_back(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    asked = await act(hass, "send_text_command", text="order a pizza")
    assert asked["expects_reply"]
    assert "How many" in asked["answer"]
    conversation_id = asked["conversation_id"]
    said = await act(hass, "send_text_command", text="two", conversation_id=conversation_id)
    assert "two pizzas" in said["answer"]
    assert not said["expects_reply"]
    dialogs = [one["dialogRequestId"] for one in await cic.log("dialog")]
    assert len(set(dialogs)) == 1
    alone = await act(hass, "send_text_command", text="two")
    assert "two pizzas" not in alone["answer"]


async def test_what_is_ordered_is_done(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    runs = await automate(hass, seen=on("directive_received", namespace="AudioPlayer"))
    response = await act(hass, "send_text_command", text="play music")
    plays = names(response).count("AudioPlayer.Play")
    assert plays
    assert len(runs) == coordinator.counters.directives["AudioPlayer.Play"] == plays


async def test_an_answer_on_a_card(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    await set_up(mortal_cic)
    told = {"type": "string", "value": "Seoul is the capital"}
    template = part("Clova.RenderTemplate", {"type": "Text", "mainText": told})
    await plan(mortal_cic, "TextRecognizer.Recognize", template)
    response = await act(hass, "send_text_command", text="capital")
    assert response["card"].keys() == {"title", "content", "image_url"}
    assert told["value"] in response["card"]["content"]
    assert told["value"] in response["answer"]


async def test_an_answer_without_text_and_sound(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    await set_up(mortal_cic)
    await plan(mortal_cic, "TextRecognizer.Recognize", part("Clova.Help"))
    response = await act(hass, "send_text_command", text="help")
    assert names(response) == ["Clova.Help"]
    assert response["answer"] == ""
    assert response["card"] is response["sound"] is None


async def test_sound_that_is_not_there(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    await set_up(mortal_cic)
    speak = part("SpeechSynthesizer.Speak", {"token": "t", "url": "cid:nowhere"})
    await plan(
        mortal_cic, "TextRecognizer.Recognize", speak, part("Clova.RenderText", {"text": "x"})
    )
    response = await act(hass, "send_text_command", text="hello")
    assert response["answer"] == "x"
    assert response["sound"] is None


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"status": 500}, "refused"),
        ({"status": 401}, "token_refused"),
        ({"reset": True}, "broken_answer"),
        ({"truncate": True}, "broken_answer"),
    ],
)
@pytest.mark.parametrize(
    ("action", "event", "data"),
    [
        ("send_text_command", "TextRecognizer.Recognize", {"text": "hello"}),
        ("send_event", "Clova.ProcessDelegatedEvent", {"payload": {"delegationId": "d"}}),
        ("speak", "SpeechSynthesizer.Request", {"text": "hello"}),
    ],
)
async def test_failures(
    hass: HomeAssistant,
    mortal_cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    action: str,
    event: str,
    data: dict[str, Any],
    answer: dict[str, Any],
    key: str,
) -> None:
    await set_up(mortal_cic, options=HEARD)
    if action == "send_event":
        namespace, _, name = event.partition(".")
        data = data | {"namespace": namespace, "name": name}
    # once more, where a request that was not looked at is repeated
    for _ in range(2):
        await plan(mortal_cic, event, **answer)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, action, quietly=True, **data)
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_key == key
    assert not speaker.played


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("send_text_command", {"text": "hello"}),
        ("send_event", {"namespace": "Alerts", "name": "RequestSynchronizeAlert"}),
        ("speak", {"text": "hello"}),
    ],
)
async def test_while_cic_is_away(
    hass: HomeAssistant,
    mortal_cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    action: str,
    data: dict[str, Any],
) -> None:
    coordinator = await set_up(mortal_cic, options=HEARD)
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, action, quietly=True, **data)
    assert raised.value.translation_key == "not_connected"


@pytest.mark.event("DeviceControl.RequestDeviceList")
async def test_an_event(hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp) -> None:
    """What comes back is in the response, and acted upon."""
    coordinator = await set_up(mortal_cic)
    said = on("directive_received", "{{ trigger.payload.text }}", name="RenderText")
    runs = await automate(hass, seen=said)
    answered = part("Clova.RenderText", {"text": "done"})
    await plan(mortal_cic, "DeviceControl.RequestDeviceList", answered)
    event = {"namespace": "devicecontrol", "name": "REQUESTdeviceLIST"}
    response = await act(hass, "send_event", **event)
    assert response["directives"] == [
        {"namespace": "Clova", "name": "RenderText", "payload": {"text": "done"}}
    ]
    assert runs.of("seen") == ["done"]
    assert coordinator.counters.directives["Clova.RenderText"] == 1
    assert "RequestDeviceList" in await mortal_cic.asked()


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        pytest.param(event, payload, marks=pytest.mark.event(event))
        for event, payload in (
            ("AudioPlayer.RequestPlaybackState", {"deviceId": "kitchen"}),
            ("DeviceControl.BtRequestForPINCode", {"deviceName": "Headphones"}),
            ("DeviceControl.BtRequestToCancelPINCodeInput", {}),
            ("PlaybackController.SetRepeatModeCommandIssued", {"repeatMode": "REPEAT_ONE"}),
        )
    ],
)
async def test_events_that_nothing_here_sends_by_itself(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, event: str, payload: dict[str, Any]
) -> None:
    """Of apps, and of Bluetooth, which Home Assistant leaves to other things."""
    await set_up(cic)
    namespace, _, name = event.partition(".")
    await act(hass, "send_event", namespace=namespace, name=name, payload=payload)
    assert await cic.payloads(event) == [payload]


async def test_an_event_that_is_answered_aloud(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker
) -> None:
    await set_up(cic, options=HEARD)
    event = {"namespace": "SpeechSynthesizer", "name": "Request"}
    response = await act(hass, "send_event", **event, payload={"text": "Hello", "lang": "en"})
    assert names(response) == ["SpeechSynthesizer.Speak"]
    (heard,) = await until(lambda: speaker.played)
    assert len(heard.sound) > 1000


@pytest.mark.parametrize(
    ("event", "payload", "field"),
    [
        ("Alerts.AlertStarted", {"type": "ALARM"}, "token"),
        ("Alerts.AlertStarted", {"token": "t", "type": "EGG"}, "type"),
        ("AudioPlayer.PlayPaused", {"token": "t", "offsetInMilliseconds": "1"}, "offset"),
        ("Nobody.Knows", {}, "Nobody.Knows"),
        ("TextRecognizer.Recognize", {"text": "hello"}, "send_text_command"),
        ("Clova.ProcessDelegatedEvent", {"delegationId": "d", "odd": {1, 2}}, "JSON"),
    ],
)
async def test_events_that_no_document_knows(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    event: str,
    payload: dict[str, Any],
    field: str,
) -> None:
    await set_up(cic)
    namespace, _, name = event.partition(".")
    with pytest.raises(ServiceValidationError, match=field):
        await act(hass, "send_event", namespace=namespace, name=name, payload=payload)
    assert not await cic.asked()


@pytest.mark.event("SpeechSynthesizer.Request")
async def test_speak(hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker) -> None:
    coordinator = await set_up(cic, options=HEARD)
    await act(hass, "speak", quietly=True, text="Dinner is ready")
    await act(hass, "speak", quietly=True, text="안녕하세요", language="ko")
    await until(lambda: len(speaker.played) == 2)
    assert all(heard.announce and len(heard.sound) > 1000 for heard in speaker.played)
    requests = [one for one in await cic.log("event") if one["name"] == "Request"]
    assert [one["payload"]["lang"] for one in requests] == ["en", "ko"]
    await until(lambda: coordinator.counters.events["speech_announced"] == 2)
    assert await told(cic, 4) == ["SpeechStarted", "SpeechFinished"] * 2


async def test_speak_at_a_player(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker
) -> None:
    await set_up(cic)
    await act(hass, "speak", quietly=True, text="Dinner is ready", media_player=PLAYER)
    await until(lambda: speaker.played)
    assert not ir.async_get(hass).issues


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({}, "no_output"),
        ({"media_player": "media_player.nowhere"}, "no_player"),
        ({"media_player": "media_player.test_cloud_player"}, "no_player"),
    ],
)
async def test_nowhere_to_speak(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    speaker: Speaker,
    data: dict[str, str],
    key: str,
) -> None:
    """Nothing is asked of CIC that nobody could hear."""
    await set_up(cic)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "speak", quietly=True, text="hello", **data)
    assert raised.value.translation_key == key
    assert not await cic.asked()


async def test_too_much_to_say(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, speaker: Speaker, monkeypatch: Any
) -> None:
    monkeypatch.setattr("custom_components.clova_cic.playback.speech.line.MOST_WAITING", 1)
    speaker.async_play_media = lambda *_, **__: hass.loop.create_future()  # type: ignore[method-assign]
    await set_up(cic, options=HEARD)
    await act(hass, "speak", quietly=True, text="one")
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "speak", quietly=True, text="two")
    assert raised.value.translation_key == "too_much_to_say"


@pytest.mark.parametrize("name", ["Clova.Help", "SpeechSynthesizer.Speak", "Odd.One"])
async def test_no_sound_for_a_text(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp, speaker: Speaker, name: str
) -> None:
    """A Speak without an address is none."""
    await set_up(mortal_cic, options=HEARD)
    await plan(mortal_cic, "SpeechSynthesizer.Request", part(name))
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "speak", quietly=True, text="hello")
    assert raised.value.translation_key == "broken_answer"


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("send_text_command", {}),
        ("send_text_command", {"text": ""}),
        ("send_text_command", {"text": "a" * 5001}),
        ("send_text_command", {"text": "a", "conversation_id": ""}),
        ("send_event", {"namespace": "Alerts"}),
        ("send_event", {"namespace": "A", "name": "B", "payload": ["a"]}),
        ("speak", {"text": "a", "language": "fr"}),
        ("speak", {"text": "a", "media_player": "light.lamp"}),
    ],
)
async def test_data_that_means_nothing(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, action: str, data: dict[str, Any]
) -> None:
    await set_up(cic)
    with pytest.raises(vol.Invalid):
        await act(hass, action, quietly=True, **data)


async def test_which_entry(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    first = (await set_up(cic)).config_entry
    async with client_of(cic.server, cic.folder, f"{cic.client}-2") as beside:
        second = (await set_up(beside)).config_entry
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "send_text_command", text=SUM)
        assert raised.value.translation_key == "service_found_multiple_config_entry_for_domain"
        await act(hass, "send_text_command", text=SUM, config_entry_id=second.entry_id)
        assert (await cic.asked(), await beside.asked()) == ([], ["Recognize"])
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "send_text_command", text=SUM, config_entry_id="another")
        assert raised.value.translation_key == "service_config_entry_not_found"
        await hass.config_entries.async_unload(first.entry_id)
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "send_text_command", text=SUM, config_entry_id=first.entry_id)
        assert raised.value.translation_key == "service_config_entry_not_loaded"


async def test_unloading_while_an_answer_is_waited_for(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(mortal_cic)
    await plan(mortal_cic, "TextRecognizer.Recognize", delay=5)
    asking = hass.async_create_task(act(hass, "send_text_command", text=SUM))
    await until(lambda: coordinator.turns._open)
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    with pytest.raises(HomeAssistantError):
        await asking
    assert not coordinator.turns._open


async def test_who_gives_up_takes_the_command_back(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(mortal_cic)
    await plan(mortal_cic, "TextRecognizer.Recognize", delay=5)
    asking = hass.async_create_task(act(hass, "send_text_command", text=SUM))
    await until(lambda: coordinator.turns._open)
    asking.cancel()
    assert await turns_of(coordinator) == ["cancelled"]
