"""One event and its answer: directives in order, attachments as streams."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
import contextlib
from enum import Enum, StrEnum, auto
import logging

from .assembler import MessageAssembler
from .attachments import TURN_BOUND, Attachment, Attachments
from .connection import Stream
from .errors import (
    CicError,
    DialogCancelledError,
    LimitExceededError,
    MalformedResponseError,
    MessageError,
    NoAnswerError,
    NotCicError,
    StreamResetError,
    TruncatedResponseError,
    error_for_status,
)
from .interfaces import read
from .interfaces.system import ErrorMessage
from .messages import Directive
from .multipart import boundary_of

_LOGGER = logging.getLogger(__name__)

# From the end of the upload to the answer's headers, in seconds: a cloud that thinks longer is not answering a person.
ANSWER_TIMEOUT = 20.0
# Between two reads of an answer that has begun, in seconds. A server may hold its text back for a while.
PROGRESS_TIMEOUT = 30.0
# One answer carries a handful; a server that sends more is not answering a turn.
MOST_DIRECTIVES = 1000

# RFC 9113, 7: with NO_ERROR a server ends a stream it has answered completely (8.1).
_NO_ERROR = 0


class Mark(StrEnum):
    """Moments worth measuring."""

    UPLOADED = "uploaded"
    STOP_CAPTURE = "stop_capture"
    FIRST_DIRECTIVE = "first_directive"
    DONE = "done"


class _Silence(Enum):
    """What an exchange can wait for in vain."""

    ANSWER = auto()
    MORE = auto()
    READER = auto()

    def as_error(self) -> CicError:
        """Return what that means to whoever waits for the answer."""
        match self:
            case _Silence.ANSWER:
                return NoAnswerError(f"no answer within {ANSWER_TIMEOUT:g} s")
            case _Silence.MORE:
                return TruncatedResponseError(f"the answer stood still for {PROGRESS_TIMEOUT:g} s")
            case _Silence.READER:
                return LimitExceededError("nobody reads the sound of the answer")


class Exchange:
    """An event on its way and the answer it gets.

    The answer is read ahead up to the attachments' bound, whoever reads, so that
    unread sound does not hold back the text behind it.
    """

    def __init__(self, stream: Stream, *, on_malformed: Callable[[str], None]) -> None:
        """Own the stream of an event that has just been requested."""
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._on_malformed = on_malformed
        self._attachments = Attachments()
        self._directives: deque[Directive] = deque()
        self._arrived = asyncio.Event()
        self._received = 0
        self._done = False
        self._error: CicError | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._awaited = _Silence.ANSWER
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.marks: dict[Mark, float] = {}
        """Loop times of what has happened so far."""
        self._pump = self._loop.create_task(self._run(), name="CIC answer", eager_start=True)

    @property
    def done(self) -> bool:
        """True once the answer is complete, failed or cancelled."""
        return self._done

    @property
    def error(self) -> CicError | None:
        """What the answer failed with, if it failed."""
        return self._error

    async def directives(self) -> AsyncIterator[Directive]:
        """Yield the answer's directives in order; raises what the answer failed with."""
        while True:
            while self._directives:
                yield self._directives.popleft()
            if self._done:
                if self._error is not None:
                    raise self._error
                return
            self._arrived.clear()
            await self._arrived.wait()

    def attachment(self, content_id: str) -> Attachment:
        """Return the binary part of that Content-ID, come or still to come."""
        return self._attachments.get(content_id)

    async def wait_done(self) -> None:
        """Wait until the answer is complete, failed or cancelled; raises nothing of it."""
        await asyncio.wait([self._pump])

    def add_done_callback(self, callback: Callable[[], None]) -> None:
        """Call back once, when the exchange is complete, failed or cancelled; now if it is."""
        if self._done:
            callback()
        else:
            self._callbacks.append(callback)

    def uploaded(self) -> None:
        """Start the answer's deadline: the request is complete, or about to be."""
        self._mark(Mark.UPLOADED)
        if self._stream.headers_received:
            self._expect(_Silence.MORE, PROGRESS_TIMEOUT)
        else:
            self._expect(_Silence.ANSWER, ANSWER_TIMEOUT)

    def cancel(self) -> None:
        """Give the exchange up: the stream is reset, nothing more is delivered."""
        self.fail(DialogCancelledError("cancelled"))

    def fail(self, error: CicError) -> None:
        """End the exchange with an error; what has been delivered stays readable."""
        if not self._done:
            self._finish(error)
            self._stream.cancel()
            self._pump.cancel()

    def deliver(self, directive: Directive) -> None:
        """Take one directive of this exchange, from its answer or the downchannel."""
        if self._done:
            return
        if self._received >= MOST_DIRECTIVES:
            self.fail(LimitExceededError(f"more than {MOST_DIRECTIVES} directives in one answer"))
            return
        self._received += 1
        self.marks.setdefault(Mark.FIRST_DIRECTIVE, self._loop.time())
        self._directives.append(directive)
        self._arrived.set()

    def _mark(self, mark: Mark) -> None:
        self.marks.setdefault(mark, self._loop.time())

    def _expect(self, what: _Silence, seconds: float) -> None:
        """Fail the exchange unless it goes on within so many seconds: one timer for all of it.

        While the request is still going up, the server may take its time.
        """
        if self._done or Mark.UPLOADED not in self.marks:
            return
        self._awaited = what
        self._due = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._check)

    def _check(self) -> None:
        if self._loop.time() < self._due:
            self._set_timer()
        else:
            self.fail(self._awaited.as_error())

    def _finish(self, error: CicError | None) -> None:
        self._done = True
        self._error = error
        self._mark(Mark.DONE)
        if self._timer is not None:
            self._timer.cancel()
        self._attachments.close(error)
        if isinstance(error, DialogCancelledError):
            self._directives.clear()
        self._arrived.set()
        for callback in self._callbacks:
            callback()

    async def _run(self) -> None:
        error: CicError | None = None
        try:
            await self._read_answer()
        except CicError as err:
            error = err
        except Exception as err:  # whoever waits must be woken, whatever broke
            _LOGGER.exception("Reading an answer failed")
            error = NotCicError(str(err))
        if not self._done:
            if error is not None:
                self._stream.cancel()
            self._finish(error)

    async def _read_answer(self) -> None:
        head = await self._stream.head()
        if head.status == 204:
            return
        if head.status == 200:
            await self._read_parts(boundary_of(head.get("content-type")), self._answer)
            return
        raise error_for_status(head.status, await self._read_description(head.get("content-type")))

    def _answer(self, directive: Directive) -> None:
        """Deliver a directive of a good answer; an exception among its parts ends it."""
        if directive.header.full_name == "System.Exception":
            raise _as_error(directive, 200)
        self.deliver(directive)

    async def _read_description(self, content_type: str) -> str:
        """Return the server's text from a System.Exception part, if there is one."""
        found: list[str] = []
        with contextlib.suppress(MalformedResponseError, StreamResetError):
            await self._read_parts(
                boundary_of(content_type), lambda part: found.append(_description(part))
            )
        return found[0] if found else ""

    async def _read_parts(self, boundary: bytes, take: Callable[[Directive], None]) -> None:
        assembler = MessageAssembler(boundary, self._attachments, self._on_malformed)
        while data := await self._read_some(assembler):
            for directive in assembler.feed(data):
                take(directive)
            if assembler.json_bytes > TURN_BOUND:
                raise LimitExceededError("more than 4 MiB of directives in one answer")
            if self._attachments.full:
                self._expect(_Silence.READER, PROGRESS_TIMEOUT)
                await self._attachments.wait_for_room()
        for directive in assembler.finish():
            take(directive)

    async def _read_some(self, assembler: MessageAssembler) -> bytes:
        self._expect(_Silence.MORE, PROGRESS_TIMEOUT)
        try:
            return await self._stream.read_some()
        except StreamResetError as err:
            if err.error_code == _NO_ERROR and assembler.closed:
                return b""
            raise


def _as_error(directive: Directive, status: int) -> CicError:
    message = _error_message(directive)
    return error_for_status(message.code or status, message.description)


def _description(directive: Directive) -> str:
    return _error_message(directive).description


def _error_message(directive: Directive) -> ErrorMessage:
    try:
        message = read(directive)
    except MessageError:
        message = None
    return message if isinstance(message, ErrorMessage) else ErrorMessage(code=0, description="")
