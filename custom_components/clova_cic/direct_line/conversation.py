"""One conversation with a bot."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from .dialect import Ask
from .documents import decode, member, text_of
from .errors import (
    CertificateError,
    ConversationGoneError,
    DirectLineError,
    MalformedError,
    NotConnectedError,
    NotSentError,
    OutcomeUnknownError,
    ServiceError,
    TooManyRequestsError,
    UnreachableError,
)
from .exchange import Reply
from .messages import Incoming, Outgoing, Version
from .pace import Pace, Timing
from .reader import Reader
from .service import Service
from .tokens import Grant

# How often a message is tried that has certainly not left, or was certainly not taken.
MOST_TRIES: Final = 3


class Conversation:
    """Sends messages one at a time, and gives what the bot says to one reader."""

    def __init__(
        self,
        service: Service,
        conversation_id: str,
        grant: Grant,
        *,
        timing: Timing,
        clock: Callable[[], float],
        uniform: Callable[[float, float], float],
    ) -> None:
        """Take a conversation that has been started."""
        self.id = conversation_id
        self.version: Version = service.dialect.version
        self._service = service
        self._timing = timing
        self._turn = asyncio.Lock()
        self._reader = Reader(
            service,
            conversation_id,
            grant,
            pace=Pace(timing, clock, uniform),
            timing=timing,
            clock=clock,
            uniform=uniform,
        )

    @property
    def ended(self) -> bool:
        """Whether it is over, for the bot, the service or whoever closed it."""
        return self._reader.ended

    async def send(self, outgoing: Outgoing) -> str | None:
        """Send a message; return its id, where the service gives one, when the bot has accepted it.

        Raises NotSentError where the bot has certainly not got it and OutcomeUnknownError
        where that cannot be known. It is never sent twice. One that is cancelled may have
        been sent.
        """
        async with self._turn:
            if self.ended:
                raise NotSentError(ConversationGoneError(404, "Ended"))
            try:
                ask = self._service.dialect.send(self.id, outgoing)
            except DirectLineError as err:
                raise NotSentError(err) from err
            await self._service.renew(self.id)
            self._reader.stir()
            try:
                return _id_in(await self._deliver(ask))
            finally:
                self._reader.stir()

    def activities(self) -> AsyncIterator[Incoming]:
        """Return what comes: every activity once, in the service's order, without own echoes.

        For one reader; it may stop, be cancelled and go on later. Ends with the
        conversation; raises DirectLineError where it cannot go on.
        """
        return self._reader

    async def close(self) -> None:
        """Leave the conversation; the service needs no goodbye."""
        await self._reader.close()

    async def _deliver(self, ask: Ask) -> Reply:
        for left in reversed(range(MOST_TRIES)):
            try:
                return await self._service.ask(ask)
            except NotConnectedError as err:
                if not left or isinstance(err, CertificateError):
                    raise NotSentError(err) from err
                pause = self._timing.first_failure
            except TooManyRequestsError as err:
                if not left or err.retry_after > self._timing.throttled:
                    raise NotSentError(err) from err
                pause = err.retry_after
            except DirectLineError as err:
                unknown = isinstance(err, UnreachableError) or (
                    isinstance(err, ServiceError) and err.status >= 500
                )
                raise (OutcomeUnknownError if unknown else NotSentError)(err) from err
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _id_in(reply: Reply) -> str | None:
    """Return the id in a confirmation, where there is one: 1.1 has none."""
    try:
        return text_of(member(decode(reply.body), "id"))
    except MalformedError:
        return None
