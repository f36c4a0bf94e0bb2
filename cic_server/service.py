"""Everything the parts of the service share."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .accounts.ledger import Ledger, Login
from .accounts.safe import Safe
from .alerts.book import AlertState
from .alerts.shelf import Shelf
from .alerts.stored import is_kept, renew_addresses, restore
from .channels import Downchannels, directive_part
from .clova.delegation import Delegations
from .data_dir import Tokens
from .dialogs import MAX_CLIENTS, Memory
from .engines import Recognizer, Synthesizer
from .journal import Journal
from .messages import Directive
from .multipart_out import RawPart
from .music.addresses import Grants
from .music.player import RemotePlayer
from .order.verdicts import Verdicts
from .remote import Remote
from .settings import Settings
from .skills import SKILLS
from .skills.base import Skill
from .spoken import SpokenTexts

# Answers a test can plan ahead.
MAX_PLANNED_ANSWERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAnswer:
    """What the next event gets instead of its own answer (control interface)."""

    status: int = 200
    parts: tuple[RawPart, ...] = ()
    # Leave the closing boundary out.
    truncate: bool = False
    # Reset the stream after the parts.
    reset: bool = False
    # Seconds before the status.
    delay: float = 0.0
    # Only for this event, as Namespace.Name, or for `authorize` or `token`; None: for any event.
    event: str | None = None


@dataclass(slots=True, kw_only=True)
class Service:
    """The running service: engines, memory, switches."""

    tokens: Tokens
    settings: Settings
    journal: Journal
    channels: Downchannels
    recognizer: Recognizer
    synthesizer: Synthesizer
    now: Callable[[], datetime]
    memory: Memory
    verdicts: Verdicts
    grants: Grants
    texts: SpokenTexts
    shelf: Shelf
    ledger: Ledger
    safe: Safe
    delegations: Delegations = field(default_factory=Delegations)
    skills: Sequence[Skill] = SKILLS
    planned: deque[PlannedAnswer] = field(default_factory=lambda: deque(maxlen=MAX_PLANNED_ANSWERS))

    def sent(self, client: str, directive: Directive) -> None:
        """Note a directive that goes out, whichever way."""
        self.journal.add(
            "directive",
            namespace=directive.namespace,
            name=directive.name,
            dialogRequestId=directive.dialog_id,
            client=client,
        )
        self.verdicts.ordered(client, directive)
        remote = self.remote_of(client)
        remote.ordered(directive)
        self.shelf.keep(client, remote)

    async def keep_alerts(self, client: str) -> None:
        """Have a client's alerts on disk before anyone is told of them."""
        await self.shelf.settled(client, self.remote_of(client))

    def take_alerts(self) -> None:
        """Have the alerts that were set before the service was started."""
        now = self.now()
        for stored in self.shelf.load(MAX_CLIENTS):
            remote = self.remote_of(stored.client)
            addresses = remote.player.addresses
            for key, spoken in stored.said.items():
                self.texts.restore(key, spoken)
            for alert in stored.alerts:
                self.verdicts.of(stored.client).was_told(
                    alert.token,
                    alert.payload.get("scheduledTime"),
                    rings=alert.state is AlertState.RINGING,
                    stands=alert.is_standing,
                )
                if is_kept(alert, now):
                    renew_addresses(alert, stored.said, addresses)
                    restore(alert, remote.alerts, now)
            self.shelf.keep(stored.client, remote)

    def player_of(self, client: str) -> RemotePlayer:
        """Return what is known of a client's audio player."""
        return self.remote_of(client).player

    def remote_of(self, client: str) -> Remote:
        """Return what is known of a client."""
        return self.memory.of(client).remote

    def push(self, client: str, *directives: Directive) -> bool:
        """Send directives down a client's channel; tell whether there is one."""
        channel = self.channels.of(client)
        if channel is None:
            return False
        channel.push(*(directive_part(directive) for directive in directives))
        return True

    def take_accounts(self) -> None:
        """Have the accounts and tokens of before, and the account that is there from the start."""
        self.safe.load()
        self.ledger.open_account(self.tokens.account)

    def signed_in(self, access_token: str) -> Login | None:
        """Return whose access token this is, if it is good."""
        login = self.ledger.use(access_token)
        self.safe.save_later()
        return login

    def take_planned(self, name: str, *, only: bool = False) -> PlannedAnswer | None:
        """Return, once, what was planned for this event; only: not what is for any."""
        for planned in self.planned:
            if planned.event == name or (planned.event is None and not only):
                self.planned.remove(planned)
                return planned
        return None
