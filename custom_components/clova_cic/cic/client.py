"""A client of CIC on one connection: downchannel first, then events and dialogs.

One Client lives as long as its connection. Connecting again is reconnect.py's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Self
from uuid import uuid4

from .attachments import Attachment
from .connection import ENHANCE_YOUR_CALM, NO_ERROR, Connection, Stream
from .dialog import Dialog, Repeat
from .dialogs import Dialogs
from .downchannel import Downchannel
from .errors import (
    CicError,
    ConnectionLostError,
    DialogCancelledError,
    NoDownchannelError,
    NotCicError,
)
from .exchange import Exchange
from .interfaces import speech_recognizer, speech_synthesizer, text_recognizer
from .interfaces.outgoing import OutgoingEvent
from .messages import ContextObject, Directive, Event, Header, encode_event
from .multipart import MultipartWriter
from .parties import Endpoint, Identity
from .streams import PUSHED, Body
from .upload import METADATA_HEADERS, SpeechUpload

_LOGGER = logging.getLogger(__name__)

# From the request for the downchannel to Clova.Hello, in seconds.
HELLO_TIMEOUT = 10.0
# Answers still coming in when a connection is replaced have this long to finish, in seconds.
DRAIN_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What a client asks and tells its owner, all synchronously and without waiting.

    context: the state of the client now. directive: one that belongs to no live
    dialog. malformed: what was wrong with a part that was skipped. capture: a directive
    that a live dialog has acted on, since it concerns nothing but speech that goes up.
    answer_timeout: how long a dialog that begins now waits for its answer, in seconds; None
    for exchange.ANSWER_TIMEOUT.
    judged: an access token that an answer shows to be accepted, or not (401).
    """

    context: Callable[[], Sequence[ContextObject]]
    directive: Callable[[Client, Directive], None]
    malformed: Callable[[str], None]
    new_id: Callable[[], str] = lambda: str(uuid4())
    capture: Callable[[Directive], None] = lambda _: None
    answer_timeout: Callable[[], float | None] = lambda: None
    judged: Callable[[str, bool], None] = lambda *_: None


# Asked for the client to send a dialog on once more, with what has become of it on this one.
type Again = Callable[[CicError], Awaitable[Client]]


class Client:
    """CIC over one connection."""

    def __init__(
        self, connection: Connection, identity: Identity, callbacks: Callbacks, dialogs: Dialogs
    ) -> None:
        """Use connect instead."""
        self._connection = connection
        self.identify(identity)
        self._callbacks = callbacks
        # One for all requests, so that their fields are encoded once.
        self._boundary = callbacks.new_id().encode()
        self._dialogs = dialogs
        self._exchanges: set[Exchange] = set()
        self._answered = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._downchannel = Downchannel(
            self._request("GET", "/v1/directives"),
            on_directive=self._dispatch,
            on_malformed=callbacks.malformed,
        )

    @classmethod
    async def connect(
        cls,
        endpoint: Endpoint,
        identity: Identity,
        callbacks: Callbacks,
        dialogs: Dialogs | None = None,
    ) -> Self:
        """Connect, open the downchannel and wait for Clova.Hello.

        A client that follows another takes the same dialogs.
        Raises ConnectError, StatusError (UnauthorizedError, TooManyRequestsError),
        NotCicError or ConnectionLostError.
        """
        connection = await Connection.open(
            endpoint.host,
            endpoint.port,
            ssl_context=endpoint.ssl_context,
            settings=endpoint.connection,
        )
        try:
            client = cls(connection, identity, callbacks, dialogs or Dialogs())
            async with asyncio.timeout(HELLO_TIMEOUT):
                await client._downchannel.wait_open()
        except TimeoutError as err:
            await connection.close()
            raise NotCicError(f"no Clova.Hello within {HELLO_TIMEOUT:g} s") from err
        except BaseException:
            await connection.close()
            raise
        return client

    def identify(self, identity: Identity) -> None:
        """Show another token, from the next request on."""
        self._headers = identity.headers()
        self._token = identity.access_token

    @property
    def usable(self) -> bool:
        """True while events may be sent: connection and downchannel are up."""
        return self._connection.accepts_requests and self._downchannel.error is None

    @property
    def heard_at(self) -> float:
        """When something last came on the downchannel, by the loop's clock."""
        return self._downchannel.heard_at

    @property
    def date(self) -> datetime | None:
        """What time it was at CIC when it opened the downchannel, where it says so."""
        return self._downchannel.date

    @property
    def peer(self) -> tuple[str, int] | None:
        """The numeric address and port at the other end, while there is one."""
        return self._connection.peer

    def probe(self) -> None:
        """Find out now whether the other end is there: by a PING."""
        self._connection.probe()

    @property
    def served(self) -> bool:
        """Whether the server has answered, and then said goodbye without a complaint."""
        return self._answered and self._connection.goaway_code == NO_ERROR

    @property
    def asked_for_calm(self) -> bool:
        """Whether the server has said goodbye for being asked too much, by PINGs among others."""
        return self._connection.goaway_code == ENHANCE_YOUR_CALM

    async def wait_idle(self) -> None:
        """Wait until no answer is outstanding, and no pushed sound has begun and not ended."""
        await self._idle.wait()
        await self._downchannel.wait_quiet()

    async def wait_unusable(self) -> CicError | None:
        """Wait until no new event may be sent; return why, None for a goodbye of the server."""
        ends = [
            asyncio.create_task(self._downchannel.wait_ended()),
            asyncio.create_task(self._connection.wait_closing()),
        ]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        return self._connection.reason or self._downchannel.error

    def recognize(
        self,
        request: speech_recognizer.Recognize,
        *,
        dialog_request_id: str,
        hold: bool = False,
        again: Again | None = None,
    ) -> Dialog:
        """Begin a spoken turn: write sound to the dialog; with hold, commit it too.

        Where CIC has certainly not acted on it (401, 412 or NotProcessedError, before
        anything else was answered), the dialog goes up once more, on the client that
        again returns. Without again it fails.
        """
        event = self._event(request, dialog_request_id)
        metadata, writer = self._encode(event), self._writer()
        stream = self._post(writer, PUSHED)
        upload = SpeechUpload(stream, writer, metadata, hold=hold, keep=again is not None)
        repeat = self._repetition(again, writer, PUSHED)
        return self._track(self._dialog(dialog_request_id, stream, upload, repeat))

    def recognize_text(
        self,
        request: text_recognizer.Recognize,
        *,
        dialog_request_id: str,
        again: Again | None = None,
    ) -> Dialog:
        """Begin a typed turn; it is repeated as a spoken one is."""
        writer, body = self._whole(self._event(request, dialog_request_id))
        repeat = self._repetition(again, writer, body)
        stream = self._post(writer, body)
        return self._track(self._dialog(dialog_request_id, stream, None, repeat))

    def synthesize(self, request: speech_synthesizer.Request) -> Exchange:
        """Ask for the sound of a text; the answer brings a Speak."""
        return self.report(request)

    def report(
        self, event: OutgoingEvent, context: Sequence[ContextObject] | None = None
    ) -> Exchange:
        """Send a typed event that belongs to no dialog, with the context of now or of its own moment."""
        return self.send(self._event(event), context)

    def send(self, event: Event, context: Sequence[ContextObject] | None = None) -> Exchange:
        """Send an event that belongs to no dialog, with the context of now or of its own moment."""
        stream = self._post(*self._whole(event, context))
        exchange = Exchange(stream, on_malformed=self._callbacks.malformed)
        exchange.uploaded()
        self._keep(exchange)
        return exchange

    def attachment(self, content_id: str) -> Attachment:
        """Return a binary part of the downchannel, come or still to come."""
        return self._downchannel.attachment(content_id)

    async def close(self) -> None:
        """Cancel what is under way, also what waits for a next client, and close the connection."""
        for exchange in list(self._exchanges):
            exchange.cancel()
        self._dialogs.cancel_homeless()
        await self._connection.close()

    async def drain(self) -> None:
        """Let answers that are still coming finish, within bounds, then close."""
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT):
                await self.wait_idle()
        except TimeoutError:
            _LOGGER.debug("Giving up %d answers of a replaced connection", len(self._exchanges))
        finally:
            for exchange in list(self._exchanges):
                exchange.fail(ConnectionLostError("the connection was replaced"))
            await self._connection.close()

    def post_again(self, dialog: Dialog, writer: MultipartWriter, body: Body) -> Stream:
        """Open a stream for a dialog that another client, or this one, could not deliver."""
        stream = self._post(writer, body)
        self._track(dialog)
        return stream

    def _dispatch(self, directive: Directive) -> None:
        """Hand a directive of the downchannel to its dialog, or to the owner."""
        if not self._dialogs.take(directive, self._downchannel.attachment):
            self._callbacks.directive(self, directive)

    def _dialog(
        self,
        dialog_request_id: str,
        stream: Stream,
        upload: SpeechUpload | None,
        repeat: Repeat | None,
    ) -> Dialog:
        return Dialog(
            stream,
            dialog_request_id,
            upload,
            on_malformed=self._callbacks.malformed,
            on_capture=self._callbacks.capture,
            on_leave=self._release,
            repeat=repeat,
            answer_timeout=self._callbacks.answer_timeout(),
        )

    def _track(self, dialog: Dialog) -> Dialog:
        self._dialogs.add(dialog)
        self._keep(dialog)
        return dialog

    def _keep(self, exchange: Exchange) -> None:
        """Know of an exchange until it is over, or on another connection."""
        exchange.token = self._token
        self._exchanges.add(exchange)
        self._idle.clear()
        exchange.add_done_callback(lambda: self._release(exchange))

    def _release(self, exchange: Exchange) -> None:
        if exchange not in self._exchanges:
            return  # it has gone to another client
        answered = exchange.done and exchange.error is None
        self._answered |= answered
        self._notice(exchange.error)
        if answered or exchange.unauthorized:
            self._callbacks.judged(exchange.token, answered)
        self._exchanges.discard(exchange)
        if not self._exchanges:
            self._idle.set()

    def _notice(self, error: CicError | None) -> None:
        """Be of no more use where CIC says that there is no downchannel here (CIC_API, 412)."""
        if isinstance(error, NoDownchannelError):
            self._downchannel.end(error)

    def _repetition(
        self, again: Again | None, writer: MultipartWriter, body: Body
    ) -> Repeat | None:
        """Return how the same request goes up once more."""
        if again is None:
            return None

        async def repeat(dialog: Dialog, error: CicError) -> Stream:
            self._notice(error)
            client = await again(error)
            if dialog.done:
                raise DialogCancelledError("cancelled")
            return client.post_again(dialog, writer, body)

        return repeat

    def _event(self, event: OutgoingEvent, dialog_request_id: str | None = None) -> Event:
        header = Header(
            namespace=event.NAMESPACE,
            name=event.NAME,
            message_id=self._callbacks.new_id(),
            dialog_request_id=dialog_request_id,
        )
        return Event(header=header, payload=event.as_payload())

    def _encode(self, event: Event, context: Sequence[ContextObject] | None = None) -> bytes:
        return encode_event(event, self._callbacks.context() if context is None else context)

    def _writer(self) -> MultipartWriter:
        return MultipartWriter(self._boundary)

    def _whole(
        self, event: Event, context: Sequence[ContextObject] | None = None
    ) -> tuple[MultipartWriter, bytes]:
        """Return an event that is complete at once."""
        writer = self._writer()
        metadata = writer.part(METADATA_HEADERS, self._encode(event, context))
        return writer, metadata + writer.close()

    def _post(self, writer: MultipartWriter, body: Body) -> Stream:
        return self._request("POST", "/v1/events", [("content-type", writer.content_type)], body)

    def _request(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        body: Body = None,
    ) -> Stream:
        return self._connection.stream(method, path, (*self._headers, *headers), body)
