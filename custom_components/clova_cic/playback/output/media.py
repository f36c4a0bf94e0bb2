"""What is played on a media player, and what becomes of it: the words that outputs and their users share."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol


class Ended(Enum):
    """How something came to its end on a player."""

    FINISHED = auto()
    """It was played to its end, or to the end of what is to be played of it."""
    STOPPED = auto()
    """Somebody stopped it at the player."""
    STOLEN = auto()
    """Something else plays there."""
    LOST = auto()
    """The player is unavailable, or removed."""
    FAILED = auto()
    """It never began to sound."""


@dataclass(frozen=True, slots=True)
class Media:
    """Something to play: positions and durations are seconds of the medium."""

    url: str
    content_type: str
    title: str | None = None
    artist: str | None = None
    album: str | None = None
    image_url: str | None = None
    begin: float = 0.0
    """Where in it to start."""
    duration: float | None = None
    """How much of it is to be played from there, where that is known."""
    seekable: bool = True
    """False where no player can leap in it: it is made while it plays."""


class Listener(Protocol):
    """Who wants to know what becomes of something that plays; called on the event loop.

    Nothing but ended follows ended, and nothing follows stop() or forget(). started may
    come before the order to play has returned. Positions are seconds of the medium.
    """

    def started(self, position: float) -> None:
        """Learn that it sounds."""

    def paused(self, position: float) -> None:
        """Learn that it stands still, whoever wanted that."""

    def resumed(self, position: float) -> None:
        """Learn that it goes on, whoever wanted that."""

    def moved(self, position: float) -> None:
        """Learn that somebody sought at the player."""

    def ended(self, how: Ended, position: float) -> None:
        """Learn that it is over, and the player let go."""
