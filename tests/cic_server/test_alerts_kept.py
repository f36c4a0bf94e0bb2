"""Alerts outlive the service: stopped or killed, started again on the same folder and port."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json
from pathlib import Path
import socket
import stat
from typing import Any
import urllib.request

import pytest

from cic_server.alerts.book import Alert, AlertBook
from cic_server.alerts.shelf import MAX_BYTES, Shelf
from cic_server.alerts.stored import KEPT_FOR
from cic_server.dialogs import MAX_CLIENTS, Memory
from cic_server.music.addresses import Addresses, Grants
from cic_server.remote import Remote
from cic_server.settings import Settings
from tests.cic_server.client import Client, Control
from tests.cic_server.mp3 import frames_in
from tests.cic_server.server import RunningServer, start_server
from tests.cic_server.test_alerts import book, order, reference, set_in
from tests.cic_server.test_music import Device, names

NAME = "kitchen"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Mortal:
    """A service of the test's own, and its folder."""

    folder: Path
    server: RunningServer

    @property
    def files(self) -> list[Path]:
        return sorted((self.folder / "data" / "alerts").glob("*.json"))

    @property
    def lines(self) -> list[str]:
        """What it has logged of alerts."""
        log = (self.folder / "server.log").read_text().splitlines()
        return [line for line in log if "alerts" in line or "things" in line]

    def begin_again(self, *arguments: str, kill: bool = True) -> None:
        self.end(kill=kill)
        self.start(*arguments)

    def end(self, *, kill: bool = True) -> None:
        if kill:
            self.server.process.kill()
        self.server.stop()

    def start(self, *arguments: str) -> None:
        self.server = start_server(self.folder, "--lazy", *arguments, port=self.server.port)

    @contextlib.asynccontextmanager
    async def device(self, name: str = NAME) -> AsyncIterator[Device]:
        """Connect a client, under the same name each time."""
        client = Client(self.server)
        client.name, client.token = name, f"{client.token}.{name}"
        async with client:
            device = Device(client, Control(client))
            await device.open()
            yield device


@pytest.fixture
def mortal(tmp_path: Path, socket_enabled: None) -> Any:
    mortal = Mortal(tmp_path, start_server(tmp_path, "--lazy"))
    yield mortal
    mortal.end()


async def standing(device: Device) -> list[dict[str, Any]]:
    [everything] = await device.tell("Alerts.RequestSynchronizeAlert")
    return everything.payload["allAlerts"]


async def confirmed(device: Device, text: str) -> dict[str, Any]:
    """Ask for an alert, and confirm it."""
    alert = set_in(await device.say(text))
    await device.tell("Alerts.SetAlertSucceeded", **reference(alert))
    return alert


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
async def test_whatever_is_set_is_set_afterwards(mortal: Mortal, kill: bool) -> None:
    async with mortal.device() as device:
        timer = await confirmed(device, "set a timer for five minutes")
        alarm = await confirmed(device, "wake me every day at seven")
        reminder = await confirmed(device, "remind me in ten minutes to call mum")
        by_app = await order(device, seconds=700, text="tea", repeat=["monday", "sunday"])
        gone = await order(device, seconds=900)
        body = {"client": NAME, "token": gone["token"]}
        await device.control.call("DELETE", "/control/alerts", body)
        before = await book(device)
        unanswered = set_in(await device.say("in one minute play music"))
        mortal.end(kill=kill)
    mortal.start()
    expected = [timer, alarm, reminder, by_app, unanswered]
    async with mortal.device() as device:
        assert (await book(device))[: len(before)] == before
        found = await standing(device)
        assert {each["token"]: each for each in found} == {each["token"]: each for each in expected}
        for alert in (reminder, by_app):
            said = urllib.request.urlopen(alert["assets"][1]["url"]).read()
            assert frames_in(said) > 5
        # It goes on where it was: what waits is confirmed aloud, what repeats comes again.
        words = await device.tell("Alerts.SetAlertSucceeded", **reference(unanswered))
        assert "Clova.RenderTemplate" in names(words)
        await device.tell("Alerts.DeleteAlertSucceeded", **reference(gone))
        for name in ("AlertStarted", "AlertStopped"):
            last = await device.tell(f"Alerts.{name}", **reference(alarm))
        assert set_in(last)["scheduledTime"][11:] == alarm["scheduledTime"][11:]
        await device.tell("Alerts.AlertStarted", **reference(unanswered))
        done = names(await device.tell("Alerts.AlertStopped", **reference(unanswered)))
        assert "AudioPlayer.Play" in done
        assert await device.illegal() == []


async def test_the_end_is_kept_too(mortal: Mortal) -> None:
    async with mortal.device() as device:
        alarm = await confirmed(device, "set a timer for five minutes")
        for name in ("AlertStarted", "AlertStopped", "DeleteAlertSucceeded"):
            await device.tell(f"Alerts.{name}", **reference(alarm))
        assert mortal.files == []
    mortal.begin_again()
    async with mortal.device() as device:
        assert await standing(device) == []


async def test_another_restart_and_another_port(mortal: Mortal) -> None:
    """What is said lies where music lies now; who asks is told so."""
    async with mortal.device() as device:
        before = await confirmed(device, "remind me in ten minutes to call mum")
    mortal.begin_again()
    mortal.end()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    mortal.start("--media-port", str(port))
    async with mortal.device() as device:
        [after] = await standing(device)
        bell, speech = after["assets"]
        assert bell == before["assets"][0]
        assert speech["url"] != before["assets"][1]["url"]
        assert speech["url"].startswith(f"http://127.0.0.1:{port}/said/")
        assert frames_in(urllib.request.urlopen(speech["url"]).read()) > 5
        assert after | {"assets": None} == before | {"assets": None}


async def test_what_is_long_past(mortal: Mortal) -> None:
    """What repeats is set for its next time, though the last one's end is told only now."""
    past = datetime.now(UTC).replace(microsecond=0) - KEPT_FOR - timedelta(hours=2)
    async with mortal.device() as device:
        daily = await order(device, scheduledTime=past.isoformat(), repeat="daily")
        late = await order(device, type="TIMER", seconds=5)
    mortal.end()
    [file] = mortal.files
    content = json.loads(file.read_text())
    content["alerts"][1]["moment"] = past.isoformat()
    file.write_text(json.dumps(content))
    mortal.start()
    following = (past + timedelta(days=1)).isoformat()
    async with mortal.device() as device:
        [alert] = await standing(device)
        assert alert == daily | {"scheduledTime": following}
        for each in (daily, late):
            await device.tell("Alerts.AlertStarted", **reference(each))
        again = set_in(await device.tell("Alerts.AlertStopped", **reference(daily)))
        assert again["scheduledTime"] == following
        [end] = await device.tell("Alerts.AlertStopped", **reference(late))
        assert (end.name, end.payload) == ("Alerts.DeleteAlert", reference(late))
        await device.tell("Alerts.SetAlertSucceeded", **reference(daily))
        await device.tell("Alerts.DeleteAlertSucceeded", **reference(late))
        assert await device.illegal() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"version": 2, "client": "kitchen", "alerts": [], "said": {}}',
        b'{"version": 1, "client": "somebody else", "alerts": [], "said": {}}',
        b" " * MAX_BYTES + b"{}",
    ],
    ids=["empty", "no text", "deep", "newer", "another's", "long"],
)
async def test_what_cannot_be_read_is_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    file = Shelf(tmp_path, lambda: NOON)._file(NAME)
    file.write_bytes(content)
    assert list(Shelf(tmp_path, lambda: NOON).load(MAX_CLIENTS)) == []
    [line] = caplog.messages
    assert "are forgotten" in line
    assert not file.exists()


async def test_the_rest_of_a_broken_file_is_kept(mortal: Mortal) -> None:
    async with mortal.device() as device:
        alarms = [await order(device, seconds=600 + number) for number in range(6)]
        await order(device, seconds=700, text="tea")
    async with mortal.device("bedroom") as device:
        await confirmed(device, "set a timer for five minutes")
    mortal.end()
    for file in mortal.files:
        content = json.loads(file.read_text())
        if content["client"] == NAME:
            broken = content["alerts"]
            broken[0] = None
            broken[1]["state"] = "asleep"
            broken[2]["span"] = 1e300
            broken[3]["zone"] = "Nowhere/At_All"
            broken[4]["days"] = ["someday"]
            content["said"] = dict.fromkeys(content["said"])
            file.write_text(json.dumps(content))
        else:
            file.write_text("alarm")
    mortal.start()
    async with mortal.device() as device:
        assert await standing(device) == [alarms[5], (await book_payloads(device))[1]]
    async with mortal.device("bedroom") as device:
        assert await standing(device) == []
        timer = await confirmed(device, "set a timer for five minutes")
    assert len(mortal.lines) == 2
    mortal.begin_again()
    async with mortal.device("bedroom") as device:
        assert await standing(device) == [timer]


async def book_payloads(device: Device) -> list[dict[str, Any]]:
    keys = ("token", "type", "scheduledTime", "assets", "assetPlayOrder")
    return [{key: each[key] for key in keys if key in each} for each in await book(device)]


async def test_clients_without_alerts_have_no_file(mortal: Mortal) -> None:
    for name in ("one", "two"):
        async with mortal.device(name) as device:
            assert await standing(device) == []
            await device.say("what time is it")
    assert mortal.files == []
    async with mortal.device() as device:
        alert = await confirmed(device, "set a timer for five minutes")
        [file] = mortal.files
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        [deleted] = await device.tell("Alerts.RequestDeleteAlert", **reference(alert))
        await device.tell("Alerts.DeleteAlertSucceeded", **deleted.payload)
        assert mortal.files == []


def remote_with(*tokens: str) -> Remote:
    remote = Remote(alerts=AlertBook())
    for token in tokens:
        payload = {"token": token, "type": "ALARM", "scheduledTime": NOON.isoformat()}
        remote.alerts.add(Alert(payload=payload, moment=NOON))
    return remote


async def test_the_shelf_is_bounded(tmp_path: Path) -> None:
    """So many books, those written last; whoever is forgotten leaves none behind."""
    folder = tmp_path / "alerts"
    shelf = Shelf(folder, lambda: NOON)
    for number in range(4):
        await shelf.settled(str(number), remote_with("a"))
    (folder / "left over.json.new").write_text("")
    shelf.forget("3")
    await shelf.close()
    assert [each.client for each in Shelf(folder, lambda: NOON).load(2)] == ["1", "2"]
    assert len(list(folder.iterdir())) == 2


async def test_a_book_that_has_not_changed_is_not_written(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, lambda: NOON)
    remote = remote_with("a")
    await shelf.settled(NAME, remote)
    [file] = tmp_path.iterdir()
    file.unlink()
    await shelf.settled(NAME, remote)
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_refuses_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "alerts").write_text("in the way")
    shelf = Shelf(tmp_path / "alerts", lambda: NOON)
    remote = remote_with("a")
    await shelf.settled(NAME, remote)
    assert caplog.messages == ["Alerts could not be kept: FileExistsError"]
    (tmp_path / "alerts").unlink()
    remote.alerts.add(Alert(payload={"token": "b"}))
    await shelf.settled(NAME, remote)
    assert [len(each.alerts) for each in Shelf(tmp_path / "alerts", lambda: NOON).load(9)] == [2]


def test_clients_with_alerts_are_remembered_longest() -> None:
    forgotten: list[str] = []
    grants = Grants(lambda: 0.0, lambda: 60.0)

    def addresses(client: str) -> Addresses:
        return Addresses(base="http://localhost", client=client, grants=grants)

    memory = Memory(addresses, Settings, lambda: NOON, forgotten.append)
    memory.of("0").remote.alerts.add(Alert(payload={"token": "a"}))
    for number in range(1, MAX_CLIENTS + 2):
        memory.of(str(number))
    assert forgotten == ["1", "2"]
    for client in memory.clients.values():
        client.remote.alerts.add(Alert(payload={"token": "a"}))
    memory.of("new")
    assert forgotten[2:] == ["0"]
