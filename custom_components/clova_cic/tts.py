"""Text-to-speech: the sound a dialog brought, or the sound of any other text."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
import logging
from typing import Any

from homeassistant.components import tts
from homeassistant.components.tts.entity import TTSAudioRequest, TTSAudioResponse
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .answer import Answer
from .cic import CicError
from .cic.interfaces.speech_synthesizer import Request
from .coordinator import CicConfigEntry
from .entity import CicEntity
from .playback.failure_sound import failure_sound
from .playback.mp3 import FrameCounter, probe_padding
from .turns import Turn

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0

# A run that fails or is cancelled never ends its text; nobody writes more slowly than this. Seconds.
TEXT_STALL = 30.0

_PREFERENCES = [
    tts.ATTR_PREFERRED_FORMAT,
    tts.ATTR_PREFERRED_SAMPLE_RATE,
    tts.ATTR_PREFERRED_SAMPLE_CHANNELS,
    tts.ATTR_PREFERRED_SAMPLE_BYTES,
    tts.ATTR_PREFERRED_BITRATE,
]


async def async_setup_entry(
    hass: HomeAssistant, entry: CicConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the entity of an entry."""
    async_add_entities([CicTextToSpeech(entry.runtime_data, "text_to_speech")])


class CicTextToSpeech(CicEntity, tts.TextToSpeechEntity):
    """Plays a turn's own sound; asks the cloud for the sound of other text."""

    # CIC speaks four (SpeechSynthesizer.Request, lang)
    _attr_supported_languages = ["en", "ja", "ko", "zh"]  # noqa: RUF012  # Home Assistant's way
    # Only to learn what the listener wants: Home Assistant converts.
    _attr_supported_options = _PREFERENCES

    @property
    def default_language(self) -> str:
        """The language the entry was set up with."""
        return self.coordinator.language

    async def async_stream_tts_audio(self, request: TTSAudioRequest) -> TTSAudioResponse:
        """Return sound as it arrives, always MP3."""
        turn = self.coordinator.turns.turn_to_play()
        if turn is None:
            sound = self._speak(request)
        else:
            sound = self._play(turn, converted=_is_converted(request.options))
        return TTSAudioResponse("mp3", _never_silent(sound))

    async def _play(self, turn: Turn, *, converted: bool) -> AsyncGenerator[bytes]:
        """Yield the turn's sounds in order; end with the answer, not before the agent returns."""
        assert turn.answer is not None
        counter = FrameCounter()
        async for sound in turn.answer.sounds():
            async for chunk in sound:
                turn.mark("first_sound")
                turn.sound_bytes += len(chunk)
                if converted:
                    counter.feed(chunk)
                yield chunk
            if padding := probe_padding(counter):
                counter.feed(padding)
                yield padding
        await turn.returned.wait()

    async def _speak(self, request: TTSAudioRequest) -> AsyncGenerator[bytes]:
        """Yield the sound of a text."""
        text = await _whole(request.message_gen)
        if not text:
            return
        try:
            client = await self.coordinator.async_client()
            exchange = client.synthesize(
                Request(text=text, lang=request.language.partition("-")[0].lower())
            )
            answer = Answer(
                exchange,
                on_speech=self.coordinator.observe_directive,
                on_other=lambda directive: self.coordinator.handle_directive(
                    directive, exchange.attachment
                ),
            )
            reading = self.coordinator.turns.spawn(answer.run(), "speech")
        except (CicError, HomeAssistantError) as err:
            _LOGGER.warning("A text could not be spoken: %s", err)
            return
        try:
            async for sound in answer.sounds():
                async for chunk in sound:
                    yield chunk
        finally:
            reading.cancel()
            exchange.cancel()
        if answer.error is not None:
            self.coordinator.turns.note(answer.error)
            _LOGGER.warning("A text could not be spoken: %s", answer.error)


async def _never_silent(sound: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield a sound, or where there is none a short one that says that something failed."""
    heard = False
    async for chunk in sound:
        heard = True
        yield chunk
    if not heard:
        yield failure_sound()


async def _whole(texts: AsyncIterable[str]) -> str:
    """Join a text that is still being written."""
    parts: list[str] = []
    try:
        async with asyncio.timeout(TEXT_STALL) as stall:
            async for part in texts:
                parts.append(part)
                stall.reschedule(asyncio.get_running_loop().time() + TEXT_STALL)
    except TimeoutError:
        _LOGGER.debug("A text was never ended")
    return "".join(parts).strip()


def _is_converted(options: dict[str, Any]) -> bool:
    """Tell whether Home Assistant will send the sound through ffmpeg."""
    wanted = options.get(tts.ATTR_PREFERRED_FORMAT)
    return wanted not in (None, "mp3") or any(
        options.get(preference) is not None for preference in _PREFERENCES[1:]
    )
