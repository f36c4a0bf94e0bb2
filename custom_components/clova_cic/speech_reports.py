"""What CIC is told of its speech: that it began, and whether it was heard to its end.

Each Speak owes SpeechStarted and then one of SpeechFinished and SpeechStopped
(SpeechSynthesizer); one whose sound could not be had owes nothing. Here is when:

    Telling   of one stream of speeches, whose places on the loop's clock are reckoned
              from what was given out; the listener's own word for its end counts more
    Told      of one speech, whose player tells by itself
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from homeassistant.core import callback

from .cic import ContextObject
from .cic.interfaces.outgoing import OutgoingEvent
from .cic.interfaces.speech_synthesizer import (
    NAMESPACE,
    SpeechFinished,
    SpeechStarted,
    SpeechStopped,
)
from .cic.messages import Payload

# A listener tells of the end up to this much before it, or we reckon it too long, in seconds.
TOLERANCE: Final = 1.0
# A listener that does not tell of the end within so many seconds after it tells nothing.
LATEST_WORD: Final = 10.0


class SpeechReports:
    """Tells CIC of the speech of one entry, and keeps its state for the context."""

    def __init__(self, send: Callable[[OutgoingEvent], Any]) -> None:
        """Send events in order, each with the context of its moment."""
        self._send = send
        self._state: Payload | None = None
        self._followed: set[Telling] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether there is nobody to tell."""
        return self._closed

    @callback
    def started(self, token: str) -> None:
        """Tell that a speech began."""
        self._state = {"token": token, "playerActivity": "PLAYING"}
        self._send(SpeechStarted(token=token))

    @callback
    def ended(self, token: str, *, whole: bool) -> None:
        """Tell that one that began was heard to its end, or was not."""
        # of two that sound at once, the one that still does is the state
        if self._state is not None and self._state["token"] == token:
            activity = "FINISHED" if whole else "STOPPED"
            self._state = {"token": token, "playerActivity": activity}
        self._send(SpeechFinished(token=token) if whole else SpeechStopped(token=token))

    @callback
    def follow(self, telling: Telling, *, on: bool) -> None:
        """Know who has something to tell in time, or no longer."""
        if on:
            self._followed.add(telling)
        else:
            self._followed.discard(telling)

    @callback
    def interrupt(self, place: str) -> None:
        """Take that nobody listens any more to what sounds at a place."""
        for telling in [one for one in self._followed if one.place == place]:
            telling.stop()

    @callback
    def close(self) -> None:
        """Follow nothing any more: the entry is unloaded."""
        self._closed = True
        for telling in list(self._followed):
            telling.stop()

    def context(self) -> list[ContextObject]:
        """Return SpeechState, which there is from the first speech on."""
        if self._state is None:
            return []
        return [ContextObject(namespace=NAMESPACE, name="SpeechState", payload=self._state)]


class _Stage(Enum):
    AHEAD = auto()
    SOUNDING = auto()
    OVER = auto()


class Told:
    """One speech: begun once, then ended once. Without a token CIC cannot be told of it."""

    def __init__(self, reports: SpeechReports, token: str) -> None:
        """Begin with one that is still ahead."""
        self._reports = reports
        self._token = token
        self._stage = _Stage.AHEAD

    @property
    def sounding(self) -> bool:
        """True from its beginning to its end."""
        return self._stage is _Stage.SOUNDING

    @callback
    def start(self) -> None:
        """Take that it is heard from now on."""
        if self._stage is _Stage.AHEAD:
            self._stage = _Stage.SOUNDING
            if self._token:
                self._reports.started(self._token)

    @callback
    def end(self, *, whole: bool) -> None:
        """Take that it is heard no longer; one that never began is only over."""
        stage, self._stage = self._stage, _Stage.OVER
        if stage is _Stage.SOUNDING and self._token:
            self._reports.ended(self._token, whole=whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What is to be told when, by the loop's clock; whole is None for a beginning."""

    at: float
    told: Told
    whole: bool | None

    def tell(self) -> None:
        if self.whole is None:
            self.told.start()
        else:
            self.told.end(whole=self.whole)


class Telling:
    """Follows the speeches of one stream through the ear of its listener. Times are the loop's."""

    def __init__(
        self, reports: SpeechReports, *, place: str | None = None, listener_tells: bool = False
    ) -> None:
        """Tell nothing yet; place is where it is heard, listener_tells where over() will be called."""
        self.place = place
        self._loop = asyncio.get_running_loop()
        self._reports = reports
        self._listener_tells = listener_tells
        self._due: deque[_Due] = deque()
        self._speeches: list[Told] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._given_out = False
        self._stopped = False

    @callback
    def begins(self, token: str, at: float) -> None:
        """Take when the next speech begins to be heard."""
        self._speeches.append(Told(self._reports, token))
        self._add(at, None)

    @callback
    def ends(self, at: float, *, whole: bool) -> None:
        """Take when the speech that began last ends; whole is False where it breaks off."""
        self._ends_at = at
        self._add(at, whole)

    @callback
    def given_out(self) -> None:
        """Take that nothing more will begin."""
        self._given_out = True
        self._tell()

    @callback
    def over(self) -> None:
        """Take the listener's word that it has ended: with the sound, or before."""
        if not self._given_out or self._loop.time() < self._ends_at - TOLERANCE:
            self.stop()
            return
        while self._due:
            self._due.popleft().tell()
        self.stop()

    @callback
    def stop(self) -> None:
        """Take that nobody listens any more."""
        self._stopped = True
        self._due.clear()
        self._stop_timer()
        for told in self._speeches:
            told.end(whole=False)
        self._speeches.clear()

    def _add(self, at: float, whole: bool | None) -> None:
        if not (self._stopped or self._reports.closed):
            self._due.append(_Due(at=at, told=self._speeches[-1], whole=whole))
            self._tell()

    @callback
    def _tell(self) -> None:
        """Tell what is due, and wake up for what is next."""
        self._stop_timer()
        while self._due:
            at = self._due[0].at
            if self._listener_tells and self._given_out and len(self._due) == 1:
                at += LATEST_WORD
            if at > self._loop.time():
                self._timer = self._loop.call_at(at, self._tell)
                self._reports.follow(self, on=True)
                return
            self._due.popleft().tell()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._reports.follow(self, on=False)
