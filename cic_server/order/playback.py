"""The order of AudioPlayer events, stream by stream."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
import math
from typing import Any

from .progress import REPORTS, Progress, wanted_reports
from .reasons import Finding, Reason

# Streams remembered: more than a thousand can be queued; the oldest is forgotten.
MAX_STREAMS = 4_000
# How far, in ms, an offset may lie outside the window, or behind the last one.
TOLERANCE = 1_000


class Played(Enum):
    """How far a stream is, as the client has told."""

    ORDERED = "ordered"
    PLAYING = "playing"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


LIVE = (Played.PLAYING, Played.PAUSED)

# (event, state before) -> state after, or why not. Whether a stream may be started at all, and what
# else must be so at a start, stands in PlaybackOrder.
_TABLE: dict[tuple[str, Played], Played | Reason] = {
    ("PlayStarted", Played.ORDERED): Played.PLAYING,
    ("PlayStarted", Played.PLAYING): Played.PLAYING,
    ("PlayStarted", Played.PAUSED): Played.PLAYING,
    ("PlayStarted", Played.STOPPED): Played.PLAYING,
    ("PlayStarted", Played.FINISHED): Played.PLAYING,
    ("PlayPaused", Played.ORDERED): Reason.NOT_STARTED,
    ("PlayPaused", Played.PLAYING): Played.PAUSED,
    ("PlayPaused", Played.PAUSED): Reason.NOT_PLAYING,
    ("PlayPaused", Played.STOPPED): Reason.ENDED,
    ("PlayPaused", Played.FINISHED): Reason.ENDED,
    ("PlayResumed", Played.ORDERED): Reason.NOT_STARTED,
    ("PlayResumed", Played.PLAYING): Reason.NOT_PAUSED,
    ("PlayResumed", Played.PAUSED): Played.PLAYING,
    # the stream is kept when it is stopped, and can be taken up again
    ("PlayResumed", Played.STOPPED): Played.PLAYING,
    ("PlayResumed", Played.FINISHED): Reason.ENDED,
    ("PlayStopped", Played.ORDERED): Reason.NOT_STARTED,
    ("PlayStopped", Played.PLAYING): Played.STOPPED,
    ("PlayStopped", Played.PAUSED): Played.STOPPED,
    ("PlayStopped", Played.STOPPED): Reason.ENDED,
    ("PlayStopped", Played.FINISHED): Reason.ENDED,
    ("PlayFinished", Played.ORDERED): Reason.NOT_STARTED,
    ("PlayFinished", Played.PLAYING): Played.FINISHED,
    ("PlayFinished", Played.PAUSED): Reason.NOT_PLAYING,
    ("PlayFinished", Played.STOPPED): Reason.ENDED,
    ("PlayFinished", Played.FINISHED): Reason.ENDED,
}
_TABLE |= {(report, Played.ORDERED): Reason.NOT_STARTED for report in REPORTS}
_TABLE |= {(report, Played.PLAYING): Played.PLAYING for report in REPORTS}
_TABLE |= {(report, Played.PAUSED): Reason.NOT_PLAYING for report in REPORTS}
_TABLE |= {(report, Played.STOPPED): Reason.ENDED for report in REPORTS}
_TABLE |= {(report, Played.FINISHED): Reason.ENDED for report in REPORTS}
PLAY_EVENTS = tuple(dict.fromkeys(name for name, _ in _TABLE))
_BEGINNINGS = ("PlayStarted", "PlayResumed")
_ENDS = ("PlayStopped", "PlayFinished")
# What the context of an event must say of the player, where the moment leaves no doubt.
_ACTIVITY = {"PlayStarted": "PLAYING", "PlayResumed": "PLAYING", "PlayPaused": "PAUSED"}


@dataclass(slots=True, kw_only=True)
class Stream:
    """One stream that was ordered."""

    token: str
    item_id: str | None
    # As Play had it, and with what StreamDeliver added.
    ordered: Mapping[str, Any]
    merged: dict[str, Any]
    state: Played = Played.ORDERED
    # How many more times it may be started.
    starts: int = 1
    # Whether StreamRequested has come for the next start.
    requested: bool = False
    offset: int = 0
    progress: Progress = field(default_factory=lambda: Progress(0, {}))

    @property
    def is_playable(self) -> bool:
        """Whether Play's own address can be played."""
        return self.ordered.get("urlPlayable") is not False

    @property
    def window(self) -> tuple[float, float]:
        """First and last offset that may be played, in ms."""
        begin = _number(self.merged.get("beginAtInMilliseconds")) or 0.0
        duration = _number(self.merged.get("durationInMilliseconds"))
        return begin, begin + duration if duration else math.inf


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return max(0.0, float(value)) if is_number and math.isfinite(value) else None


def _offset(value: Any) -> int | None:
    """Return an event's offset in ms; None for what is none."""
    number = _number(value)
    return None if number is None or value < 0 else int(number)


def merge(stored: Mapping[str, Any], delivered: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream with what StreamDeliver says of it ("StreamDeliver", the table of remarks)."""
    merged = dict(stored)
    for key, value in delivered.items():
        before = merged.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(before, value)
        elif value is not None:
            merged[key] = value
    return merged


class PlaybackOrder:
    """Every stream of one client."""

    def __init__(self) -> None:
        """Have ordered none."""
        self._streams: OrderedDict[str, Stream] = OrderedDict()
        self._repeats = False

    @property
    def live(self) -> Stream | None:
        """The stream that plays or is paused."""
        return next((each for each in self._streams.values() if each.state in LIVE), None)

    def stream(self, token: Any) -> Stream | None:
        """Return what a token stands for."""
        return self._streams.get(token) if isinstance(token, str) else None

    # What is ordered

    def ordered(self, name: str, payload: Mapping[str, Any]) -> None:
        """Note a directive."""
        match name:
            case "AudioPlayer.Play":
                item = payload.get("audioItem")
                self._play(item if isinstance(item, Mapping) else {})
            case "AudioPlayer.StreamDeliver":
                self._deliver(payload)
            case "PlaybackController.Next" | "PlaybackController.Previous":
                self._may_start_again()
            case "PlaybackController.Replay":
                self._replay()
            case "PlaybackController.SetRepeatMode":
                self.repeat(one=payload.get("repeatMode") == "REPEAT_ONE")
            case "PlaybackController.TurnOnRepeatMode" | "PlaybackController.TurnOffRepeatMode":
                self.repeat(one=name == "PlaybackController.TurnOnRepeatMode")

    def _play(self, item: Mapping[str, Any]) -> None:
        """Note a Play's audioItem; one that is known already may be started once more."""
        stream, item_id = item.get("stream"), item.get("audioItemId")
        if not isinstance(stream, Mapping):
            return
        token = stream.get("token") or item_id
        if not isinstance(token, str):
            return
        known = self._streams.get(token)
        if known is None:
            self._streams[token] = Stream(
                token=token, item_id=item_id, ordered=stream, merged=dict(stream)
            )
        else:
            known.ordered, known.starts = stream, max(known.starts, 1)
            if known.state not in LIVE:
                known.merged = dict(stream)
        self._streams.move_to_end(token)
        while len(self._streams) > MAX_STREAMS:
            self._streams.popitem(last=False)

    def _deliver(self, payload: Mapping[str, Any]) -> None:
        """Note a StreamDeliver: by its id, else for the stream that was asked for last."""
        delivered = payload.get("audioStream", payload.get("stream"))
        if not isinstance(delivered, Mapping):
            return
        asked = [each for each in self._streams.values() if each.requested]
        item_id = payload.get("audioItemId")
        named = [each for each in asked if item_id is not None and each.item_id == item_id]
        for stream in (named or asked)[-1:]:
            stream.merged = merge(stream.ordered, delivered) | {"token": stream.token}

    def _may_start_again(self) -> None:
        """Note Next or Previous: what was played before may come again."""
        for stream in self._streams.values():
            stream.starts = max(stream.starts, 1)

    def _replay(self) -> None:
        """Note Replay: from its beginning, with or without another PlayStarted."""
        if (live := self.live) is not None:
            live.starts, live.requested = max(live.starts, 1), True
            self.seek()

    def seek(self) -> None:
        """Note that the user sought: the next offset may be anywhere in the window."""
        if (live := self.live) is not None:
            live.progress.seek()
            live.offset = 0

    def repeat(self, *, one: bool) -> None:
        """Note the repeat mode."""
        self._repeats = one

    def adopt(self, context: Mapping[str, Any]) -> None:
        """Begin with what a client says of itself: it may play since before the service began."""
        stream = context.get("stream")
        token = context.get("token") or (isinstance(stream, Mapping) and stream.get("token"))
        states = {each.name: each for each in (Played.PLAYING, Played.PAUSED, Played.STOPPED)}
        state = states.get(str(context.get("playerActivity")))
        if state is None or not isinstance(stream, Mapping) or not isinstance(token, str):
            return
        if token not in self._streams:
            known = Stream(token=token, item_id=None, ordered=stream, merged=dict(stream))
            known.state, known.starts = state, 0
            known.progress = Progress(0, wanted_reports(stream), sought=True)
            self._streams[token] = known

    # What happened

    def happened(
        self, name: str, payload: Mapping[str, Any], context: Mapping[str, Any] | None
    ) -> list[Finding]:
        """Judge one of the play events."""
        stream = self.stream(payload.get("token"))
        if stream is None:
            return [Finding(reason=Reason.UNKNOWN_TOKEN)]
        after = _TABLE[name, stream.state]
        if isinstance(after, Reason):
            return [Finding(reason=after, detail=f"it is {stream.state.value}")]
        offset = _offset(payload.get("offsetInMilliseconds"))
        if offset is None:
            return [Finding(reason=Reason.BAD_OFFSET)]
        found = [*self._judge_start(name, stream), *_judge_context(name, context)]
        if name == "PlayStarted":
            self._start(stream, offset)
        found += self._judge_offset(name, stream, offset)
        stream.state = after
        stream.offset = offset
        return found

    def _judge_start(self, name: str, stream: Stream) -> list[Finding]:
        if name not in _BEGINNINGS:
            return []
        found = []
        live = self.live
        if live is not None and live is not stream:
            found.append(Finding(reason=Reason.OTHER_PLAYS))
        if name == "PlayStarted":
            again = self._repeats and stream.state is Played.FINISHED
            if not stream.starts and not again:
                found.append(
                    Finding(reason=Reason.NOT_ORDERED, detail=f"it is {stream.state.value}")
                )
            if not stream.is_playable and not stream.requested:
                found.append(Finding(reason=Reason.STREAM_NOT_REQUESTED))
        return found

    def _start(self, stream: Stream, offset: int) -> None:
        stream.starts = max(0, stream.starts - 1)
        stream.requested = False
        stream.offset = offset
        stream.progress = Progress(offset, wanted_reports(stream.merged))

    def _judge_offset(self, name: str, stream: Stream, offset: int) -> list[Finding]:
        found = []
        begin, end = stream.window
        if not begin - TOLERANCE <= offset <= end + TOLERANCE:
            detail = f"{offset} is not from {begin:g} to {end:g}"
            found.append(Finding(reason=Reason.OUTSIDE_WINDOW, detail=detail))
        if offset < stream.offset - TOLERANCE:
            detail = f"{offset} after {stream.offset}"
            found.append(Finding(reason=Reason.BACKWARDS, detail=detail))
        if name in REPORTS:
            wrong = stream.progress.report(name, offset)
            found += [wrong] if wrong is not None else []
        elif name in _ENDS:
            found += stream.progress.missing(offset)
        return found

    def requested(self, payload: Mapping[str, Any]) -> list[Finding]:
        """Judge StreamRequested."""
        asked = payload.get("audioStream")
        token = asked.get("token") if isinstance(asked, Mapping) else None
        item_id = payload.get("audioItemId")
        stream = self.stream(token) or self.stream(item_id)
        if stream is None or stream.item_id not in (None, item_id):
            return [Finding(reason=Reason.UNKNOWN_TOKEN)]
        found = []
        if stream.is_playable:
            found.append(Finding(reason=Reason.STREAM_PLAYABLE))
        elif asked != stream.ordered and stream.item_id is not None:
            found.append(Finding(reason=Reason.STREAM_CHANGED))
        live = self.live
        if live is not None and live is not stream:
            found.append(Finding(reason=Reason.STREAM_EARLY))
        stream.requested = True
        return found

    def cleared(self, behavior: Any) -> list[Finding]:
        """Judge PlaybackQueueCleared (that it was asked for is judged elsewhere)."""
        is_wrong = behavior == "CLEAR_ALL" and self.live is not None
        return [Finding(reason=Reason.STILL_PLAYS)] if is_wrong else []

    def reported(self, payload: Mapping[str, Any]) -> list[Finding]:
        """Judge ReportPlaybackState by what the events before have told."""
        live = self.live
        activity = payload.get("playerActivity")
        told = {Played.PLAYING: "PLAYING", Played.PAUSED: "PAUSED"}
        expected = told[live.state] if live is not None else None
        if activity != expected and (expected is not None or activity in told.values()):
            return [Finding(reason=Reason.CONTEXT, detail=f"{activity} instead of {expected}")]
        if activity != "IDLE" and self.stream(payload.get("token")) is None:
            return [Finding(reason=Reason.UNKNOWN_TOKEN)]
        return []


def _judge_context(name: str, context: Mapping[str, Any] | None) -> list[Finding]:
    """Compare an event with the AudioPlayer.PlaybackState sent with it, if one was."""
    expected = _ACTIVITY.get(name)
    activity = context.get("playerActivity") if context is not None else None
    if expected is None or activity is None or activity == expected:
        return []
    return [Finding(reason=Reason.CONTEXT, detail=f"{activity}, not {expected}")]
