"""The command line, and what its mistakes are called."""

from pathlib import Path

import pytest

from script.demo import __main__ as command
from script.demo.arguments import parse
from script.demo.sentences import BOT, CLOVA, DEFAULT, HOME_FIRST, Sentence


def test_nothing_asked_for_is_everything() -> None:
    options = parse([])
    assert options.sentences == DEFAULT
    assert options.whole_show
    assert options.transcript
    assert not options.once


def test_sentences_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = parse(["--say", " what time is it ", "--say", "sound/One.WAV", "--report", "r.json"])
    spoken, played = options.sentences
    assert spoken == Sentence(said="what time is it")
    assert (played.said, played.file) == ("One.WAV", tmp_path / "sound/One.WAV")
    assert options.report == tmp_path / "r.json"
    assert not options.whole_show


def test_to_whom_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = ["--say-to-bot", "menu", "--say", "menu", "--type-to-bot", "tea.wav"]
    options = parse([*said, "--say-to-bot", "tea.wav"])
    assert options.sentences == (
        Sentence(said="menu", to_bot=True),
        Sentence(said="menu"),
        Sentence(said="tea.wav", typed=True, to_bot=True),
        Sentence(said="tea.wav", file=tmp_path / "tea.wav", to_bot=True),
    )
    assert [one.pipeline for one in options.sentences] == [BOT, CLOVA, BOT, BOT]
    assert not options.whole_show


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--say", "  "], "there is nothing to say"),
        (["--type-to-bot", ""], "there is nothing to say"),
        (["--port", "0"], "0 is not a port"),
        (["--server-port", "eighty"], "eighty is not a port"),
        (["--port", "8123", "--server-port", "8123"], "are the same"),
        (["--text-delay", "soon"], "soon is not a number"),
        (["--text-delay", "-1"], "-1 is not a number"),
        (["--text-delay", "nan"], "nan is not a number"),
        (["--loud"], "--loud"),
    ],
)
def test_mistakes(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_bad_file_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    status = command.main(["--once", "--say", str(tmp_path / "no.wav"), "--state", str(state)])
    assert status == 1
    assert "There is no file" in capsys.readouterr().err
    assert not state.exists()


@pytest.mark.parametrize(
    ("said", "light", "pipeline"),
    [
        ("turn on the kitchen light", True, HOME_FIRST),
        ("Please switch off the kitchen light.", False, HOME_FIRST),
        ("turn on the bedroom light", None, CLOVA),
        ("what time is it", None, CLOVA),
    ],
)
def test_the_light_is_for_home(said: str, light: bool | None, pipeline: str) -> None:
    sentence = Sentence(said=said)
    assert sentence.light is light
    assert sentence.pipeline == pipeline
    to_bot = Sentence(said=said, to_bot=True)
    assert (to_bot.light, to_bot.pipeline) == (None, BOT)
