"""What the versions of the protocol have in common: requests out, answers in, no socket."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
import mimetypes
import re
from typing import Any, ClassVar, Final
from urllib.parse import quote

from yarl import URL

from .addresses import absolute
from .cards import card_of
from .documents import encode, objects, text_of
from .errors import ConversationGoneError, MalformedError, ServiceError, TooLargeError
from .messages import Attachment, Card, Incoming, Outgoing, Version
from .tokens import Grant
from .uploads import Part, check, file_parts, multipart, single_headers

# The service refuses more characters than these in a message (256 K in the documents).
MOST_CHARACTERS: Final = 256 * 1024
# The longest id of a conversation seen has 32 characters; ids become parts of paths.
LONGEST_ID: Final = 512
# What a token may be long, in characters: signed ones have some 1,500, and go into a header.
LONGEST_TOKEN: Final = 8192
# What a header can carry in one word.
_TOKEN: Final = re.compile(r"[!#-;=?-~]+")

JSON: Final = {"Content-Type": "application/json"}


class Patience:
    """How long an answer is waited for, in seconds."""

    READ: Final = 10.0  # Direct Line answers out of its own store
    SEND: Final = 30.0  # the bot is given 15 by the service, and both ways are to come
    UPLOAD: Final = 120.0  # 4 MB over a slow line, and then the bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, without the server's address and without a credential."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    patience: float = Patience.READ
    not_found: type[ServiceError] = ServiceError
    """What a 404 means."""
    status_suffices: bool = False
    """Whether a 2xx says all, whatever becomes of the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What was read at once. Without a watermark the one before it stays."""

    activities: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    watermark: str | None = None


class Dialect(ABC):
    """One version of the protocol, for one bot and one user."""

    version: ClassVar[Version]
    conversations: ClassVar[str]
    """The path of all conversations."""
    messages: ClassVar[str]
    """What the messages of one are called, in paths and answers."""

    def __init__(self, base: URL, user_id: str) -> None:
        """Take where links without a host lead, and who is spoken for."""
        self._base = base
        self._user_id = user_id

    @abstractmethod
    def generate(self) -> Ask:
        """Ask for a token for a conversation that is yet to be started; needs the secret."""

    @abstractmethod
    def renewals(self, conversation_id: str) -> list[Ask]:
        """Return the ways to renew a token: where one is not there, the next."""

    @abstractmethod
    def start(self) -> Ask:
        """Start a conversation."""

    @abstractmethod
    def reconnect(self, conversation_id: str, watermark: str | None) -> Ask | None:
        """Ask for another stream; None where the version has none."""

    @abstractmethod
    def grant(self, body: bytes) -> Grant:
        """Read what a token was asked for with, or a conversation; raises MalformedError."""

    @abstractmethod
    def is_own(self, raw: Mapping[str, Any]) -> bool:
        """Tell whether an activity is the echo of what was sent from here."""

    @abstractmethod
    def incoming(self, raw: Mapping[str, Any]) -> Incoming:
        """Read one activity, whatever is in it."""

    @abstractmethod
    def _message(self, outgoing: Outgoing) -> dict[str, Any]:
        """Return a message without its uploads."""

    @abstractmethod
    def _message_part(self, message: bytes) -> Part:
        """Return a message as a part beside its uploads."""

    def read(self, conversation_id: str, watermark: str | None) -> Ask:
        """Ask for what came after the watermark."""
        return Ask(
            method="GET",
            path=f"{self._path(conversation_id)}/{self.messages}",
            query=after(watermark),
            not_found=ConversationGoneError,
        )

    def page(self, document: Any) -> Page:
        """Read what came at once; raises MalformedError."""
        if not isinstance(document, dict):
            raise MalformedError("the page is no object")
        watermark = document.get("watermark")
        return Page(
            activities=objects(document.get(self.messages)),
            # replayed as it came; an empty one would mean the beginning
            watermark=text_of(watermark) or None,
        )

    def send(self, conversation_id: str, outgoing: Outgoing) -> Ask:
        """Say something to the bot; raises TooLargeError, and MalformedError for what has no JSON."""
        message = encode(self._message(outgoing))
        if len(message) > MOST_CHARACTERS and len(message.decode()) > MOST_CHARACTERS:
            raise TooLargeError("the message has more than 256 K characters")
        path = self._path(conversation_id)
        if not outgoing.uploads:
            return Ask(
                method="POST",
                path=f"{path}/{self.messages}",
                body=message,
                headers=JSON,
                patience=Patience.SEND,
                not_found=ConversationGoneError,
                status_suffices=True,
            )
        headers, body = self._upload(outgoing, message)
        return Ask(
            method="POST",
            path=f"{path}/upload",
            query={"userId": self._user_id},
            body=body,
            headers=headers,
            patience=Patience.UPLOAD,
            not_found=ConversationGoneError,
            status_suffices=True,
        )

    def _upload(self, outgoing: Outgoing, message: bytes) -> tuple[Mapping[str, str], bytes]:
        """Return headers and body: one file by itself, else parts in the documents' order."""
        check(outgoing.uploads)
        if not outgoing.says_something and len(outgoing.uploads) == 1:
            return single_headers(outgoing.uploads[0]), outgoing.uploads[0].data
        parts = file_parts(outgoing.uploads)
        if outgoing.says_something:
            parts.append(self._message_part(message))
        content_type, body = multipart(parts)
        return {"Content-Type": content_type}, body

    def _path(self, conversation_id: str) -> str:
        return f"{self.conversations}/{segment(conversation_id)}"

    def _cards(self, attachments: Iterable[Attachment]) -> tuple[Card, ...]:
        cards = [card for one in attachments if (card := card_of(one)) is not None]
        return tuple(
            replace(card, images=tuple(absolute(self._base, link) for link in card.images))
            for card in cards
        )

    def _absolute(self, link: Any) -> str | None:
        text = text_of(link)
        return absolute(self._base, text) if text else None


def after(watermark: str | None) -> Mapping[str, str]:
    """Return the query for what came after a watermark; without one, for everything."""
    return {} if watermark is None else {"watermark": watermark}


def image_type(url: str) -> str:
    """Return the media type of an image by its link; bots look at what stands before the slash."""
    guessed = mimetypes.guess_type(url.partition("?")[0])[0]
    return guessed if guessed and guessed.startswith("image/") else "image/*"


def segment(conversation_id: str) -> str:
    """Return an id as one segment of a path, wherever its characters would lead."""
    quoted = quote(conversation_id, safe="")
    return quoted.replace(".", "%2E") if not quoted.strip(".") else quoted


def is_token(value: str) -> bool:
    """Tell whether a text can be a secret or a token; a page of HTML is none."""
    return len(value) <= LONGEST_TOKEN and _TOKEN.fullmatch(value) is not None


def valid_token(value: Any) -> str | None:
    """Return a token; None where there is none. Raises MalformedError."""
    if value is not None and not (isinstance(value, str) and is_token(value)):
        raise MalformedError("the token is not one")
    return value


def valid_id(value: Any) -> str | None:
    """Return the id of a conversation; None where there is none. Raises MalformedError."""
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise MalformedError("the conversation's id is not one")
    return value
