"""The response that never ends: what CIC says unasked, and while speech goes up."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
import logging

from .assembler import MessageAssembler
from .attachments import Attachment, Attachments
from .connection import ResponseHead, Stream
from .errors import (
    CicError,
    ConnectionLostError,
    DownchannelClosedError,
    MalformedResponseError,
    NotCicError,
    error_for_status,
)
from .messages import Directive
from .multipart import boundary_of

_LOGGER = logging.getLogger(__name__)

# What CIC answers a downchannel with when it refuses one (CIC_API). What is not among these, and
# is not a failure of whatever stands in front of it (5xx), is another service.
CIC_STATUSES = frozenset({400, 401, 412, 429, *range(500, 600)})
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
        self._greeted = asyncio.Event()
        self._ended = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        """When something last came, by the loop's clock."""
        self.error: CicError | None = None
        """Why the channel has ended, once it has."""
        self.date: datetime | None = None
        """What time it was at the server when it answered, where it says so (RFC 9110, 6.6.1)."""
        stream.sink = self

    def attachment(self, content_id: str) -> Attachment:
        """Return the binary part of that Content-ID, come or still to come."""
        return self._attachments.get(content_id)

    async def wait_open(self) -> None:
        """Wait for Clova.Hello. Raises StatusError, NotCicError or what the connection met."""
        await self._greeted.wait()
        if self.error is not None:
            raise self.error

    async def wait_ended(self) -> None:
        """Wait until nothing more can come."""
        await self._ended.wait()

    async def wait_quiet(self) -> None:
        """Wait until no sound is coming in."""
        await self._quiet.wait()

    # What the stream tells (streams.Sink).

    def on_head(self, head: ResponseHead) -> None:
        """Learn whether CIC opens the channel."""
        self.date = _date(head.get("date"))
        if head.status in CIC_STATUSES:
            self.end(error_for_status(head.status))
            return
        if head.status != 200:
            self.end(NotCicError(f"the downchannel was answered with HTTP {head.status}"))
            return
        try:
            boundary = boundary_of(head.get("content-type"))
        except MalformedResponseError:
            self.end(NotCicError("the downchannel is not multipart"))
            return
        self._assembler = MessageAssembler(
            boundary, self._attachments, lambda what: self._tell(self._on_malformed, what)
        )

    def on_data(self, data: bytes) -> None:
        """Read, and hand on what is complete."""
        if self._assembler is None:
            return
        self.heard_at = self._loop.time()
        try:
            for directive in self._assembler.feed(data):
                self._take(directive)
        except CicError as err:
            self.end(err)
            return
        if self._assembler.closed:
            self.on_end()
            return
        if self._assembler.in_sound:
            self._quiet.clear()
        else:
            self._quiet.set()
        self._attachments.trim(MOST_UNREAD_SOUNDS)
        self._stream.taken(len(data))

    def on_end(self) -> None:
        """End: the server has closed the channel."""
        self.end(DownchannelClosedError("the downchannel was closed by the server"))

    def on_failure(self, error: BaseException) -> None:
        """End with what the stream met."""
        self.end(error if isinstance(error, CicError) else ConnectionLostError(str(error)))

    def _take(self, directive: Directive) -> None:
        if directive.header.full_name == "Clova.Hello":
            self._greeted.set()
        elif self.error is None:
            self._tell(self._on_directive, directive)

    def _tell[T](self, tell: Callable[[T], None], what: T) -> None:
        """Tell the owner; what it raises must not end the channel that brings the next."""
        try:
            tell(what)
        except Exception:
            _LOGGER.exception("Handing on what came on the downchannel failed")

    def end(self, error: CicError) -> None:
        """Read no further: nothing more can come, or it is known to be worth nothing."""
        if self.error is None:
            self.error = error
            self._attachments.close(ConnectionLostError("the downchannel ended"))
            self._greeted.set()
            self._ended.set()
            self._quiet.set()
            self._stream.cancel()


def _date(field: str) -> datetime | None:
    """Return a point in time; None where the field names none."""
    try:
        date = parsedate_to_datetime(field)
    except ValueError, OverflowError:
        return None
    return None if date.tzinfo is None else date
