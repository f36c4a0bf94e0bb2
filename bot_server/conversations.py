"""The conversations: every activity in its order, and the watermarks that say how far a client has read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
import secrets
from typing import TYPE_CHECKING, Any, Final, Protocol

from .errors import INVALID_RANGE, RefusedError, unknown_conversation

if TYPE_CHECKING:
    from .bot.turn import Turn

type Activity = dict[str, Any]
# What takes the next message instead of the bot's usual words; False: it is none of its answers.
type Reply = Callable[[Turn], Awaitable[bool]]

# Conversations kept: the one that was silent longest goes first, as it does after weeks elsewhere.
MAX_CONVERSATIONS: Final = 1_000
# Activities kept of one: ten thousand messages, their answers, and typing between them.
MAX_ACTIVITIES: Final = 40_000
# The close code of a stream whose service, or conversation, goes (RFC 6455, 7.4.1).
GOING_AWAY: Final = 1001
# The watermark of a stream's address before anything was said.
BEGINNING: Final = "-"
# What GET does not return (send and receive pages, 3.0).
_STREAM_ONLY: Final = "typing"


def stamp() -> str:
    """Return the time as the service writes it: UTC, seven digits of a second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


class OpenStream(Protocol):
    """The stream of a conversation, as others may end it."""

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and close."""

    def cut(self) -> None:
        """Break the connection without a word."""


class Conversation:
    """One conversation. Places in it are counted from 0 and never given out: clients get watermarks."""

    def __init__(self, conversation_id: str) -> None:
        """Start without a word."""
        self.id = conversation_id
        self.grown = asyncio.Event()
        self.stream: OpenStream | None = None
        # The bot's open question.
        self.question: Reply | None = None
        self._kept: list[Activity] = []
        self._first = 0
        self._numbers = 0
        self._marks: dict[str, int] = {}
        self._mark_at: dict[int, str] = {}
        self._fallen_back: set[int] = set()

    @property
    def end(self) -> int:
        """The place of what comes next."""
        return self._first + len(self._kept)

    @property
    def activities(self) -> Iterator[Activity]:
        """Everything that is kept."""
        return iter(self._kept)

    def number(self) -> int:
        """Return the number of an activity that is to be added; ids do not say in which order."""
        self._numbers += 1
        return self._numbers

    def id_of(self, number: int, digits: int = 7) -> str:
        """Return an activity's id; the versions write it with different digits."""
        return f"{self.id}|{number:0{digits}d}"

    def add(self, activity: Activity, number: int | None = None) -> Activity:
        """Append an activity, with what the service adds to it; returns it."""
        number = number or self.number()
        added: Activity = {"timestamp": stamp()} | activity
        added |= {"id": self.id_of(number), "channelId": "directline"}
        added |= {"conversation": {"id": self.id}}
        self._kept.append(added)
        if len(self._kept) > MAX_ACTIVITIES:
            self._forget_half()
        self.grown.set()
        self.grown = asyncio.Event()
        return added

    def _forget_half(self) -> None:
        gone = len(self._kept) // 2
        del self._kept[:gone]
        self._first += gone
        for place in [place for place in self._mark_at if place < self._first]:
            del self._marks[self._mark_at.pop(place)]

    def mark(self, place: int) -> str:
        """Return a place's watermark: a text without an order, so that nobody can count on one."""
        if (mark := self._mark_at.get(place)) is None:
            mark = self._mark_at[place] = secrets.token_urlsafe(9)
            self._marks[mark] = place
        return mark

    def place(self, mark: str | None) -> int:
        """Return what a watermark stands for; raises RefusedError (400)."""
        if not mark or mark == BEGINNING:
            return self._first
        if (place := self._marks.get(mark)) is None:
            raise RefusedError(400, INVALID_RANGE, "Unknown watermark")
        return place

    def since(self, place: int, most: int) -> tuple[list[Activity], int]:
        """Return the activities from a place on, and the place after them."""
        start = max(0, place - self._first)
        found = self._kept[start : start + most]
        return found, self._first + start + len(found)

    def fallen_back(self, place: int, by: int) -> int:
        """Return a place before this one, once; then the place itself."""
        if not by or place in self._fallen_back:
            return place
        self._fallen_back.add(place)
        return max(self._first, place - by)


def is_for_polling(activity: Activity) -> bool:
    """Return whether GET returns an activity."""
    return activity.get("type") != _STREAM_ONLY


class Conversations:
    """All that are kept, by id."""

    def __init__(self) -> None:
        """Start without one."""
        self._known: dict[str, Conversation] = {}

    def __iter__(self) -> Iterator[Conversation]:
        """Return the conversations, the longest silent first."""
        return iter(list(self._known.values()))

    def find(self, conversation_id: str) -> Conversation | None:
        """Return a conversation that was started."""
        return self._known.get(conversation_id)

    def get(self, conversation_id: str) -> Conversation:
        """Return a conversation, and remember that it is in use; raises RefusedError (404)."""
        if (found := self._known.pop(conversation_id, None)) is None:
            raise unknown_conversation()
        self._known[conversation_id] = found
        return found

    def start(self, conversation_id: str) -> Conversation:
        """Return a new conversation."""
        started = self._known[conversation_id] = Conversation(conversation_id)
        while len(self._known) > MAX_CONVERSATIONS:
            self.forget(next(iter(self._known)))
        return started

    def forget(self, conversation_id: str) -> None:
        """Let a conversation be unknown from now on."""
        gone = self._known.pop(conversation_id, None)
        if gone is not None and gone.stream is not None:
            gone.stream.close(GOING_AWAY, "gone")


def new_id() -> str:
    """Return an id for a conversation."""
    return secrets.token_urlsafe(16)
