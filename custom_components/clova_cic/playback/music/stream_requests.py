"""Streams that must be asked for right before they are played (StreamRequested, StreamDeliver)."""

import asyncio
from collections import Counter, deque
from typing import Final, Protocol

from homeassistant.core import callback

from ...cic.errors import CicError
from ...cic.interfaces.audio_player import StreamDeliver, StreamRequested
from ...cic.interfaces.outgoing import OutgoingEvent
from ...cic.messages import Payload
from ...failures import NotConnectedError
from .queue import Track

# From the request to the stream, in seconds; the documents name no limit.
DELIVERY_TIMEOUT: Final = 20.0
# The answer is over and had no stream: it may still come on the downchannel, in seconds.
GRACE: Final = 2.0
# Answers to requests that were given up are known by their ids for a while.
MOST_GIVEN_UP: Final = 16


class Sender(Protocol):
    """What sends events, in order."""

    def send(self, event: OutgoingEvent) -> asyncio.Future[None]:
        """Send one; the future is done when everything in the answer was handled."""


class NotDeliveredError(Exception):
    """CIC gave no stream."""


class StreamRequests:
    """Asks for one stream at a time."""

    def __init__(self, reports: Sender, events: Counter[str]) -> None:
        """Count in events what came unasked."""
        self._reports = reports
        self._events = events
        self._wanted: str | None = None
        self._delivered: asyncio.Future[Payload] | None = None
        self._given_up: deque[str] = deque(maxlen=MOST_GIVEN_UP)

    async def fetch(self, track: Track) -> Track:
        """Return the track with its stream. Raises NotDeliveredError."""
        delivered = asyncio.get_running_loop().create_future()
        self._wanted, self._delivered = track.id, delivered
        answered = self._reports.send(
            StreamRequested(audio_item_id=track.id, stream=track.item.stream.raw)
        )
        try:
            async with asyncio.timeout(DELIVERY_TIMEOUT):
                await asyncio.wait({answered, delivered}, return_when=asyncio.FIRST_COMPLETED)
                if not delivered.done():
                    # an answer that failed brings no stream; one that is over may have sent it elsewhere
                    answered.result()
                    await asyncio.wait({delivered}, timeout=GRACE)
            if not delivered.done():
                raise NotDeliveredError("the answer brought no stream")
            return track.with_delivered(delivered.result())
        except (CicError, NotConnectedError, TimeoutError) as err:
            raise NotDeliveredError("the stream was asked for in vain") from err
        finally:
            if not delivered.done():
                self._given_up.append(track.id)
            # another request may have been made before this one knows that it is given up
            if self._delivered is delivered:
                self._wanted = self._delivered = None

    @callback
    def deliver(self, content: StreamDeliver) -> None:
        """Take a stream; the documents' own examples give it another id than was asked for."""
        stale = content.audio_item_id in self._given_up and content.audio_item_id != self._wanted
        if self._delivered is None or self._delivered.done() or stale:
            self._events["stream_not_asked_for"] += 1
            return
        self._delivered.set_result(content.stream)
