"""Turns that somebody else answers, hears or speaks, and a cloud that keeps the transcript."""

import asyncio
from collections.abc import AsyncIterator
import logging

from homeassistant.components.assist_pipeline import PipelineEvent, PipelineEventType
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic import turns as turns_module
from custom_components.clova_cic.const import CONF_RECOGNISE_FOR_OTHERS
from custom_components.clova_cic.coordinator import CicCoordinator
from tests.peer.voice import Reply, voice_cic
from tests.turn_table import Row

from .conftest import PassTime, data_for_peer
from .house import (
    Run,
    engine,
    make_light,
    make_pipeline,
    make_satellite,
    outcome_of,
    sound_of,
    speak,
)
from .others import make_other_ears, make_other_voice, make_wake_word
from .service import CicService, turns_of
from .speech import SECOND, microphone, say
from .test_microphone import wav
from .voices import SOUND, Cloud, noise, voices

LIGHT = "turn on the kitchen light"
SUM = "what is two plus three"
# Longer than a note is kept of a run that listens at once, in seconds.
A_WHILE = turns_module.PREPARED_FOR + 1


@pytest.fixture
async def silent_cic(cic: CicService) -> AsyncIterator[CicService]:
    """Yield a server that keeps the transcript, as the public service does by default."""
    await cic.control("PUT", "settings", {"transcript": False, "partials": False})
    yield cic
    await cic.control("PUT", "settings", {"transcript": True, "partials": True})


async def record(row: Row, run: Run, cic: CicService, coordinator: CicCoordinator) -> None:
    """Keep what the parties saw."""
    row.record(run.outcome, await cic.dialogs(), await turns_of(coordinator))


def is_five(run: Run) -> bool:
    """Tell whether the sum was done."""
    return "5" in run.answer or "five" in run.answer


# The cloud sends no transcript


@pytest.mark.turn("The cloud sends no transcript: our agent follows")
async def test_no_transcript_and_our_agent(
    hass: HomeAssistant, silent_cic: CicService, set_up, row: Row
) -> None:
    coordinator = await set_up(silent_cic)
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.recognised == "(spoken)"
    assert is_five(run)
    await record(row, run, silent_cic, coordinator)


@pytest.mark.turn(
    "The cloud sends no transcript: our agent follows, Home Assistant answers first where it can"
)
async def test_no_transcript_and_home_assistant_first(
    hass: HomeAssistant, silent_cic: CicService, set_up, row: Row
) -> None:
    """The stand-in matches no sentence, so the agent gets it, and knows its turn by the run."""
    coordinator = await set_up(silent_cic)
    await make_light(hass)
    run = await speak(hass, microphone(SUM), await make_pipeline(hass, prefer_local_intents=True))
    assert not run.data(PipelineEventType.INTENT_END)["processed_locally"]
    assert is_five(run)
    await record(row, run, silent_cic, coordinator)


@pytest.mark.turn("The cloud sends no transcript: another agent follows")
async def test_no_transcript_and_another_agent(
    hass: HomeAssistant, silent_cic: CicService, set_up, row: Row, caplog
) -> None:
    coordinator = await set_up(silent_cic)
    pipeline = await make_pipeline(hass, conversation_engine="conversation.home_assistant")
    run = await speak(hass, microphone(SUM), pipeline)
    assert "sent no transcript" in caplog.text
    await record(row, run, silent_cic, coordinator)


@pytest.mark.turn("The cloud sends no transcript: the run ends at speech-to-text")
async def test_no_transcript_and_nobody_after(
    hass: HomeAssistant, silent_cic: CicService, set_up, row: Row, caplog
) -> None:
    coordinator = await set_up(silent_cic)
    pipeline = await make_pipeline(hass)
    run = await speak(hass, microphone(SUM), pipeline, end_stage=PipelineStage.STT)
    assert "sent no transcript" in caplog.text
    await record(row, run, silent_cic, coordinator)


@pytest.mark.turn("The cloud sends no transcript: an automation's wildcard matches the stand-in")
async def test_a_stand_in_is_caught_by_a_wildcard(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """What an automation that forwards every sentence has; the cloud has acted by then."""
    automation = {
        "triggers": [{"trigger": "conversation", "command": ["{anything}"]}],
        "actions": [{"set_conversation_response": "forwarded {{ trigger.slots.anything }}"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    async with voices(hass, cic, set_up, reply=Cloud(Reply(heard=None))) as house:
        run = await speak(hass, noise(), house.pipeline)
        assert run.answer == "forwarded (spoken)"
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


# Recognition only


@pytest.mark.turn("Recognition only: `ask_question`")
async def test_a_question_of_an_automation(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    coordinator = await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    satellite.said = microphone(SUM)
    answer = await hass.services.async_call(
        "assist_satellite",
        "ask_question",
        {
            "entity_id": satellite.entity_id,
            "question_media_id": "http://sound.invalid/how-many.mp3",
            "preannounce": False,
            "answers": [{"id": "sum", "sentences": ["what is two (plus|and) three"]}],
        },
        blocking=True,
        return_response=True,
    )
    assert (answer["id"], answer["sentence"]) == ("sum", SUM)
    await record(row, satellite.run, cic, coordinator)


@pytest.mark.turn("Recognition only: dictation: a run that ends at speech-to-text")
async def test_dictation_in_a_pipeline(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)
    run = await speak(hass, microphone(SUM), pipeline, end_stage=PipelineStage.STT)
    assert run.recognised == SUM
    await record(row, run, cic, coordinator)


@pytest.mark.turn("Recognition only: `/api/stt`")
@pytest.mark.parametrize("header", [True, False])
async def test_dictation_by_http(
    hass: HomeAssistant, cic: CicService, set_up, hass_client, row: Row, header: bool
) -> None:
    coordinator = await set_up(cic)
    client = await hass_client()
    speech = await asyncio.to_thread(say, SUM) + bytes(SECOND)
    metadata = "format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=en"
    response = await client.post(
        f"/api/stt/{engine(hass, 'stt')}",
        headers={"X-Speech-Content": metadata},
        data=wav(speech) if header else speech,
    )
    assert await response.json() == {"text": SUM, "result": "success"}
    row.record("the text", await cic.dialogs(), await turns_of(coordinator))


@pytest.mark.turn("Recognition only: another agent")
async def test_another_agent(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    coordinator = await set_up(cic)
    light = await make_light(hass)
    pipeline = await make_pipeline(hass, conversation_engine="conversation.home_assistant")
    run = await speak(hass, microphone(LIGHT), pipeline)
    await hass.async_block_till_done()
    assert hass.states.get(light).state == "on"
    assert len(await sound_of(hass, run)) > 2000  # its words in our voice
    await record(row, run, cic, coordinator)


@pytest.mark.turn("Recognition only: another agent, switched off in the options")
async def test_another_agent_switched_off(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic, options={CONF_RECOGNISE_FOR_OTHERS: False})
    others = await make_pipeline(hass, conversation_engine="conversation.home_assistant")
    run = await speak(hass, microphone(LIGHT), others)
    (said,) = (one for one in caplog.records if "Speech was not sent" in one.getMessage())
    assert said.levelno == logging.WARNING
    assert not await cic.events()
    row.record(run.outcome, await cic.dialogs(0), await turns_of(coordinator, 0))
    own = await speak(hass, microphone(SUM), await make_pipeline(hass, name="Own"))
    assert is_five(own)


@pytest.mark.turn("Recognition only: Home Assistant's own sentence")
async def test_home_assistant_answers(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    coordinator = await set_up(cic)
    light = await make_light(hass)
    run = await speak(hass, microphone(LIGHT), await make_pipeline(hass, prefer_local_intents=True))
    assert run.recognised == LIGHT
    assert run.data(PipelineEventType.INTENT_END)["processed_locally"]
    await hass.async_block_till_done()
    assert hass.states.get(light).state == "on"
    assert len(await sound_of(hass, run)) > 2000
    assert await cic.asked() == ["Recognize", "Request"]
    await record(row, run, cic, coordinator)


@pytest.mark.turn("Recognition only: an automation's sentence")
async def test_an_automation_answers(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    coordinator = await set_up(cic)
    automation = {
        "triggers": [{"trigger": "conversation", "command": [SUM]}],
        "actions": [{"delay": {"milliseconds": 50}}, {"set_conversation_response": "ask a child"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.answer == "ask a child"
    await record(row, run, cic, coordinator)


# Somebody else tries first


@pytest.mark.turn("Somebody else tries first: Home Assistant's own sentence, which fails")
async def test_home_assistant_fails(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    """Its sentence matches, nothing in the house does: core asks our agent after all."""
    ar.async_get(hass).async_create("Garage")
    cloud = Cloud(Reply(heard="turn on the lights in the garage", sound=SOUND))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        pipeline = await make_pipeline(hass, name="Local first", prefer_local_intents=True)
        run = await speak(hass, noise(), pipeline)
        assert not run.data(PipelineEventType.INTENT_END)["processed_locally"]
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("Somebody else tries first: an automation's sentence that hands on to our agent")
async def test_an_automation_hands_on(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    """In the same conversation, with what was said."""
    cloud = Cloud(Reply(heard="ask clova for news", text="no news", sound=SOUND))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        process = {
            "action": "conversation.process",
            "data": {
                "agent_id": engine(hass, "conversation"),
                "text": "{{ trigger.sentence }}",
                "conversation_id": "{{ trigger.user_input.conversation_id }}",
            },
            "response_variable": "result",
        }
        response = {"set_conversation_response": "{{ result.response.speech.plain.speech }}"}
        automation = {
            "triggers": [{"trigger": "conversation", "command": ["ask clova for news"]}],
            "actions": [process, response],
        }
        assert await async_setup_component(hass, "automation", {"automation": [automation]})
        await hass.async_block_till_done()
        run = await speak(hass, noise(), house.pipeline)
        assert run.answer == "no news"
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


# Other engines


@pytest.mark.turn("Other engines: a run begun by a wake word")
async def test_a_wake_word(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, pass_time: PassTime
) -> None:
    """Assist prepares text-to-speech before it waits for the word: minutes, hours before."""
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        detector = await make_wake_word(hass, lambda: pass_time(A_WHILE))
        pipeline = await make_pipeline(
            hass, name="Wake", wake_word_entity=detector.entity_id, wake_word_id="clova"
        )
        run = await speak(hass, noise(), pipeline, start_stage=PipelineStage.WAKE_WORD)
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("Other engines: another speech-to-text")
async def test_other_ears(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, pass_time: PassTime
) -> None:
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        ears = await make_other_ears(hass, lambda: pass_time(A_WHILE))
        run = await speak(
            hass, noise(), await make_pipeline(hass, name="Ears", stt_engine=ears.entity_id)
        )
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["TextRecognizer.Recognize"]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


async def test_an_answer_of_sound_alone_after_other_ears(
    hass: HomeAssistant, cic: CicService, set_up, pass_time: PassTime
) -> None:
    """What is heard is the answer, and not a text that stands for it in writing."""
    cloud = Cloud(Reply(text="", sound=SOUND))
    async with voices(hass, cic, set_up, reply=cloud):
        ears = await make_other_ears(hass, lambda: pass_time(A_WHILE))
        run = await speak(
            hass, noise(), await make_pipeline(hass, name="Ears", stt_engine=ears.entity_id)
        )
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["TextRecognizer.Recognize"]


@pytest.mark.turn("Other engines: another entry's agent")
async def test_another_entrys_agent(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    """One hears, the other answers, the first speaks."""
    cloud, other = Cloud(), Cloud()
    async with (
        voices(hass, cic, set_up, reply=cloud) as house,
        voice_cic(reply=other) as second,
    ):
        coordinator = await set_up(cic, **data_for_peer(second.port))
        agent = engine(hass, "conversation", coordinator.config_entry.entry_id)
        pipeline = await make_pipeline(
            hass,
            house.coordinator.config_entry.entry_id,
            name="Mixed",
            conversation_engine=agent,
        )
        run = await speak(hass, noise(), pipeline)
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize", "SpeechSynthesizer.Request"]
        assert other.events == ["TextRecognizer.Recognize"]
        await house.settled(1)
        answered = await turns_of(coordinator)
        fates = [fate.value for fate in second.tally.fates]
        row.record(run.outcome, house.dialogs + fates, house.outcomes + answered)
        await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


@pytest.mark.turn("Other engines: another text-to-speech")
async def test_another_voice(hass: HomeAssistant, cic: CicService, set_up, row: Row) -> None:
    coordinator = await set_up(cic)
    voice = await make_other_voice(hass)
    pipeline = await make_pipeline(hass, tts_engine=voice.entity_id)
    run = await speak(hass, microphone(SUM), pipeline)
    assert is_five(run)
    assert len(await sound_of(hass, run)) > 1000
    (said,) = voice.said
    assert said.strip() == run.answer
    await record(row, run, cic, coordinator)


@pytest.mark.turn("Other engines: a run that ends with the answer in writing")
async def test_an_answer_in_writing(hass: HomeAssistant, cic: CicService, set_up, row) -> None:
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)
    run = await speak(hass, microphone(SUM), pipeline, end_stage=PipelineStage.INTENT)
    assert is_five(run)
    await record(row, run, cic, coordinator)


@pytest.mark.turn("Other engines: a spoken command of the browser's")
async def test_a_command_over_the_websocket(
    hass: HomeAssistant, cic: CicService, set_up, hass_ws_client, row: Row
) -> None:
    """Its run is prepared in one task and executed in another."""
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        websocket, run = await hass_ws_client(hass), Run()
        await websocket.send_json_auto_id(
            {
                "type": "assist_pipeline/run",
                "pipeline": house.pipeline,
                "start_stage": "stt",
                "end_stage": "tts",
                "input": {"sample_rate": 16000},
            }
        )
        while "run-end" not in run.kinds:
            message = await websocket.receive_json()
            if message["type"] != "event":
                continue
            kind, told = PipelineEventType(message["event"]["type"]), message["event"]["data"]
            run.events.append(PipelineEvent(kind, told))
            if kind is PipelineEventType.RUN_START:
                handler = bytes([told["runner_data"]["stt_binary_handler_id"]])
                async for sound in noise():
                    await websocket.send_bytes(handler + sound)
                await websocket.send_bytes(handler)
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.event("TextRecognizer.Recognize")
@pytest.mark.turn("Other engines: a typed command")
async def test_a_typed_command(
    hass: HomeAssistant, cic: CicService, set_up, hass_ws_client, row: Row
) -> None:
    coordinator = await set_up(cic)
    websocket = await hass_ws_client(hass)
    await websocket.send_json_auto_id(
        {
            "type": "conversation/process",
            "text": "repeat after me red apple",
            "agent_id": engine(hass, "conversation"),
        }
    )
    result = (await websocket.receive_json())["result"]
    assert "red apple" in result["response"]["speech"]["plain"]["speech"].lower()
    (event,) = await cic.events()
    assert (event["namespace"], event["name"]) == ("TextRecognizer", "Recognize")
    row.record(outcome_of(result), await cic.dialogs(), await turns_of(coordinator))
