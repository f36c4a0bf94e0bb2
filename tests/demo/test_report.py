"""What is told of a command, and when it counts as one that worked."""

import json
from pathlib import Path
from typing import Any

import pytest

from script.demo.counting import Counts
from script.demo.failure import Failure
from script.demo.hearing import Heard
from script.demo.judging import Answerer, problems
from script.demo.player import Expected
from script.demo.report import Turn, write
from script.demo.sentences import Sentence

SUM = Sentence(said="what is two plus three", answer=r"\b5\b")
LIGHT = Sentence(said="turn on the kitchen light")
MENU = Sentence(said="menu", to_bot=True, answer=r"drink\?")
TYPED = Sentence(said="menu", typed=True, to_bot=True, answer=r"drink\?")


def counts(recognize: int = 1, **outcomes: int) -> Counts:
    events = {"SpeechRecognizer.Recognize": recognize, "SpeechSynthesizer.Request": 2}
    return Counts(events=events, outcomes=outcomes, transcript="heard", marks={})


def turn(found: Counts, *, light: str | None = None, **heard: Any) -> Turn:
    heard = {"recognised": "heard", "answer": "2 plus 3 is 5.", "sound_bytes": 800} | heard
    return Turn(
        said="said",
        pipeline="CLOVA",
        heard=Heard(**heard),
        counts=found,
        marks={"claim": 12.5},
        outcome="answered",
        sound_file=Path("01.mp3"),
        light=light,
    )


def test_the_report_is_a_list_of_turns(tmp_path: Path) -> None:
    first = turn(counts(executed=1), marks={"speech_end": 900.0, "first_sound": 1100.5})
    first.problems.append("too quiet")
    write(tmp_path / "report.json", [first, turn(counts(reset=1), sound_bytes=0)])
    one, two = json.loads((tmp_path / "report.json").read_text())
    assert one["said"] == "said"
    assert one["recognised"] == "heard"
    assert one["answer"] == "2 plus 3 is 5."
    assert (one["sound_bytes"], one["sound_file"]) == (800, "01.mp3")
    assert (one["recognize_requests"], one["report_requests"]) == (1, 2)
    assert (one["executed_dialogs"], one["reset_dialogs"]) == (1, 0)
    assert one["marks"] == {"claim": 12.5}
    assert one["client_marks"]["first_sound"] == 1100.5
    assert one["problems"] == ["too quiet"]
    assert (two["sound_file"], two["reset_dialogs"]) == (None, 1)


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written"):
        write(tmp_path / "none" / "report.json", [])


def test_the_text_shows_what_matters() -> None:
    shown = turn(counts(executed=1), marks={"speech_end": 900.0, "first_sound": 1100.5})
    shown.problems.append("too quiet")
    text = shown.as_text()
    for part in ("2 plus 3 is 5.", "800 bytes", "1 Recognize (1 executed), 2 others"):
        assert part in text
    assert "first sound 200 ms after the last word" in text
    assert "PROBLEM     too quiet" in text
    typed = turn(counts(0), answer="Which?\n1. Tea, 2. Water", asks_back=True)
    typed.typed = True
    text = typed.as_text()
    for part in ("typed       said", "Which? 1. Tea, 2. Water   (asks back)", "0 Recognize (none)"):
        assert part in text


def test_nothing_wrong() -> None:
    assert problems(turn(counts(executed=1)), SUM, Answerer.CLOUD) == []
    at_home = turn(counts(reset=1), light="on", answer="Turned on the light")
    assert problems(at_home, LIGHT, Answerer.HOME) == []


def test_the_bot_answers() -> None:
    asked = "What would you like to drink?"
    assert problems(turn(counts(reset=1), answer=asked), MENU, Answerer.BOT) == []
    assert problems(turn(counts(0), answer=asked), TYPED, Answerer.BOT) == []


@pytest.mark.parametrize(
    ("sentence", "found", "heard", "complaint"),
    [
        (MENU, counts(reset=1), {"answer": "Hello."}, "not what was expected"),
        (MENU, counts(reset=1), {"sound_bytes": 0}, "no sound"),
        (MENU, counts(reset=1), {"is_error_answer": True}, "the answer is an error"),
        (MENU, counts(), {}, "not taken back"),
        (MENU, counts(executed=1, reset=1), {}, "that the bot had answered"),
        (MENU, counts(0), {}, "0 Recognize requests instead of 1"),
        (TYPED, counts(reset=1), {}, "1 Recognize requests instead of 0"),
        (Sentence(said="menu", typed=True), counts(0), {"answer": ""}, "the bot did not answer"),
    ],
)
def test_wrong_with_the_bot(
    sentence: Sentence, found: Counts, heard: dict[str, Any], complaint: str
) -> None:
    heard = {"answer": "What would you like to drink?"} | heard
    assert any(
        complaint in problem for problem in problems(turn(found, **heard), sentence, Answerer.BOT)
    )


def test_orders_can_be_answer_enough() -> None:
    pause = Sentence(said="pause", player=Expected(state="pause"))
    silent = turn(counts(executed=1), sound_bytes=0, answer=None)
    assert problems(silent, pause, Answerer.CLOUD) == []
    silent.player, silent.is_player_right = "play   Blue Wave, at 3.0 s", False
    [problem] = problems(silent, pause, Answerer.CLOUD)
    assert problem.endswith("play   Blue Wave, at 3.0 s")


@pytest.mark.parametrize(
    ("found", "heard", "complaint"),
    [
        (counts(executed=1), {"error": "stt-stream-failed: no"}, "stt-stream-failed"),
        (counts(executed=1), {"is_error_answer": True}, "the answer is an error"),
        (counts(executed=1), {"sound_bytes": 0}, "no sound"),
        (counts(executed=1), {"answer": "2 plus 3 is 50."}, "not what was expected"),
        (counts(executed=1), {"answer": None}, "not what was expected"),
        (counts(2, executed=1), {}, "2 Recognize requests"),
        (counts(reset=1), {}, "did not execute"),
        (counts(executed=2), {}, "did not execute the command once"),
    ],
)
def test_wrong_in_the_cloud(found: Counts, heard: dict[str, Any], complaint: str) -> None:
    (problem,) = problems(turn(found, **heard), SUM, Answerer.CLOUD)
    assert complaint in problem


@pytest.mark.parametrize(
    ("found", "light", "complaint"),
    [
        (counts(reset=1), "off", "the kitchen light is off, not on"),
        (counts(executed=1, reset=1), "on", "executed 1 dialog"),
        (counts(), "on", "not taken back"),
    ],
)
def test_wrong_at_home(found: Counts, light: str, complaint: str) -> None:
    (problem,) = problems(turn(found, light=light), LIGHT, Answerer.HOME)
    assert complaint in problem
