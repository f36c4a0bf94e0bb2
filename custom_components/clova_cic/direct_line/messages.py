"""What goes to a bot and what comes from one, the same in both versions of Direct Line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

type Json = Mapping[str, Any]


class Version(Enum):
    """The versions of the protocol."""

    V1 = "1.1"
    V3 = "3.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send: its content goes to Direct Line, which hands the bot a link."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An attachment by URL, which the bot fetches by itself."""

    url: str = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to the bot. `images` are URLs; `value` and `locale` reach it over 3.0 alone."""

    text: str | None = field(default=None, repr=False)
    images: tuple[str, ...] = field(default=(), repr=False)
    attachments: tuple[Link, ...] = ()
    uploads: tuple[Upload, ...] = ()
    channel_data: Json | None = field(default=None, repr=False)
    value: Any = field(default=None, repr=False)
    locale: str | None = None

    @property
    def says_something(self) -> bool:
        """Whether there is more in it than uploads."""
        return bool(self.text or self.images or self.attachments or self.channel_data) or (
            self.value is not None
        )


class Kind(Enum):
    """What an activity is; over 1.1 each is a message."""

    MESSAGE = auto()
    TYPING = auto()
    EVENT = auto()
    END_OF_CONVERSATION = auto()
    OTHER = auto()


class InputHint(Enum):
    """What the bot waits for after a message."""

    ACCEPTING = auto()  # ready, the microphone is closed
    EXPECTING = auto()  # for an answer, the microphone is open
    IGNORING = auto()  # for nothing: more is to come


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer a bot offers. Taken by sending `value` as the text and `data` as the value.

    `spoken` is how the choice is called aloud, where that is not its title.
    """

    title: str
    value: str
    data: Any = None
    spoken: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file by URL, or a card in `content`. A URL may carry a token of its own: not for a log."""

    content_type: str
    url: str | None = field(default=None, repr=False)
    name: str | None = None
    content: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card in words: its title, everything else it says line by line, and its pictures' URLs."""

    title: str
    text: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One activity from the bot; over 1.1 a message.

    URLs are absolute. `speak` is None where nothing is said of it, "" for "say nothing";
    it may be SSML. `raw` is everything as it came.
    """

    kind: Kind
    id: str | None = None
    from_id: str | None = None
    from_name: str | None = None
    text: str | None = field(default=None, repr=False)
    text_format: str | None = None
    speak: str | None = field(default=None, repr=False)
    input_hint: InputHint | None = None
    choices: tuple[Choice, ...] = field(default=(), repr=False)
    attachments: tuple[Attachment, ...] = ()
    cards: tuple[Card, ...] = field(default=(), repr=False)
    reply_to: str | None = None
    at: datetime | None = None
    locale: str | None = None
    name: str | None = None
    value: Any = field(default=None, repr=False)
    channel_data: Json | None = field(default=None, repr=False)
    raw: Json = field(default_factory=dict, repr=False)
