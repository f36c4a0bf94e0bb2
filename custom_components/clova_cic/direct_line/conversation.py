"""One conversation with a bot."""

from collections.abc import AsyncIterator

from .messages import Incoming, Outgoing, Version


class Conversation:
    """Sends messages one at a time, and gives what the bot says to one reader."""

    id: str
    version: Version
    ended: bool

    async def send(self, outgoing: Outgoing) -> str | None:
        """Send a message; return its id, where the service gives one, when the bot has accepted it.

        Raises NotSentError where the bot has certainly not got it and OutcomeUnknownError
        where that cannot be known. It is never sent twice.
        """
        raise NotImplementedError

    def activities(self) -> AsyncIterator[Incoming]:
        """Return what comes: every activity once, in the service's order, without own echoes.

        For one reader; it may stop, be cancelled and go on later. Ends with the
        conversation; raises DirectLineError where it cannot go on.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Leave the conversation; the service needs no goodbye."""
