"""Accounts, codes and tokens on disk: before a client is told of them, so that a kill signs nobody out."""

import asyncio
from dataclasses import asdict
import json
import logging
from pathlib import Path
from typing import Any

from cic_server.data_dir import write_private

from .ledger import MAX_CODES, MAX_LOGINS, MAX_PAIRS, Account, Code, Ledger, Login, Pair

_LOGGER = logging.getLogger(__name__)

ACCOUNTS_FILE = "accounts.json"
# Longest file that is read: every login with every pair, ids as long as they may be.
MAX_BYTES = 8 << 20


class Safe:
    """The ledger's file. What changes while it is written shares the next write."""

    def __init__(self, file: Path, ledger: Ledger) -> None:
        """Touch nothing yet."""
        self._file = file
        self._ledger = ledger
        self._saved = 0
        self._lock = asyncio.Lock()
        self._later: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Fill the ledger; a file that cannot be read is passed over, with one line in the log."""
        try:
            _fill(self._ledger, json.loads(_read(self._file)))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as err:
            _LOGGER.warning("The accounts and tokens are forgotten: %s", type(err).__name__)

    async def save(self) -> None:
        """Return once everything so far is on disk; raises OSError."""
        async with self._lock:
            revision = self._ledger.revision
            if self._saved != revision:
                await asyncio.to_thread(write_private, self._file, _content(self._ledger))
                self._saved = revision

    def save_later(self) -> None:
        """Have on disk, soon, what nobody waits for."""
        if self._saved != self._ledger.revision and (self._later is None or self._later.done()):
            self._later = asyncio.create_task(self.close())

    async def close(self) -> None:
        """Save what is not yet; a disk that refuses is told of in the log."""
        try:
            await self.save()
        except OSError as err:
            _LOGGER.error("Accounts and tokens could not be kept: %s", type(err).__name__)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError("too long")
    return content


def _content(ledger: Ledger) -> bytes:
    content = {
        "accounts": [asdict(account) for account in ledger.accounts.values()],
        "codes": [asdict(code) for code in ledger.codes.values()],
        "logins": [asdict(login) for login in ledger.logins],
    }
    return json.dumps(content).encode()


def _fill(ledger: Ledger, content: dict[str, Any]) -> None:
    """Take a file's content, as a whole or not at all; raises ValueError, TypeError, KeyError."""
    accounts = [Account(**account) for account in content["accounts"]]
    codes = [Code(**code) for code in content["codes"][-MAX_CODES:]]
    logins = [
        Login(**{**login, "pairs": [Pair(**pair) for pair in login["pairs"][-MAX_PAIRS:]]})
        for login in content["logins"][-MAX_LOGINS:]
    ]
    ledger.accounts = {account.digest: account for account in accounts}
    ledger.codes = {code.digest: code for code in codes}
    ledger.logins = logins
