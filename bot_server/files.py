"""Uploaded files, behind links that carry their own key."""

from dataclasses import dataclass
import secrets
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from .errors import BAD_ARGUMENT, RefusedError
from .settings import MEBI

# Bytes kept, of all files; the oldest go first. Elsewhere they are kept for a day.
MAX_FILES: Final = 128 * MEBI
PREFIX: Final = "/attachments/"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One uploaded file."""

    name: str
    content_type: str
    data: bytes


class Files:
    """What was uploaded, by its number."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, tuple[str, File]] = {}
        self._room = MAX_FILES
        self._count = 0

    def add(self, conversation_id: str, file: File) -> str:
        """Keep a file; returns its link, relative to the service."""
        self._count += 1
        name = quote(file.name or "file", safe="")
        key = secrets.token_urlsafe(12)
        self._kept[str(self._count)] = key, file
        self._room -= len(file.data)
        while self._room < 0:
            self._room += len(self._kept.pop(next(iter(self._kept)))[1].data)
        return f"{PREFIX}{conversation_id}/{self._count}/{name}?t={key}"

    def read(self, link: str) -> File:
        """Return what lies behind a link; raises RefusedError (404)."""
        parts = urlsplit(link)
        # the name is not compared: clients write its percent signs in ways of their own
        found = self._kept.get(parts.path.rsplit("/", 2)[-2])
        keys = parse_qs(parts.query).get("t", [""])
        if found is None or not secrets.compare_digest(found[0], keys[0]):
            raise RefusedError(404, BAD_ARGUMENT, "File not found")
        return found[1]
