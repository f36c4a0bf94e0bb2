"""A client of CIC on one connection: downchannel first, then events and dialogs.

One Client lives as long as its connection. Connecting again is reconnect.py's.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
import logging
import ssl
from typing import Self
from uuid import uuid4

from .attachments import Attachment
from .connection import Connection, ConnectionSettings, Stream
from .dialog import Dialog, about_capture
from .downchannel import Downchannel
from .errors import CicError, NotCicError
from .exchange import Exchange
from .interfaces import speech_recognizer, speech_synthesizer, text_recognizer
from .messages import ContextObject, Directive, Event, Header, Payload, encode_event
from .multipart import MultipartWriter
from .streams import PUSHED, Body
from .upload import METADATA_HEADERS, SpeechUpload
from .user_agent import DEFAULT_USER_AGENT, is_valid_user_agent

_LOGGER = logging.getLogger(__name__)

# From the request for the downchannel to Clova.Hello, in seconds.
HELLO_TIMEOUT = 10.0
# Dialogs given up whose directives may still be on their way; they come within seconds.
MOST_CANCELLED = 64
# Answers still coming in when a connection is replaced have this long to finish, in seconds.
DRAIN_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where CIC is; the TLS context offers ALPN "h2" and nothing else."""

    host: str
    port: int
    ssl_context: ssl.SSLContext
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the client is. The access token appears in no representation."""

    access_token: str = field(repr=False)
    user_agent: str = DEFAULT_USER_AGENT

    def __post_init__(self) -> None:
        """Refuse a User-Agent the grammar does not allow: ValueError."""
        if not is_valid_user_agent(self.user_agent):
            raise ValueError("the User-Agent does not follow CIC's grammar")

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of every request."""
        return [
            ("user-agent", self.user_agent),
            ("authorization", f"Bearer {self.access_token}"),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What a client asks and tells its owner, all synchronously and without waiting.

    context: the state of the client now. directive: one that belongs to no live
    dialog. malformed: what was wrong with a part that was skipped.
    """

    context: Callable[[], Sequence[ContextObject]]
    directive: Callable[[Client, Directive], None]
    malformed: Callable[[str], None]
    new_id: Callable[[], str] = lambda: str(uuid4())


class Client:
    """CIC over one connection."""

    def __init__(self, connection: Connection, identity: Identity, callbacks: Callbacks) -> None:
        """Use connect instead."""
        self._connection = connection
        self._identity = identity
        self._callbacks = callbacks
        # One for all requests, so that their fields are encoded once.
        self._boundary = callbacks.new_id().encode()
        self._dialogs: dict[str, Dialog] = {}
        self._exchanges: set[Exchange] = set()
        self._cancelled: deque[str] = deque(maxlen=MOST_CANCELLED)
        self._downchannel = Downchannel(
            self._request("GET", "/v1/directives"),
            on_directive=self._dispatch,
            on_malformed=callbacks.malformed,
        )

    @classmethod
    async def connect(cls, endpoint: Endpoint, identity: Identity, callbacks: Callbacks) -> Self:
        """Connect, open the downchannel and wait for Clova.Hello.

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
            client = cls(connection, identity, callbacks)
            async with asyncio.timeout(HELLO_TIMEOUT):
                await client._downchannel.wait_open()
        except TimeoutError as err:
            await connection.close()
            raise NotCicError(f"no Clova.Hello within {HELLO_TIMEOUT:g} s") from err
        except BaseException:
            await connection.close()
            raise
        return client

    @property
    def usable(self) -> bool:
        """True while events may be sent: connection and downchannel are up."""
        return self._connection.accepts_requests and self._downchannel.error is None

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
        return self._downchannel.error

    def recognize(
        self, request: speech_recognizer.Recognize, *, dialog_request_id: str, hold: bool = False
    ) -> Dialog:
        """Begin a spoken turn: write sound to the dialog; with hold, commit it too."""
        event = self._event(
            speech_recognizer.NAMESPACE, "Recognize", request.as_payload(), dialog_request_id
        )
        writer = self._writer()
        stream = self._post(writer, PUSHED)
        upload = SpeechUpload(stream, writer, self._encode(event), hold=hold)
        return self._track(dialog_request_id, stream, upload)

    def recognize_text(
        self, request: text_recognizer.Recognize, *, dialog_request_id: str
    ) -> Dialog:
        """Begin a typed turn."""
        event = self._event(
            text_recognizer.NAMESPACE, "Recognize", request.as_payload(), dialog_request_id
        )
        return self._track(dialog_request_id, self._post_event(event), None)

    def synthesize(self, request: speech_synthesizer.Request) -> Exchange:
        """Ask for the sound of a text; the answer brings a Speak."""
        return self.send(self._event(speech_synthesizer.NAMESPACE, "Request", request.as_payload()))

    def send(self, event: Event) -> Exchange:
        """Send an event that belongs to no dialog."""
        exchange = Exchange(self._post_event(event), on_malformed=self._callbacks.malformed)
        exchange.uploaded()
        self._keep(exchange)
        return exchange

    def attachment(self, content_id: str) -> Attachment:
        """Return a binary part of the downchannel, come or still to come."""
        return self._downchannel.attachment(content_id)

    async def close(self) -> None:
        """Cancel what is under way and close the connection."""
        for exchange in list(self._exchanges):
            exchange.cancel()
        await self._connection.close()

    async def drain(self) -> None:
        """Let answers that are still coming finish, within bounds, then close."""
        pending = list(self._exchanges)
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT):
                for exchange in pending:
                    await exchange.wait_done()
        except TimeoutError:
            _LOGGER.debug("Giving up %d answers of a replaced connection", len(pending))
        finally:
            await self.close()

    def _dispatch(self, directive: Directive) -> None:
        """Hand a directive of the downchannel to its dialog, or to the owner."""
        dialog_request_id = directive.header.dialog_request_id
        if dialog_request_id is not None:
            dialog = self._dialogs.get(dialog_request_id)
            if dialog is not None:
                dialog.deliver(directive)
                return
            if dialog_request_id in self._cancelled or about_capture(directive) is not None:
                return
        self._callbacks.directive(self, directive)

    def _track(self, dialog_request_id: str, stream: Stream, upload: SpeechUpload | None) -> Dialog:
        dialog = Dialog(stream, dialog_request_id, upload, on_malformed=self._callbacks.malformed)
        self._dialogs[dialog_request_id] = dialog
        self._keep(dialog)
        dialog.add_done_callback(lambda: self._forget(dialog))
        return dialog

    def _keep(self, exchange: Exchange) -> None:
        """Know of an exchange until it is over; two dialogs may share an id for a while."""
        self._exchanges.add(exchange)
        exchange.add_done_callback(lambda: self._exchanges.discard(exchange))

    def _forget(self, dialog: Dialog) -> None:
        dialog_request_id = dialog.dialog_request_id
        if self._dialogs.get(dialog_request_id) is dialog:
            del self._dialogs[dialog_request_id]
        if dialog.error is not None:
            self._cancelled.append(dialog_request_id)

    def _event(
        self, namespace: str, name: str, payload: Payload, dialog_request_id: str | None = None
    ) -> Event:
        header = Header(
            namespace=namespace,
            name=name,
            message_id=self._callbacks.new_id(),
            dialog_request_id=dialog_request_id,
        )
        return Event(header=header, payload=payload)

    def _encode(self, event: Event) -> bytes:
        return encode_event(event, self._callbacks.context())

    def _writer(self) -> MultipartWriter:
        return MultipartWriter(self._boundary)

    def _post_event(self, event: Event) -> Stream:
        writer = self._writer()
        return self._post(
            writer, writer.part(METADATA_HEADERS, self._encode(event)) + writer.close()
        )

    def _post(self, writer: MultipartWriter, body: Body) -> Stream:
        return self._request("POST", "/v1/events", [("content-type", writer.content_type)], body)

    def _request(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        body: Body = None,
    ) -> Stream:
        return self._connection.stream(method, path, [*self._identity.headers(), *headers], body)
