"""The command line: start, ready file, stop, restart, privacy of the log."""

from pathlib import Path
import subprocess
import sys
from uuid import uuid4

from cic_server.skills.echo import WORDS
from tests.cic_server.client import CLOSING, Client, Control
from tests.cic_server.server import ROOT, RunningServer, running_server
from tests.cic_server.speech import speech


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "cic_server", *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return found.stdout


def test_words_and_sentences_are_printed() -> None:
    assert run("--words").split() == list(WORDS)
    assert "what time is it" in run("--sentences").splitlines()


def test_taken_port_is_told(cic_server: RunningServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cic_server", "--port", str(cic_server.port)]
    command += ["--data", str(tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "cannot run" in found.stderr


async def test_restart_keeps_address_and_keys_and_logs_nothing_private(tmp_path: Path) -> None:
    spoken = "repeat after me golden volcano"
    with running_server(tmp_path, "--verbose", "--no-partials") as first:
        async with Client(first) as client:
            control = Control(client)
            assert (await control.call("GET", "/control/settings"))["partials"] is False
            channel = await client.downchannel(user_agent="odd")
            stream = await client.open_voice(str(uuid4()))
            await stream.send(speech(spoken))
            await channel.part("SpeechRecognizer.StopCapture")
            await stream.send(CLOSING, end=True)
            assert (await stream.part("Clova.RenderText")).payload["text"] == "golden volcano"
            await client.open_voice(str(uuid4()))
            # A downchannel and an upload are open: neither holds up the end.
            assert first.stop() == 0
        assert not (tmp_path / "ready.json").exists()
    log = (tmp_path / "server.log").read_text()
    assert log.count(first.access_token) == log.count(first.control_token) == 1  # the greeting
    assert "User-Agent is not of CIC's form: odd" in log
    assert "volcano" not in log
    assert "died" not in log
    with running_server(tmp_path, port=first.port) as second:
        assert second.address == first.address
        assert second.access_token == first.access_token
        assert second.control_token == first.control_token
        async with Client(second) as client:
            await client.downchannel()
            assert await (await client.say_text("hello")).status == 200
