"""What the service knows of a client's audio player: what it was sent, and what it has told."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cic_server.messages import Directive, Event
from cic_server.order.checker import playback_state

from .addresses import Addresses, Grants
from .catalogue import Track, track_of

# Tokens remembered of a client's queue.
MAX_QUEUE = 2_000
# Liked tracks and subscribed lists; there are not that many.
MAX_MARKED = 200


class Activity(StrEnum):
    """AudioPlayer.PlaybackState, playerActivity."""

    IDLE = "IDLE"
    PLAYING = "PLAYING"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


_TOLD_BY = {
    "PlayStarted": Activity.PLAYING,
    "PlayResumed": Activity.PLAYING,
    "PlayPaused": Activity.PAUSED,
    "PlayStopped": Activity.STOPPED,
    "PlayFinished": Activity.IDLE,
}


def _nowhere() -> Addresses:
    return Addresses(base="", client="", grants=Grants(lambda: 0.0, lambda: 0.0))


@dataclass(slots=True, kw_only=True)
class RemotePlayer:
    """One client's player."""

    addresses: Addresses = field(default_factory=_nowhere)
    activity: Activity = Activity.IDLE
    token: str | None = None
    offset: int = 0
    # How many events have told of it: a context that is older than one of them is out of date.
    told: int = 0
    # Tokens in the client's queue, those already played among them.
    queue: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_QUEUE))
    # The first of a new queue, until it is started: it may wait for an answer's end.
    awaited: str | None = None
    liked: set[str] = field(default_factory=set)
    subscribed: set[str] = field(default_factory=set)

    @property
    def track(self) -> Track | None:
        """What plays, or was played last, if it is ours."""
        return track_of(self.token)

    @property
    def is_on(self) -> bool:
        """Whether something plays, is paused, or will play in a moment."""
        return self.activity in (Activity.PLAYING, Activity.PAUSED) or self.awaited is not None

    @property
    def place(self) -> int | None:
        """Where in the queue it is."""
        if self.token is None or self.token not in self.queue:
            return None
        return self.queue.index(self.token)

    @property
    def has_next(self) -> bool:
        """Whether the client's queue holds something behind what plays."""
        return self.place is not None and self.place + 1 < len(self.queue)

    def ordered(self, directive: Directive) -> None:
        """Note a directive that goes out."""
        payload = directive.payload
        match directive.full_name:
            case "AudioPlayer.Play":
                self._play(payload)
            case "AudioPlayer.ClearQueue":
                played = [] if self.token is None else [self.token]
                self.queue = deque(played, maxlen=MAX_QUEUE)
                self.awaited = None
            case "PlaybackController.Stop":
                self.awaited = None

    def _play(self, payload: Mapping[str, Any]) -> None:
        item = payload.get("audioItem")
        stream = item.get("stream") if isinstance(item, Mapping) else None
        token = stream.get("token") if isinstance(stream, Mapping) else None
        if not isinstance(token, str):
            return
        if payload.get("playBehavior") == "REPLACE_ALL":
            self.queue.clear()
            self.awaited = token
        self.queue.append(token)

    def happened(self, event: Event) -> None:
        """Note what an event tells, once it is complete."""
        activity = _TOLD_BY.get(event.name) if event.namespace == "AudioPlayer" else None
        if activity is None:
            return
        self.told += 1
        self.activity = activity
        self._take_place(event.payload.get("token"), event.payload.get("offsetInMilliseconds"))
        if event.name == "PlayStarted":
            self.awaited = None

    def take_context(self, context: Sequence[Mapping[str, Any]], told: int) -> None:
        """Note what a context tells as soon as it is here: speech takes its time behind it.

        `told` is as it was when the context's request began.
        """
        state = playback_state(context)
        if (
            told != self.told
            or state is None
            or state.get("playerActivity") not in Activity.__members__
        ):
            return
        self.activity = Activity(state["playerActivity"])
        stream = state.get("stream")
        token = stream.get("token") if isinstance(stream, Mapping) else None
        self._take_place(token, state.get("offsetInMilliseconds"))

    def _take_place(self, token: Any, offset: Any) -> None:
        if isinstance(token, str):
            self.token = token
        if isinstance(offset, int | float) and not isinstance(offset, bool) and offset >= 0:
            self.offset = int(offset)

    def mark(self, marked: set[str], name: str, *, on: bool) -> None:
        """Put a name into the liked or subscribed ones, or take it out."""
        if not on:
            marked.discard(name)
        elif len(marked) < MAX_MARKED:
            marked.add(name)
