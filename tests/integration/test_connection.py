"""What a user sees of the connection: its state, why, when it is tried again, and what to put right."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
import socket
import ssl
import threading
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.clova_cic.cic import reconnect
from custom_components.clova_cic.cic.interfaces.settings import RequestVersionSpec
from custom_components.clova_cic.connection_log import Reason
from custom_components.clova_cic.const import CONF_CA_CERTIFICATE, DOMAIN
from custom_components.clova_cic.coordinator import CicCoordinator, Link
from tests.peer.certificates import authority
from tests.peer.frames import FramePeer, data, frame_server, goaway
from tests.peer.scripted import RELATED, ScriptedCic, delimiter, directive, greet

from .alerts import HOUR, alarms
from .conftest import Entries, PassTime, SetUp, data_for_peer
from .service import CicService, until
from .wall import Wall

CONNECTION = "sensor.test_cloud_connection"
NEXT_TRY = "sensor.test_cloud_next_connection_attempt"


@dataclass(slots=True)
class Cloud:
    """An entry, and a scripted CIC at its other end."""

    hass: HomeAssistant
    coordinator: CicCoordinator
    peers: asyncio.Queue[FramePeer]
    cic: ScriptedCic

    @property
    def connection(self) -> tuple[str, str | None]:
        """State and reason, as the sensor shows them."""
        state = self._state(CONNECTION)
        return state.state, state.attributes["reason"]

    @property
    def next_try(self) -> str:
        """When the next attempt is made."""
        return self._state(NEXT_TRY).state

    def _state(self, entity_id: str) -> State:
        state = self.hass.states.get(entity_id)
        assert state is not None
        return state

    def issue(self, key: str) -> ir.IssueEntry | None:
        """Return an issue of the entry."""
        issue_id = f"{key}_{self.coordinator.config_entry.entry_id}"
        return ir.async_get(self.hass).async_get_issue(DOMAIN, issue_id)

    async def next_peer(self) -> FramePeer:
        """Return the next connection."""
        async with asyncio.timeout(10):
            return await self.peers.get()

    async def greets(self) -> None:
        """Open the downchannel of the next connection, and wait until the entry knows."""
        connected = self.coordinator.counters.events["connected"]
        self.cic = await greet(await self.next_peer())
        await until(lambda: self.coordinator.counters.events["connected"] > connected)

    async def refuses(self, status: str) -> None:
        """Refuse the next downchannel, and wait until the entry knows."""
        failed = self.coordinator.counters.events["failed"]
        peer = await self.next_peer()
        stream_id, _ = await peer.request()
        peer.send(peer.headers(stream_id, [(":status", status)], end=True))
        await until(lambda: self.coordinator.counters.events["failed"] > failed)

    async def breaks(self) -> None:
        """Lose the connection, and wait until the entry knows."""
        failed = self.coordinator.counters.events["failed"]
        self.cic.peer.writer.transport.abort()
        await until(lambda: self.coordinator.counters.events["failed"] > failed)


@pytest.fixture
async def cloud(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> AsyncIterator[Cloud]:
    async with scripted(hass, cic, set_up) as cloud:
        yield cloud


@asynccontextmanager
async def scripted(
    hass: HomeAssistant,
    cic: CicService,
    set_up: SetUp,
    greeting: Callable[[FramePeer], Awaitable[ScriptedCic]] = greet,
) -> AsyncIterator[Cloud]:
    """Set up an entry of a scripted CIC, which pauses as little as it may."""
    async with frame_server() as (port, peers):

        async def first() -> ScriptedCic:
            return await greeting(await peers.get())

        greeted = asyncio.create_task(first())
        coordinator = await set_up(cic, **data_for_peer(port))
        coordinator._reconnector._backoff.uniform = lambda least, most: max(least, 0.2)
        yield Cloud(hass, coordinator, peers, await greeted)
        await hass.config_entries.async_unload(coordinator.config_entry.entry_id)


def told_at(difference: timedelta) -> Callable[[FramePeer], Awaitable[ScriptedCic]]:
    """Return how a CIC greets whose clock differs from this machine's."""

    async def greet_late(peer: FramePeer) -> ScriptedCic:
        stream_id, fields = await peer.request()
        date = format_datetime(dt_util.utcnow() + difference, usegmt=True)
        peer.send(peer.headers(stream_id, [(":status", "200"), RELATED, ("date", date)]))
        peer.send(data(stream_id, directive("Clova.Hello") + delimiter()))
        return ScriptedCic(peer, stream_id, fields)

    return greet_late


async def test_an_outage_as_a_user_sees_it(cloud: Cloud) -> None:
    assert cloud.connection == ("connected", None)
    assert cloud.next_try == "unknown"
    await cloud.breaks()
    await cloud.refuses("503")
    assert cloud.connection == ("disconnected", "server_error")
    due = dt_util.parse_datetime(cloud.next_try)
    assert due is not None
    assert abs(due - dt_util.utcnow()) < timedelta(seconds=5)
    await cloud.refuses("404")
    assert cloud.connection == ("disconnected", "not_cic")
    await cloud.greets()
    assert cloud.connection == ("connected", None)
    assert cloud.next_try == "unknown"
    story = [(one["link"], one["reason"]) for one in cloud.coordinator.log.as_list()]
    assert story == [
        ("connecting", None),
        ("connected", None),
        ("disconnected", "lost"),
        ("disconnected", "server_error"),
        ("disconnected", "not_cic"),
        ("connected", None),
    ]


async def test_a_goodbye_is_no_outage(cloud: Cloud) -> None:
    cloud.cic.says(goaway(cloud.cic.downchannel))
    await until(lambda: cloud.coordinator.data is Link.RENEWING)
    assert cloud.connection == ("connected", None)
    await cloud.greets()
    assert cloud.coordinator.log.as_list()[-2]["reason"] == "goodbye"


async def test_a_forgotten_downchannel_is_no_outage(cloud: Cloud) -> None:
    report = cloud.coordinator.reports.send(RequestVersionSpec())
    asked = await cloud.cic.hears(b"RequestVersionSpec")
    cloud.cic.says(cloud.cic.peer.headers(asked.stream_id, [(":status", "412")], end=True))
    await until(lambda: cloud.coordinator.data is Link.RENEWING)
    await cloud.greets()
    assert cloud.coordinator.log.as_list()[-2]["reason"] == "no_downchannel"
    assert not cloud.coordinator.counters.events["failed"]
    report.cancel()


async def test_goodbye_after_goodbye_is_an_outage_in_the_end(cloud: Cloud) -> None:
    """Where the pause before the next attempt grows longer than a user's patience."""
    cloud.coordinator._reconnector._backoff.uniform = lambda least, most: 5.0
    for link in (Link.RENEWING, Link.DOWN):
        cloud.cic.says(goaway(cloud.cic.downchannel))
        await until(lambda link=link: cloud.coordinator.data is link)
        if link is Link.RENEWING:
            await cloud.greets()
    assert cloud.connection == ("disconnected", "lost")


async def test_another_client_with_the_same_device(cloud: Cloud, pass_time: PassTime) -> None:
    """It is told of, answered with a minute's patience, and forgotten when it has gone."""
    for _ in range(reconnect.MOST_THROWN_OUT - 1):
        cloud.cic.says(data(cloud.cic.downchannel, end=True))
        await cloud.greets()
        assert cloud.issue("second_client") is None
    cloud.cic.says(data(cloud.cic.downchannel, end=True))
    issue = await until(lambda: cloud.issue("second_client"))
    assert issue.translation_placeholders == {"title": "Test cloud"}
    assert cloud.connection == ("disconnected", "second_client")
    due = dt_util.parse_datetime(cloud.next_try)
    assert due is not None
    assert due - dt_util.utcnow() > timedelta(seconds=reconnect.CONTESTED_PAUSE[0] - 10)
    pass_time(reconnect.CONTESTED_PAUSE[0])
    await cloud.greets()
    assert cloud.issue("second_client")
    pass_time(reconnect.GOOD_LIFE)
    await until(lambda: cloud.issue("second_client") is None)


async def test_a_clock_that_is_wrong(hass: HomeAssistant, cic: CicService, set_up: SetUp) -> None:
    """By the date of CIC's answer; the issue goes when the clock is right."""
    async with scripted(hass, cic, set_up, told_at(timedelta(minutes=-6))) as cloud:
        issue = cloud.issue("clock_wrong")
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders.keys() == {"title", "now"}
        cloud.cic.says(goaway(cloud.cic.downchannel))
        cloud.cic = await told_at(timedelta(minutes=4))(await cloud.next_peer())
        await until(lambda: cloud.issue("clock_wrong") is None)


async def test_a_certificate_is_not_blamed_for_a_clock_that_is_wrong(cloud: Cloud) -> None:
    issues = cloud.coordinator._issues
    issues.connected(dt_util.utcnow() - timedelta(days=400))
    assert cloud.issue("clock_wrong")
    issues.failed(Reason.CERTIFICATE_EXPIRED)
    assert cloud.issue("certificate_not_trusted") is None
    issues.connected(dt_util.utcnow())
    assert cloud.issue("clock_wrong") is None
    issues.failed(Reason.CERTIFICATE_EXPIRED)
    assert cloud.issue("certificate_not_trusted")
    issues.connected(None)  # a server that does not tell its time has shown its certificate
    assert cloud.issue("certificate_not_trusted") is None


@contextmanager
def shows(context: ssl.SSLContext) -> Iterator[int]:
    """Show a certificate on a port; not in the loop, where a client that leaves is an error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    knock, _ = listener.accept()
                    with suppress(OSError), context.wrap_socket(knock, server_side=True):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


CERTIFICATES = {
    "certificate_not_trusted": [{"days": -1}, {"name": "other.invalid"}],
    "clock_wrong": [{"days": 3, "begins": 2}],
}


@pytest.mark.parametrize(
    ("key", "certificate"), [(key, one) for key, many in CERTIFICATES.items() for one in many]
)
async def test_a_certificate_that_is_not_accepted(
    hass: HomeAssistant,
    cic: CicService,
    make_entry: Entries,
    key: str,
    certificate: dict[str, Any],
) -> None:
    """Nobody issues certificates for tomorrow: then it is the clock."""
    with shows(authority().server_context(**certificate)) as port:
        entry = make_entry(cic, **data_for_peer(port))
        assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    issues = {name for domain, name in ir.async_get(hass).issues if domain == DOMAIN}
    assert issues == {f"{key}_{entry.entry_id}"}
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert not [domain for domain, _ in ir.async_get(hass).issues if domain == DOMAIN]


async def test_an_unreadable_certificate_silences_no_alarm(
    home: HomeAssistant, cic: CicService, set_up: SetUp, wall: Wall, pass_time: PassTime
) -> None:
    async with alarms(home, cic, set_up, wall, pass_time) as house:
        await house.set("a")
        entry = house.coordinator.config_entry
        assert await home.config_entries.async_unload(entry.entry_id)
        broken = {**entry.data, CONF_CA_CERTIFICATE: "no certificate"}
        home.config_entries.async_update_entry(entry, data=broken)
        await house.set_up_again()
        assert entry.state is ConfigEntryState.LOADED
        state = home.states.get(CONNECTION)
        assert (state.state, state.attributes["reason"]) == ("disconnected", "invalid_ca")
        assert home.states.get(NEXT_TRY).state == "unknown"
        name = f"invalid_ca_{entry.entry_id}"
        assert ir.async_get(home).async_get_issue(DOMAIN, name)
        house.coordinator.async_resume()  # a flow that changed nothing
        assert house.coordinator._task is None
        house.wait(HOUR + 1)
        await until(lambda: house.clock.book.active)
        assert await home.config_entries.async_unload(entry.entry_id)
        assert ir.async_get(home).async_get_issue(DOMAIN, name) is None
        await house.set_up_again()
