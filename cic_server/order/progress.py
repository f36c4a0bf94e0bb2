"""Progress reports of one play: which were due, and when (AudioPlayer, "AudioStreamInfoObject").

Delay and interval count from where the play started, position from the stream's beginning. All is judged by
the offsets the client reports, never by the server's clock: an offset says where the sound was.
After a seek or a replay only what was asked for is checked, since delay and interval count time, not places.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .reasons import Finding, Reason

# How far, in ms, a report may be off: clients learn positions from players, not the other way round.
TOLERANCE = 2_000
DELAY = "ProgressReportDelayPassed"
INTERVAL = "ProgressReportIntervalPassed"
POSITION = "ProgressReportPositionPassed"
REPORTS = (DELAY, INTERVAL, POSITION)
_FIELDS = {
    DELAY: "progressReportDelayInMilliseconds",
    INTERVAL: "progressReportIntervalInMilliseconds",
    POSITION: "progressReportPositionInMilliseconds",
}


def wanted_reports(stream: Mapping[str, Any]) -> dict[str, int]:
    """Return what a stream asks for, in ms, by event."""
    asked = stream.get("progressReport")
    if not isinstance(asked, Mapping):
        return {}
    found = {report: asked.get(name) for report, name in _FIELDS.items()}
    return {
        report: int(value)
        for report, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    }


@dataclass(slots=True)
class Progress:
    """The reports of one play, from PlayStarted to its end."""

    started: int
    wanted: dict[str, int]
    sought: bool = False
    # How many intervals were reported, and which of the others.
    intervals: int = 0
    reported: set[str] = field(default_factory=set)

    def seek(self) -> None:
        """From now on places say nothing about time, and a place can be passed again."""
        self.sought = True
        self.reported.discard(POSITION)

    def report(self, name: str, offset: int) -> Finding | None:
        """Judge a report."""
        value = self.wanted.get(name)
        if value is None:
            return Finding(reason=Reason.REPORT_NOT_WANTED)
        if name == INTERVAL:
            return self._interval(value, offset)
        if name in self.reported:
            return Finding(reason=Reason.REPORT_AGAIN)
        self.reported.add(name)
        due = value if name == POSITION else self.started + value
        if abs(offset - due) > TOLERANCE and not (self.sought and name == DELAY):
            return Finding(reason=Reason.REPORT_TIME, detail=f"at {offset}, due at {due}")
        return None

    def _interval(self, interval: int, offset: int) -> Finding | None:
        self.intervals += 1
        if self.sought:
            return None
        due = self.started + self.intervals * interval
        if abs(offset - due) <= TOLERANCE:
            return None
        # count on from here, so that one mistake is told once
        self.intervals = max(self.intervals, round((offset - self.started) / max(interval, 1)))
        return Finding(reason=Reason.REPORT_TIME, detail=f"at {offset}, due at {due}")

    def missing(self, offset: int) -> list[Finding]:
        """Return what had been due when the play has come so far."""
        if self.sought:
            return []
        found = []
        for name, value in self.wanted.items():
            match name:
                case x if x == INTERVAL:
                    due = self.started + (self.intervals + 1) * value
                case x if x == POSITION:
                    due = value
                case _:
                    due = self.started + value
            is_missing = name == INTERVAL or name not in self.reported
            # a place that lay behind the start, or on it, may never be passed
            is_ahead = due > self.started + TOLERANCE or name != POSITION
            if is_missing and is_ahead and offset > due + TOLERANCE:
                detail = f"{name} was due at {due}, now at {offset}"
                found.append(Finding(reason=Reason.REPORT_MISSING, detail=detail))
        return found
