"""When to read: at once after a message, then each second, then now and then."""

from collections.abc import Callable
from dataclasses import dataclass
import random
import time


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Every interval, in seconds."""

    after_word: tuple[float, ...] = (0.3, 0.6)
    """Reads after the one at once that follows a word of either side: what bots say in one turn
    comes in pieces some 300 ms apart."""
    in_turn: float = 1.0
    """Then: the documents allow no more for long."""
    turn: float = 30.0
    """So long after the last word of either side: slow bots take 15, and more to say it all."""
    idle: float = 5.0
    """After that, as the documents have it between services."""
    awake: float = 300.0
    """So long after the last word."""
    asleep: float = 10.0
    """And from then on, the longer of the documents' two intervals."""
    first_failure: float = 1.0
    """Before the first repetition after a failure at the most; doubled with each one more."""
    worst_failure: float = 60.0
    """The longest pause between failures."""
    deaf: float = 5.0
    """A stream on which nothing came so long after a message is looked behind: its echo was due."""
    look: float = 60.0
    """A stream that is silent otherwise, likewise: half of a dead connection is not told."""
    keep_alive: float = 20.0
    """Between two empty frames, as the service's own client sends them."""
    stream_pause: tuple[float, float] = (3.0, 15.0)
    """Before a stream is opened again, at random between: all clients lose theirs at once."""
    worst_stream_pause: float = 300.0
    """The longest such pause, where streams fail again and again: polling serves meanwhile."""
    stream_good: float = 30.0
    """A stream that has lived so long was no failure."""
    stream_url: float = 50.0
    """How long the address of a stream is good for; the documents say 60 from when it was made."""
    throttled: float = 15.0
    """How long a message waits at the most where the service wants less of them."""


class Pace:
    """Knows when the next read is due; the caller brings what happens."""

    def __init__(
        self,
        timing: Timing,
        clock: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Begin as after a message: a bot may greet."""
        self._timing = timing
        self._clock = clock
        self._uniform = uniform
        self._sent = self._word = clock()
        self._heard = self._read = float("-inf")
        self._more = True
        self._failures = 0
        self._failure_pause = 0.0
        self._not_before = 0.0

    def sent(self) -> None:
        """Tell that a message was sent, or is about to be: even after failures that is worth a read."""
        self._sent = self._word = self._clock()
        self._more = True

    def read(self, *, new: bool, more: bool = False) -> None:
        """Tell that a read is done, whether it brought something new, and whether there may be more."""
        self._read = self._clock()
        self._more = new or more
        self._failures = 0
        if new:
            self.heard()

    def heard(self) -> None:
        """Tell that something new has come."""
        self._heard = self._word = self._clock()

    def failed(self, retry_after: float = 0.0) -> None:
        """Tell that a read failed, and for how long the service wants to be left alone."""
        self._read = self._clock()
        self._more = False
        timing = self._timing
        ceiling = min(timing.worst_failure, timing.first_failure * 2 ** min(self._failures, 10))
        self._failure_pause = self._uniform(ceiling / 2, ceiling)
        self._failures += 1
        self._not_before = max(self._not_before, self._read + retry_after)

    @property
    def read_in(self) -> float:
        """Seconds until the next read by polling; not below zero."""
        return max(0.0, max(self._poll_at(), self._not_before) - self._clock())

    @property
    def look_in(self) -> float:
        """Seconds until a silent stream is to be looked behind; not below zero."""
        answered = self._heard >= self._sent or self._read >= self._sent + self._timing.deaf
        if self._failures:
            at = self._read + self._failure_pause
        elif answered:
            at = max(self._heard, self._read, self._sent) + self._timing.look
        else:
            at = self._sent + self._timing.deaf
        return max(0.0, max(at, self._not_before) - self._clock())

    def _poll_at(self) -> float:
        if self._more:
            return self._read
        if self._failures:
            return self._read + self._failure_pause
        for pause in self._timing.after_word:
            if self._read < self._word + pause:
                return self._word + pause
        return self._read + self._interval(self._read - self._word)

    def _interval(self, quiet: float) -> float:
        timing = self._timing
        if quiet < timing.turn:
            return timing.in_turn
        return timing.idle if quiet < timing.awake else timing.asleep
