"""One turn of the bot: what came, and what it can do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot_server.conversations import Activity, Reply


class BotFailedError(Exception):
    """The bot broke down on a message; `status`: what the channel is to answer, None: its usual."""

    def __init__(self, status: int | None) -> None:
        """Break down."""
        super().__init__("The bot failed")
        self.status = status


class UnreadableError(Exception):
    """An attachment the bot could not read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A message to the bot, and its ways to act. `text` is what the user said, trimmed."""

    activity: Activity
    text: str
    # Sends one activity; returns it as the channel has it.
    send: Callable[[Activity], Awaitable[Activity]]
    # Sends one by itself, after some seconds.
    later: Callable[[float, Activity], None]
    # Returns the bytes behind an address; raises UnreadableError.
    read: Callable[[str], Awaitable[bytes]]
    # Has a reply take the next message.
    ask: Callable[[Reply], None]

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """What came with the message."""
        return [part for part in self.activity.get("attachments", []) if isinstance(part, dict)]
