"""POST /v1/events: read the event, do what it asks once its closing boundary is here, answer."""

import asyncio
from collections.abc import Sequence
import logging
import traceback

from .answers import answer_steps, speak
from .dialogs import lang_of
from .engines import Outcome, Recognised, Synthesizer
from .http import Request
from .lang import Lang
from .messages import (
    DIALOG_EVENTS,
    SPEECH_REQUEST,
    TEXT,
    VOICE,
    Directive,
    Event,
    RefusedError,
    dump,
    parse_event,
)
from .multipart_in import (
    Audio,
    Closed,
    Metadata,
    UploadIncompleteError,
    UploadResetError,
    boundary_of,
    read_upload,
)
from .multipart_out import Pause, Step
from .records import Delivery, DialogOutcome, DialogRecord
from .replies import answer_event
from .responses import send_planned, send_steps
from .service import Service
from .skills import reply_to
from .skills.base import Answer, detect_lang
from .skills.small_talk import NOT_HEARD, NOT_RECOGNISABLE, NOT_UNDERSTOOD
from .voice import VoiceTurn

_LOGGER = logging.getLogger(__name__)

# Seconds an upload may take; a client that holds its boundary back decides long before.
UPLOAD_SECONDS = 120.0
# Payloads above this stay out of the control log, which keeps thousands of them.
MAX_LOGGED_BYTES = 8 << 10
DEVICE_CONTROL = "DeviceControl"

_UNHEARD = {
    Outcome.SILENCE: NOT_HEARD,
    Outcome.REJECTED: NOT_UNDERSTOOD,
    Outcome.FAILED: NOT_UNDERSTOOD,
    Outcome.LANGUAGE: NOT_RECOGNISABLE,
}


class EventRequest:
    """One event, from its first byte to the end of its answer."""

    def __init__(self, service: Service, request: Request, client: str) -> None:
        """Prepare; handle() does the work."""
        self._service = service
        self._request = request
        self._client = client
        self._memory = service.memory.of(client)
        self._remote = self._memory.remote
        self._told = self._remote.player.told
        self._event: Event | None = None
        self._turn: VoiceTurn | None = None
        self._record = DialogRecord(namespace="", name="", dialog_id=None, client=client)
        self._record.mark("upload_start")

    async def handle(self) -> None:
        """Answer the request, whatever it is; raises RefusedError for an error status."""
        try:
            await self._read()
            self._record.outcome = DialogOutcome.EXECUTED
            await self._answer()
        except UploadResetError:
            self._record.outcome = DialogOutcome.RESET
        except UploadIncompleteError:
            self._record.outcome = DialogOutcome.INCOMPLETE
            raise
        except RefusedError:
            self._record.outcome = DialogOutcome.REFUSED
            raise
        finally:
            if self._turn is not None:
                await self._turn.close()
            self._record.mark("done")
            if self._event is not None and self._event.full_name in (
                *DIALOG_EVENTS,
                SPEECH_REQUEST,
            ):
                self._service.journal.add("dialog", **self._record.fields())

    async def _read(self) -> None:
        """Take the whole upload; nothing is done before its closing boundary."""
        request = self._request
        self._service.channels.require(self._client, request.connection)
        boundary = boundary_of(request.headers.get("content-type"))
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                async for piece in read_upload(request.receive, boundary):
                    match piece:
                        case Metadata(body=body):
                            await self._take_metadata(body)
                        case Audio(data=data):
                            await self._take_audio(data)
                        case Closed():
                            self._record.mark("boundary")
        except TimeoutError as err:
            raise UploadIncompleteError from err
        if self._event is None:
            raise RefusedError(400, "The metadata part is missing")

    async def _take_metadata(self, body: bytes) -> None:
        if self._event is not None:
            raise RefusedError(400, "More than one metadata part")
        event = self._event = parse_event(body)
        self._record.namespace, self._record.name = event.namespace, event.name
        self._record.dialog_id = event.dialog_id
        self._memory.context = event.context
        self._remote.take_context(event.context, self._told)
        self._service.verdicts.of(self._client).take_context(event.context)
        self._service.journal.add(
            "event",
            namespace=event.namespace,
            name=event.name,
            messageId=event.message_id,
            dialogRequestId=event.dialog_id,
            client=self._client,
            connection=self._request.connection,
            user_agent=self._request.headers.get("user-agent"),
            device_tags=self._request.headers.get("x-clova-device-tags"),
            payload=event.payload if len(dump(event.payload)) <= MAX_LOGGED_BYTES else None,
            # what these events tell stands in their context
            context=event.context if event.namespace == DEVICE_CONTROL else None,
        )
        if event.full_name == VOICE:
            self._turn = await self._start_turn(event)

    async def _start_turn(self, event: Event) -> VoiceTurn:
        speech_id = event.text_of("speechId")
        lang = event.text_of("lang")
        if lang is None:  # the follow-up in the documents has none
            lang = self._memory.spoken_lang(self._request.connection) or Lang.EN
        self._memory.lang = lang_of(lang)
        self._memory.lang_connection = self._request.connection
        expects_reply = self._memory.has_question(speech_id)
        session = await self._service.recognizer.start(lang, expects_reply=expects_reply)
        return VoiceTurn(self._service, event, self._record, session)

    async def _take_audio(self, data: bytes) -> None:
        if self._event is None:
            raise RefusedError(400, "The metadata part must come first")
        if self._turn is not None:
            await self._turn.feed(data)

    async def _answer(self) -> None:
        assert self._event is not None
        self._service.verdicts.happened(self._client, self._event)
        self._remote.happened(self._event)
        planned = self._service.take_planned(self._event.full_name)
        if planned is not None:
            if self._turn is not None:
                await self._turn.commit()
            await self._service.keep_alerts(self._client)
            await send_planned(self._request, planned, self._record, self._sent)
            return
        try:
            steps = await self._steps(self._event)
        except RefusedError:
            raise
        except Exception as err:
            # What was said may stand in the exception: it goes to the control log only.
            _LOGGER.error("Answering %s failed: %s", self._event.full_name, type(err).__name__)
            self._service.journal.add("error", status=500, detail=traceback.format_exc())
            raise RefusedError(500, "The request could not be carried out") from err
        await self._service.keep_alerts(self._client)
        if any(not isinstance(step, Pause) for step in steps):
            settings = self._service.settings
            await send_steps(self._request, steps, self._record, settings.sound_delay, self._sent)
            if self._record.answer is Delivery.CANCELLED:
                self._service.verdicts.of(self._client).not_taken(self._event.dialog_id)
        else:
            self._record.answer = Delivery.COMPLETE
            await self._request.answer(204)

    def _sent(self, directive: Directive) -> None:
        self._service.sent(self._client, directive)

    async def _steps(self, event: Event) -> Sequence[Step]:
        match event.full_name:
            case _ if self._turn is not None:
                return await self._reply_to_voice(event, await self._turn.commit())
            case x if x == TEXT:
                return self._reply_to_text(event)
            case x if x == SPEECH_REQUEST:
                text, lang = event.text_of("text"), event.text_of("lang")
                if not text:
                    raise RefusedError(400, "The payload needs text")
                self._record.said = text
                return speak(self._synthesizer, text, lang or Lang.EN, None)
            case _:
                lang = self._memory.lang or Lang.EN
                answer = answer_event(event, self._client, self._service, lang)
                return () if answer is None else self._answer_steps(event, answer)

    async def _reply_to_voice(self, event: Event, heard: Recognised) -> Sequence[Step]:
        lang = self._memory.lang or Lang.EN
        if heard.text is None:
            # The question, if one waits, stays: the client may try again.
            answer = Answer(phrase=_UNHEARD[heard.outcome][lang], lang=lang)
        else:
            answer = self._skill_answer(event, heard.text, lang)
        return self._answer_steps(event, answer)

    def _reply_to_text(self, event: Event) -> Sequence[Step]:
        text = event.text_of("text")
        if text is None:
            raise RefusedError(400, "The payload needs text")
        lang = detect_lang(text, self._memory.spoken_lang(self._request.connection))
        self._record.transcript = text
        return self._answer_steps(event, self._skill_answer(event, text, lang))

    def _skill_answer(self, event: Event, text: str, lang: Lang) -> Answer:
        question = self._memory.take_question(event.text_of("speechId"))
        service = self._service
        return reply_to(text, lang, service.now(), question, service.skills, self._remote)

    def _answer_steps(self, event: Event, answer: Answer) -> Sequence[Step]:
        self._record.said = answer.text
        settings, ask = self._service.settings, self._memory.ask
        return answer_steps(answer, event.dialog_id, self._synthesizer, settings, ask)

    @property
    def _synthesizer(self) -> Synthesizer:
        """The voice its user has chosen."""
        return self._service.synthesizer.in_voice(self._remote.voice)
