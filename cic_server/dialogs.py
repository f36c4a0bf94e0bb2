"""What the service remembers of each client: its context, its language, the question it was asked."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from .lang import Lang
from .music.addresses import Addresses
from .music.player import RemotePlayer
from .remote import Remote
from .settings import Settings
from .skills.base import Question

# A token without a name of its own.
DEFAULT_CLIENT = "default"
# Clients remembered; the one heard of longest ago is forgotten, who has alerts as the last.
MAX_CLIENTS = 64
# Questions a client can be asked without answering any.
MAX_QUESTIONS = 16


@dataclass(slots=True, kw_only=True)
class ClientMemory:
    """One client."""

    context: tuple[dict[str, Any], ...] = ()
    # Since when it is known.
    since: datetime
    remote: Remote = field(default_factory=Remote)
    # Language of the last voice request and its connection: typed text carries none.
    lang: Lang | None = None
    lang_connection: str | None = None
    questions: OrderedDict[str, Question] = field(default_factory=OrderedDict)

    def ask(self, question: Question) -> str:
        """Remember a question; returns its expectSpeechId."""
        speech_id = str(uuid4())
        self.questions[speech_id] = question
        while len(self.questions) > MAX_QUESTIONS:
            self.questions.popitem(last=False)
        return speech_id

    def has_question(self, speech_id: str | None) -> bool:
        """Whether this question still waits."""
        return speech_id in self.questions

    def take_question(self, speech_id: str | None) -> Question | None:
        """Return the question a reply names, once (a new dialogRequestId is tolerated)."""
        return self.questions.pop(speech_id, None) if speech_id is not None else None

    def spoken_lang(self, connection: str) -> Lang | None:
        """Return the language last spoken on this connection."""
        return self.lang if self.lang_connection == connection else None


class Memory:
    """Every client."""

    def __init__(
        self,
        addresses: Callable[[str], Addresses],
        settings: Callable[[], Settings],
        now: Callable[[], datetime],
        forgotten: Callable[[str], None],
    ) -> None:
        """Know nobody; `addresses` are a client's own, `settings` the service's.

        `forgotten` is told of whom nothing is known any more.
        """
        self._forgotten = forgotten
        self._now = now
        self._addresses = addresses
        self._settings = settings
        self._clients: OrderedDict[str, ClientMemory] = OrderedDict()

    def of(self, client: str) -> ClientMemory:
        """Return what is known of a client."""
        memory = self._clients.get(client)
        if memory is None:
            player = RemotePlayer(addresses=self._addresses(client))
            remote = Remote(player=player, settings=self._settings)
            memory = self._clients[client] = ClientMemory(since=self._now(), remote=remote)
        self._clients.move_to_end(client)
        if len(self._clients) > MAX_CLIENTS:
            *others, _ = self._clients
            idle = (each for each in others if not self._clients[each].remote.alerts.has_standing)
            left = next(idle, others[0])
            del self._clients[left]
            self._forgotten(left)
        return memory

    @property
    def clients(self) -> dict[str, ClientMemory]:
        """Everyone who is remembered, by name."""
        return dict(self._clients)

    def contexts(self) -> dict[str, list[dict[str, Any]]]:
        """Return the last context of every client."""
        return {client: list(memory.context) for client, memory in self._clients.items()}


def lang_of(value: Any) -> Lang:
    """Return the language of a voice request; English for one the skills cannot answer in."""
    try:
        return Lang(str(value).split("-")[0].lower())
    except ValueError:
        return Lang.EN
