"""The response that never ends: what CIC says unasked, and while speech goes up."""

from collections.abc import Callable

from .assembler import MessageAssembler
from .attachments import Attachment, Attachments
from .connection import Stream
from .errors import (
    CicError,
    ConnectionLostError,
    MalformedResponseError,
    NotCicError,
    error_for_status,
)
from .messages import Directive
from .multipart import boundary_of

# What CIC answers a downchannel with when it refuses one (CIC_API); anything else is another service.
CIC_STATUSES = frozenset({400, 401, 412, 429, 500})
# A pushed sound is taken within moments or not at all; ten may be waiting.
MOST_UNREAD_SOUNDS = 10
# A directive and its sound are pushed together; in seconds.
ARRIVAL_TIMEOUT = 10.0


class Downchannel:
    """GET /v1/directives, read for as long as it lasts."""

    def __init__(
        self,
        stream: Stream,
        *,
        on_directive: Callable[[Directive], None],
        on_malformed: Callable[[str], None],
    ) -> None:
        """Own the stream; every directive but Hello goes to on_directive, in order."""
        self._stream = stream
        self._on_directive = on_directive
        self._on_malformed = on_malformed
        self._attachments = Attachments(arrival_timeout=ARRIVAL_TIMEOUT)
        self._assembler: MessageAssembler | None = None

    def attachment(self, content_id: str) -> Attachment:
        """Return the binary part of that Content-ID, come or still to come."""
        return self._attachments.get(content_id)

    async def open(self) -> None:
        """Wait for Clova.Hello. Raises StatusError, NotCicError or what the connection met."""
        head = await self._stream.head()
        if head.status != 200:
            if head.status in CIC_STATUSES:
                raise error_for_status(head.status)
            raise NotCicError(f"the downchannel was answered with HTTP {head.status}")
        try:
            boundary = boundary_of(head.get("content-type"))
        except MalformedResponseError as err:
            raise NotCicError("the downchannel is not multipart") from err
        self._assembler = MessageAssembler(boundary, self._attachments, self._on_malformed)
        greeted = False
        while not greeted:
            greeted = await self._read(self._assembler)

    async def run(self) -> CicError:
        """Read until the channel ends; return why."""
        assert self._assembler is not None
        try:
            while True:
                await self._read(self._assembler)
        except CicError as err:
            return err
        finally:
            self._attachments.close(ConnectionLostError("the downchannel ended"))
            self._stream.cancel()

    async def _read(self, assembler: MessageAssembler) -> bool:
        """Read once; return whether Hello was among it."""
        data = await self._stream.read_some()
        if not data:
            raise ConnectionLostError("the downchannel was closed by the server")
        greeted = False
        for directive in assembler.feed(data):
            if directive.header.full_name == "Clova.Hello":
                greeted = True
            else:
                self._on_directive(directive)
        self._attachments.trim(MOST_UNREAD_SOUNDS)
        return greeted
