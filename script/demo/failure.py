"""The one error that ends a demonstration."""

from enum import Enum


class Source(Enum):
    """Whose log tells more."""

    HOME = "Home Assistant"
    SERVER = "the CIC server"
    PLAYER = "mpd"
    BOT = "the local bot"


class Failure(Exception):
    """What went wrong, in one sentence; and whose log is worth showing."""

    def __init__(self, message: str, source: Source | None = None) -> None:
        """Keep both."""
        super().__init__(message)
        self.source = source
