"""Events an entry tells of itself: in order, with the state of their moment, also across a short loss."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from homeassistant.core import callback
import pytest

from custom_components.clova_cic.cic import Client, ContextObject, Exchange
from custom_components.clova_cic.cic.errors import NotProcessedError, StatusError
from custom_components.clova_cic.const import EVENT_DIRECTIVE
from custom_components.clova_cic.coordinator import CicCoordinator, Link
from custom_components.clova_cic.failures import NotConnectedError
from custom_components.clova_cic.reports import MOST_WAITING

from .conftest import SetUp
from .service import CicService, directive, until


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An event nobody has documented."""

    NAMESPACE: ClassVar[str] = "Test"
    NAME: ClassVar[str] = "Note"
    number: int

    def as_payload(self) -> dict[str, int]:
        return {"number": self.number}


async def numbers(cic: CicService) -> list[int]:
    return [one["payload"]["number"] for one in await cic.log("event") if one["name"] == "Note"]


async def context_of(cic: CicService) -> list[dict[str, object]]:
    contexts: dict[str, list[dict[str, object]]] = (await cic.control("GET", "state"))["contexts"]
    return contexts[cic.client]


async def test_in_order(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await asyncio.gather(*(coordinator.reports.send(Note(number=each)) for each in range(20)))
    assert await numbers(cic) == list(range(20))


async def test_state_of_the_moment(
    cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits behind another tells of when it was made, not of when it goes up."""
    coordinator = await set_up(cic)
    states = iter(["first", "second"])
    monkeypatch.setattr(
        coordinator,
        "context",
        lambda: [ContextObject(namespace="Test", name="State", payload={"is": next(states)})],
    )
    sent = [coordinator.reports.send(Note(number=each)) for each in range(2)]
    monkeypatch.setattr(coordinator, "context", list)
    await sent[0]
    await sent[1]
    (state,) = await context_of(cic)
    assert state["payload"] == {"is": "second"}


async def test_answer_is_handed_on(cic: CicService, set_up: SetUp) -> None:
    """The future is done when everything in the answer has been acted on."""
    coordinator = await set_up(cic)
    seen: list[str] = []
    coordinator.hass.bus.async_listen(
        EVENT_DIRECTIVE,
        callback(
            lambda event: event.data["namespace"] == "Test" and seen.append(event.data["name"])
        ),
    )
    parts = [{"json": {"directive": directive(f"Test.{name}")}} for name in ("Order", "Other")]
    await cic.control("POST", "next-answer", {"event": "Test.Note", "parts": parts})
    await coordinator.reports.send(Note(number=1))
    await until(lambda: seen == ["Order", "Other"])


async def test_refused(cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(cic)
    await cic.control("POST", "next-answer", {"status": 500, "event": "Test.Note"})
    refused = coordinator.reports.send(Note(number=1))
    good = coordinator.reports.send(Note(number=2))
    with pytest.raises(StatusError):
        await refused
    await good
    assert coordinator.counters.events["event_not_sent"] == 1
    assert coordinator.counters.last_error is not None


async def lose(service: CicService, coordinator: CicCoordinator) -> None:
    await service.stop()
    await until(lambda: coordinator.data is Link.DOWN)


async def test_kept_while_cic_is_away(mortal_cic: CicService, set_up: SetUp) -> None:
    """A short loss loses nothing, and changes no order."""
    coordinator = await set_up(mortal_cic)
    await lose(mortal_cic, coordinator)
    sent = [coordinator.reports.send(Note(number=each)) for each in range(3)]
    await mortal_cic.start()
    await asyncio.gather(*sent)
    assert await numbers(mortal_cic) == [0, 1, 2]


async def test_not_kept_for_ever(mortal_cic: CicService, set_up: SetUp) -> None:
    coordinator = await set_up(mortal_cic)
    await lose(mortal_cic, coordinator)
    impatient = coordinator.reports.send(Note(number=1), patience=0.1)
    waiting = [coordinator.reports.send(Note(number=2)) for _ in range(MOST_WAITING + 1)]
    with pytest.raises(NotConnectedError):
        await impatient
    await coordinator.hass.config_entries.async_unload(coordinator.config_entry.entry_id)
    for each in waiting:
        with pytest.raises(NotConnectedError):
            await each
    with pytest.raises(NotConnectedError):
        await coordinator.reports.send(Note(number=3))


async def test_connection_that_takes_no_more(
    cic: CicService, set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event is lost, not those behind it; and who waits for it learns why."""
    coordinator = await set_up(cic)
    take = Client.report

    def report(client: Client, event: Note, context: object = None) -> Exchange:
        if isinstance(event, Note) and event.number == 0:
            raise NotProcessedError("too many requests wait for a stream")
        return take(client, event)

    monkeypatch.setattr(Client, "report", report)
    full, *others = [coordinator.reports.send(Note(number=each)) for each in range(3)]
    await asyncio.wait(others, timeout=5)
    assert await numbers(cic) == [1, 2]
    with pytest.raises(NotProcessedError):
        await asyncio.wait_for(full, 1)
