"""`script/run` as a person types it."""

import json
import os
from pathlib import Path
import signal
import subprocess

import pytest

from script.demo.state import ROOT

# The whole of a first start, on a slow machine.
SECONDS = 240


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end; end it, and with it what it has started, when it takes too long."""
    command = [ROOT / "script" / "run", "--once", "--state", "state", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        pytest.fail(f"it took longer than {SECONDS} s:\n{output}\n{errors}")
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def processes_naming(folder: Path) -> list[str]:
    """Return the command lines of living processes that name a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(folder) in command:
                found.append(command)
    return found


@pytest.mark.timeout(SECONDS + 120)
def test_a_spoken_sum_and_two_words_with_the_bot(tmp_path: Path) -> None:
    to_bot = ("--say-to-bot", "hello", "--type-to-bot", "tea")
    done = run(tmp_path, "--say", "what is two plus three", *to_bot, "--report", "report.json")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    turn, spoken, typed = json.loads((tmp_path / "report.json").read_text())
    assert turn["said"] == "what is two plus three"
    assert turn["recognised"] == "what is two plus three"
    assert turn["answer"] == "2 plus 3 is 5."
    assert (turn["recognize_requests"], turn["executed_dialogs"]) == (1, 1)
    assert turn["report_requests"] == sum(turn["requests"].values()) - 1
    assert turn["sound_bytes"] == (tmp_path / "state" / "answers" / "01.mp3").stat().st_size > 0
    # the order of things, by the integration's own marks
    order = ["stop_capture", "claim", "first_directive"]
    assert [mark for mark in turn["marks"] if mark in order] == order
    # a short answer may be whole before anybody has heard of it
    assert {"first_sound", "done"} <= set(turn["marks"])
    # CIC hears and speaks, and executes nothing; what is typed it only speaks
    assert (spoken["recognised"], spoken["answer"]) == ("hello", "You said: hello")
    assert (spoken["recognize_requests"], spoken["executed_dialogs"]) == (1, 0)
    assert (typed["recognised"], typed["answer"]) == (None, "You said: tea")
    assert typed["recognize_requests"] == 0
    for one in (spoken, typed):
        assert one["requests"]["SpeechSynthesizer.Request"] == 1
        assert one["sound_bytes"] > 0
    assert [one["problems"] for one in (turn, spoken, typed)] == [[], [], []]
    everything = done.stdout + done.stderr
    for secrets in ("cic_server/tokens.json", "bot_server/keys.json"):
        kept = json.loads((tmp_path / "state" / secrets).read_text())
        assert not any(secret in everything for secret in kept.values())
    assert processes_naming(tmp_path) == []


@pytest.mark.timeout(SECONDS + 120)
def test_music_by_voice(tmp_path: Path) -> None:
    said = ("play music", "next", "stop")
    arguments = [word for text in said for word in ("--say", text)]
    done = run(tmp_path, *arguments, "--report", "report.json")
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    begun, skipped, stopped = json.loads((tmp_path / "report.json").read_text())
    assert [turn["recognised"] for turn in (begun, skipped, stopped)] == list(said)
    assert begun["answer"] == "Playing Jazz."
    assert not skipped["answer"]
    # a file as long as what was played of it
    assert (tmp_path / "state" / "mpd" / "heard.wav").stat().st_size > 44_100
    assert processes_naming(tmp_path) == []
