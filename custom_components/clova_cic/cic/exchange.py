"""One event and its answer: directives in order, attachments as streams."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from enum import Enum, StrEnum, auto
import logging

from .assembler import MessageAssembler
from .attachments import TURN_BOUND, Attachment, Attachments
from .connection import ResponseHead, Stream
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
    UnauthorizedError,
    error_for_status,
)
from .interfaces import read
from .interfaces.system import ErrorMessage
from .messages import Directive
from .multipart import boundary_of

_LOGGER = logging.getLogger(__name__)

# From the end of the upload to the answer's headers, in seconds: a cloud that thinks longer is not answering a person.
ANSWER_TIMEOUT = 20.0
# Between two pieces of an answer that has begun, in seconds. A server may hold its text back for a while.
PROGRESS_TIMEOUT = 30.0
# The words of a refusal are few; its status is told without them after so long, in seconds.
REFUSAL_TIMEOUT = 2.0
# Between an answer's last part and the end of its stream, in seconds; then the stream is reset.
END_TIMEOUT = 2.0
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

    def as_error(self, answer_timeout: float) -> CicError:
        """Return what that means to whoever waits for the answer."""
        match self:
            case _Silence.ANSWER:
                return NoAnswerError(f"no answer within {answer_timeout:g} s")
            case _Silence.MORE:
                return TruncatedResponseError(f"the answer stood still for {PROGRESS_TIMEOUT:g} s")
            case _Silence.READER:
                return LimitExceededError("nobody reads the sound of the answer")


class Exchange:
    """An event on its way and the answer it gets.

    The answer is read ahead up to the attachments' bound, whoever reads, so that
    unread sound does not hold back the text behind it.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        on_malformed: Callable[[str], None],
        answer_timeout: float | None = None,
    ) -> None:
        """Own the stream of an event that has just been requested.

        answer_timeout: from the end of the upload to the answer's headers, in seconds; None for ANSWER_TIMEOUT.
        """
        self._answer_timeout = ANSWER_TIMEOUT if answer_timeout is None else answer_timeout
        self._loop = asyncio.get_running_loop()
        self._on_malformed = on_malformed
        # What the open window still lets in counts as unread already.
        self._attachments = Attachments(
            bound=TURN_BOUND - stream.window, on_taken=self._sound_taken
        )
        self._directives: deque[Directive] = deque()
        self._arrived = asyncio.Event()
        self._received = 0
        self._over = asyncio.Event()
        self._done = False
        self._error: CicError | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._awaited = _Silence.ANSWER
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.on_full: Callable[[], None] | None = None
        """Called when so much sound lies unread that no more is taken."""
        self.marks: dict[Mark, float] = {}
        """Loop times of what has happened so far."""
        self.token = ""
        """The access token it went up with."""
        self._read_from(stream)

    @property
    def done(self) -> bool:
        """True once the answer is complete, failed or cancelled."""
        return self._done

    @property
    def error(self) -> CicError | None:
        """What the answer failed with, if it failed."""
        return self._error

    @property
    def unauthorized(self) -> bool:
        """Whether CIC has refused its access token."""
        return self._status == 401 or isinstance(self._error, UnauthorizedError)

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

    async def wait_begun(self) -> None:
        """Wait until a directive has come, or the answer is over; raises nothing of it."""
        while not self._received and not self._done:
            self._arrived.clear()
            await self._arrived.wait()

    async def wait_done(self) -> None:
        """Wait until the answer is complete, failed or cancelled; raises nothing of it."""
        await self._over.wait()

    def add_done_callback(self, callback: Callable[[], None]) -> None:
        """Call back once, when the exchange is complete, failed or cancelled; now if it is."""
        if self._done:
            callback()
        else:
            self._callbacks.append(callback)

    def uploaded(self) -> None:
        """Start the answer's deadline, once: the request is complete, or about to be."""
        if Mark.UPLOADED in self.marks:
            return
        self._mark(Mark.UPLOADED)
        if not self._status:
            self._expect(_Silence.ANSWER, self._answer_timeout)
        elif self._status == 200:
            full = self._attachments.full
            self._expect(_Silence.READER if full else _Silence.MORE, PROGRESS_TIMEOUT)

    def _wait_again(self) -> None:
        """Give an answer that has not begun its whole time from now on."""
        if Mark.UPLOADED in self.marks and not self._status:
            self._expect(_Silence.ANSWER, self._answer_timeout)

    def cancel(self) -> None:
        """Give the exchange up: the stream is reset, nothing more is delivered."""
        self.fail(DialogCancelledError("cancelled"))

    def fail(self, error: CicError) -> None:
        """End the exchange with an error; what has been delivered stays readable."""
        if not self._done:
            self._finish(error)
            self._stream.cancel()

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

        While the request is still going up, the server may take its time to answer it.
        """
        if self._done or (Mark.UPLOADED not in self.marks and self._status in {0, 200}):
            return
        self._awaited = what
        self._due = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._set_timer()

    def _set_timer(self) -> None:
        self._stop_timer()
        self._timer = self._loop.call_at(self._due, self._check)

    def _check(self) -> None:
        if self._loop.time() < self._due:
            self._set_timer()
        else:
            self._break_off(self._awaited.as_error(self._answer_timeout))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self, error: CicError | None) -> None:
        self._done = True
        self._error = error
        self._mark(Mark.DONE)
        self._stop_timer()
        self._attachments.close(error)
        if isinstance(error, DialogCancelledError):
            self._directives.clear()
        self._arrived.set()
        self._over.set()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception:  # one who wants to know must not keep it from the others
                _LOGGER.exception("Telling of the end of an answer failed")

    def _complete(self) -> None:
        """End well; the stream has a moment to end by itself, which costs no reset."""
        self._finish(None)
        self._timer = self._loop.call_later(END_TIMEOUT, self._stream.cancel)

    def _read_from(self, stream: Stream) -> None:
        """Take the answer from a stream that has just been requested."""
        self._stream = stream
        self._status = 0
        self._description = ""
        self._assembler: MessageAssembler | None = None
        self._unwanted: Attachments | None = None
        self._untaken = 0
        stream.sink = self

    # What the stream tells (streams.Sink).

    def on_head(self, head: ResponseHead) -> None:
        """Learn whether the event was accepted; the parts tell the rest."""
        self._status = head.status
        if head.status == 204:
            self._complete()
            return
        try:
            boundary = boundary_of(head.get("content-type"))
        except MalformedResponseError as err:
            self._break_off(err)
            return
        if head.status == 200:
            sounds, patience = self._attachments, PROGRESS_TIMEOUT
        else:
            # what comes with a refusal is nobody's
            sounds, patience = Attachments(), REFUSAL_TIMEOUT
            self._unwanted = sounds
        self._assembler = MessageAssembler(boundary, sounds, self._on_malformed)
        self._expect(_Silence.MORE, patience)

    def on_data(self, data: bytes) -> None:
        """Read some of the answer."""
        if self._done or self._assembler is None:
            return
        try:
            self._read(self._assembler, data)
        except CicError as err:
            self._break_off(err)

    def on_end(self) -> None:
        """Finish, if the answer is complete."""
        if self._done:
            self._stop_timer()
        if self._done or self._assembler is None:
            return
        try:
            self._assembler.finish()
            if self._status != 200:
                raise error_for_status(self._status, self._description)
        except CicError as err:
            self._break_off(err)
        else:
            self._finish(None)

    def on_failure(self, error: BaseException) -> None:
        """Fail, unless the answer was complete before its stream was reset."""
        if self._done:
            self._stop_timer()
            return
        match error:
            case StreamResetError(error_code=code) if code == _NO_ERROR and self._is_closed:
                self.on_end()
            case CicError():
                self._break_off(error)
            case _:
                self._break_off(NotCicError(str(error)))

    @property
    def _is_closed(self) -> bool:
        """Whether the closing delimiter was read."""
        return self._assembler is not None and self._assembler.closed

    def _read(self, assembler: MessageAssembler, data: bytes) -> None:
        take = self._answer if self._status == 200 else self._describe
        for directive in assembler.feed(data):
            take(directive)
        if assembler.json_bytes > TURN_BOUND:
            raise LimitExceededError("more than 4 MiB of directives in one answer")
        if self._done:
            return
        if assembler.closed and self._status == 200:
            self._complete()
            return
        if self._unwanted is not None:
            self._unwanted.trim(0)
        self._untaken += len(data)
        if self._attachments.full and self.on_full is not None:
            self.on_full()
        if not self._attachments.full:
            self._give_back()
        elif self._awaited is not _Silence.READER:
            self._expect(_Silence.READER, PROGRESS_TIMEOUT)

    def _sound_taken(self) -> None:
        if not self._attachments.full:
            self._give_back()
        elif self._awaited is _Silence.READER:
            self._expect(_Silence.READER, PROGRESS_TIMEOUT)

    def _give_back(self) -> None:
        """Open the window for what has come in: less than the bound lies unread."""
        if self._untaken:
            self._stream.taken(self._untaken)
            self._untaken = 0
            if self._status == 200:
                self._expect(_Silence.MORE, PROGRESS_TIMEOUT)

    def _answer(self, directive: Directive) -> None:
        """Deliver a directive of a good answer; an exception among its parts ends it."""
        if directive.header.full_name.lower() == "system.exception":
            raise _as_error(directive, 200)
        self.deliver(directive)

    def _describe(self, directive: Directive) -> None:
        """Keep the server's text from a System.Exception part."""
        self._description = self._description or _error_message(directive).description

    def _break_off(self, error: CicError) -> None:
        """End an answer that is not what was asked for; its status says why, if it says anything."""
        if self._status not in {0, 200}:
            error = error_for_status(self._status, self._description)
        self._give_up(error)

    def _give_up(self, error: CicError) -> None:
        """Take an answer's failure for the end of the exchange."""
        self.fail(error)


def _as_error(directive: Directive, status: int) -> CicError:
    message = _error_message(directive)
    return error_for_status(message.code or status, message.description)


def _error_message(directive: Directive) -> ErrorMessage:
    try:
        message = read(directive)
    except MessageError:
        message = None
    return message if isinstance(message, ErrorMessage) else ErrorMessage(code=0, description="")
