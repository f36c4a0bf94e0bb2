"""A spoken command is one dialog and one round trip, through real Assist pipelines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from unittest.mock import patch

from homeassistant.components import tts
from homeassistant.components.assist_pipeline import PipelineEventType
from homeassistant.components.assist_satellite.entity import AssistSatelliteState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic import microphone as microphone_module
from custom_components.clova_cic.conversation import CicAgent

from .house import Run, engine, make_pipeline, make_satellite, sound_of, speak
from .service import CicService
from .speech import microphone
from .test_microphone import wav

SUM = "what is two plus three"


def seconds_since(run: Run, kind: PipelineEventType) -> float:
    """Return how long ago an event was."""
    (event,) = (event for event in run.events if event.type is kind)
    return (dt_util.utcnow() - datetime.fromisoformat(event.timestamp)).total_seconds()


async def logged(cic: CicService, kind: str) -> list[dict[str, Any]]:
    """Return the server's entries of a kind, once there are any: a reset takes a moment to arrive."""
    async with asyncio.timeout(10):
        while not (
            entries := [
                entry
                for entry in await cic.log(kind)
                if entry.get("namespace") != "SpeechSynthesizer"
            ]
        ):
            await asyncio.sleep(0.02)
    return entries


@pytest.mark.event("SpeechRecognizer.Recognize")
@pytest.mark.directive(
    "SpeechRecognizer.StopCapture", "SpeechSynthesizer.Speak", "Clova.RenderText"
)
async def test_a_spoken_command(hass: HomeAssistant, cic: CicService, set_up) -> None:
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)
    run = await speak(hass, microphone(SUM), pipeline)
    sound = await sound_of(hass, run)
    assert run.recognised == SUM
    assert "5" in run.answer or "five" in run.answer
    assert not run.continues
    assert len(sound) > 2000
    assert sound[0] == 0xFF
    assert await cic.dialogs() == ["executed"]
    assert await cic.asked() == ["Recognize"]
    (turn,) = coordinator.turns.recent
    assert turn["outcome"] == "answered"
    assert turn["spoken"]
    assert list(turn["marks"])[-1] == "heard"
    assert set(turn["marks"]) == {
        "speech_end",
        "stop_capture",
        "text",
        "claim",
        "first_directive",
        "first_sound",
        "done",
        "heard",
    }


HELD_TEXT = 2.0


@pytest.fixture
async def cic_with_late_text(cic: CicService) -> AsyncIterator[CicService]:
    """Yield a server that holds the text back until after the last byte of sound."""
    await cic.control("PUT", "settings", {"render_text_delay": HELD_TEXT})
    yield cic
    await cic.control("PUT", "settings", {"render_text_delay": 0})


async def test_the_sound_leaves_before_the_text_exists(
    hass: HomeAssistant, cic_with_late_text: CicService, set_up, hass_client_no_auth
) -> None:
    await set_up(cic_with_late_text)
    pipeline = await make_pipeline(hass)
    run = Run()
    speaking = hass.async_create_task(speak(hass, microphone(SUM), pipeline, run=run))
    while "run-start" not in run.kinds:
        await asyncio.sleep(0.01)
    client = await hass_client_no_auth()
    response = await client.get(run.data(PipelineEventType.RUN_START)["tts_output"]["url"])
    assert await response.content.readany()
    assert "intent-end" not in run.kinds
    rest = await response.content.read()
    await speaking
    assert run.answer
    assert len(rest) > 1000
    assert run.kinds[-4:] == ["intent-end", "tts-start", "tts-end", "run-end"]


async def test_a_wav_satellite_hears_a_short_answer_before_its_text(
    hass: HomeAssistant, cic_with_late_text: CicService, set_up
) -> None:
    """Less than what Home Assistant's converter wants before it gives anything out."""
    coordinator = await set_up(cic_with_late_text)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    run = await satellite.listen(microphone("repeat after me red"))
    text_at = hass.loop.time() - seconds_since(run, PipelineEventType.INTENT_END)
    assert satellite.heard[0][0] < text_at - HELD_TEXT / 2
    assert sum(size for _, size in satellite.heard) > 16000
    assert coordinator.turns.recent[-1]["sound_bytes"] < 8000
    await hass.async_block_till_done()
    assert hass.states.get(satellite.entity_id).state == AssistSatelliteState.IDLE


async def test_an_agent_that_returns_late_leaves_the_satellite_idle(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """Sound that ended before the agent returned would leave it responding for good."""
    await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    respond = CicAgent._response

    async def respond_late(*arguments: Any) -> Any:
        await asyncio.sleep(0.3)
        return await respond(*arguments)

    with patch.object(CicAgent, "_response", respond_late):
        await satellite.listen(microphone(SUM))
    await hass.async_block_till_done()
    assert hass.states.get(satellite.entity_id).state == AssistSatelliteState.IDLE


@pytest.mark.parametrize("vad", [True, False])
async def test_audio_that_ends_at_once_is_answered(
    hass: HomeAssistant, cic: CicService, set_up, vad: bool
) -> None:
    """A file has no silence at its end, and the cloud needs some."""
    await set_up(cic)
    run = await speak(hass, microphone(SUM, silence=0.0), await make_pipeline(hass), vad=vad)
    assert run.recognised == SUM
    assert "5" in run.answer or "five" in run.answer
    assert await cic.dialogs() == ["executed"]


async def test_assist_finds_the_end_of_speech_first(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    await set_up(cic)
    run = await speak(hass, microphone(SUM, silence=3.0), await make_pipeline(hass), vad=True)
    assert run.recognised == SUM
    assert "error" not in run.kinds


async def test_stop_capture_after_the_end(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """No silence helps: the boundary is sent, and the text is taken late."""
    await set_up(cic)
    with patch.object(microphone_module, "SILENCE_AFTER", 0.0):
        run = await speak(hass, microphone(SUM, silence=0.0), await make_pipeline(hass))
    assert run.recognised == SUM
    assert "5" in run.answer or "five" in run.answer


async def test_a_wav_file_of_another_kind(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(cic)

    async def stereo() -> AsyncIterator[bytes]:
        yield wav(bytes(64000), channels=2)

    run = await speak(hass, stereo(), await make_pipeline(hass))
    assert "expected PCM, 1 channel, 16000 Hz" in caplog.text
    assert (
        run.data(PipelineEventType.INTENT_END)["intent_output"]["response"]["response_type"]
        == "error"
    )
    assert run.answer


async def test_silence_is_answered_aloud(hass: HomeAssistant, cic: CicService, set_up) -> None:
    await set_up(cic)

    async def quiet() -> AsyncIterator[bytes]:
        for _ in range(900):
            yield bytes(320)
            await asyncio.sleep(0)

    run = await speak(hass, quiet(), await make_pipeline(hass))
    assert run.answer
    assert len(await sound_of(hass, run)) > 1000


async def test_empty_audio(hass: HomeAssistant, cic: CicService, set_up) -> None:
    await set_up(cic)

    async def nothing() -> AsyncIterator[bytes]:
        return
        yield b""

    run = await speak(hass, nothing(), await make_pipeline(hass))
    assert run.answer
    assert len(await sound_of(hass, run)) > 1000


async def test_unrelated_talk_is_refused_aloud(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    await set_up(cic)
    talk = "the committee will publish its report next thursday"
    run = await speak(hass, microphone(talk), await make_pipeline(hass))
    assert run.answer
    assert len(await sound_of(hass, run)) > 1000


@pytest.mark.event("SpeechSynthesizer.Request")
async def test_other_text_is_spoken(hass: HomeAssistant, cic: CicService, set_up) -> None:
    await set_up(cic)
    stream = tts.async_create_stream(hass, engine(hass, "tts"), "en")
    stream.async_set_message("the washing machine is done")
    sound = b"".join([chunk async for chunk in stream.async_stream_result()])
    assert len(sound) > 2000
    assert await cic.asked() == ["Request"]


@pytest.mark.directive("SpeechRecognizer.ExpectSpeech")
async def test_a_question_and_its_answer(hass: HomeAssistant, cic: CicService, set_up) -> None:
    await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    first = await satellite.listen(microphone("order pizza"))
    assert first.continues
    assert "how many" in first.answer.lower()
    second = await satellite.listen(microphone("two"))
    assert second.recognised == "two"
    assert not second.continues
    assert "2" in second.answer or "two" in second.answer.lower()
    await cic.dialogs(2)
    asked, answered = await cic.log("dialog")
    assert asked["dialogRequestId"] == answered["dialogRequestId"]
    third = await satellite.listen(microphone(SUM))
    assert third.recognised == SUM
    await cic.dialogs(3)
    assert (await cic.log("dialog"))[-1]["dialogRequestId"] != asked["dialogRequestId"]
