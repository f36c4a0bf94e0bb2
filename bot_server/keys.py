"""What opens the site: its secret, which outlives a restart, and the tokens made from it (authentication pages)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
import json
import os
from pathlib import Path
import secrets
from typing import Final

from .errors import BAD_ARGUMENT, TOKEN_EXPIRED, RefusedError

KEYS_FILE: Final = "keys.json"
# Tokens known at once: one per conversation and renewal; the oldest go first.
MAX_TOKENS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the user of this service is told."""

    secret: str
    control: str


def write_private(path: Path, content: str) -> None:
    """Write a file only its owner may read, in one step."""
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    temporary.replace(path)


def load_keys(folder: Path) -> Keys:
    """Return the folder's keys; make those that are missing, at the first start all."""
    path = folder / KEYS_FILE
    try:
        stored = json.loads(path.read_text())
    except FileNotFoundError, ValueError:
        stored = None
    kept = stored if isinstance(stored, dict) else {}
    names = [field.name for field in fields(Keys)]
    keys = Keys(**{name: str(kept.get(name) or secrets.token_urlsafe(32)) for name in names})
    if asdict(keys) != kept:
        save_keys(folder, keys)
    return keys


def save_keys(folder: Path, keys: Keys) -> None:
    """Keep the keys for the next start."""
    write_private(folder / KEYS_FILE, json.dumps(asdict(keys)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a credential opens: one conversation, or with the secret all (conversation None)."""

    conversation: str | None
    # Who the token says its bearer is; it replaces what messages say.
    user_id: str | None = None


class Tokens:
    """The tokens given out, each good for one conversation until it expires."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without any; `clock`: seconds."""
        self._clock = clock
        self._issued: dict[str, tuple[Grant, float]] = {}

    def issue(self, grant: Grant, seconds: float) -> str:
        """Return a new token that is good for that long."""
        token = secrets.token_urlsafe(32)
        self._issued[token] = grant, self._clock() + seconds
        while len(self._issued) > MAX_TOKENS:
            del self._issued[next(iter(self._issued))]
        return token

    def grant_of(self, token: str) -> Grant:
        """Return what a token opens; raises RefusedError (403)."""
        if (found := self._issued.get(token)) is None:
            raise RefusedError(403, BAD_ARGUMENT, "Security token not valid")
        grant, end = found
        if end <= self._clock():
            raise RefusedError(403, TOKEN_EXPIRED, "Token has expired")
        return grant

    def expire(self, conversation: str | None) -> int:
        """End the tokens of a conversation, or all; returns how many there were."""
        now = self._clock()
        ended = [
            (token, grant)
            for token, (grant, end) in self._issued.items()
            if conversation in (None, grant.conversation) and end > now
        ]
        self._issued |= {token: (grant, now) for token, grant in ended}
        return len(ended)

    def forget(self) -> None:
        """Have no token open anything: the secret they came from is another."""
        self._issued.clear()


def same_text(given: str, kept: str) -> bool:
    """Compare two secrets without telling by the time where they differ."""
    return secrets.compare_digest(given.encode(errors="replace"), kept.encode())
