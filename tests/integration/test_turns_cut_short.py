"""Runs that end before their turn does: nothing is left behind, and the next turn works."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any
from unittest.mock import patch

from homeassistant.components import conversation
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic import turns as turns_module
from custom_components.clova_cic.conversation import CicAgent
from custom_components.clova_cic.playback.sound.failure_sound import failure_sound
from tests.peer.scripted import directive as pushed
from tests.peer.voice import Asked, Reply
from tests.turn_table import Row

from .house import Run, make_pipeline, make_satellite, run_pipeline, speak
from .service import CicService, turns_of, until
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, text_part, tracebacks
from .voices import Cloud, Holdings, Voices, cut_short, noise, numbered, voices

pytestmark = pytest.mark.usefixtures("home")


async def next_turn(house: Voices) -> Run:
    """Speak the next command: it is answered, and heard."""
    (satellite,) = house.satellites
    run = await satellite.listen(noise())
    assert run.outcome == "an answer"
    assert sum(size for _, size in satellite.heard) > 1000
    return run


@pytest.mark.turn("A run that ends early: a barge-in while listening")
async def test_a_barge_in_while_listening(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    async with voices(hass, cic, set_up, capture_after=10**6) as house:
        (satellite,) = house.satellites
        first = asyncio.create_task(satellite.listen(noise(60)))
        await until(lambda: house.cloud.tally.dialogs)
        house.cloud.capture_after = 6400
        run = await next_turn(house)
        with pytest.raises(asyncio.CancelledError):
            await first
        await house.settled(2)
        assert sum(house.cloud.tally.resets.values()) == 1
        row.record(f"{run.outcome}, to the second", house.dialogs, house.outcomes)


@pytest.mark.turn("A run that ends early: a barge-in while answering")
async def test_a_barge_in_while_answering(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    coordinator = await set_up(cic)
    satellite = await make_satellite(hass, await make_pipeline(hass))
    await cic.control("POST", "next-answer", {**EVENTS, "delay": 5, "parts": [text_part("late")]})
    first = asyncio.create_task(satellite.listen(microphone(SUM)))
    await until(lambda: any(turn.answer for turn in coordinator.turns._open))
    run = await satellite.listen(microphone(SUM))
    with pytest.raises(asyncio.CancelledError):
        await first
    assert "5" in run.answer or "five" in run.answer
    outcomes = await turns_of(coordinator, 2)
    row.record(f"{run.outcome}, to the second", await cic.dialogs(2), outcomes)


async def cut_at_await(run: Coroutine[Any, Any, None], at: int) -> bool:
    """Cancel a run at its at-th await; tell whether it had so many."""

    async def cut() -> bool:
        return await cut_short(run, at)

    try:
        return await asyncio.create_task(cut())
    except asyncio.CancelledError:
        return True


async def cut_at_step(run: Coroutine[Any, Any, None], at: int) -> bool:
    """Cancel a run some steps of the loop after it began; tell whether it took so many."""
    task = asyncio.create_task(run)
    for _ in range(at * 3):
        await asyncio.sleep(0)
    was_running = task.cancel()
    await asyncio.wait({task})
    return was_running


type Cut = Callable[[Coroutine[Any, Any, None], int], Awaitable[bool]]


async def cut_everywhere(hass: HomeAssistant, house: Voices, cut: Cut) -> list[tuple[str, str]]:
    """Cut a run short at one point after another; return each dialog's fate and turn's outcome.

    After each cut the next turn works; after all of them nothing more is held than before.
    """
    await next_turn(house)
    await house.settled(1)
    # what is told of the answer's sound has been told
    await until(lambda: not Holdings.of(house.coordinator).objects["Exchange"])
    before = Holdings.of(house.coordinator)
    seen, records = [], house.coordinator.turns._recent
    while True:
        tally, last = house.cloud.tally, records[-1]
        was_cut = await cut(run_pipeline(hass, noise(), house.pipeline, Run()), len(seen) + 1)
        await until(lambda: not house.coordinator.turns._open)
        outcome = "none" if records[-1] is last else house.outcomes[-1]
        await next_turn(house)
        await until(lambda: all(one.is_idle for one in house.cloud.connections))
        assert house.cloud.tally.resets.total() - tally.resets.total() <= 1
        *fates, _ = house.dialogs[len(tally.fates) :]
        if not was_cut:
            break
        seen.append((fates[0] if fates else "none", outcome))
    assert len(house.cloud.connections) == 1
    await hass.async_block_till_done()
    await until(lambda: Holdings.of(house.coordinator) == before)
    return seen


def either(outcomes: Iterable[str]) -> list[str]:
    """Return different outcomes as one, in the order in which they were first seen."""
    return [" or ".join(dict.fromkeys(outcomes))]


@pytest.mark.turn("A run that ends early: cancelled at each await")
@pytest.mark.parametrize("heard", ["what time is it", None])
async def test_cancelled_at_each_await(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, heard: str | None
) -> None:
    """With a transcript and without."""
    async with voices(hass, cic, set_up, reply=lambda _: Reply(heard=heard)) as house:
        fates, outcomes = zip(*await cut_everywhere(hass, house, cut_at_await), strict=True)
        run = await next_turn(house)
        row.record(f"{run.outcome}, in the next run", either(fates), either(outcomes))


@pytest.mark.parametrize("heard", ["what time is it", None])
async def test_cancelled_between_awaits(
    hass: HomeAssistant, cic: CicService, set_up, heard: str | None
) -> None:
    """At steps of the loop: of each run somebody else's tasks have done more."""
    async with voices(hass, cic, set_up, reply=lambda _: Reply(heard=heard)) as house:
        seen = await cut_everywhere(hass, house, cut_at_step)
        assert len(seen) > 3
        assert {outcome for _, outcome in seen} <= {"none", "cancelled", "answered"}


@pytest.mark.turn("A run that ends early: the agent is never reached")
async def test_an_agent_that_is_never_reached(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """An automation takes its time; nothing is held meanwhile."""
    automation = {
        "triggers": [{"trigger": "conversation", "command": ["what time is it"]}],
        "actions": [{"delay": {"milliseconds": 500}}, {"set_conversation_response": "late"}],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    async with voices(hass, cic, set_up) as house:
        run = await speak(hass, noise(), house.pipeline)
        assert run.answer == "late"
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)
        house.cloud.reply = lambda _: Reply(heard="something else")
        await next_turn(house)


@pytest.mark.turn("A run that ends early: the agent is reached too late")
async def test_an_agent_that_is_reached_too_late(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """Nothing was executed, and the text is known: it goes up in writing."""

    async def look_long(*_: Any) -> None:
        await asyncio.sleep(0.5)

    async with voices(hass, cic, set_up) as house:
        with (
            patch.object(turns_module, "HELD_FOR", 0.1),
            patch.object(conversation, "async_handle_sentence_triggers", look_long),
        ):
            run = await speak(hass, noise(), house.pipeline)
        await house.settled(2)
        row.record(run.outcome, house.dialogs, house.outcomes)
        await next_turn(house)


@pytest.mark.turn("A run that ends early: the sound is never read")
async def test_sound_that_nobody_reads(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """More of it than is kept, and the text behind it: the text comes all the same."""
    sound = failure_sound() * (6 * 1024 * 1024 // len(failure_sound()))

    def reply(asked: Asked) -> Reply:
        return Reply(sound=sound if asked.number == 1 else failure_sound() * 9)

    async with voices(hass, cic, set_up, reply=reply) as house:
        run = await speak(hass, noise(), house.pipeline, end_stage=PipelineStage.INTENT)
        assert run.answer == "It is noon."
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)
        await next_turn(house)


@pytest.mark.turn("A run that ends early: Home Assistant stops in mid-turn")
async def test_home_assistant_stops(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    async with voices(hass, cic, set_up, capture_after=10**6) as house:
        (satellite,) = house.satellites
        listening = asyncio.create_task(satellite.listen(noise(60)))
        await until(lambda: house.cloud.tally.dialogs)
        await hass.async_stop(force=True)
        with pytest.raises(asyncio.CancelledError):
            await listening
        await house.settled(1)
        assert not tracebacks(caplog)
        row.record(satellite.run.outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("A run that ends early: the entry is unloaded while listening")
async def test_the_entry_is_unloaded(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    async with voices(hass, cic, set_up, capture_after=10**6) as house:
        (satellite,) = house.satellites
        listening = asyncio.create_task(satellite.listen(noise(60)))
        await until(lambda: house.cloud.tally.dialogs)
        await hass.config_entries.async_unload(house.coordinator.config_entry.entry_id)
        run = await listening
        assert run.kinds[-1] == "run-end"
        assert not house.coordinator.turns._open
        assert not [one for one in tracebacks(caplog) if "speech-to-text" in one]
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)


@pytest.mark.turn("A run that ends early: the microphone breaks")
async def test_a_microphone_that_breaks(
    hass: HomeAssistant, cic: CicService, set_up, row: Row
) -> None:
    """The satellite's stream raises: the upload is reset at once."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(6400)
        raise ConnectionResetError("the satellite has gone")

    async with voices(hass, cic, set_up) as house:
        run = await speak(hass, broken(), house.pipeline)
        await house.settled(1)
        row.record(run.outcome, house.dialogs, house.outcomes)
        await next_turn(house)


@pytest.mark.turn("A run that ends early: the entry is reloaded in mid-turn")
async def test_the_entry_is_reloaded(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    coordinator = await set_up(cic)
    pipeline = await make_pipeline(hass)
    await cic.control("POST", "next-answer", {**EVENTS, "delay": 5, "parts": [text_part("late")]})
    run = Run()
    # text-to-speech is unloaded too: what the agent answers can only be read
    waiting = asyncio.create_task(
        speak(hass, microphone(SUM), pipeline, run=run, end_stage=PipelineStage.INTENT)
    )
    await until(lambda: any(turn.answer for turn in coordinator.turns._open))
    await hass.config_entries.async_reload(coordinator.config_entry.entry_id)
    await waiting
    assert run.answer
    assert not tracebacks(caplog)
    row.record(run.outcome, await cic.dialogs(), await turns_of(coordinator))
    again = await speak(hass, microphone(SUM), pipeline)
    assert "5" in again.answer or "five" in again.answer


# The connection


async def paused(go_on: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield what a microphone gives; stop in the middle until told to go on."""
    async for chunk in noise(2):
        yield chunk
    await go_on.wait()
    async for chunk in noise(10):
        yield chunk


def hold_agent(monkeypatch: pytest.MonkeyPatch, go_on: asyncio.Event) -> None:
    """Have our agent wait before it claims its turn."""
    handle = CicAgent._async_handle_message

    async def handle_late(*arguments: Any) -> Any:
        await go_on.wait()
        return await handle(*arguments)

    monkeypatch.setattr(CicAgent, "_async_handle_message", handle_late)


def reached(house: Voices, state: str) -> Any:
    """Tell whether the turn has come so far."""
    (satellite,) = house.satellites
    match state:
        case "listening":
            return house.cloud.tally.dialogs
        case "held":
            return "intent-start" in satellite.run.kinds
        case _:
            return any(one.text for one in house.answers)


async def end_connection(house: Voices, *, drop: bool) -> None:
    """Drop the connection, or say goodbye and go on with what is under way; wait for the next one."""
    if drop:
        house.cloud.present.close()
    else:
        house.cloud.present.goodbye(house.cloud.present.request)
    await until(lambda: len(house.cloud.connections) == 2 and house.coordinator.connected)


STATES = [
    ("listening", True, pytest.mark.turn("The connection ends in mid-turn: lost while listening")),
    (
        "held",
        True,
        pytest.mark.turn("The connection ends in mid-turn: lost while the turn is held"),
    ),
    ("answering", True, pytest.mark.turn("The connection ends in mid-turn: lost while answering")),
    (
        "listening",
        False,
        pytest.mark.turn("The connection ends in mid-turn: GOAWAY while listening"),
    ),
    (
        "held",
        False,
        pytest.mark.turn("The connection ends in mid-turn: GOAWAY while the turn is held"),
    ),
    (
        "answering",
        False,
        pytest.mark.turn("The connection ends in mid-turn: GOAWAY while answering"),
    ),
]


@pytest.mark.parametrize(
    ("state", "drop"), [pytest.param(*which, marks=mark) for *which, mark in STATES]
)
async def test_the_connection_ends(
    hass: HomeAssistant,
    cic: CicService,
    set_up,
    row: Row,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    drop: bool,
) -> None:
    """A goodbye that takes the turn's stream along costs nobody an answer; a loss is told."""
    go_on, answering = asyncio.Event(), state == "answering"
    if state == "held":
        hold_agent(monkeypatch, go_on)
    cloud = Cloud(numbered(1, text="half", sound=b"", ends=not answering))
    capture_after = 30 * 6400 if state == "listening" else 6400
    async with voices(hass, cic, set_up, reply=cloud, capture_after=capture_after) as house:
        (satellite,) = house.satellites
        speech = paused(go_on) if state == "listening" else noise()
        listening = asyncio.create_task(satellite.listen(speech))
        await until(lambda: reached(house, state))
        before = house.cloud.present
        await end_connection(house, drop=drop)
        if answering and not drop:
            before.end_answer(pushed("Clova.RenderText", cloud.dialogs[0], text="done"))
        go_on.set()
        run = await listening
        assert sum(size for _, size in satellite.heard) > 1000
        assert not tracebacks(caplog)
        await house.settled(1)
        what = run.outcome
        if answering:
            assert run.answer == ("half" if drop else "half done")
            what += ", as far as it came" if drop else ""
        row.record(what, house.dialogs, house.outcomes)
        house.cloud.capture_after = 6400
        await next_turn(house)
