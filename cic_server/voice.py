"""One voice request while its sound still arrives (CIC SpeechRecognizer.Recognize)."""

import asyncio

from .channels import directive_part
from .engines import BYTES_PER_SECOND, Outcome, Partial, Recognised, RecognizerSession, SpeechEnded
from .messages import Directive, Event, RefusedError
from .records import DialogRecord
from .service import Service

# A heartbeat for clients that limit their waiting: one KeepRecording per this many seconds of sound.
KEEP_RECORDING_SECONDS = 3.0
# Seconds after which listening ends though the sound has stopped coming; its own limits count sound.
LISTENING_SECONDS = 30.0
# Seconds the recogniser may take after the last byte of sound.
DECISION_SECONDS = 20.0
WAV_MARK = b"RIFF"
MUST_BE_RAW = "The audio must be raw PCM (16 kHz, 16 bit, mono, little endian), not a WAV file"


class VoiceTurn:
    """Feeds the recogniser, and tells the client on the downchannel what it hears."""

    def __init__(
        self, service: Service, event: Event, record: DialogRecord, session: RecognizerSession
    ) -> None:
        """Listen to the session's results from now on."""
        self._service = service
        self._dialog_id = event.dialog_id
        self._record = record
        self._session = session
        self._beginning: bytes | None = b""
        self._next_heartbeat = KEEP_RECORDING_SECONDS * BYTES_PER_SECOND
        self._listening = True
        self._follower = asyncio.create_task(self._follow())
        self._limit = asyncio.create_task(self._stop_in_time())

    async def feed(self, data: bytes) -> None:
        """Take sound as it comes; raises RefusedError (400) for a WAV file."""
        self._record.audio_bytes += len(data)
        if not self._listening:
            return  # sound after StopCapture is ignored
        if self._beginning is not None:
            self._beginning += data
            if WAV_MARK.startswith(self._beginning[:4]) and len(self._beginning) < 4:
                return
            if self._beginning.startswith(WAV_MARK):
                raise RefusedError(400, MUST_BE_RAW)
            data, self._beginning = self._beginning, None
        await self._session.feed(data)
        if self._record.audio_bytes >= self._next_heartbeat:
            self._next_heartbeat += KEEP_RECORDING_SECONDS * BYTES_PER_SECOND
            self._push("KeepRecording", {})

    async def commit(self) -> Recognised:
        """Return what was said; the closing boundary is here, so no more sound comes."""
        await self._session.finish()
        try:
            async with asyncio.timeout(DECISION_SECONDS):
                return await asyncio.shield(self._follower)
        except TimeoutError:
            return Recognised(text=None, outcome=Outcome.FAILED)

    async def close(self) -> None:
        """Let go of the recogniser."""
        for task in (self._limit, self._follower):
            task.cancel()
        await asyncio.gather(self._limit, self._follower, return_exceptions=True)
        await self._session.close()

    async def _stop_in_time(self) -> None:
        await asyncio.sleep(LISTENING_SECONDS)
        await self._session.finish()

    async def _follow(self) -> Recognised:
        settings = self._service.settings
        final = Recognised(text=None, outcome=Outcome.FAILED)
        async for result in self._session.results():
            match result:
                case Partial(text=text):
                    if settings.partials:
                        self._push("ShowRecognizedText", {"text": text})
                case SpeechEnded():
                    self._listening = False
                    self._record.mark("speech_end")
                case Recognised():
                    final = result
        self._listening = False
        self._record.mark("speech_end")
        self._record.transcript = final.text
        self._record.recognition = final.outcome.value
        says_text = settings.transcript and final.text is not None
        self._push("StopCapture", {"recognizedText": final.text} if says_text else {})
        self._record.mark("stop_capture")
        await self._session.close()
        return final

    def _push(self, name: str, payload: dict[str, str | None]) -> None:
        channel = self._service.channels.of(self._record.client)
        if channel is not None:
            directive = Directive(
                namespace="SpeechRecognizer",
                name=name,
                payload=payload,
                dialog_id=self._dialog_id,
            )
            channel.push(directive_part(directive))
