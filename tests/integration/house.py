"""A house for voice: pipelines, a light, and a satellite that wants wav."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from homeassistant.components import tts
from homeassistant.components.assist_pipeline import (
    AudioSettings,
    PipelineEvent,
    PipelineEventType,
    async_pipeline_from_audio_stream,
)
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.components.assist_pipeline.runtime import KEY_ASSIST_PIPELINE
from homeassistant.components.assist_satellite import (
    AssistSatelliteConfiguration,
    AssistSatelliteEntity,
    AssistSatelliteEntityFeature,
)
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.stt import (
    AudioBitRates,
    AudioChannels,
    AudioCodecs,
    AudioFormats,
    AudioSampleRates,
    SpeechMetadata,
)
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from custom_components.clova_cic.const import DOMAIN

# No test waits longer for something that does not come.
PATIENCE = 30.0
METADATA = SpeechMetadata(
    language="",
    format=AudioFormats.WAV,
    codec=AudioCodecs.PCM,
    bit_rate=AudioBitRates.BITRATE_16,
    sample_rate=AudioSampleRates.SAMPLERATE_16000,
    channel=AudioChannels.CHANNEL_MONO,
)
"""What Assist's audio is."""
WAV = {
    tts.ATTR_PREFERRED_FORMAT: "wav",
    tts.ATTR_PREFERRED_SAMPLE_RATE: 16000,
    tts.ATTR_PREFERRED_SAMPLE_CHANNELS: 1,
    tts.ATTR_PREFERRED_SAMPLE_BYTES: 2,
}

WAV_BYTES_A_SECOND = 16000 * 2


def engine(hass: HomeAssistant, platform: str, entry_id: str | None = None) -> str:
    """Return the entity id of our engine on a platform; of an entry's where there are several."""
    registry = er.async_get(hass)
    (entity_id,) = (
        entry.entity_id
        for entry in registry.entities.values()
        if entry.platform == DOMAIN and entry.domain == platform
        if entry_id in (None, entry.config_entry_id)
    )
    return entity_id


async def make_pipeline(hass: HomeAssistant, entry_id: str | None = None, **changes: Any) -> str:
    """Create an Assist pipeline of our three engines, or an entry's; return its id."""
    item = {
        "name": "CLOVA",
        "language": "en",
        "conversation_engine": engine(hass, "conversation", entry_id),
        "conversation_language": "en",
        "stt_engine": engine(hass, "stt", entry_id),
        "stt_language": "en",
        "tts_engine": engine(hass, "tts", entry_id),
        "tts_language": "en",
        "tts_voice": None,
        "wake_word_entity": None,
        "wake_word_id": None,
        "prefer_local_intents": False,
        **changes,
    }
    store = hass.data[KEY_ASSIST_PIPELINE].pipeline_store
    return (await store.async_create_item(item)).id


async def make_light(hass: HomeAssistant) -> str:
    """Set up a light that switches; return its entity id."""
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"lamp": {}}})
    switch = {"target": {"entity_id": "input_boolean.lamp"}}
    light = {
        "name": "Kitchen light",
        "state": "{{ is_state('input_boolean.lamp', 'on') }}",
        "turn_on": {"action": "input_boolean.turn_on", **switch},
        "turn_off": {"action": "input_boolean.turn_off", **switch},
    }
    assert await async_setup_component(hass, "template", {"template": [{"light": [light]}]})
    await hass.async_block_till_done()
    async_expose_entity(hass, "conversation", "light.kitchen_light", True)
    return "light.kitchen_light"


@dataclass
class Run:
    """What a run of a pipeline told, in order."""

    events: list[PipelineEvent] = field(default_factory=list)

    def data(self, kind: PipelineEventType) -> dict[str, Any]:
        """Return the data of the only event of a kind."""
        (event,) = (event for event in self.events if event.type is kind)
        return event.data or {}

    @property
    def recognised(self) -> str:
        """What speech-to-text returned."""
        return self.data(PipelineEventType.STT_END)["stt_output"]["text"]

    @property
    def answer(self) -> str:
        """What was answered, in writing."""
        output = self.data(PipelineEventType.INTENT_END)["intent_output"]
        return output["response"]["speech"].get("plain", {}).get("speech", "")

    @property
    def continues(self) -> bool:
        """Whether the microphone opens again."""
        return self.data(PipelineEventType.INTENT_END)["intent_output"]["continue_conversation"]

    @property
    def token(self) -> str:
        """The token of the run's sound."""
        return self.data(PipelineEventType.RUN_START)["tts_output"]["token"]

    @property
    def outcome(self) -> str:
        """What Assist got, in the words of the table of turns."""
        for event in self.events:
            if event.type is PipelineEventType.ERROR:
                return f"error `{(event.data or {})['code']}`"
        if "intent-end" in self.kinds:
            return outcome_of(self.data(PipelineEventType.INTENT_END)["intent_output"])
        return "the text" if "stt-end" in self.kinds else "nothing: the run was cancelled"

    @property
    def kinds(self) -> list[str]:
        """The kinds of events, in order."""
        return [event.type.value for event in self.events]


def outcome_of(result: dict[str, Any]) -> str:
    """Return what a conversation's result is, in the words of the table of turns."""
    is_error = result["response"]["response_type"] == "error"
    return "the reason, spoken" if is_error else "an answer"


async def speak(
    hass: HomeAssistant,
    sound: AsyncIterable[bytes],
    pipeline: str,
    *,
    run: Run | None = None,
    **options: Any,
) -> Run:
    """Send sound through a pipeline, in a task of its own as every caller in Home Assistant does."""
    run = run or Run()
    async with asyncio.timeout(PATIENCE):
        await asyncio.create_task(run_pipeline(hass, sound, pipeline, run, **options))
    return run


async def run_pipeline(
    hass: HomeAssistant,
    sound: AsyncIterable[bytes],
    pipeline: str,
    run: Run,
    *,
    conversation_id: str | None = None,
    vad: bool = False,
    start_stage: PipelineStage = PipelineStage.STT,
    end_stage: PipelineStage = PipelineStage.TTS,
    output: str | dict[str, Any] | None = None,
) -> None:
    """Send sound through a pipeline, in this task; the run keeps what it told."""
    await async_pipeline_from_audio_stream(
        hass,
        context=Context(),
        event_callback=run.events.append,
        stt_metadata=METADATA,
        stt_stream=sound,
        pipeline_id=pipeline,
        conversation_id=conversation_id,
        tts_audio_output=output,
        audio_settings=AudioSettings(is_vad_enabled=vad),
        start_stage=start_stage,
        end_stage=end_stage,
    )


async def sound_of(hass: HomeAssistant, run: Run) -> bytes:
    """Return the whole sound of a run."""
    stream = tts.async_get_stream(hass, run.token)
    assert stream is not None
    return await whole(stream)


async def whole(stream: tts.ResultStream) -> bytes:
    """Return all that is heard of a stream: also what failed is heard, and then ends in an error."""
    chunks = []
    async with asyncio.timeout(PATIENCE):
        with suppress(HomeAssistantError):
            async for chunk in stream.async_stream_result():
                chunks.append(chunk)  # noqa: PERF401  # what came before an error counts
    return b"".join(chunks)


class Satellite(AssistSatelliteEntity):
    """A satellite as Wyoming's and ESPHome's are: it wants wav, and plays while it arrives."""

    _attr_tts_options = WAV
    _attr_supported_features = AssistSatelliteEntityFeature.START_CONVERSATION

    def __init__(self, pipeline: str, room: str = "Kitchen") -> None:
        """Use one pipeline."""
        self._attr_name = f"{room} satellite"
        self._attr_unique_id = f"{room.lower()}-satellite"
        self._pipeline = pipeline
        self.run = Run()
        self.said: AsyncIterable[bytes] | None = None
        """What is said when it opens its microphone by itself."""
        self.is_mute = False
        """It has no loudspeaker: its runs end with the answer in writing."""
        self.in_real_time = False
        """Its loudspeaker takes as long as the sound is, not only as long as it takes to come."""
        self.plays_on = asyncio.Event()
        """Cleared, its loudspeaker takes longer than the sound takes to come."""
        self.plays_on.set()
        self.heard: list[tuple[float, int]] = []
        """When sound came, by the loop's clock, and how much."""
        self._playing: asyncio.Task[None] | None = None

    def _resolve_pipeline(self) -> str | None:
        return self._pipeline

    def async_get_configuration(self) -> AssistSatelliteConfiguration:
        """Return that there are no wake words."""
        return AssistSatelliteConfiguration([], [], 0)

    async def async_set_configuration(self, config: AssistSatelliteConfiguration) -> None:
        """Nothing can be set."""

    def on_pipeline_event(self, event: PipelineEvent) -> None:
        """Begin to play as soon as there is something to play."""
        if event.type is PipelineEventType.RUN_START:
            self.run, self.heard, self._playing = Run(), [], None
        self.run.events.append(event)
        starts = event.type is PipelineEventType.INTENT_PROGRESS and (event.data or {}).get(
            "tts_start_streaming"
        )
        if (starts or event.type is PipelineEventType.TTS_END) and self._playing is None:
            self._playing = self.hass.async_create_task(self._play())

    async def async_start_conversation(self, start_announcement: Any) -> None:
        """Play nothing, and listen in a task of its own, as satellites do."""
        assert self.said is not None
        self.hass.async_create_background_task(
            self.async_accept_pipeline_from_satellite(self.said), "satellite"
        )

    async def listen(self, sound: AsyncIterable[bytes]) -> Run:
        """Hear a sentence; return when the answer has been played."""
        async with asyncio.timeout(PATIENCE):
            end_stage = PipelineStage.INTENT if self.is_mute else PipelineStage.TTS
            await self.async_accept_pipeline_from_satellite(sound, end_stage=end_stage)
            if self._playing is not None:
                await self._playing
        return self.run

    async def _play(self) -> None:
        stream = tts.async_get_stream(self.hass, self.run.token)
        assert stream is not None
        async for chunk in stream.async_stream_result():
            self.heard.append((self.hass.loop.time(), len(chunk)))
        if self.in_real_time and self.heard:
            seconds = sum(size for _, size in self.heard) / WAV_BYTES_A_SECOND
            await asyncio.sleep(self.heard[0][0] + seconds - self.hass.loop.time())
        await self.plays_on.wait()
        self.tts_response_finished()


async def make_satellite(hass: HomeAssistant, pipeline: str) -> Satellite:
    """Add a satellite to Home Assistant."""
    (satellite,) = await make_satellites(hass, pipeline, "Kitchen")
    return satellite


async def make_satellites(hass: HomeAssistant, pipeline: str, *rooms: str) -> list[Satellite]:
    """Add a satellite for each room."""
    satellites = [Satellite(pipeline, room) for room in rooms]
    await add_entities(hass, "satellites", "assist_satellite", satellites)
    return satellites


async def add_entities(
    hass: HomeAssistant, integration: str, platform: str, entities: Sequence[Entity]
) -> None:
    """Add entities of an integration that there is only for them."""

    async def set_up_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        await hass.config_entries.async_forward_entry_setups(entry, [platform])
        return True

    async def set_up_platform(
        hass: HomeAssistant, entry: ConfigEntry, add: AddConfigEntryEntitiesCallback
    ) -> None:
        add(entities)

    mock_integration(hass, MockModule(integration, async_setup_entry=set_up_entry))
    mock_platform(
        hass, f"{integration}.{platform}", MockPlatform(async_setup_entry=set_up_platform)
    )
    mock_platform(hass, f"{integration}.config_flow", None)
    entry = MockConfigEntry(domain=integration)
    entry.add_to_hass(hass)
    with mock_config_flow(integration, ConfigFlow):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
