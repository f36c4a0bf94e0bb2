"""One bot's Direct Line site: its keys, its conversations, and the bot behind it."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from pathlib import Path
from typing import Any, Final

from .bot import says
from .bot.turn import BotFailedError, Turn
from .bot.words import GREETING, answer
from .conversations import GOING_AWAY, Activity, Conversation, Conversations
from .errors import BOT_ERROR, RefusedError
from .faults import Faults
from .files import Files
from .journal import Journal
from .keys import Grant, Keys, Tokens, same_text, save_keys
from .reading import read_address
from .settings import Settings

_LOGGER = logging.getLogger(__name__)

BOT: Final = {"id": "local-bot", "name": "Local bot", "role": "bot"}


class Site:
    """What every request works on. `base`: the address it is reached at, known once it listens."""

    def __init__(self, keys: Keys, data_dir: Path, clock: Callable[[], float]) -> None:
        """Start without a conversation; `clock`: seconds."""
        self.keys = keys
        self.base = ""
        self.settings = Settings()
        self.journal = Journal()
        self.faults = Faults()
        self.tokens = Tokens(clock)
        # What the addresses of streams carry.
        self.tickets = Tokens(clock)
        self.conversations = Conversations()
        self.files = Files()
        self._data_dir = data_dir
        self._tasks: set[asyncio.Task[Any]] = set()

    def grant_of(self, credential: str) -> Grant:
        """Return what a secret or token opens; raises RefusedError (403)."""
        if same_text(credential, self.keys.secret):
            return Grant(conversation=None)
        return self.tokens.grant_of(credential)

    def issue(self, conversation_id: str, user_id: str | None) -> str:
        """Return a new token of a conversation."""
        grant = Grant(conversation=conversation_id, user_id=user_id)
        return self.tokens.issue(grant, self.settings.token_seconds)

    def change_secret(self, secret: str) -> None:
        """Have another secret; what the former one opened is closed."""
        self.keys = Keys(secret=secret, control=self.keys.control)
        save_keys(self._data_dir, self.keys)
        self.tokens.forget()

    async def greet(self, conversation: Conversation) -> None:
        """Have the bot know who is there."""
        await self._send(conversation, says.message(GREETING), None)

    async def deliver(self, conversation: Conversation, activity: Activity, *, usual: int) -> str:
        """Hand a message to the bot; returns its id once the bot has taken it.

        usual: the status of a failure. Raises RefusedError (that, or 504); the bot may still answer.
        """
        number = conversation.number()
        if not (is_last := self.settings.echo_last):
            conversation.add(activity, number)
        task = self.spawn(self._answer(conversation, activity, conversation.id_of(number)))
        seconds = self.settings.bot_seconds if self.settings.waits_for_bot else 0.0
        await asyncio.wait({task}, timeout=seconds)
        if is_last:
            conversation.add(activity, number)
        if not self.settings.waits_for_bot:
            return conversation.id_of(number)
        if not task.done():
            raise RefusedError(504, BOT_ERROR, "Bot timed out")
        if (failure := task.result()) is not None:
            raise RefusedError(failure.status or usual, BOT_ERROR, "Failed to send activity: bot")
        return conversation.id_of(number)

    async def _answer(
        self, conversation: Conversation, activity: Activity, activity_id: str
    ) -> BotFailedError | None:
        async def send(sent: Activity) -> Activity:
            return await self._send(conversation, sent, activity_id)

        async def read(address: str) -> bytes:
            return await read_address(self.files, address)

        def later(seconds: float, sent: Activity) -> None:
            self.spawn(self._send_later(conversation, sent, seconds))

        def ask(reply: Any) -> None:
            conversation.question = reply

        text = str(activity.get("text", "")).strip()
        turn = Turn(activity=activity, text=text, send=send, later=later, read=read, ask=ask)
        question, conversation.question = conversation.question, None
        try:
            if question is None or not await question(turn):
                await answer(turn)
        except BotFailedError as err:
            return err
        except Exception as err:  # noqa: BLE001 - one message must not end the service
            _LOGGER.error("The bot failed: %s", type(err).__name__)
            return BotFailedError(None)
        return None

    async def _send(
        self, conversation: Conversation, activity: Activity, reply_to: str | None
    ) -> Activity:
        if self.settings.reply_delay:
            await asyncio.sleep(self.settings.reply_delay)
        reply = {"replyToId": reply_to} if reply_to is not None else {}
        return conversation.add({"from": BOT} | activity | reply)

    async def _send_later(
        self, conversation: Conversation, activity: Activity, seconds: float
    ) -> None:
        await asyncio.sleep(seconds)
        await self._send(conversation, activity, None)

    def spawn[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something until the service ends."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """End what is under way."""
        for conversation in self.conversations:
            if conversation.stream is not None:
                conversation.stream.close(GOING_AWAY, "The service ends")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
