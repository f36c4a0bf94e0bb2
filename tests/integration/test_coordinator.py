"""The connection's life as its owner sees it, and what comes down it."""

import asyncio
from datetime import timedelta
import logging
from pathlib import Path

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic import coordinator as coordinator_module
from custom_components.clova_cic.cic import CicError, Client, Directive
from custom_components.clova_cic.cic.errors import StatusError, UnauthorizedError
from custom_components.clova_cic.cic.interfaces.text_recognizer import Recognize
from custom_components.clova_cic.const import DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator, Link
from custom_components.clova_cic.failures import NotConnectedError
from custom_components.clova_cic.settings import endpoint, identity
from custom_components.clova_cic.tls import async_client_context
from tests.peer.frames import FramePeer, frame_server, goaway
from tests.peer.scripted import ScriptedCic, greet

from .conftest import SetUp, data_for_peer
from .service import CicService, directive, until

EVENT = "event.test_cloud_directive"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log tells users of the connection."""
    return [
        record.message
        for record in caplog.records
        if record.levelno >= logging.INFO and "The connection of" in record.message
    ]


def hurry(coordinator: CicCoordinator) -> None:
    """Make the pauses between attempts short."""
    coordinator._reconnector._backoff.uniform = lambda least, most: 0.3


async def test_lost_and_back(
    hass: HomeAssistant,
    mortal_cic: CicService,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
) -> None:
    coordinator = await set_up(mortal_cic)
    hurry(coordinator)
    await mortal_cic.stop(kill=True)
    await until(lambda: not coordinator.connected)
    await until(lambda: coordinator.counters.events["failed"] > 3)
    assert hass.states.get(EVENT).state == STATE_UNAVAILABLE
    with pytest.raises(NotConnectedError):
        _ = coordinator.client
    (lost,) = lines(caplog)
    assert lost == "The connection of Test cloud is lost: The connection was lost"
    assert coordinator.counters.last_error["kind"] == "UnreachableError"
    await mortal_cic.start()
    await until(lambda: coordinator.connected)
    assert hass.states.get(EVENT).state != STATE_UNAVAILABLE
    assert coordinator.client.usable
    assert lines(caplog) == [lost, "The connection of Test cloud is back"]


async def test_token_refused_while_running(
    hass: HomeAssistant, mortal_cic: CicService, set_up: SetUp
) -> None:
    """One request for a new token, however often the old one is refused."""
    coordinator = await set_up(mortal_cic)
    hurry(coordinator)
    await mortal_cic.stop()
    await asyncio.to_thread(Path.unlink, mortal_cic.folder / "data" / "tokens.json")
    await mortal_cic.start()
    await until(lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN))
    failed = coordinator.counters.events["failed"]
    await until(lambda: coordinator.counters.events["failed"] > failed + 2)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    hass.config_entries.flow.async_abort(flow["flow_id"])
    failed = coordinator.counters.events["failed"]
    await until(lambda: coordinator.counters.events["failed"] > failed + 2)
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert coordinator.counters.last_error["kind"] == "UnauthorizedError"
    assert coordinator.counters.last_error["status"] == 401


async def test_errors_of_turns_are_noted(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    coordinator.note_error(StatusError(500, "what the user said"))
    assert coordinator.counters.last_error["status"] == 500
    assert "user" not in str(coordinator.counters.last_error)
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    coordinator.note_error(UnauthorizedError(401))
    coordinator.note_error(UnauthorizedError(401))
    await hass.async_block_till_done()
    assert len(hass.config_entries.flow.async_progress_by_handler(DOMAIN)) == 1


async def test_downchannel_asked_for_twice(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """Another connection of the same client a moment ago: refused, and then not."""
    other = await another_client(hass, cic)
    coordinator = await set_up(cic)
    assert coordinator.connected
    assert coordinator.counters.last_error["kind"] == "TooManyRequestsError"
    assert not lines(caplog)
    await other.close()


async def another_client(hass: HomeAssistant, cic: CicService) -> Client:
    """Connect as the same client beside the entry."""
    context = await async_client_context(hass, cic.ca_certificate)
    callbacks = coordinator_module.Callbacks(
        context=list, directive=lambda *_: None, malformed=lambda _: None
    )
    who = identity({}, cic.access_token)
    return await Client.connect(endpoint(cic.address, context), who, callbacks)


async def greeted(peers: asyncio.Queue[FramePeer]) -> ScriptedCic:
    """Take a connection and open its downchannel."""
    return await greet(await peers.get())


async def test_goodbye_is_no_loss(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that closes its connections now and then is followed without a word."""
    async with frame_server() as (port, peers):
        greeting = asyncio.create_task(greeted(peers))
        coordinator = await set_up(cic, **data_for_peer(port))
        first = await greeting
        states: list[Link] = []
        coordinator.async_add_listener(lambda: states.append(coordinator.data))
        greeting = asyncio.create_task(greeted(peers))
        first.peer.send(goaway(first.downchannel))
        second = await greeting
        await until(lambda: states[-1:] == [Link.UP])
        assert states == [Link.RENEWING, Link.UP]
        assert hass.states.get(EVENT).state != STATE_UNAVAILABLE
        assert not lines(caplog)
        await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
        first.peer.writer.close()
        second.peer.writer.close()


async def test_unforeseen_error(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A defect of our own ends no assistant for good."""
    coordinator = await set_up(cic)
    hurry(coordinator)
    monkeypatch.setattr(coordinator_module, "AFTER_UNEXPECTED", 0.05)
    connect = coordinator._reconnector._connect
    failures = iter([RuntimeError("defect")])

    async def fail_once() -> Client:
        for failure in failures:
            raise failure
        return await connect()

    coordinator._reconnector._connect = fail_once
    await cic.control("POST", "downchannel", {"end": True})
    await until(lambda: coordinator.counters.events["connected"] == 2)
    assert "Unexpected error in the connection of Test cloud" in caplog.text
    assert coordinator.connected


async def test_resume_of_an_unloaded_entry(
    hass: HomeAssistant, cic: CicService, set_up: SetUp
) -> None:
    coordinator = await set_up(cic)
    await coordinator.async_pause()
    assert coordinator.data is Link.PAUSED
    assert not coordinator.connected
    await hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    coordinator.async_resume()
    assert coordinator._task is None
    assert coordinator.config_entry.state is ConfigEntryState.NOT_LOADED


async def test_pause_and_resume(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)
    await coordinator.async_pause()
    assert hass.states.get(EVENT).state == STATE_UNAVAILABLE
    coordinator.async_resume()
    await until(lambda: coordinator.connected)
    assert hass.states.get(EVENT).state != STATE_UNAVAILABLE
    assert not lines(caplog)


async def test_context_of_every_event(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    dialog = coordinator.client.recognize_text(
        Recognize(text="hello"), dialog_request_id=coordinator.new_id()
    )
    await dialog.wait_done()
    first = await context_at(cic)
    assert first.keys() == {
        "Alerts.AlertsState",
        "AudioPlayer.PlaybackState",
        "Device.Audio",
        "Device.DeviceState",
        "Device.Display",
        "Speaker.VolumeState",
    }
    assert first["Alerts.AlertsState"] == {"allAlerts": [], "activeAlerts": []}
    assert first["AudioPlayer.PlaybackState"]["playerActivity"] == "IDLE"
    assert first["Device.Display"] == {"size": "none"}
    told = dt_util.parse_datetime(first["Device.DeviceState"]["localTime"])
    assert abs(told - dt_util.now()) < timedelta(minutes=1)
    assert told.utcoffset() is not None


async def context_at(cic: CicService) -> dict[str, dict[str, object]]:
    """Return the last context of this client, by full name."""
    objects = (await cic.control("GET", "state"))["contexts"][cic.client]
    return {
        f"{one['header']['namespace']}.{one['header']['name']}": one["payload"] for one in objects
    }


async def test_malformed_parts_are_skipped(
    hass: HomeAssistant, cic: CicService, set_up: SetUp, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)
    broken = {"headers": {"Content-Type": "application/json"}, "body_base64": "e25vIEpTT04="}
    await cic.control("POST", "downchannel", {"part": broken})
    await cic.push(directive("SpeechSynthesizer.Speak", {"token": "no url"}))
    await cic.push(directive("Clova.Help"))
    await until(lambda: coordinator.counters.directives["Clova.Help"])
    assert coordinator.counters.events["malformed"] == 2
    told = [record for record in caplog.records if "malformed" in record.message]
    assert [record.levelno for record in told] == [logging.WARNING, logging.DEBUG]
    assert coordinator.connected


async def test_failing_capability_ends_nothing(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coordinator = await set_up(cic)

    def fail(one: Directive, attachment: object) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr(coordinator._capabilities["speechsynthesizer"], "handle", fail)
    await cic.push(directive("SpeechSynthesizer.Speak", {"url": "http://127.0.0.1/"}))
    await cic.push(directive("Clova.Help"))
    await until(lambda: coordinator.counters.directives["Clova.Help"])
    assert "Unexpected error handling SpeechSynthesizer.Speak" in caplog.text
    assert coordinator.connected


async def test_unknown_error_is_a_failure(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    coordinator.note_error(CicError("new kind"))
    assert coordinator.counters.last_error["kind"] == "CicError"
