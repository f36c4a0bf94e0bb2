"""Every client's book of alerts on disk, so that none is lost when the service ends, however it ends."""

import asyncio
from collections.abc import Callable, Iterator
import contextlib
from datetime import datetime
import hashlib
import logging
from pathlib import Path

from cic_server.data_dir import write_private
from cic_server.remote import Remote

from .stored import StoredBook, read_book, write_book

_LOGGER = logging.getLogger(__name__)

FOLDER = "alerts"
# Longest book on disk: more than MAX_ALERTS of them, each with a text. A longer one is not kept.
MAX_BYTES = 4 << 20
# How long, in seconds, an answer waits for what it confirms to be on disk. A write takes
# milliseconds; a disk that hangs must not make the service mute.
SETTLE_SECONDS = 0.5


class Shelf:
    """A file for each client that has an alert.

    One write of a book at a time, in a thread; what changes meanwhile shares the next.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        """Touch nothing yet; `folder` is the shelf's own."""
        self._folder = folder
        self._now = now
        # By client: which revision is on disk, or on its way there.
        self._revisions: dict[str, int] = {}
        self._on_disk: set[str] = set()
        # None: a client that was forgotten.
        self._waiting: dict[str, Remote | None] = {}
        self._writing: dict[str, asyncio.Task[None]] = {}

    def load(self, most: int) -> Iterator[StoredBook]:
        """Yield the books on disk, those written last as the last, at most so many.

        What cannot be read is forgotten, with one line in the log.
        """
        for left_over in self._folder.glob("*.new"):
            _remove(left_over)
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.lstat().st_mtime_ns)
        while len(files) > most:
            _remove(files.pop(0))
        for file in files:
            try:
                book = self._read(file)
            except (OSError, ValueError) as err:
                _LOGGER.warning("The alerts in %s are forgotten: %s", file.name, type(err).__name__)
                _remove(file)
                continue
            if book.malformed:
                _LOGGER.warning("In %s, %d things are forgotten", file.name, book.malformed)
            self._on_disk.add(book.client)
            yield book

    def _read(self, file: Path) -> StoredBook:
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("too long")
        book = read_book(file.read_bytes())
        if self._file(book.client) != file:
            raise ValueError("another client's name")
        return book

    def _file(self, client: str) -> Path:
        """Return a client's file: a client may have any name."""
        name = hashlib.sha256(client.encode(errors="surrogatepass")).hexdigest()
        return self._folder / f"{name[:32]}.json"

    def keep(self, client: str, remote: Remote) -> None:
        """Have a client's book written, if it has changed."""
        revision = remote.alerts.revision
        if self._revisions.get(client, 0) == revision:
            return
        self._revisions[client] = revision
        self._wait(client, remote)

    def forget(self, client: str) -> None:
        """Remove what is kept of a client."""
        self._revisions.pop(client, None)
        if client in self._on_disk or client in self._writing:
            self._wait(client, None)

    def _wait(self, client: str, remote: Remote | None) -> None:
        self._waiting[client] = remote
        if client not in self._writing:
            self._writing[client] = asyncio.create_task(self._write(client))

    async def settled(self, client: str, remote: Remote) -> None:
        """Have a client's book on disk; waits no longer than SETTLE_SECONDS."""
        self.keep(client, remote)
        if (writing := self._writing.get(client)) is not None:
            await asyncio.wait([writing], timeout=SETTLE_SECONDS)

    async def close(self) -> None:
        """Wait for what is being written, no longer than SETTLE_SECONDS."""
        if self._writing:
            await asyncio.wait(self._writing.values(), timeout=SETTLE_SECONDS)

    async def _write(self, client: str) -> None:
        """Bring a client's file up to date, until nothing waits."""
        try:
            while client in self._waiting:
                try:
                    await self._write_once(client, self._waiting.pop(client))
                except (OSError, ValueError, RecursionError) as err:
                    _LOGGER.error("Alerts could not be kept: %s", type(err).__name__)
        finally:
            del self._writing[client]

    async def _write_once(self, client: str, remote: Remote | None) -> None:
        content = None
        if remote is not None:
            addresses = remote.player.addresses
            content = write_book(client, remote.alerts, addresses, self._now())
        file = self._file(client)
        if content is None:
            if client in self._on_disk:
                self._on_disk.remove(client)
                await asyncio.to_thread(file.unlink, missing_ok=True)
            return
        if len(content) > MAX_BYTES:
            raise ValueError("too long")
        self._on_disk.add(client)
        await asyncio.to_thread(self._store, file, content)

    def _store(self, file: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_private(file, content)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
