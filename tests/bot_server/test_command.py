"""The command line: ready file, stop, restart, privacy."""

from pathlib import Path
import stat
import subprocess
import sys

from aiohttp import ClientSession
import pytest

from bot_server.__main__ import main
from bot_server.bot.words import SKILLS
from tests.bot_server.client import Caller, talk
from tests.bot_server.server import RunningBot, running_bot
from tests.child import ROOT


def test_words_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bot_server", "--words"])
    assert main() == 0
    printed = capsys.readouterr().out.splitlines()
    assert "remind me in 10 seconds" in printed
    # each is the example of its own line, and of no line before
    for number, example in enumerate(printed):
        assert [bool(line[0].fullmatch(example)) for line in SKILLS].index(True) == number


def test_taken_port_is_told(bot_server: RunningBot, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot_server", "--port", str(bot_server.port)]
    command += ["--data", str(tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "cannot run" in found.stderr


async def test_restart_keeps_keys_and_logs_nothing_private(tmp_path: Path) -> None:
    with running_bot(tmp_path) as first:
        async with ClientSession() as session:
            caller = Caller(session=session, bot=first, token=first.secret)
            spoken = await talk(caller, "3.0")
            await spoken.say("golden volcano")
            address = (await spoken.caller.get(spoken.path)).json["streamUrl"]
            async with session.ws_connect(address):
                # neither a stream nor the bot's reminder holds up the end
                await spoken.say("remind me")
                assert first.stop() == 0
    assert not (tmp_path / "ready.json").exists()
    log = (tmp_path / "bot.log").read_text()
    assert log.count(first.secret) == log.count(first.control_token) == 1  # in the greeting
    assert "volcano" not in log
    assert spoken.caller.token not in log
    keys = tmp_path / "data" / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    keys.write_text('{"secret": "kept"}')
    with running_bot(tmp_path, first.port) as second:
        assert (second.address, second.secret) == (first.address, "kept")
        assert second.control_token
