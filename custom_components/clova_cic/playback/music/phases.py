"""Where the audio player is with its track, and which way it can go from there.

phase        what there is                                       CIC was told by events
IDLE         nothing, or a track that is over                    IDLE
WAITING      a track; somebody else may sound now                what it was told last
REQUESTING   a track whose stream is asked for                   what it was told last
STARTING     a track the output was told to play                 what it was told last
PLAYING      it sounds                                           PLAYING
HELD         it would sound, but for somebody else, or may       PLAYING
             sound at a player that is not back yet
PAUSED       it stands, and its output is free for others        PAUSED (IDLE where it never sounded)
STOPPED      it is kept, with the offset where it ended          STOPPED (IDLE where it never sounded)
"""

from enum import Enum, auto
from typing import Final


class Phase(Enum):
    """Where the player is."""

    IDLE = auto()
    WAITING = auto()
    REQUESTING = auto()
    STARTING = auto()
    PLAYING = auto()
    HELD = auto()
    PAUSED = auto()
    STOPPED = auto()


BEGINNING: Final = frozenset({Phase.WAITING, Phase.REQUESTING, Phase.STARTING})
SOUNDING: Final = frozenset({Phase.PLAYING, Phase.HELD})
STANDING: Final = frozenset({Phase.PAUSED, Phase.STOPPED})
ENDS: Final = frozenset({Phase.PAUSED, Phase.STOPPED, Phase.IDLE})

# From every phase a new Play leads to WAITING, a Stop or a lost output to STOPPED, ClearQueue to IDLE.
MOVES: Final = {
    Phase.IDLE: frozenset({Phase.WAITING, Phase.HELD, Phase.STOPPED, Phase.PAUSED}),
    Phase.WAITING: frozenset({Phase.REQUESTING, Phase.STARTING, Phase.PLAYING}) | ENDS,
    Phase.REQUESTING: frozenset({Phase.WAITING, Phase.STARTING}) | ENDS,
    Phase.STARTING: frozenset({Phase.WAITING, Phase.PLAYING}) | ENDS,
    Phase.PLAYING: frozenset({Phase.WAITING, Phase.HELD}) | ENDS,
    Phase.HELD: frozenset({Phase.WAITING, Phase.PLAYING}) | ENDS,
    Phase.PAUSED: frozenset({Phase.WAITING, Phase.PLAYING, Phase.STOPPED, Phase.IDLE}),
    Phase.STOPPED: frozenset({Phase.WAITING, Phase.IDLE}),
}
