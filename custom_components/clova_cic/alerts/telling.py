"""What CIC is told of alerts: paced, and what it must know however long it is away. And automations."""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final, Protocol

from homeassistant.core import callback

from ..cic.errors import (
    ConnectionLostError,
    NoDownchannelError,
    NotProcessedError,
    StatusError,
    StreamResetError,
    UnauthorizedError,
)
from ..cic.interfaces.alerts import MOST_ALERTS, AlertStopped, SetAlert
from ..cic.interfaces.outgoing import OutgoingEvent
from ..failures import NotConnectedError
from ..occurrences import Kind, Occurrence
from ..origin import UNASKED, Origin
from .book import Book

# Hundreds of alerts may be set at once, and others have something to tell as well.
MOST_AT_ONCE: Final = 16
# Each alert may be set and deleted before the first is told; more is a cloud that has gone mad.
MOST_WAITING: Final = 2 * MOST_ALERTS
# An entry that is unloaded waits no longer for CIC to hear of alerts, in seconds: it may be away.
CLOSE_TIMEOUT: Final = 1.0


class Line(Protocol):
    """What sends events, in order."""

    def send(self, event: OutgoingEvent, *, origin: Origin = UNASKED) -> asyncio.Future[None]:
        """Send one, whose answer belongs there; done when CIC has answered."""


class Telling:
    """Tells CIC for one entry."""

    def __init__(self, line: Line, book: Book, settled: Callable[[], object]) -> None:
        """Settled is called when something is owed no longer."""
        self._line = line
        self._book = book
        self._settled = settled
        self._waiting: deque[tuple[OutgoingEvent, Origin]] = deque()
        self._under_way: set[asyncio.Future[None]] = set()
        self._owed: set[AlertStopped] = set()
        """Of what is owed, that which waits or is under way."""

    @callback
    def tell(self, event: OutgoingEvent, satellite_id: str | None) -> None:
        """Tell of something, after what is being told; what CIC says to it is heard at that satellite."""
        self._waiting.append((event, Origin(satellite_id=satellite_id)))
        while len(self._waiting) > MOST_WAITING:
            self._forget(self._waiting.popleft()[0])
        self._go_on()

    @callback
    def tell_owed(self) -> None:
        """Tell that alerts have stopped. What CIC is not there to hear stays owed."""
        for event in self._book.owed:
            if event not in self._owed:
                self._owed.add(event)
                alert = self._book.get(event.token)
                self.tell(event, None if alert is None else alert.satellite_id)

    async def async_close(self) -> None:
        """Let CIC hear what is under way: else it would take an alert that is set for one that is not."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_TIMEOUT)

    def _go_on(self) -> None:
        while self._waiting and len(self._under_way) < MOST_AT_ONCE:
            event, origin = self._waiting.popleft()
            sent = self._line.send(event, origin=origin)
            self._under_way.add(sent)
            sent.add_done_callback(partial(self._answered, event))

    def _answered(self, event: OutgoingEvent, sent: asyncio.Future[None]) -> None:
        self._under_way.discard(sent)
        self._forget(event)
        if sent.cancelled() or isinstance(sent.exception(), NotConnectedError):
            while self._waiting:
                self._forget(self._waiting.popleft()[0])  # the rest has waited as long
            return
        if isinstance(event, AlertStopped) and _is_heard(sent.exception()):
            if self._book.settle(event):
                self._settled()
            else:
                self.tell_owed()  # it has happened once more
        self._go_on()

    def _forget(self, event: OutgoingEvent) -> None:
        if isinstance(event, AlertStopped):
            self._owed.discard(event)


def _is_heard(error: BaseException | None) -> bool:
    """Tell whether CIC has heard an event: what it has refused would be heard no better the next time.

    Another connection, another token or a server that has recovered may hear what this one has not.
    """
    match error:
        case ConnectionLostError() | StreamResetError() | NotProcessedError():
            return False
        case UnauthorizedError() | NoDownchannelError():
            return False
        case StatusError(status=status):
            return status < HTTPStatus.INTERNAL_SERVER_ERROR
    return True


def occurrence(what: str, order: SetAlert) -> Occurrence:
    """Return what has happened to an alert as automations learn of it; its label is words."""
    data = {
        "token": order.token,
        "type": order.type.value.lower(),
        "scheduled_time": order.scheduled_time,
    }
    return Occurrence(kind=Kind.ALERT, type=what, data=data, words={"label": order.label})
