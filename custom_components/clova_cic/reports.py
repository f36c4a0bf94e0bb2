"""Events on their way to CIC: in order, each with the state of the moment it tells of."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
import logging
from typing import Any, Final, Protocol

from homeassistant.core import callback

from .cic import Attachment, CicError, Client, ContextObject, Directive, Exchange
from .cic.errors import (
    DialogCancelledError,
    NoDownchannelError,
    NotProcessedError,
    UnauthorizedError,
)
from .cic.interfaces.outgoing import OutgoingEvent
from .failures import NotConnectedError
from .origin import UNASKED, Origin

_LOGGER = logging.getLogger(__name__)

# What happened while CIC was away is still worth telling after a short loss, in seconds.
KEPT_FOR: Final = 60.0
# A busy player tells of a few things in a second; this many wait only while CIC is away.
MOST_WAITING: Final = 128
# Requests overtake each other only where one is slow: the next waits so long for the answer before it, in seconds.
ORDER_TIMEOUT: Final = 1.0


class Line(Protocol):
    """The connection, as far as events need it."""

    @property
    def renews_token(self) -> bool:
        """Whether what CIC has refused with 401 may be asked once more, with another token."""

    async def async_client(self, until: float | None = None) -> Client:
        """Return the client there is by then (the loop's time); raises NotConnectedError or CicError."""

    def context(self) -> Sequence[ContextObject]:
        """Return the state of this client now."""

    def handle_directive(
        self, directive: Directive, attachment: Callable[[str], Attachment], origin: Origin
    ) -> None:
        """Act on a directive of an answer."""

    def note_error(self, error: CicError) -> None:
        """Keep an error for diagnostics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An event that is not sent yet."""

    event: OutgoingEvent
    context: Sequence[ContextObject]
    until: float
    origin: Origin
    on_directive: Callable[[Directive], object]
    answered: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Reports:
    """Sends what one entry has to tell."""

    def __init__(
        self,
        line: Line,
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
        events: Counter[str],
    ) -> None:
        """Count in events what could not be told."""
        self._line = line
        self._spawn = spawn
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._closed = False

    @callback
    def send(
        self,
        event: OutgoingEvent,
        *,
        patience: float = KEPT_FOR,
        origin: Origin = UNASKED,
        on_directive: Callable[[Directive], object] = lambda _: None,
    ) -> asyncio.Future[None]:
        """Send an event after those before it, with the context of now.

        origin is where the answer belongs. on_directive is told of each directive in it,
        before that is handed on. The future is done when CIC has answered and everything
        in the answer has been handed on. It fails with CicError, or with NotConnectedError
        where there was no connection for so many seconds; nobody has to wait for it.
        """
        now = self._loop.time()
        waiting = _Waiting(
            event=event,
            context=self._line.context(),
            until=now + patience,
            origin=origin,
            on_directive=on_directive,
        )
        waiting.answered.add_done_callback(_retrieve)
        if self._closed:
            waiting.answered.set_exception(NotConnectedError())
            return waiting.answered
        timer = self._loop.call_at(waiting.until, self._fail, waiting, NotConnectedError())
        waiting.answered.add_done_callback(lambda _: timer.cancel())
        self._waiting.append(waiting)
        if len(self._waiting) > MOST_WAITING:
            self._fail(self._waiting.popleft(), NotConnectedError())
        if self._sending is None:
            self._sending = self._spawn(self._send_all(), "events")
            self._sending.add_done_callback(self._sent_all)
        return waiting.answered

    @callback
    def close(self) -> None:
        """Send nothing any more: the entry is unloaded."""
        self._closed = True
        for task in (self._sending, *self._reading):
            if task is not None:
                task.cancel()
        while self._waiting:
            self._fail(self._waiting.popleft(), NotConnectedError())

    def _sent_all(self, task: asyncio.Task[None]) -> None:
        self._sending = None
        if self._waiting and not self._closed and not task.cancelled():
            self._sending = self._spawn(self._send_all(), "events")
            self._sending.add_done_callback(self._sent_all)

    async def _send_all(self) -> None:
        while self._waiting:
            waiting = self._waiting.popleft()
            try:
                await self._send(waiting)
            except (CicError, NotConnectedError) as err:
                self._fail(waiting, err)
            except asyncio.CancelledError:
                self._fail(waiting, NotConnectedError())
                raise

    async def _send(self, waiting: _Waiting) -> None:
        """Send one event; return when the next may follow. Raises NotConnectedError or CicError."""
        exchange = await self._post(waiting)
        if exchange is None:
            return
        reading = self._spawn(self._read(waiting, exchange), "answer to an event")
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        await asyncio.wait({reading}, timeout=ORDER_TIMEOUT)

    async def _post(self, waiting: _Waiting) -> Exchange | None:
        client = await self._line.async_client(waiting.until)
        if waiting.answered.done():
            return None  # it has become too old meanwhile
        return client.report(waiting.event, waiting.context)

    async def _read(self, waiting: _Waiting, exchange: Exchange) -> None:
        """Hand on what is in the answer. What CIC has not looked at goes up once more."""
        try:
            try:
                await self._hand_on(waiting, exchange)
            except CicError as err:
                if not self._is_worth_repeating(err):
                    raise
                again = await self._post(waiting)
                if again is None:
                    raise
                exchange = again
                await self._hand_on(waiting, exchange)
        except (CicError, NotConnectedError) as err:
            self._fail(waiting, err)
        except asyncio.CancelledError:
            self._fail(waiting, NotConnectedError())
            raise
        else:
            if not waiting.answered.done():
                waiting.answered.set_result(None)
        finally:
            exchange.cancel()

    def _is_worth_repeating(self, error: CicError) -> bool:
        """Tell whether CIC has certainly not looked at an event, and may do the next time."""
        if isinstance(error, UnauthorizedError):
            return self._line.renews_token
        return isinstance(error, NotProcessedError | NoDownchannelError)

    async def _hand_on(self, waiting: _Waiting, exchange: Exchange) -> None:
        async for directive in exchange.directives():
            waiting.on_directive(directive)
            self._line.handle_directive(directive, exchange.attachment, waiting.origin)

    @callback
    def _fail(self, waiting: _Waiting, error: CicError | NotConnectedError) -> None:
        if waiting.answered.done():
            return
        waiting.answered.set_exception(error)
        event = waiting.event
        self._events["event_not_sent"] += 1
        _LOGGER.debug("%s.%s was not taken: %s", event.NAMESPACE, event.NAME, error)
        if isinstance(error, CicError) and not isinstance(error, DialogCancelledError):
            self._line.note_error(error)


def _retrieve(answered: asyncio.Future[None]) -> None:
    """Take note of a failure nobody waits for."""
    if not answered.cancelled():
        answered.exception()
