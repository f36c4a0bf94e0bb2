"""Downchannels: one per client, bound to the connection it was opened on (CIC "Connect_to_CIC")."""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import dataclass
from uuid import uuid4

from .http import Request
from .journal import Journal
from .messages import Directive, RefusedError
from .multipart_out import (
    JsonPart,
    Part,
    Write,
    content_type,
    delimiter,
    directive_in,
    new_boundary,
    opening,
    write_part,
)
from .racing import first_of

# A second GET within this many seconds of the first one is "too many requests".
REOPEN_SECONDS = 1.0
# Parts waiting for a client that does not read; the channel is ended beyond it.
MAX_WAITING_PARTS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBytes:
    """Bytes for the channel as a test asked for them."""

    data: bytes


class Downchannel:
    """One open downchannel and the parts that wait for it."""

    def __init__(self, client: str, connection: str, opened: float) -> None:
        """Make it; nothing is written before serve()."""
        self.id = str(uuid4())
        self.client = client
        self.connection = connection
        self.opened = opened
        self._waiting: asyncio.Queue[Part | RawBytes | None] = asyncio.Queue()

    def push(self, *parts: Part | RawBytes) -> None:
        """Queue parts; a client that does not read them loses the channel."""
        if self._waiting.qsize() > MAX_WAITING_PARTS:
            self.close()
            return
        for part in parts:
            self._waiting.put_nowait(part)

    def close(self) -> None:
        """End the channel after what waits."""
        self._waiting.put_nowait(None)

    async def write_to(
        self, write: Write, boundary: str, sent: Callable[[str, Directive], None]
    ) -> None:
        """Write parts as they come, until close(); `sent` is told of directives, just before."""
        await write(opening(boundary))
        while (part := await self._waiting.get()) is not None:
            if isinstance(part, RawBytes):
                await write(part.data)
            else:
                if (directive := directive_in(part)) is not None:
                    sent(self.client, directive)
                await write_part(write, part, delimiter(boundary))


class Downchannels:
    """Every open downchannel, by client."""

    def __init__(
        self,
        journal: Journal,
        clock: Callable[[], float],
        sent: Callable[[str, Directive], None],
        gone: Callable[[str], None],
    ) -> None:
        """Start with none; `clock` counts seconds.

        `sent` is told whom which directive goes to, `gone` whose channel ended, or was replaced.
        """
        self._gone = gone
        self._journal = journal
        self._clock = clock
        self._sent = sent
        self._by_client: dict[str, Downchannel] = {}

    @property
    def all(self) -> tuple[Downchannel, ...]:
        """The open ones."""
        return tuple(self._by_client.values())

    def of(self, client: str) -> Downchannel | None:
        """Return the client's channel."""
        return self._by_client.get(client)

    def open(self, client: str, connection: str) -> Downchannel:
        """Register a channel, ending the client's earlier one; raises RefusedError (429)."""
        now = self._clock()
        earlier = self._by_client.get(client)
        if earlier is not None:
            if now - earlier.opened < REOPEN_SECONDS:
                raise RefusedError(429, "Downchannel requested twice at once")
            earlier.close()
            self._gone(client)
        channel = Downchannel(client, connection, now)
        self._by_client[client] = channel
        return channel

    def require(self, client: str, connection: str) -> Downchannel:
        """Return the client's channel on this very connection; raises RefusedError (412)."""
        channel = self._by_client.get(client)
        if channel is None:
            raise RefusedError(412, "No downchannel is open")
        if channel.connection != connection:
            raise RefusedError(412, "The downchannel is open on another connection")
        return channel

    def forget(self, channel: Downchannel) -> None:
        """Remove a channel that has ended."""
        if self._by_client.get(channel.client) is channel:
            del self._by_client[channel.client]
            self._gone(channel.client)

    def close_all(self) -> None:
        """End every channel."""
        for channel in self.all:
            channel.close()

    async def serve(self, request: Request, client: str, greetings: list[Directive]) -> None:
        """Answer GET /v1/directives: greet, then stay open until either side ends it."""
        channel = self.open(client, request.connection)
        who = {"channel": channel.id, "client": client, "connection": channel.connection}
        self._journal.add("downchannel_opened", **who)
        boundary = new_boundary()
        try:
            await request.start(200, content_type(boundary))
            channel.push(*(directive_part(greeting) for greeting in greetings))
            writing = channel.write_to(request.write, boundary, self._sent)
            await first_of(writing, request.until_disconnect())
        finally:
            self.forget(channel)
            self._journal.add("downchannel_closed", **who)
        with contextlib.suppress(Exception):  # the client may be gone already
            await request.end()


def directive_part(directive: Directive) -> JsonPart:
    """Return the directive as a part, labelled as the documents' examples are."""
    label = f"{directive.name[:1].lower()}{directive.name[1:]}Directive"
    return JsonPart(label=label, body=directive.to_json(), directive=directive)
