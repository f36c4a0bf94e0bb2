"""Ways in which the seam between Assist and CIC comes apart."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

from aiohttp import web
from homeassistant.components import conversation, stt, wake_word
from homeassistant.components.assist_pipeline import (
    AudioSettings,
    PipelineEventType,
    async_pipeline_from_audio_stream,
)
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.setup import async_setup_component
from hyperframe.frame import DataFrame
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.clova_cic import between_turns, turns as turns_module
from custom_components.clova_cic.const import EVENT_DIRECTIVE
from custom_components.clova_cic.conversation import CicAgent
from custom_components.clova_cic.playback.failure_sound import failure_sound
from tests.peer import voice
from tests.peer.frames import data
from tests.peer.scripted import delimiter, directive as pushed, sound as sound_pushed
from tests.peer.voice import Asked, Reply

from .conftest import data_for_peer
from .house import Run, _add, engine, make_pipeline, make_satellites, sound_of, speak
from .service import CicService, directive, until
from .sound_server import sound_server
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, part, text_part, tracebacks
from .test_sounds_at_addresses import at
from .tones import mp3
from .voices import Voices, noise, voices

pytestmark = pytest.mark.usefixtures("home")

SOUND = failure_sound() * 20
HOLD = "HOLD"
"""In an answer's text: it is not ended."""


class Cloud:
    """Answers with its own sound; keeps what was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.asked: list[Asked] = []
        self.replies = replies
        self.speech = Reply(sound=SOUND)
        """What text-to-speech is answered."""

    def __call__(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.dialog is None:
            return self.speech
        number = len(self.dialogs) - 1
        return self.replies[number] if number < len(self.replies) else Reply(sound=SOUND)

    @property
    def dialogs(self) -> list[Asked]:
        """What was asked within dialogs."""
        return [one for one in self.asked if one.dialog is not None]

    @property
    def events(self) -> list[str]:
        """What was asked, by name."""
        return [one.event for one in self.asked]


@pytest.fixture
def unended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave open the answers that say so."""
    whole = voice._pieces

    def pieces(stream_id: int, body: bytes) -> Iterator[DataFrame]:
        if HOLD.encode() in body:
            yield data(stream_id, body.removesuffix(delimiter(last=True)) + delimiter())
        else:
            yield from whole(stream_id, body)

    monkeypatch.setattr(voice, "_pieces", pieces)


# What Assist tells before a run, and how long it holds


class SlowWakeWord(wake_word.WakeWordDetectionEntity):
    """Hears its word after a while, as in any room."""

    _attr_name = "Slow wake word"
    _attr_unique_id = "slow-wake-word"

    async def get_supported_wake_words(self) -> list[wake_word.WakeWord]:
        return [wake_word.WakeWord("clova", "Clova")]

    async def _async_process_audio_stream(
        self, stream: AsyncIterable[tuple[bytes, int]], wake_word_id: str | None
    ) -> wake_word.DetectionResult | None:
        async for _, timestamp in stream:
            await asyncio.sleep(0.2)
            return wake_word.DetectionResult("clova", "Clova", timestamp)
        return None


async def test_a_run_that_begins_with_the_wake_word(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assist prepares text-to-speech before it waits for the word: minutes, hours before."""
    monkeypatch.setattr(turns_module, "PREPARED_FOR", 0.1, raising=False)
    cloud, entity = Cloud(), SlowWakeWord()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        await _add(hass, "wakes", "wake_word", [entity])
        pipeline = await make_pipeline(
            hass, name="Wake", wake_word_entity=entity.entity_id, wake_word_id="clova"
        )
        run = Run()
        await asyncio.create_task(
            async_pipeline_from_audio_stream(
                hass,
                context=Context(),
                event_callback=run.events.append,
                stt_metadata=stt.SpeechMetadata(
                    language="",
                    format=stt.AudioFormats.WAV,
                    codec=stt.AudioCodecs.PCM,
                    bit_rate=stt.AudioBitRates.BITRATE_16,
                    sample_rate=stt.AudioSampleRates.SAMPLERATE_16000,
                    channel=stt.AudioChannels.CHANNEL_MONO,
                ),
                stt_stream=noise(),
                pipeline_id=pipeline,
                audio_settings=AudioSettings(is_vad_enabled=False),
                start_stage=PipelineStage.WAKE_WORD,
            )
        )
        assert run.outcome == "an answer"
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]
        await house.settled(1)


class SlowEars(stt.SpeechToTextEntity):
    """Somebody else's speech-to-text; as slow as speech and a small computer are."""

    _attr_name = "Slow ears"
    _attr_unique_id = "slow-ears"
    supported_languages = ["en"]  # noqa: RUF012
    supported_formats = [stt.AudioFormats.WAV]  # noqa: RUF012
    supported_codecs = [stt.AudioCodecs.PCM]  # noqa: RUF012
    supported_bit_rates = [stt.AudioBitRates.BITRATE_16]  # noqa: RUF012
    supported_sample_rates = [stt.AudioSampleRates.SAMPLERATE_16000]  # noqa: RUF012
    supported_channels = [stt.AudioChannels.CHANNEL_MONO]  # noqa: RUF012

    async def async_process_audio_stream(
        self, metadata: stt.SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> stt.SpeechResult:
        await asyncio.sleep(0.2)
        return stt.SpeechResult("what time is it", stt.SpeechResultState.SUCCESS)


async def test_somebody_elses_speech_to_text(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five seconds of speech and recognition are not long."""
    monkeypatch.setattr(turns_module, "PREPARED_FOR", 0.1, raising=False)
    cloud, ears = Cloud(), SlowEars()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        await _add(hass, "ears", "stt", [ears])
        pipeline = await make_pipeline(hass, name="Ears", stt_engine=ears.entity_id)
        run = await speak(hass, noise(), pipeline)
        assert run.outcome == "an answer"
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["TextRecognizer.Recognize"]
        await house.settled(1)


async def test_home_assistant_tries_first_and_fails(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """Its sentence matches, nothing in the house does: core asks our agent after all."""
    ar.async_get(hass).async_create("Garage")
    cloud = Cloud(*[Reply(heard="turn on the lights in the garage", sound=SOUND)] * 2)
    async with voices(hass, cic, set_up, reply=cloud):
        pipeline = await make_pipeline(hass, name="Local first", prefer_local_intents=True)
        run = await speak(hass, noise(), pipeline)
        assert run.outcome == "an answer"
        assert not run.data(PipelineEventType.INTENT_END)["processed_locally"]
        assert await sound_of(hass, run) == SOUND
        assert cloud.events == ["SpeechRecognizer.Recognize"]


# Questions of the cloud


async def test_a_question_of_an_automation_is_no_answer_to_the_clouds(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """`ask_question` at the satellite, within the time of the cloud's own question."""
    cloud = Cloud(Reply(asks_back=True), Reply(heard="yes"))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        satellite.said = noise()
        answer = await hass.services.async_call(
            "assist_satellite",
            "ask_question",
            {
                "entity_id": satellite.entity_id,
                "question_media_id": "http://sound.invalid/close-the-blinds.mp3",
                "preannounce": False,
                "answers": [{"id": "yes", "sentences": ["yes"]}],
            },
            blocking=True,
            return_response=True,
        )
        assert answer["id"] == "yes"
        assert "speechId" not in cloud.asked[1].payload
        assert cloud.asked[1].dialog != cloud.asked[0].dialog


async def test_the_question_of_a_dialog_that_was_replaced(
    hass: HomeAssistant, cic: CicService, set_up, unended: None
) -> None:
    """A newer command came: nobody has heard the question, and it is abandoned (flows, 4.5)."""
    cloud = Cloud(Reply(asks_back=True, text=HOLD, sound=b""))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        agent = engine(hass, "conversation")

        def ask(text: str) -> asyncio.Task[conversation.ConversationResult]:
            return asyncio.create_task(
                conversation.async_converse(hass, text, "one", Context(), "en", agent)
            )

        first = ask("order pizza")
        await until(
            lambda: any(
                turn.answer and turn.answer.expect_speech for turn in house.coordinator.turns._open
            )
        )
        second = await ask("what time is it")
        assert not second.continue_conversation
        replaced = await first
        await ask("turn on the light")
        assert "speechId" not in cloud.asked[2].payload
        assert cloud.asked[2].dialog != cloud.asked[0].dialog
        assert not replaced.continue_conversation


async def test_a_question_that_nobody_was_asked(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """The answer broke behind it: what is said is what went wrong, and no microphone opens."""
    await set_up(cic)
    expect = {"expectSpeechId": "e", "explicit": True, "timeoutInMilliseconds": 7000}
    question = part(directive("SpeechRecognizer.ExpectSpeech", expect, messageId="m"))
    planned = {**EVENTS, "parts": [question, text_part("how many?")], "truncate": True}
    await cic.control("POST", "next-answer", planned)
    run = await speak(hass, microphone(SUM), await make_pipeline(hass))
    assert run.outcome == "the reason, spoken"
    assert not run.continues


async def test_a_question_without_a_sound_has_no_thirty_seconds(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was played, and the satellite is idle: its time runs from now."""
    monkeypatch.setattr(between_turns, "ANSWER_GRACE", -6.8)  # of 7 s that the cloud waits
    cloud = Cloud(Reply(asks_back=True, text="", sound=b""))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        assert hass.states.get(satellite.entity_id).state == "idle"
        await asyncio.sleep(0.5)
        await satellite.listen(noise())
        assert "speechId" not in cloud.asked[1].payload


async def test_an_announcement_does_not_prolong_a_question(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """Whatever the satellite plays later, it is not the answer."""
    cloud = Cloud(Reply(asks_back=True, text="", sound=b""))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        assert (await satellite.listen(noise())).continues
        (hearing,) = house.coordinator.turns._hearings.values()
        ended_at = hearing.ended_at
        satellite._set_state("responding")
        satellite.tts_response_finished()
        assert hearing.ended_at == ended_at


async def test_a_question_that_was_stopped(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """Long before its sound was over, by a button or a word: the next command is a new one."""
    cloud = Cloud(Reply(asks_back=True, sound=failure_sound() * 40))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        (satellite,) = house.satellites
        satellite.plays_on.clear()
        playing = asyncio.create_task(satellite.listen(noise()))
        await until(lambda: hass.states.get(satellite.entity_id).state == "responding")
        await until(lambda: satellite._pipeline_task is None and satellite.heard)
        await until(lambda: house.coordinator.turns.recent[0]["sound_bytes"])
        assert satellite.run.continues
        satellite.tts_response_finished()  # ESPHome: "announcement finished", whatever ended it
        playing.cancel()
        await asyncio.sleep(0.1)
        satellite.plays_on.set()
        await satellite.listen(noise())
        assert "speechId" not in cloud.asked[1].payload


# Sound


async def test_speech_of_a_running_answer_on_the_downchannel(
    hass: HomeAssistant, cic: CicService, set_up, unended: None
) -> None:
    """The directive goes to its dialog; its sound is beside it on the downchannel."""
    cloud = Cloud(Reply(text=HOLD, sound=b""))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        run = Run()
        speaking = asyncio.create_task(speak(hass, noise(), house.pipeline, run=run))
        await until(
            lambda: any(turn.answer and turn.answer.text for turn in house.coordinator.turns._open)
        )
        dialog, channel = cloud.asked[0].dialog, house.cloud.present
        channel.push(
            pushed("SpeechSynthesizer.Speak", dialog, url="cid:late", token="t"),
            sound_pushed("late", failure_sound() * 6),
        )
        await until(
            lambda: any(
                turn.answer and turn.answer.has_sound for turn in house.coordinator.turns._open
            )
        )
        (stream_id,) = [one for one in channel._outboxes if one != channel.downchannel]
        rest = pushed("Clova.RenderText", dialog, text="done")[len(delimiter()) :]
        channel._send(stream_id, data(stream_id, rest + delimiter(last=True), end=True))
        await speaking
        assert await sound_of(hass, run) == failure_sound() * 6


async def test_the_sound_of_a_replaced_answer_is_fetched_no_longer(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """The satellite has been told something else; nobody listens to the first any more."""

    async def slow(_: web.Request, response: web.StreamResponse) -> None:
        while True:
            await response.write(mp3(400, 0.2))
            await asyncio.sleep(0.05)

    async with sound_server() as sounds:
        coordinator = await set_up(cic)
        (satellite,) = await make_satellites(hass, await make_pipeline(hass), "Kitchen")
        parts = [at(sounds.add("/radio", slow)), text_part("the news")]
        await cic.control("POST", "next-answer", {**EVENTS, "parts": parts})
        first = asyncio.create_task(satellite.listen(microphone(SUM)))
        await until(lambda: len(satellite.heard) > 3)
        first.cancel()
        playing = satellite._playing
        run = await satellite.listen(microphone(SUM))
        assert run.outcome == "an answer"
        if playing is not None:
            playing.cancel()
        try:
            await until(lambda: sounds.left == ["/radio"], 3.0)
        finally:
            await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


# Unloading and two entries


async def test_unloading_while_listening(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    async with voices(hass, cic, set_up, capture_after=10**6) as house:
        (satellite,) = house.satellites
        listening = asyncio.create_task(satellite.listen(noise(60)))
        await until(lambda: house.cloud.tally.dialogs)
        await hass.config_entries.async_unload(house.coordinator.config_entry.entry_id)
        await asyncio.wait({listening}, timeout=5)
        assert listening.done()
        assert not house.coordinator.turns._open
        assert satellite.run.kinds[-1] == "run-end"
        assert not [one for one in tracebacks(caplog) if "speech-to-text" in one]


async def test_a_pipeline_of_two_entries(hass: HomeAssistant, cic: CicService, set_up) -> None:
    """One hears, the other answers, the first speaks."""
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        first = engine(hass, "conversation"), engine(hass, "stt"), engine(hass, "tts")
        async with voice.voice_cic(reply=(other := Cloud())) as second:
            coordinator = await set_up(cic, **data_for_peer(second.port))
            agents = [
                one
                for one in hass.states.async_entity_ids("conversation")
                if one not in (first[0], "conversation.home_assistant")
            ]
            store = hass.data["assist_pipeline"].pipeline_store
            item = store.data[house.pipeline].to_json()
            item.pop("id")
            pipeline = (
                await store.async_create_item(
                    {**item, "name": "Mixed", "conversation_engine": agents[0]}
                )
            ).id
            run = await speak(hass, noise(), pipeline)
            assert run.outcome == "an answer"
            assert len(await sound_of(hass, run)) > 100
            assert cloud.events == ["SpeechRecognizer.Recognize", "SpeechSynthesizer.Request"]
            assert other.events == ["TextRecognizer.Recognize"]
            await house.settled(1)
            await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


# Automations within a run


async def test_an_automation_that_asks_our_agent(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """A sentence trigger hands on what was said, in the same conversation."""
    cloud = Cloud(Reply(heard="ask clova for news"), Reply(text="no news"))
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
        assert run.answer in ("no news", "It is noon.")  # asked again, or the held turn claimed
        assert len(await sound_of(hass, run)) > 100
        await until(lambda: not house.coordinator.turns._open)


async def test_a_stand_in_matches_no_sentence_with_a_wildcard(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """`{anything}` is what an automation that logs or forwards every sentence has."""
    automation = {
        "triggers": [{"trigger": "conversation", "command": ["{anything}"]}],
        "actions": [{"set_conversation_response": "forwarded {{ trigger.slots.anything }}"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    cloud = Cloud(Reply(heard=None))
    async with voices(hass, cic, set_up, reply=cloud) as house:
        run = await speak(hass, noise(), house.pipeline)
        assert run.answer == "It is noon."


# The connection, in each state of a turn


async def go_away(house: Voices, cloud: Cloud, *, drop: bool, answering: bool) -> None:
    """Drop the connection, or say goodbye and go on with what is under way."""
    channel = house.cloud.present
    if drop:
        channel.close()
        await until(lambda: len(house.cloud.connections) == 2)
        return
    (stream_id,) = [one for one in channel._outboxes if one != channel.downchannel]
    channel.goodbye(stream_id)
    await until(lambda: len(house.cloud.connections) == 2)
    if answering:
        rest = pushed("Clova.RenderText", cloud.asked[0].dialog, text="done")[len(delimiter()) :]
        channel._send(stream_id, data(stream_id, rest + delimiter(last=True), end=True))


@pytest.mark.parametrize("drop", [True, False], ids=["dropped", "goaway"])
@pytest.mark.parametrize("state", ["listening", "held", "answering"])
async def test_the_connection_goes_in_each_state(
    hass: HomeAssistant,
    cic: CicService,
    set_up,
    unended: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    drop: bool,
) -> None:
    """A goodbye that takes the turn's stream along costs nobody an answer; a loss is told."""
    held = asyncio.Event()
    handle = CicAgent._async_handle_message

    async def handle_late(*arguments: Any) -> Any:
        await held.wait()
        return await handle(*arguments)

    if state == "held":
        monkeypatch.setattr(CicAgent, "_async_handle_message", handle_late)
    cloud = Cloud(Reply(text=HOLD, sound=b"") if state == "answering" else Reply(sound=SOUND))
    capture_after = 30 * 6400 if state == "listening" else 6400
    async with voices(hass, cic, set_up, reply=cloud, capture_after=capture_after) as house:
        (satellite,) = house.satellites
        go_on = asyncio.Event()

        async def spoken() -> AsyncIterator[bytes]:
            async for chunk in noise(2):
                yield chunk
            if state == "listening":
                await go_on.wait()
            async for chunk in noise(10):
                yield chunk

        listening = asyncio.create_task(satellite.listen(spoken()))
        turns = house.coordinator.turns
        reached = {
            "listening": lambda: house.cloud.tally.dialogs,
            "held": lambda: "intent-start" in satellite.run.kinds,
            "answering": lambda: any(one.answer and one.answer.text for one in turns._open),
        }
        await until(reached[state])
        await go_away(house, cloud, drop=drop, answering=state == "answering")
        go_on.set()
        held.set()
        run = await listening
        lost = drop and state != "answering"  # there, what had come is the answer
        assert run.outcome == ("the reason, spoken" if lost else "an answer")
        assert sum(size for _, size in satellite.heard) > 1000
        assert not tracebacks(caplog)
        await until(lambda: not turns._open)
        house.cloud.capture_after = 6400
        held.set()
        assert (await satellite.listen(noise())).outcome == "an answer"


async def test_an_answer_of_sound_alone_after_slow_ears(
    hass: HomeAssistant, cic: CicService, set_up, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is heard is the answer, and not a text that stands for it in writing."""
    monkeypatch.setattr(turns_module, "PREPARED_FOR", 0.1, raising=False)
    cloud, ears = Cloud(Reply(text="", sound=SOUND)), SlowEars()
    async with voices(hass, cic, set_up, reply=cloud):
        await _add(hass, "ears", "stt", [ears])
        pipeline = await make_pipeline(hass, name="Ears", stt_engine=ears.entity_id)
        run = await speak(hass, noise(), pipeline)
        await sound_of(hass, run)
        assert [one.text for one in cloud.asked[1:]] == []


async def test_a_control_directive_that_names_a_replaced_dialog(
    hass: HomeAssistant, cic: CicService, set_up
) -> None:
    """CIC pushes these for another client's sake, with whatever dialog's id (transport, rule 9)."""
    told = async_capture_events(hass, EVENT_DIRECTIVE)
    cloud = Cloud()
    async with voices(hass, cic, set_up, reply=cloud) as house:
        for _ in range(2):
            await speak(hass, noise(), house.pipeline, conversation_id="one")
        first = cloud.asked[0].dialog
        house.cloud.present.push(pushed("DeviceControl.ExpectReportState", first))
        house.cloud.present.push(pushed("Notifier.Notify"))
        await until(lambda: [event for event in told if event.data["name"] == "Notify"])
        assert "ExpectReportState" in [event.data["name"] for event in told]


async def test_a_microphone_that_breaks(
    hass: HomeAssistant, cic: CicService, set_up, caplog: pytest.LogCaptureFixture
) -> None:
    """The satellite's stream raises: the upload is reset at once, and diagnostics say why."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(6400)
        await asyncio.sleep(0)
        raise ConnectionResetError("the satellite has gone")

    async with voices(hass, cic, set_up, capture_after=10**6) as house:
        await speak(hass, broken(), house.pipeline)
        await house.settled(1)
        assert house.cloud.tally.reset == 1
        assert house.outcomes == ["failed"]


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
