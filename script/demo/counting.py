"""What the server's own log says of one command."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RECOGNIZE = ("SpeechRecognizer.Recognize", "TextRecognizer.Recognize")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Requests of one command, and what became of its dialogs."""

    # By full name.
    events: dict[str, int]
    # Of Recognize requests, by outcome.
    outcomes: dict[str, int]
    # What the server understood.
    transcript: str | None
    # The dialog's times at the server, in ms from its first byte.
    marks: dict[str, float]

    @property
    def recognize_requests(self) -> int:
        """Requests that carry what the user said."""
        return sum(self.events.get(name, 0) for name in RECOGNIZE)

    @property
    def report_requests(self) -> int:
        """All others: states that were reported, texts to be spoken."""
        return sum(self.events.values()) - self.recognize_requests

    @property
    def is_settled(self) -> bool:
        """Tell whether the server has finished with every Recognize it was sent."""
        return sum(self.outcomes.values()) >= self.recognize_requests


def count(entries: Iterable[Mapping[str, Any]], until: int | None = None) -> Counts:
    """Count requests up to an entry's number, and what became of them, then or later."""
    entries = list(entries)
    events = Counter(
        _full_name(entry)
        for entry in entries
        if entry["kind"] == "event" and (until is None or entry["seq"] <= until)
    )
    dialogs = [
        entry for entry in entries if entry["kind"] == "dialog" and _full_name(entry) in RECOGNIZE
    ]
    last = dialogs[-1] if dialogs else {}
    return Counts(
        events=dict(events),
        outcomes=dict(Counter(dialog["outcome"] for dialog in dialogs)),
        transcript=last.get("transcript"),
        marks=_from_start(last.get("marks") or {}),
    )


def is_said(entries: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether every text that was to be spoken has been, from its beginning to its end.

    A sound that Home Assistant has kept is not asked for, and nothing is told of it.
    """
    requests, begun, ended = 0, set(), set()
    for entry in entries:
        if entry["kind"] != "event":
            continue
        match _full_name(entry):
            case "SpeechSynthesizer.Request":
                requests += 1
            case "SpeechSynthesizer.SpeechStarted":
                begun.add(entry["payload"]["token"])
            case "SpeechSynthesizer.SpeechFinished" | "SpeechSynthesizer.SpeechStopped":
                ended.add(entry["payload"]["token"])
    return len(begun) >= requests and begun <= ended


def _full_name(entry: Mapping[str, Any]) -> str:
    return f"{entry['namespace']}.{entry['name']}"


def _from_start(marks: Mapping[str, float | None]) -> dict[str, float]:
    start = marks.get("upload_start")
    if start is None:
        return {}
    return {name: round(at - start, 1) for name, at in marks.items() if at is not None}
