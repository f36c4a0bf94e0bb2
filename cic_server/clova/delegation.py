"""Requests that one client makes for another (CIC "Handle_Delegation")."""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import uuid4

# Requests waiting at once; the oldest is void beyond it.
MAX_DELEGATED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated:
    """A text, as if the client had sent it."""

    client: str
    text: str


@dataclass(slots=True)
class Delegations:
    """What waits to be processed, by delegationId."""

    _waiting: OrderedDict[str, Delegated] = field(default_factory=OrderedDict)

    def add(self, delegated: Delegated) -> str:
        """Keep a request; returns its id."""
        delegation_id = str(uuid4())
        self._waiting[delegation_id] = delegated
        while len(self._waiting) > MAX_DELEGATED:
            self._waiting.popitem(last=False)
        return delegation_id

    def take(self, delegation_id: str | None, client: str) -> Delegated | None:
        """Return a request, once, to the client it was made for."""
        found = self._waiting.get(delegation_id or "")
        if found is None or found.client != client:
            return None
        del self._waiting[delegation_id or ""]
        return found
