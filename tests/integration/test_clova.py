"""Clova: what answers show, what CIC asks of the user, and what it has another device done here."""

from typing import Any

from homeassistant.const import CONF_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.clova_cic.const import CONF_MEDIA_PLAYER, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator
from custom_components.clova_cic.counters import MOST_OTHERS
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from custom_components.clova_cic.screen import MOST_SUGGESTED

from .automations import automate, on
from .conftest import SetUp
from .house import engine, make_pipeline, sound_of, speak
from .music import TURNTABLE, music, play
from .player import PLAYER, Speaker, add_speaker
from .service import CicService, directive, greeted, until
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, part, sound_part, speak_part, text_part

TYPED = {"event": "TextRecognizer.Recognize"}
EXTENSION = "sensor.test_cloud_extension"
WEATHER = {
    "type": "Humidity",
    "meta": {"version": {"type": "string", "value": "v1.0"}},
    "location": {"type": "string", "value": "Seoul"},
    "humidity": {"type": "percentage", "value": "20"},
    "imageUrl": {"type": "url", "value": "https://pictures.invalid/seoul.png"},
}


def shown(name: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return part(directive(name, payload, messageId="m"))


async def answered(
    hass: HomeAssistant, cic: CicService, *parts: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Return what Assist gets for a typed command that is answered with these."""
    await cic.control("POST", "next-answer", {**TYPED, "parts": parts})
    result = await hass.services.async_call(
        "conversation",
        "process",
        {"text": "what is it", "agent_id": engine(hass, "conversation"), **more},
        blocking=True,
        return_response=True,
    )
    response: dict[str, Any] = result["response"]
    return response


def said(response: dict[str, Any]) -> str:
    text: str = response["speech"]["plain"]["speech"]
    return text


def issue(hass: HomeAssistant, coordinator: CicCoordinator) -> ir.IssueEntry | None:
    issue_id = f"sign_in_{coordinator.config_entry.entry_id}"
    return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)


async def acted_on(coordinator: CicCoordinator, name: str) -> None:
    await until(lambda: coordinator.counters.directives[name])


# What an answer shows


@pytest.mark.directive("Clova.RenderTemplate")
async def test_a_template_alone(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    response = await answered(hass, cic, shown("Clova.RenderTemplate", WEATHER))
    assert said(response) == "Seoul\n20%"
    assert response["card"] == {
        "simple": {"title": "Seoul", "content": "20%"},
        "image": {"title": "Seoul", "content": "https://pictures.invalid/seoul.png"},
    }


@pytest.mark.directive("Clova.RenderTemplate")
async def test_a_template_is_spoken_where_there_is_no_sound(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    parts = [shown("Clova.RenderTemplate", WEATHER)]
    await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.answer == "Seoul\n20%"
    assert len(await sound_of(hass, run)) > 2000
    requests = await cic.payloads("SpeechSynthesizer.Request")
    assert " ".join(one["text"].strip() for one in requests).split() == ["Seoul", "20%"]


async def test_a_template_beside_a_text(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    """The text is the answer's; the last template counts."""
    await set_up(cic)
    parts = [
        shown("Clova.RenderTemplate", {"type": "Memo", "content": "before"}),
        text_part("It is humid."),
        shown("Clova.RenderTemplate", WEATHER),
    ]
    response = await answered(hass, cic, *parts)
    assert said(response) == "It is humid."
    assert response["card"]["simple"]["content"] == "20%"


async def test_a_template_beside_a_sound(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    await set_up(cic)
    sound = failure_sound() * 5
    parts = [speak_part("S"), sound_part("S", sound), shown("Clova.RenderTemplate", WEATHER)]
    await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert await sound_of(hass, run) == sound
    assert run.answer == "Seoul\n20%"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ({"type": "Text", "mainText": 7, "subText": {"value": ["x", None]}}, "7\nx"),
        ({"type": "Unheard", "failureMessage": {"value": "Look elsewhere."}}, "Look elsewhere."),
        ({"type": "Memo", "content": {"value": "word " * 100_000}}, ("word " * 200).strip()),
        ({"type": "AlarmList", "alarmList": "none", "subtitle": ["Alarms"]}, "Alarms"),
        ({"type": "Memo", "content": {"value": "x"}, "meta": [[[[[]]]]] * 9}, "x"),
    ],
)
async def test_odd_templates(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, template: dict[str, Any], text: str
) -> None:
    await set_up(cic)
    response = await answered(hass, cic, shown("Clova.RenderTemplate", template))
    assert said(response).strip() == text
    assert response["card"]["simple"]["title"] in ("7", "Test cloud", "Alarms")


@pytest.mark.parametrize("template", [{}, {"type": 7}, {"type": "t" * 10_000}])
async def test_no_template(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, template: dict[str, Any], caplog
) -> None:
    """The rest of the answer is told."""
    await set_up(cic)
    parts = [shown("Clova.RenderTemplate", template), text_part("And more.")]
    response = await answered(hass, cic, *parts)
    assert (said(response), response["card"]) == ("And more.", {})
    assert "Ignoring Clova.RenderTemplate" in caplog.text


async def test_suggestions(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    await set_up(cic)
    chips = [{"label": f"chip {i}", "query": f"say {i}"} for i in range(10_000)]
    parts = [
        shown("Clova.RenderTemplate", WEATHER),
        shown("Clova.RenderSuggestion", {"topic": "Next", "suggestions": chips}),
    ]
    response = await answered(hass, cic, *parts)
    lines = response["card"]["simple"]["content"].split("\n")
    assert lines[0] == "20%"
    assert lines[1] == " ".join(f"“chip {i}”" for i in range(MOST_SUGGESTED))
    alone = await answered(hass, cic, text_part("Well?"), parts[1])
    assert alone["card"]["simple"] == {"title": "Next", "content": lines[1]}


@pytest.mark.directive("Clova.Help")
@pytest.mark.parametrize(("language", "word"), [("en", "weather"), ("ko", "날씨"), ("ja", "天気")])
async def test_help(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, language: str, word: str
) -> None:
    """It is said here only where the cloud says nothing itself."""
    await set_up(cic)
    response = await answered(hass, cic, shown("Clova.Help"), language=language)
    assert word in said(response)
    own = await answered(hass, cic, shown("Clova.Help"), text_part("I know much."))
    assert said(own) == "I know much."


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Clova.LaunchURI", marks=pytest.mark.directive("Clova.LaunchURI")),
        "DeviceControl.LaunchURI",
    ],
)
async def test_an_address_is_shown(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, name: str
) -> None:
    """The first of the candidates; nobody opens it."""
    await set_up(cic)
    first = {"uri": "recipes://soup", "title": "Soup", "description": "A recipe"}
    targets = [{"title": "no address"}, first, {"uri": "https://soup.invalid/"}]
    response = await answered(hass, cic, text_part("Here."), shown(name, {"targets": targets}))
    assert response["card"]["simple"] == {"title": "Soup", "content": "A recipe\nrecipes://soup"}


@pytest.mark.parametrize("name", ["LaunchURI", "RenderTemplate", "RenderText"])
async def test_what_cannot_be_shown_is_told(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, name: str
) -> None:
    """As what comes unasked is: counted, and raw for automations."""
    coordinator = await set_up(cic)
    broken = {"type": 7, "text": ["x"], "targets": {}}
    runs = await automate(
        hass, seen=on("directive_received", "{{ trigger.payload.type }}", name=name)
    )
    response = await answered(hass, cic, shown(f"Clova.{name}", broken), text_part("Here."))
    assert said(response) == "Here."
    assert coordinator.counters.directives[f"Clova.{name}"] == 1 + (name == "RenderText")
    await until(lambda: 7 in runs.of("seen"))


@pytest.mark.parametrize("name", ["Help", "LaunchURI", "RenderTemplate", "RenderText"])
async def test_unasked(hass: HomeAssistant, cic: CicService, set_up: SetUp, name: str) -> None:
    """It is told to automations, and that is all."""
    coordinator = await set_up(cic)
    await greeted(coordinator)
    payload = {"text": "x", "targets": [{"uri": "x://y"}]} | WEATHER
    await cic.push(directive(f"Clova.{name}", payload))
    await acted_on(coordinator, f"Clova.{name}")
    state = hass.states.get("event.test_cloud_directive")
    assert state is not None and state.attributes["event_type"] == f"Clova.{name}"
    assert not coordinator.counters.events["malformed"]


# Extensions


@pytest.mark.directive("Clova.StartExtension", "Clova.FinishExtension")
async def test_extensions(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    assert hass.states.get(EXTENSION) is None  # off unless the user wants it
    er.async_get(hass).async_update_entity(EXTENSION, disabled_by=None)
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)

    async def becomes(state: str) -> None:
        await until(lambda: hass.states.get(EXTENSION).state == state)

    await becomes("unknown")
    await cic.push(directive("Clova.StartExtension", {"extension": "pizza"}))
    await becomes("pizza")
    await cic.push(directive("Clova.StartExtension", {"extension": "q" * 300}))
    await becomes("q" * 255)
    await cic.push(directive("Clova.FinishExtension", {"extension": "pizza"}))  # left before
    await cic.push(directive("Clova.FinishExtension", {"extension": "q" * 300}))
    await becomes("unknown")
    await answered(hass, cic, shown("Clova.StartExtension", {"extension": "of an answer"}))
    await becomes("of an answer")


# Delegation


@pytest.mark.directive("Clova.HandleDelegatedEvent")
@pytest.mark.event("Clova.ProcessDelegatedEvent")
async def test_delegation(
    hass: HomeAssistant,
    home: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """What the app asked of another device is heard here; the dialog is nobody's here."""
    speaker: Speaker = await add_speaker(home)
    coordinator = await set_up(cic, options={CONF_MEDIA_PLAYER: PLAYER})
    home.config.internal_url = f"http://127.0.0.1:{(await hass_client_no_auth()).port}"
    sound = failure_sound().ljust(10240, b"\0")
    speech = speak_part("S")
    speech["json"]["directive"]["header"]["dialogRequestId"] = "of the app"
    parts = [speech, sound_part("S", sound), text_part("On my way.")]
    plan = {"event": "Clova.ProcessDelegatedEvent", "parts": parts}
    await cic.control("POST", "next-answer", plan)
    await cic.push(directive("Clova.HandleDelegatedEvent", {"delegationId": "d-1"}))
    (heard,) = await until(lambda: speaker.played)
    assert heard.sound == sound
    assert await cic.payloads("Clova.ProcessDelegatedEvent") == [{"delegationId": "d-1"}]
    await acted_on(coordinator, "Clova.RenderText")


async def test_delegation_of_nothing(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    for payload in ({}, {"delegationId": 7}, {"delegationId": "x" * 10_000}):
        await cic.push(directive("Clova.HandleDelegatedEvent", payload))
    await until(lambda: coordinator.counters.events["malformed"] == 3)
    assert await cic.payloads("Clova.ProcessDelegatedEvent") == []


async def test_delegated_music(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """It goes on where the music is."""
    async with music(home, cic, set_up) as house:
        await house.start("a")
        plan = {
            "event": "Clova.ProcessDelegatedEvent",
            "parts": [shown("PlaybackController.Pause")],
        }
        await cic.control("POST", "next-answer", plan)
        await cic.push(directive("Clova.HandleDelegatedEvent", {"delegationId": "d-2"}))
        await until(lambda: home.states.get(TURNTABLE).state == "paused")


# Signing in


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Clova.ExpectLogin", marks=pytest.mark.directive("Clova.ExpectLogin")),
        "Clova.RequestLogin",
    ],
)
async def test_sign_in(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
    name: str,
) -> None:
    """A repair leads to the form; a token that is accepted is the end of it."""
    assert await async_setup_component(hass, "repairs", {})
    coordinator = await set_up(cic)
    entry = coordinator.config_entry
    await cic.push(directive(name))
    found = await until(lambda: issue(hass, coordinator))
    assert found.is_fixable and found.translation_placeholders == {"title": "Test cloud"}
    client = await hass_client()
    begun = await client.post(
        "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": found.issue_id}
    )
    form = await begun.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    assert form["description_placeholders"] == {"title": "Test cloud"}
    done = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await done.json())["type"] == "create_entry"
    await hass.async_block_till_done()
    assert issue(hass, coordinator) is None
    # asked again before the user has answered
    await cic.push(directive(name))
    await until(lambda: issue(hass, coordinator))
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_ACCESS_TOKEN: cic.access_token}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done()
    await until(lambda: entry.runtime_data is not coordinator and entry.runtime_data.connected)
    assert issue(hass, coordinator) is None


async def test_sign_in_of_an_entry_that_is_gone(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    coordinator = await set_up(cic)
    await cic.push(directive("Clova.ExpectLogin"))
    found = await until(lambda: issue(hass, coordinator))
    client = await hass_client()
    asked = {"handler": DOMAIN, "issue_id": found.issue_id}
    form = await (await client.post("/api/repairs/issues/fix", json=asked)).json()
    await hass.config_entries.async_remove(coordinator.config_entry.entry_id)
    assert issue(hass, coordinator) is None
    done = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await done.json())["type"] == "create_entry"
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


# What nobody knows, and what was once known


async def test_unknown_directives(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, hass_ws_client: WebSocketGenerator
) -> None:
    """They are counted by name, so many of them; the rest of an answer is told."""
    coordinator = await set_up(cic)
    for number in range(MOST_OTHERS):
        await cic.push(directive(f"Somebody.Invented{number}"))
    exception = {"code": 500, "description": "of somebody's"}
    await cic.push(directive("System.Exception", exception))
    await cic.push(directive("Somebody.Invented0"))
    response = await answered(
        hass, cic, shown("Somebody.Invented1"), text_part("Heard."), shown("Nobody.Knows")
    )
    assert said(response) == "Heard."
    counters = coordinator.counters
    await until(lambda: counters.directives["other"] == MOST_OTHERS + 4)
    assert len(counters.others) == MOST_OTHERS
    assert (counters.others["Somebody.Invented0"], counters.others["Somebody.Invented1"]) == (2, 2)
    assert coordinator.connected


async def test_an_exception_unasked(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await cic.push(directive("System.Exception", {"code": "401", "description": "x"}))
    await cic.push(directive("Notifier.SetIndicator"))
    await acted_on(coordinator, "Notifier.SetIndicator")
    assert coordinator.counters.others == {"System.Exception": 1}
    assert coordinator.connected and coordinator.counters.last_error is None


async def test_orders_of_2017(home: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    async with music(home, cic, set_up) as house:
        await house.start("a")
        await cic.push(play("b", "ENQUEUE"))
        await until(lambda: house.player.queue)
        await cic.push(directive("AudioPlayer.PlayNext"))
        await until(lambda: house.player.track.stream.token == "token-b")
        await until(lambda: home.states.get(TURNTABLE).state == "playing")
        await cic.push(directive("audioplayer.STOP"))
        await until(lambda: home.states.get(TURNTABLE).state == "idle")


async def test_music_elsewhere(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    for activity in ("PLAYING", "playing", "DANCING", None):
        await cic.push(
            directive(
                "AudioPlayer.SynchronizePlaybackState",
                {"deviceId": "garden", "playbackState": {"playerActivity": activity}},
            )
        )
    events = coordinator.counters.events
    await until(lambda: events["elsewhere_playing"] == 2 and events["elsewhere_unknown"] == 2)
