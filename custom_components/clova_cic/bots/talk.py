"""One conversation with a bot: whose turn it is, when the bot has said it all, what comes late."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from ..direct_line import (
    Choice,
    Conversation,
    DirectLineError,
    Incoming,
    InputHint,
    Kind,
    Outgoing,
    Version,
)
from ..direct_line.errors import NotSentError
from .failures import SilentError

# What came between two turns and waits for the next one: more is not read to anybody.
MOST_LATE: Final = 20
# How many of our messages an answer is looked for among: older questions are forgotten.
MOST_SENT: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a turn waits for what, in seconds. Nothing in the protocol ends one."""

    answer: float = 25.0
    """For the first word: a channel gives its bot 15, slow bots answer later by themselves."""
    quiet: float = 1.0
    """After a word, for another: over 1.1 the next read is as far away."""
    pushed: float = 0.5
    """The same over 3.0, where words come by themselves."""
    asked: float = 0.2
    """After a question, for its last pieces: somebody waits to answer it."""
    greeting: float = 0.3
    """For the greeting of a new conversation over 3.0, so that it is not taken for an answer."""
    greeted: float = 3.0
    """So long after its start what comes unasked is a greeting."""


class Talk:
    """A conversation that has been started, and its reader."""

    def __init__(
        self,
        conversation: Conversation,
        tell: Callable[[Incoming], None],
        waits: Waits,
        clock: Callable[[], float],
    ) -> None:
        """Take a conversation; tell is called with what the bot says unasked."""
        self.conversation = conversation
        self.late: deque[Incoming] = deque(maxlen=MOST_LATE)
        """Messages between two turns, for the next."""
        self.choices: tuple[Choice, ...] = ()
        """What the bot has offered last."""
        self.error: DirectLineError | None = None
        """Why it could not go on, if that is why it is over."""
        self.over = asyncio.Event()
        self.used = self.began = clock()
        self._tell = tell
        self._waits = waits
        self._clock = clock
        self._turn = asyncio.Lock()
        self._inbox: asyncio.Queue[Incoming | None] | None = None
        self._greeted = asyncio.Event()
        self._sent: deque[str] = deque(maxlen=MOST_SENT)
        self._spoke = False
        self._unanswered_until = 0.0

    @property
    def is_over(self) -> bool:
        """Whether another one has to be started."""
        return self.over.is_set() or self.conversation.ended

    @property
    def is_busy(self) -> bool:
        """Whether a turn runs."""
        return self._turn.locked()

    async def read(self) -> None:
        """Take what the bot says, until the conversation is over."""
        try:
            async for incoming in self.conversation.activities():
                self._take(incoming)
        except DirectLineError as err:
            self.error = err
        finally:
            self.over.set()
            self._greeted.set()
            if self._inbox is not None:
                self._inbox.put_nowait(None)

    async def wait_greeting(self) -> None:
        """Let a new conversation's greeting come first; over 1.1 there is none."""
        if self.conversation.version is Version.V3 and not self._spoke:
            try:
                async with asyncio.timeout(self._waits.greeting):
                    await self._greeted.wait()
            except TimeoutError:
                pass

    async def send(self, outgoing: Outgoing) -> str | None:
        """Say something and wait for no answer: what comes is told as unasked."""
        async with self._turn:
            sent = await self._send(outgoing)
            self._answered(sent)
            self._unanswered_until = self._clock() + self._waits.quiet
            return sent

    async def ask(self, outgoing: Outgoing) -> AsyncGenerator[Incoming]:
        """Say something and yield the answer's activities as they come.

        Raises NotSentError, OutcomeUnknownError where nothing was answered in spite of it, and
        SilentError.
        """
        async with self._turn:
            if self.conversation.version is Version.V1:
                # its answers do not say what they answer: those to the last message come first
                await asyncio.sleep(max(0.0, self._unanswered_until - self._clock()))
            inbox = self._inbox = asyncio.Queue()
            sending = asyncio.ensure_future(self._send(outgoing))
            sending.add_done_callback(lambda _: inbox.put_nowait(None))
            try:
                async with aclosing(self._answer(inbox, sending)) as answer:
                    async for incoming in answer:
                        yield incoming
            finally:
                self._inbox = None
                self.used = self._clock()
                sending.cancel()
                (sent,) = await asyncio.gather(sending, return_exceptions=True)
                self._answered(sent if isinstance(sent, str) else None)
                while not inbox.empty():
                    if (missed := inbox.get_nowait()) is not None:
                        self._take(missed)

    async def close(self) -> None:
        """Leave it."""
        await self.conversation.close()
        self.over.set()

    async def _answer(
        self, inbox: asyncio.Queue[Incoming | None], sending: asyncio.Future[str | None]
    ) -> AsyncGenerator[Incoming]:
        last: Incoming | None = None
        heard = False
        deadline = self._clock() + self._waits.answer
        until = deadline
        while True:
            try:
                async with asyncio.timeout(max(0.0, until - self._clock())):
                    incoming = await inbox.get()
            except TimeoutError:
                break
            if incoming is not None:
                yield incoming
                if not self._is_of_before(incoming):
                    last = incoming
                    heard = heard or incoming.kind is Kind.MESSAGE
            elif sending.done() and isinstance(err := sending.exception(), NotSentError):
                raise err
            if self.over.is_set() and inbox.empty() and (last is not None or sending.done()):
                break
            until = min(deadline, self._clock() + self._rest(last)) if sending.done() else deadline
        if not heard:
            if self.error is not None:
                raise self.error
            if sending.done() and (failure := sending.exception()) is not None:
                raise failure
            raise SilentError("nothing was answered")

    def _rest(self, last: Incoming | None) -> float:
        """Return how long to wait for more after what came last."""
        if last is None or last.kind is Kind.TYPING or last.input_hint is InputHint.IGNORING:
            return self._waits.answer  # more is announced
        if last.input_hint is InputHint.EXPECTING:
            return self._waits.asked
        is_pushed = self.conversation.version is Version.V3
        return self._waits.pushed if is_pushed else self._waits.quiet

    def _is_of_before(self, incoming: Incoming) -> bool:
        """Tell whether something answers an earlier message, or nothing at all."""
        if incoming.kind not in (Kind.MESSAGE, Kind.TYPING):
            return True
        return incoming.reply_to is not None and incoming.reply_to in self._sent

    async def _send(self, outgoing: Outgoing) -> str | None:
        self._spoke = True
        self.used = self._clock()
        return await self.conversation.send(outgoing)

    def _answered(self, sent: str | None) -> None:
        """Know a message whose answers are no longer waited for."""
        if sent is not None:
            self._sent.append(sent)

    def _take(self, incoming: Incoming) -> None:
        if self._inbox is not None:
            self._inbox.put_nowait(incoming)
            return
        if incoming.kind not in (Kind.MESSAGE, Kind.EVENT):
            return
        if not self._spoke and self._clock() - self.began < self._waits.greeted:
            self._greeted.set()
            return
        if incoming.kind is Kind.MESSAGE:
            self.late.append(incoming)
        self._tell(incoming)
