"""Runs that end before their turn does: nothing is left behind, and the next turn works."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from unittest.mock import patch

from homeassistant.components import conversation
from homeassistant.components.assist_pipeline.models import PipelineStage
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.clova_cic import turns as turns_module
from custom_components.clova_cic.playback.failure_sound import failure_sound
from tests.peer.voice import Asked, Reply
from tests.turn_table import Row

from .house import Run, make_pipeline, make_satellite, run_pipeline, speak
from .service import CicService, turns_of, until
from .speech import microphone
from .test_failures_are_heard import EVENTS, SUM, text_part, tracebacks
from .voices import Holdings, Voices, cut_short, noise, voices

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


@pytest.mark.turn("A run that ends early: cancelled at each await")
@pytest.mark.parametrize("heard", ["what time is it", None])
@pytest.mark.parametrize("cut", [cut_at_await, cut_at_step])
async def test_cancelled_at_each_await(
    hass: HomeAssistant, cic: CicService, set_up, row: Row, heard: str | None, cut: Any
) -> None:
    """With a transcript and without, and at steps of the loop between the awaits."""
    async with voices(hass, cic, set_up, reply=lambda _: Reply(heard=heard)) as house:
        await next_turn(house)
        await house.settled(1)
        before = Holdings.of(house.coordinator)
        at, was_cut = 0, True
        while was_cut:
            at += 1
            resets = house.cloud.tally.resets.total()
            was_cut = await cut(run_pipeline(hass, noise(), house.pipeline, Run()), at)
            await until(lambda: not house.coordinator.turns._open)
            await until(lambda: all(one.is_idle for one in house.cloud.connections))
            assert house.cloud.tally.resets.total() - resets <= 1
            outcome = house.outcomes[-1:]
            assert outcome in ([], ["cancelled"], ["answered"])
            run_after = await next_turn(house)
        assert at > 3
        assert len(house.cloud.connections) == 1
        await hass.async_block_till_done()
        await asyncio.sleep(0.3)
        assert Holdings.of(house.coordinator) == before
        row.record(f"{run_after.outcome}, in the next run", ["reset or executed"], ["cancelled"])


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
        await until(lambda: house.cloud.tally.reset)
        assert not tracebacks(caplog)
        row.record("nothing: the run was cancelled", house.dialogs, house.outcomes)


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
