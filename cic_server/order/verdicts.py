"""What was found illegal, by client: written into the log, and kept for the control interface."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cic_server.journal import Journal
from cic_server.messages import Directive, Event

from .checker import Checker
from .reasons import Finding, Reason

# Clients judged; the one heard of longest ago is forgotten.
MAX_CLIENTS = 64
# Findings kept; a test looks at the first of them.
MAX_FINDINGS = 1_000
# Characters of a token in the log.
MAX_TOKEN = 64


def _now() -> datetime:
    return datetime.now(UTC)


class Verdicts:
    """Every client's checker, and what they found."""

    def __init__(
        self, journal: Journal, clock: Callable[[], float], now: Callable[[], datetime] = _now
    ) -> None:
        """Know nobody."""
        self._now = now
        self._journal = journal
        self._clock = clock
        self._checkers: OrderedDict[str, Checker] = OrderedDict()
        self._found: deque[dict[str, Any]] = deque(maxlen=MAX_FINDINGS)

    def of(self, client: str) -> Checker:
        """Return a client's checker."""
        checker = self._checkers.setdefault(client, Checker(self._clock, self._now))
        self._checkers.move_to_end(client)
        while len(self._checkers) > MAX_CLIENTS:
            self._checkers.popitem(last=False)
        return checker

    def ordered(self, client: str, directive: Directive) -> None:
        """Note a directive that goes out."""
        self.of(client).ordered(directive)

    def happened(self, client: str, event: Event) -> None:
        """Judge an event."""
        checker = self.of(client)
        for finding in checker.happened(event):
            self._add(client, event.full_name, finding, event.payload.get("token"))
        self._take_overdue(client, checker)

    def media(self, client: str | None, path: str, reason: Reason) -> None:
        """Note an illegal media request."""
        self._add(client, "media", Finding(reason=reason, detail=path))

    def illegal(self, client: str | None) -> list[dict[str, Any]]:
        """Return what one client, or anyone, has done wrong until now."""
        for name, checker in self._checkers.items():
            self._take_overdue(name, checker)
        return [each for each in self._found if client in (None, each["client"])]

    def _take_overdue(self, client: str, checker: Checker) -> None:
        for name, finding in checker.overdue():
            self._add(client, name, finding)

    def _add(self, client: str | None, what: str, finding: Finding, token: Any = None) -> None:
        entry = {
            "client": client,
            "what": what,
            "token": token[:MAX_TOKEN] if isinstance(token, str) else None,
            "reason": finding.reason.value,
            "detail": finding.detail,
        }
        self._found.append(entry)
        self._journal.add("illegal", **entry)
