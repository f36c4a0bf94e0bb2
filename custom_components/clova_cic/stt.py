"""Speech-to-text: the first stage of a CIC dialog."""

from collections.abc import AsyncIterable

from homeassistant.components import stt
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import LANGUAGES
from .coordinator import CicConfigEntry
from .entity import CicEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: CicConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the entity of an entry."""
    async_add_entities([CicSpeechToText(entry.runtime_data, "speech_to_text")])


class CicSpeechToText(CicEntity, stt.SpeechToTextEntity):
    """Recognises speech, and opens the turn the agent will claim."""

    @property
    def supported_languages(self) -> list[str]:
        """CIC recognises three (SpeechRecognizer.Recognize, lang)."""
        return list(LANGUAGES)

    @property
    def supported_formats(self) -> list[stt.AudioFormats]:
        """Assist sends raw PCM under this name."""
        return [stt.AudioFormats.WAV]

    @property
    def supported_codecs(self) -> list[stt.AudioCodecs]:
        """Uncompressed only."""
        return [stt.AudioCodecs.PCM]

    @property
    def supported_bit_rates(self) -> list[stt.AudioBitRates]:
        """16 bits per sample."""
        return [stt.AudioBitRates.BITRATE_16]

    @property
    def supported_sample_rates(self) -> list[stt.AudioSampleRates]:
        """16 kHz."""
        return [stt.AudioSampleRates.SAMPLERATE_16000]

    @property
    def supported_channels(self) -> list[stt.AudioChannels]:
        """One microphone."""
        return [stt.AudioChannels.CHANNEL_MONO]

    async def async_process_audio_stream(
        self, metadata: stt.SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> stt.SpeechResult:
        """Send speech up as it is spoken; return what was recognised."""
        language = metadata.language.partition("-")[0].lower()
        return await self.coordinator.turns.listen(language, stream)
