"""What the server's log says of a command."""

from typing import Any

import pytest

from script.demo.counting import count, is_said


class Log:
    """Entries as the control interface gives them."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, kind: str, name: str = "", **fields: Any) -> None:
        namespace, _, short = name.partition(".")
        entry = {"seq": len(self.entries) + 1, "kind": kind, "namespace": namespace, "name": short}
        self.entries.append(entry | fields)


def test_one_command() -> None:
    log = Log()
    log.add("event", "SpeechRecognizer.Recognize")
    log.add("event", "SpeechSynthesizer.SpeechStarted")
    marks = {"upload_start": 1000.0, "stop_capture": 1500.25, "first_part": None}
    log.add(
        "dialog",
        "SpeechRecognizer.Recognize",
        outcome="executed",
        transcript="what time is it",
        marks=marks,
    )
    counts = count(log.entries)
    assert counts.recognize_requests == 1
    assert counts.report_requests == 1
    assert counts.outcomes == {"executed": 1}
    assert counts.transcript == "what time is it"
    assert counts.marks == {"upload_start": 0.0, "stop_capture": 500.2}
    assert counts.is_settled


def test_typed_text_counts_as_recognition() -> None:
    log = Log()
    log.add("event", "TextRecognizer.Recognize")
    counts = count(log.entries)
    assert counts.recognize_requests == 1
    assert not counts.is_settled


def test_texts_to_be_spoken_are_no_recognition() -> None:
    log = Log()
    log.add("event", "SpeechRecognizer.Recognize")
    log.add("dialog", "SpeechRecognizer.Recognize", outcome="reset", transcript="light on")
    log.add("event", "SpeechSynthesizer.Request")
    log.add("dialog", "SpeechSynthesizer.Request", outcome="executed", transcript=None)
    counts = count(log.entries)
    assert (counts.recognize_requests, counts.report_requests) == (1, 1)
    assert counts.outcomes == {"reset": 1}
    assert counts.transcript == "light on"


@pytest.mark.parametrize("end", ["SpeechFinished", "SpeechStopped"])
def test_a_text_is_said_once_its_own_end_is_told(end: str) -> None:
    log = Log()
    assert is_said(log.entries)
    log.add("event", "SpeechSynthesizer.Request", payload={"text": "hello"})
    assert not is_said(log.entries)
    # of an earlier answer
    log.add("event", "SpeechSynthesizer.SpeechFinished", payload={"token": "earlier"})
    assert not is_said(log.entries)
    log.add("directive", "SpeechSynthesizer.Speak")
    log.add("event", "SpeechSynthesizer.SpeechStarted", payload={"token": "hello"})
    assert not is_said(log.entries)
    log.add("event", f"SpeechSynthesizer.{end}", payload={"token": "hello"})
    assert is_said(log.entries)


def test_later_requests_do_not_count_but_ends_do() -> None:
    log = Log()
    log.add("event", "SpeechRecognizer.Recognize")
    log.add("downchannel_closed")
    log.add("event", "AudioPlayer.ProgressReportPositionPassed")
    log.add("dialog", "SpeechRecognizer.Recognize", outcome="executed")
    counts = count(log.entries, until=2)
    assert counts.events == {"SpeechRecognizer.Recognize": 1}
    assert counts.outcomes == {"executed": 1}
    assert counts.marks == {}


def test_an_empty_log() -> None:
    counts = count([])
    assert (counts.recognize_requests, counts.report_requests) == (0, 0)
    assert counts.is_settled
