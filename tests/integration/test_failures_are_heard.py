"""What fails is heard or seen: never a traceback, never silence."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
import logging
from typing import Any

from homeassistant.components import conversation, tts
from homeassistant.components.assist_pipeline import PipelineEventType
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from tests.peer.voice import Reply

from .house import Run, engine, make_pipeline, sound_of, speak, whole
from .service import PATIENCE, CicService, directive, until
from .speech import microphone
from .voices import Cloud, noise, voices

SUM = "what is two plus three"
EVENTS = {"event": "SpeechRecognizer.Recognize"}


def part(body: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"directive": body}}


def speak_part(cid: str) -> dict[str, Any]:
    payload = {"format": "AUDIO_MPEG", "token": "t", "url": f"cid:{cid}"}
    return part(directive("SpeechSynthesizer.Speak", payload, messageId="m"))


def sound_part(cid: str, sound: bytes) -> dict[str, Any]:
    headers = {"Content-Type": "application/octet-stream", "Content-ID": cid}
    return {"headers": headers, "body_base64": base64.b64encode(sound).decode()}


def text_part(text: str) -> dict[str, Any]:
    return part(directive("Clova.RenderText", {"text": text}, messageId="m"))


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged with one; asyncio's own, at DEBUG, are not for users."""
    records = [record for record in caplog.records if record.levelno > logging.DEBUG]
    return [record.getMessage() for record in records if record.exc_info]


async def answered_with(
    hass: HomeAssistant, cic: CicService, set_up: Any, **answer: Any
) -> tuple[Run, bytes]:
    """Speak a command whose answer a test has planned; return the run and its sound."""
    await set_up(cic)
    times = 2 if answer.get("status") == 401 else 1  # refused once, it goes up once more
    for _ in range(times):
        await cic.control("POST", "next-answer", {**EVENTS, **answer})
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    return run, await sound_of(hass, run)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 500}, "refused"),
        ({"status": 401}, "access"),
        ({"parts": [text_part("half")], "truncate": True}, "make sense"),
        ({"parts": [{"headers": {}, "body_base64": ""}], "truncate": True}, "make sense"),
    ],
)
async def test_a_refused_or_broken_answer_is_spoken_about(
    hass: HomeAssistant, cic: CicService, set_up, caplog, answer, reason
) -> None:
    run, sound = await answered_with(hass, cic, set_up, **answer)
    assert run.recognised == SUM
    assert reason in run.answer.lower()
    assert len(sound) > 1000
    assert not tracebacks(caplog)


@pytest.mark.directive("Clova.RenderText")
async def test_an_answer_without_sound_is_spoken_by_text_to_speech(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    run, sound = await answered_with(hass, cic, set_up, parts=[text_part("only words")])
    assert run.answer == "only words"
    assert len(sound) > 1000
    assert await cic.asked() == ["Recognize", "Request"]


async def test_an_answer_without_text_has_a_stand_in(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    parts = [speak_part("S"), sound_part("S", failure_sound() * 9)]
    run, sound = await answered_with(hass, cic, set_up, parts=parts)
    assert run.answer
    assert sound == failure_sound() * 9


async def test_sound_that_never_comes(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    run, sound = await answered_with(
        hass, cic, set_up, parts=[speak_part("nowhere"), text_part("hello")]
    )
    assert run.answer == "hello"
    assert len(sound) > 1000
    assert await cic.asked() == ["Recognize", "Request"]
    assert caplog.text.count("The sound of an answer is incomplete") == 1


async def test_sound_at_an_address_does_not_silence_the_text(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    payload = {"format": "AUDIO_MPEG", "token": "t", "url": "https://example.invalid/a.mp3"}
    speak = part(directive("SpeechSynthesizer.Speak", payload, messageId="m"))
    run, sound = await answered_with(hass, cic, set_up, parts=[speak, text_part("hello")])
    assert run.answer == "hello"
    assert len(sound) > 1000


async def test_a_malformed_directive_does_not_stop_the_rest(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    broken = part(directive("SpeechRecognizer.ExpectSpeech", {}, messageId="m"))
    run, _ = await answered_with(
        hass, cic, set_up, parts=[broken, {"json": [1]}, text_part("hello")]
    )
    assert run.answer == "hello"
    assert not run.continues
    assert "Ignoring SpeechRecognizer.ExpectSpeech" in caplog.text


async def test_other_directives_of_an_answer_reach_automations(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    play = part(directive("AudioPlayer.Play", {"audioItem": {}}, messageId="m"))
    unknown = part(directive("Marvel.Assemble", {"who": "all"}, messageId="m"))
    seen = async_capture_events(hass, "clova_cic_directive")
    await answered_with(hass, cic, set_up, parts=[play, unknown, text_part("hello")])
    names = [f"{event.data['namespace']}.{event.data['name']}" for event in seen]
    unasked = ("Alerts", "DeviceControl", "Settings", "SpeechRecognizer")
    assert [name for name in names if not name.startswith(unasked)][:3] == [
        "AudioPlayer.Play",
        "Marvel.Assemble",
        "Clova.RenderText",
    ]
    assert seen[names.index("Marvel.Assemble")].data["payload"] == {"who": "all"}


async def test_nothing_to_say_is_no_error(hass: HomeAssistant, cic: CicService, set_up) -> None:
    await set_up(cic)
    await cic.control("POST", "next-answer", {**EVENTS, "status": 204})
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.answer == ""
    assert "error" not in run.kinds


async def test_a_server_that_is_gone_is_spoken_about_with_the_last_means(
    hass: HomeAssistant, mortal_cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(mortal_cic)
    pipeline = await make_pipeline(hass)
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    run = await speak(hass, microphone(SUM), pipeline)
    assert "cannot reach" in run.answer.lower()
    assert await sound_of(hass, run) == failure_sound()
    assert not tracebacks(caplog)


async def test_a_server_that_goes_in_mid_speech(
    hass: HomeAssistant, mortal_cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(mortal_cic)
    pipeline = await make_pipeline(hass)

    async def interrupted() -> AsyncIterator[bytes]:
        count = 0
        async for chunk in microphone(SUM):
            yield chunk
            count += 1
            if count == 60:
                await mortal_cic.stop(kill=True)

    run = await speak(hass, interrupted(), pipeline)
    assert run.answer
    assert await sound_of(hass, run) == failure_sound()
    assert not tracebacks(caplog)


async def test_without_our_agent_assist_reports_its_own_error(
    hass: HomeAssistant, mortal_cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(mortal_cic)
    pipeline = await make_pipeline(hass, conversation_engine="conversation.home_assistant")
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    run = await speak(hass, microphone(SUM), pipeline)
    assert run.data(PipelineEventType.ERROR)["code"] == "stt-stream-failed"
    assert "Speech was not recognised" in caplog.text
    assert coordinator.turns.recent[-1]["outcome"] == "failed"
    assert not tracebacks(caplog)


async def test_a_typed_command_without_a_server(
    hass: HomeAssistant, mortal_cic: CicService, set_up
) -> None:
    coordinator = await set_up(mortal_cic)
    await mortal_cic.stop()
    await until(lambda: not coordinator.connected)
    result = await conversation.async_converse(
        hass, "hello", None, Context(), "en", engine(hass, "conversation")
    )
    assert result.response.response_type.value == "error"
    assert "cannot reach" in result.response.speech["plain"]["speech"].lower()


async def test_text_that_cannot_be_spoken(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(cic)
    planned = {"event": "SpeechSynthesizer.Request", "status": 500}
    await cic.control("POST", "next-answer", planned)
    stream = tts.async_create_stream(hass, engine(hass, "tts"), "en")
    stream.async_set_message("anything")
    assert await whole(stream) == failure_sound()
    assert "A text could not be spoken" in caplog.text
    again = tts.async_create_stream(hass, engine(hass, "tts"), "en")
    again.async_set_message("anything")
    assert len(await whole(again)) > 2000  # failure is not kept for the next time


async def test_a_satellite_that_hears_failure_is_idle_afterwards(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """ESPHome's leaves `responding` only where the sound ends without an error."""
    cloud = Cloud(Reply(sound=b""))
    cloud.speech = Reply(sound=b"")
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        with suppress(HomeAssistantError):
            await satellite.listen(noise())
        assert satellite.heard
        assert hass.states.get(satellite.entity_id).state == "idle"


async def test_a_cancelled_run_cancels_the_dialog_at_the_cloud(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """Barge-in while the microphone is open, and while the answer is awaited."""
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(320)
            await asyncio.sleep(0.01)

    listening = asyncio.create_task(speak(hass, endless(), pipeline))
    await until(lambda: coordinator.turns._open)
    await asyncio.sleep(0.3)
    listening.cancel()
    await until(lambda: coordinator.turns.recent)
    await cic.control("POST", "next-answer", {**EVENTS, "delay": 5, "parts": [text_part("late")]})
    run = Run()
    waiting = asyncio.create_task(speak(hass, microphone(SUM), pipeline, run=run))
    await until(lambda: "intent-start" in run.kinds)
    await asyncio.sleep(0.1)
    waiting.cancel()
    await until(lambda: len(coordinator.turns.recent) == 2)
    assert [turn["outcome"] for turn in coordinator.turns.recent] == ["cancelled"] * 2
    again = await speak(hass, microphone(SUM), pipeline)
    assert "5" in again.answer or "five" in again.answer


async def test_a_refused_token_asks_the_user_for_another(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    coordinator = await set_up(cic)
    for _ in range(2):
        await cic.control("POST", "next-answer", {**EVENTS, "status": 401})
    await speak(hass, microphone(SUM), await make_pipeline(hass))
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == "reauth"
    assert flow["context"]["entry_id"] == coordinator.config_entry.entry_id


async def test_a_command_while_the_connection_is_renewed(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """A downchannel that ended a moment ago does not cost the user a sentence."""
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)
    lost = asyncio.Event()
    # it may be back within a moment
    remove = coordinator.async_add_listener(lambda: coordinator.connected or lost.set())
    await cic.control("POST", "downchannel", {"end": True})
    async with asyncio.timeout(PATIENCE):
        await lost.wait()
    remove()
    run = await speak(hass, microphone(SUM), pipeline)
    assert run.recognised == SUM
    assert "5" in run.answer or "five" in run.answer
