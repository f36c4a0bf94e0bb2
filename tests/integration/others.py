"""Engines of somebody else: ears, a voice, and a word to wake them."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable

from homeassistant.components import stt, tts, wake_word
from homeassistant.components.tts.entity import TTSAudioRequest, TTSAudioResponse
from homeassistant.core import HomeAssistant

from custom_components.clova_cic.playback.sound.failure_sound import failure_sound

from .house import METADATA, add_entities

type Passes = Callable[[], None]
"""Lets time pass: engines of small computers take theirs."""


class OtherVoice(tts.TextToSpeechEntity):
    """Somebody else's text-to-speech, which takes text as it is written."""

    _attr_name = "Other voice"
    _attr_unique_id = "other-voice"
    _attr_default_language = "en"
    _attr_supported_languages = ["en"]  # noqa: RUF012  # Home Assistant's way

    def __init__(self) -> None:
        """Nothing was said."""
        self.said: list[str] = []

    async def async_stream_tts_audio(self, request: TTSAudioRequest) -> TTSAudioResponse:
        """Say it with the sound of failure."""

        async def speak() -> AsyncGenerator[bytes]:
            self.said.append("".join([part async for part in request.message_gen]))
            yield failure_sound() * 3

        return TTSAudioResponse("mp3", speak())


async def make_other_voice(hass: HomeAssistant) -> OtherVoice:
    """Add somebody else's text-to-speech."""
    voice = OtherVoice()
    await add_entities(hass, "voices", "tts", [voice])
    return voice


class OtherEars(stt.SpeechToTextEntity):
    """Somebody else's speech-to-text, which hears one thing."""

    _attr_name = "Other ears"
    _attr_unique_id = "other-ears"
    supported_languages = ["en"]  # noqa: RUF012  # Home Assistant's way
    supported_formats = [METADATA.format]  # noqa: RUF012  # Home Assistant's way
    supported_codecs = [METADATA.codec]  # noqa: RUF012  # Home Assistant's way
    supported_bit_rates = [METADATA.bit_rate]  # noqa: RUF012  # Home Assistant's way
    supported_sample_rates = [METADATA.sample_rate]  # noqa: RUF012  # Home Assistant's way
    supported_channels = [METADATA.channel]  # noqa: RUF012  # Home Assistant's way

    def __init__(self, passes: Passes) -> None:
        """Take as long as that."""
        self._passes = passes

    async def async_process_audio_stream(
        self, metadata: stt.SpeechMetadata, stream: AsyncIterable[bytes]
    ) -> stt.SpeechResult:
        """Hear it."""
        self._passes()
        return stt.SpeechResult("what time is it", stt.SpeechResultState.SUCCESS)


async def make_other_ears(hass: HomeAssistant, passes: Passes) -> OtherEars:
    """Add somebody else's speech-to-text."""
    ears = OtherEars(passes)
    await add_entities(hass, "ears", "stt", [ears])
    return ears


class WakeWord(wake_word.WakeWordDetectionEntity):
    """Hears its word after a while, as in any room."""

    _attr_name = "Wake word"
    _attr_unique_id = "wake-word"

    def __init__(self, passes: Passes) -> None:
        """Take as long as that."""
        self._passes = passes

    async def get_supported_wake_words(self) -> list[wake_word.WakeWord]:
        """Return the only one."""
        return [wake_word.WakeWord("clova", "Clova")]

    async def _async_process_audio_stream(
        self, stream: AsyncIterable[tuple[bytes, int]], wake_word_id: str | None
    ) -> wake_word.DetectionResult | None:
        _, timestamp = await anext(aiter(stream))
        self._passes()
        return wake_word.DetectionResult("clova", "Clova", timestamp)


async def make_wake_word(hass: HomeAssistant, passes: Passes) -> WakeWord:
    """Add a detector of wake words."""
    detector = WakeWord(passes)
    await add_entities(hass, "wakes", "wake_word", [detector])
    return detector
