"""Text-to-speech: the sound a dialog brought, or the sound of any other text."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
import logging
from typing import Any, override

from homeassistant.components import tts
from homeassistant.components.tts.entity import TTSAudioRequest, TTSAudioResponse
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .answer import Answer
from .asking import async_post, speech_of
from .cic import CicError
from .cic.errors import AttachmentMissingError, DialogCancelledError
from .cic.interfaces.speech_synthesizer import Request
from .const import SPOKEN_LANGUAGES
from .coordinator import CicConfigEntry
from .entity import CicEntity
from .failures import as_home_assistant_error
from .playback.sound.failure_sound import failure_sound
from .playback.sound.mp3 import length
from .playback.speech.speech import Speech
from .speech_reports import Telling
from .turn import Turn

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0

# A run that fails or is cancelled never ends its text; nobody writes more slowly than this. Seconds.
TEXT_STALL = 30.0

# How long the sound of failure can be fetched, in seconds: Home Assistant tells players where the
# sound is before, and some fetch it only after, a run's end.
FAILURE_STAYS = 2.0

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

    _attr_supported_languages = list(SPOKEN_LANGUAGES)  # noqa: RUF012  # Home Assistant's way
    # Only to learn what the listener wants: Home Assistant converts.
    _attr_supported_options = _PREFERENCES

    @property
    def default_language(self) -> str:
        """The language the entry was set up with."""
        return self.coordinator.language

    @override
    def async_supports_streaming_input(self) -> bool:
        """Learn that the run about to begin ends in this text-to-speech."""
        self.coordinator.turns.voice_prepared()
        return True

    async def async_stream_tts_audio(self, request: TTSAudioRequest) -> TTSAudioResponse:
        """Return sound as it arrives, always MP3."""
        turns = self.coordinator.turns
        turn = turns.turn_to_play()
        if turn is None:
            return TTSAudioResponse("mp3", self._speak(request, turns.turn_to_speak()))
        converted = _is_converted(request.options)
        return TTSAudioResponse("mp3", self._play(turn, request.language, converted=converted))

    async def _play(self, turn: Turn, language: str, *, converted: bool) -> AsyncGenerator[bytes]:
        """Yield the turn's sounds in order; end with the answer, not before the agent returns."""
        assert turn.answer is not None
        assert turn.hearing is not None
        telling = turn.hearing.telling
        speech = self._speech(telling, padded=converted)
        turn.hearing.follow(speech.stop)
        async with aclosing(speech.play(turn.answer)) as sound:
            async for chunk in sound:
                _note(turn, speech.seconds)
                yield chunk
        if not (speech.size or speech.stopped):
            speech = self._speech(telling, padded=converted)
            async with aclosing(self._instead(turn.answer, language, speech)) as sound:
                async for chunk in sound:
                    _note(turn, speech.seconds or length(chunk))
                    yield chunk
        turn.record.sound_bytes = speech.size
        turn.sound_given_out()
        await turn.returned.wait()

    async def _instead(
        self, answer: Answer, language: str, speech: Speech
    ) -> AsyncGenerator[bytes]:
        """Yield what is heard where none of an answer's sounds is: its text, else failure."""
        if answer.text and not isinstance(answer.error, DialogCancelledError):
            try:
                async with aclosing(self._synthesise(answer.text, language, speech)) as sound:
                    async for chunk in sound:
                        yield chunk
            except (CicError, HomeAssistantError) as err:
                self._not_spoken(err)
        if not speech.size:
            yield failure_sound()

    async def _speak(self, request: TTSAudioRequest, turn: Turn | None) -> AsyncGenerator[bytes]:
        """Yield the sound of a text, or the one of failure; turn is the one that writes it now.

        Home Assistant keeps what ends well, on disk and for good, but for a text that
        is being written: else what failed ends in HomeAssistantError, after whoever
        listens has heard it. Some satellites do not notice a sound's end by an error.
        """
        text = await _whole(request.message_gen)
        if not text:
            return
        speech = self._speech(self._telling(turn), padded=False)
        try:
            async with aclosing(self._synthesise(text, request.language, speech)) as sound:
                async for chunk in sound:
                    if turn is not None:
                        _note(turn, speech.seconds)
                    yield chunk
        except (CicError, HomeAssistantError) as err:
            self._not_spoken(err)
            if not speech.size:
                yield failure_sound()
            if turn is None:
                await asyncio.sleep(0 if speech.size else FAILURE_STAYS)
                raise as_home_assistant_error(err) from err
        if turn is not None:
            turn.sound_given_out()
            await turn.returned.wait()

    async def _synthesise(self, text: str, language: str, speech: Speech) -> AsyncGenerator[bytes]:
        """Ask the cloud for the sound of a text; raises what it failed with."""
        request = Request(text=text, lang=language.partition("-")[0].lower())
        exchange = await async_post(self.coordinator, lambda client: client.synthesize(request))
        turns = self.coordinator.turns
        answer = turns.answer_of(exchange)
        reading = turns.spawn(answer.run(), "speech")
        try:
            async with aclosing(speech.play(answer)) as sound:
                async for chunk in sound:
                    yield chunk
        finally:
            reading.cancel()
            exchange.cancel()
        if answer.error is not None:
            raise answer.error
        if not (speech.size and speech.whole):
            raise AttachmentMissingError("the sound of a text is incomplete")

    def _telling(self, turn: Turn | None) -> Telling:
        """Return who tells of a text's speech; without a turn its listener is taken to listen at once."""
        if turn is not None and turn.hearing is not None:
            return turn.hearing.telling
        return Telling(self.coordinator.speech)

    def _speech(self, telling: Telling, *, padded: bool) -> Speech:
        return speech_of(self.coordinator, telling, padded=padded)

    def _not_spoken(self, error: Exception) -> None:
        self.coordinator.turns.note(error)
        _LOGGER.warning("A text could not be spoken: %s", error)


def _note(turn: Turn, seconds: float) -> None:
    """Keep on the turn what its listener has been given so far."""
    turn.mark("first_sound")
    turn.sound_seconds = seconds


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
