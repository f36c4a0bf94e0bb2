"""What is told of each command: on the screen and in the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path
from typing import Any

from .counting import Counts
from .failure import Failure
from .hearing import Heard


@dataclass(slots=True, kw_only=True)
class Turn:
    """One command and all that was seen of it."""

    said: str
    pipeline: str
    heard: Heard
    counts: Counts
    # The integration's own times, in ms from when speech-to-text was called.
    marks: dict[str, float]
    outcome: str | None
    sound_file: Path
    typed: bool = False
    light: str | None = None
    # What the player did afterwards, and whether it was to.
    player: str | None = None
    is_player_right: bool = True
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the report's entry; all times in milliseconds."""
        return {
            "said": self.said,
            "typed": self.typed,
            "pipeline": self.pipeline,
            "recognised": self.heard.recognised,
            "answer": self.heard.answer,
            "asks_back": self.heard.asks_back,
            "sound_bytes": self.heard.sound_bytes,
            "sound_file": str(self.sound_file) if self.heard.sound_bytes else None,
            "recognize_requests": self.counts.recognize_requests,
            "report_requests": self.counts.report_requests,
            "requests": self.counts.events,
            "executed_dialogs": self.counts.outcomes.get("executed", 0),
            "reset_dialogs": self.counts.outcomes.get("reset", 0),
            "understood_by_server": self.counts.transcript,
            "outcome": self.outcome,
            "light": self.light,
            "player": self.player,
            "marks": self.marks,
            "client_marks": self.heard.marks,
            "server_marks": self.counts.marks,
            "problems": self.problems,
        }

    def as_text(self) -> str:
        """Return what a person wants to see of it."""
        heard, counts = self.heard, self.counts
        dialogs = ", ".join(f"{number} {what}" for what, number in counts.outcomes.items())
        answer = " ".join((heard.answer or "").split())
        others = f"{counts.report_requests} others"
        lines = [
            f"{'typed' if self.typed else 'said':<11} {self.said}   ({self.pipeline})",
            f"recognised  {heard.recognised or '-'}",
            f"answered    {answer or '-'}{'   (asks back)' if heard.asks_back else ''}",
            f"sound       {self._sound()}",
            f"requests    {counts.recognize_requests} Recognize ({dialogs or 'none'}), {others}",
            f"client      {_times(heard.marks)}",
            f"integration {_times(self.marks)}",
        ]
        if self.light is not None:
            lines.append(f"light       {self.light}")
        if self.player is not None:
            lines.append(f"player      {self.player}")
        if (wait := self.wait_for_sound) is not None:
            lines.append(f"            first sound {wait:.0f} ms after the last word")
        lines += [f"PROBLEM     {problem}" for problem in self.problems]
        return "\n".join(f"   {line}" for line in lines)

    def _sound(self) -> str:
        size = self.heard.sound_bytes
        return f"{size} bytes in {self.sound_file}" if size else "-"

    @property
    def wait_for_sound(self) -> float | None:
        """From the last word to the first sound of the answer, in ms."""
        marks = self.heard.marks
        if "speech_end" not in marks or "first_sound" not in marks:
            return None
        return marks["first_sound"] - marks["speech_end"]


def _times(marks: dict[str, float]) -> str:
    in_order = sorted(marks.items(), key=lambda item: item[1])
    return "  ".join(f"{name} {at:.0f}" for name, at in in_order) + " ms" if marks else "-"


def write(path: Path, turns: Sequence[Turn]) -> None:
    """Write the report; raises Failure."""
    content = json.dumps([turn.as_dict() for turn in turns], indent=2, ensure_ascii=False)
    try:
        path.write_text(content + "\n")
    except OSError as err:
        raise Failure(f"The report {path} cannot be written: {err.strerror}.") from err
