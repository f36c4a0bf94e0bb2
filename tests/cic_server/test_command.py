"""The command line: start, ready file, stop, restart, privacy of the log."""

from pathlib import Path
import stat
import subprocess
import sys
import time
from uuid import uuid4

from cic_server.accounts.ledger import Ledger
from cic_server.accounts.safe import Safe
from cic_server.skills.echo import WORDS
from tests.child import ROOT
from tests.cic_server.auth import asking
from tests.cic_server.client import CLOSING, Client, Control
from tests.cic_server.server import RunningServer, running_server
from tests.cic_server.speech import speech

KEYS = ("access_token", "control_token", "client_secret", "account_token")


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
    arguments = ("--verbose", "--no-partials", "--announce")
    with running_server(tmp_path, *arguments) as first:
        async with Client(first) as client, asking(first) as device:
            tokens = await device.sign_in()
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
    for secret in (*KEYS, "ca_sha256"):  # in the greeting
        assert log.count(getattr(first, secret)) == 1, secret
    for secret in ("access_token", "refresh_token"):
        assert tokens[secret] not in log
    assert "Announced:     no: --host is of this machine alone" in log
    assert "User-Agent is not of CIC's form: odd" in log
    assert "volcano" not in log
    assert "died" not in log
    with running_server(tmp_path, port=first.port) as second:
        assert second.address == first.address
        for key in (*KEYS, "client_id", "ca_sha256"):
            assert getattr(second, key) == getattr(first, key)
        async with Client(second, tokens["access_token"]) as client, asking(second) as device:
            await client.downchannel()
            assert await (await client.say_text("hello")).status == 200
            late = await device.sign_in()
        second.process.kill()
    # what a client was told outlives a kill, and the disk signs nobody in
    ledger = Ledger(time.time)
    file = tmp_path / "data" / "accounts.json"
    Safe(file, ledger).load()
    for issued in (tokens, late):
        assert ledger.use(issued["access_token"])
        assert ledger.of_refresh(issued["refresh_token"])
        assert issued["access_token"] not in file.read_text()
    assert ledger.account_of(second.account_token)
    for private in (file, tmp_path / "data" / "tokens.json", tmp_path / "data" / "ca.key"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
